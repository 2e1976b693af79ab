public import Vaccination

/// By which way a certificate is asked for.
public enum Channel: String, Sendable, Codable {
    /// The shop's terminal.
    case kiosk
    /// The person's phone.
    case app

    /// The channel in a municipality's words.
    package var issueChannel: IssueChannel {
        switch self {
        case .kiosk: .kiosk
        case .app: .app
        }
    }
}

/// What the person chose at the menu.
public struct CertificateRequest: Hashable, Sendable, Codable {
    /// The municipality where the person was resident when vaccinated.
    public let municipality: MunicipalityCode
    /// Which certificate.
    public let kind: CertificateKind
    /// How many copies.
    public let copies: Copies

    /// A request for a certificate.
    public init(municipality: MunicipalityCode, kind: CertificateKind, copies: Copies) {
        self.municipality = municipality
        self.kind = kind
        self.copies = copies
    }
}

/// The number of one customer's session: on screen, on the receipt and in every party's log, and nowhere linked to a name.
///
/// Ten characters of Crockford's base 32 alphabet in two groups, `XXXXX-XXXXX`; travels in the header `Akashi-Inquiry`.
public struct InquiryNumber: Hashable, Sendable, CustomStringConvertible {
    /// The name of the HTTP header field that carries it.
    public static let header = "Akashi-Inquiry"
    /// The eleven characters.
    public let text: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A new random number.
    public init() {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<10).map { _ in Self.alphabet[Int.random(in: 0..<32, using: &generator)] }
        text = String(decoding: letters[..<5] + [UInt8(ascii: "-")] + letters[5...], as: UTF8.self)
    }

    /// A number from its text; `nil` if the form is wrong.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(12))
        guard bytes.count == 11, bytes[5] == UInt8(ascii: "-") else { return nil }
        guard bytes.enumerated().allSatisfy({ $0.offset == 5 || Self.alphabet.contains($0.element) }) else {
            return nil
        }
        self.text = String(text)
    }

    /// Its text.
    public var description: String { text }
}
