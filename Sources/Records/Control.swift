public import Foundation
public import Vaccination

/// A terminal that may apply for certificates; its certificate is its identity.
public struct EnrolledTerminal: Hashable, Sendable, Codable {
    /// Whether the terminal is accepted.
    public enum Status: String, Hashable, Sendable, Codable {
        case active
        case revoked
    }

    /// The terminal's name, such as `T0001`: 1 to 32 characters of `A–Z`, `a–z`, `0–9`, `-`, `_`, `.`.
    public let id: String
    /// The shop, for operators; at most 200 characters.
    public let shop: String
    /// SHA-256 of the certificate's DER form, 32 bytes.
    public let certificateHash: [UInt8]
    /// The certificate, DER, at most 8,192 bytes.
    public let certificateDER: [UInt8]
    /// When the certificate ends.
    public let notAfter: Date
    /// Whether the terminal is accepted.
    public let status: Status
    /// When the terminal was enrolled.
    public let enrolledAt: Date

    /// A terminal; `nil` where a field is out of the bounds above.
    public init?(
        id: String, shop: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date,
        status: Status = .active, enrolledAt: Date
    ) {
        guard Self.isID(id), shop.count <= 200, certificateHash.count == 32, (1...8192).contains(certificateDER.count)
        else { return nil }
        self.id = id
        self.shop = shop
        self.certificateHash = certificateHash
        self.certificateDER = certificateDER
        self.notAfter = notAfter
        self.status = status
        self.enrolledAt = enrolledAt
    }

    /// Whether a text has the form of a terminal's name.
    public static func isID(_ text: some StringProtocol) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "-_.".utf8.contains($0)
            }
    }
}

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

/// What operators have set for all regions.
public struct ControlState: Hashable, Sendable {
    /// Grows by one with every change, so that a copy is renewed only when it is old.
    public let revision: Int64
    /// Every terminal ever enrolled, by name.
    public let terminals: [EnrolledTerminal]
    /// What is out of service.
    public let suspensions: Set<Suspension>
    /// Why issuing stands still until an operator clears it; `nil` where it does not.
    public let issuingHalted: String?

    /// A state from its parts.
    public init(revision: Int64, terminals: [EnrolledTerminal], suspensions: Set<Suspension>, issuingHalted: String?) {
        self.revision = revision
        self.terminals = terminals
        self.suspensions = suspensions
        self.issuingHalted = issuingHalted
    }
}
