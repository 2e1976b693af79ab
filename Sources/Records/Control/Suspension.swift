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
    /// One channel.
    case channel(IssueChannel)
    /// One device, by SHA-256 of its key, 32 bytes.
    case device(keyHash: [UInt8])
    /// Devices of one model: `maker/model`, each of the two 1 to 64 bytes without control characters.
    case model(String)
    /// Devices with the security updates of one month, as YYYYMM.
    case patchLevel(Int)
    /// One version of an app: its package, 1 to 200 characters of `A–Z`, `a–z`, `0–9`, `-`, `_`, `.`, and a number from 0 on.
    case appRelease(app: String, version: Int)

    /// `everything`, `municipality:990019`, `kind:overseas`, `terminal:T0001`, `channel:app`, `device:` and 64 digits,
    /// `model:Google/Pixel 9`, `patches:202511` or `app:jp.example.app/12`.
    public var text: String {
        switch self {
        case .everything: "everything"
        case .municipality(let code): "municipality:\(code.digits)"
        case .kind(let kind): "kind:\(kind.rawValue)"
        case .terminal(let id): "terminal:\(id)"
        case .channel(let channel): "channel:\(channel.rawValue)"
        case .device(let hash): "device:\(Self.hexadecimal(hash))"
        case .model(let model): "model:\(model)"
        case .patchLevel(let month): "patches:\(month)"
        case .appRelease(let app, let version): "app:\(app)/\(version)"
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
        case "channel":
            guard let channel = IssueChannel(rawValue: String(value)) else { return nil }
            self = .channel(channel)
        case "device":
            guard let hash = Self.hash(value) else { return nil }
            self = .device(keyHash: hash)
        case "model":
            guard Self.isModel(value) else { return nil }
            self = .model(String(value))
        case "patches":
            guard value.utf8.count == 6, let month = Int(value), "\(month)" == value, (1...12).contains(month % 100)
            else { return nil }
            self = .patchLevel(month)
        case "app":
            let parts = value.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isPackage(parts[0]), let version = Int(parts[1]), version >= 0,
                "\(version)" == parts[1]
            else { return nil }
            self = .appRelease(app: String(parts[0]), version: version)
        default: return nil
        }
    }

    private static func isModel(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                (1...64).contains(part.utf8.count)
                    && !part.unicodeScalars.contains { $0.properties.generalCategory == .control }
            }
    }

    private static func isPackage(_ text: some StringProtocol) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "-_.".utf8.contains($0)
            }
    }

    // Lower-case digits alone, so that one device has one text.
    private static func hash(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x61 + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
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
