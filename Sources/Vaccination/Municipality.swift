/// The six-digit code of a Japanese local government (全国地方公共団体コード), its last digit a check digit.
///
/// The digit is (11 − Σ mod 11) mod 10 over the first five digits times 6, 5, 4, 3, 2.
public struct MunicipalityCode: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The six ASCII digits.
    public let digits: String

    /// A code from its six digits; `nil` if the form or the check digit is wrong.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 6, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard Self.checkDigit(of: bytes.prefix(5).map { Int($0 - 0x30) }) == Int(bytes[5] - 0x30) else { return nil }
        digits = String(text)
    }

    /// The check digit for the first five digits.
    static func checkDigit(of five: [Int]) -> Int {
        let sum = zip(five, [6, 5, 4, 3, 2]).reduce(0) { $0 + $1.0 * $1.1 }
        return (11 - sum % 11) % 10
    }

    /// The first two digits: the prefecture, `01` to `47`.
    public var prefecture: String { String(digits.prefix(2)) }

    /// Its six digits.
    public var description: String { digits }
    /// In the order of their digits.
    public static func < (a: MunicipalityCode, b: MunicipalityCode) -> Bool { a.digits < b.digits }
}

extension MunicipalityCode: Codable {
    /// Reads the six digits; a wrong check digit is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let code = MunicipalityCode(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a municipality code has six digits, the last a check digit")
        }
        self = code
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }
}

/// A municipality that issues certificates: its code and its names.
public struct Municipality: Hashable, Sendable, Codable {
    /// The local government code.
    public let code: MunicipalityCode
    /// The prefecture's name in Japanese, such as 見本県.
    public let prefecture: String
    /// The municipality's name in Japanese, such as 見本市.
    public let name: String
    /// The prefecture's name in Latin letters.
    public let prefectureEnglish: String
    /// The municipality's name in Latin letters, as on the overseas certificate.
    public let nameEnglish: String

    /// How many characters each of the names has, wherever a municipality comes from.
    package enum Lengths {
        package static let prefecture = 1...20
        package static let name = 1...40
        package static let prefectureEnglish = 1...40
        package static let nameEnglish = 1...60
    }

    /// A municipality from its code and names.
    public init(
        code: MunicipalityCode, prefecture: String, name: String, prefectureEnglish: String, nameEnglish: String
    ) {
        self.code = code
        self.prefecture = prefecture
        self.name = name
        self.prefectureEnglish = prefectureEnglish
        self.nameEnglish = nameEnglish
    }
}
