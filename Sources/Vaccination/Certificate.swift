/// Which certificate is asked for.
public enum CertificateKind: String, Sendable, Codable, CaseIterable {
    /// 国内用: Japanese name, birth date and doses.
    case domestic
    /// 海外用及び国内用: also romaji name, nationality, passport number, dose numbers and countries; bilingual.
    case overseas
}

/// The identifier printed on a certificate and carried in its codes: twelve characters of Crockford's base 32 alphabet
/// (`0–9A–Z` without I, L, O, U), eleven random (55 bits) and one check character; fits VDS-NC's `uvci` (≤ 12).
public struct CertificateID: Hashable, Sendable, CustomStringConvertible {
    /// The twelve characters.
    public let text: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A new identifier from a generator; use `SystemRandomNumberGenerator` outside tests.
    public init(using generator: inout some RandomNumberGenerator) {
        var values = (0..<11).map { _ in Int.random(in: 0..<32, using: &generator) }
        values.append(Self.check(values))
        text = String(decoding: values.map { Self.alphabet[$0] }, as: UTF8.self)
    }

    /// An identifier from its twelve characters; `nil` if the form or the check character is wrong.
    public init?(_ text: some StringProtocol) {
        let values = text.utf8.prefix(13).compactMap { Self.alphabet.firstIndex(of: $0) }
        guard values.count == 12, text.utf8.count == 12, Self.check(Array(values.prefix(11))) == values[11] else {
            return nil
        }
        self.text = String(text)
    }

    // Weights are odd and so invertible modulo 32: every single wrong character is found.
    private static func check(_ values: [Int]) -> Int {
        values.enumerated().reduce(0) { ($0 + $1.element * (2 * $1.offset + 3)) % 32 }
    }

    /// Its text.
    public var description: String { text }
}

extension CertificateID: Codable {
    /// Reads its text; another text is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = CertificateID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a certificate identifier")
        }
        self = id
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
