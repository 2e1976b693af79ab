public import Vaccination

/// What an operator took out of service.
public enum Suspension: Hashable, Sendable {
    /// All issuing.
    case everything
    /// One municipality.
    case municipality(MunicipalityCode)
    /// One kind of certificate.
    case kind(CertificateKind)
    /// One terminal, by its name.
    case terminal(String)

    /// `everything`, `municipality:990019`, `kind:overseas` or `terminal:T0001`.
    public var text: String {
        switch self {
        case .everything: "everything"
        case .municipality(let code): "municipality:\(code.digits)"
        case .kind(let kind): "kind:\(kind.rawValue)"
        case .terminal(let id): "terminal:\(id)"
        }
    }

    /// A suspension from its ``text``; `nil` for any other text.
    public init?(_ text: some StringProtocol) {
        if text == "everything" {
            self = .everything
            return
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let value = text[text.index(after: colon)...]
        switch text[..<colon] {
        case "municipality":
            guard let code = MunicipalityCode(value) else { return nil }
            self = .municipality(code)
        case "kind":
            guard let kind = CertificateKind(rawValue: String(value)) else { return nil }
            self = .kind(kind)
        case "terminal":
            guard EnrolledTerminal.isID(value) else { return nil }
            self = .terminal(String(value))
        default: return nil
        }
    }
}

extension Suspension: Codable {
    /// Reads its text; another text is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let suspension = Suspension(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a suspension")
        }
        self = suspension
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
