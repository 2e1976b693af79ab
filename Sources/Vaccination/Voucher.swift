/// The number of a voucher (接種券番号): ten digits, which a municipality gives to one person at a time.
///
/// It leads to a person, so it has no description: printing, interpolating or dumping one shows only `VoucherNumber(…)`.
public struct VoucherNumber: Hashable, Sendable {
    /// The ten ASCII digits.
    public let digits: String

    /// A number from its ten ASCII digits; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 10, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        digits = String(text)
    }
}

/// The line that stands on a voucher for readers (OCRライン): eighteen digits, of which one says what sort of voucher it is, one
/// for which dose, six the municipality with its check digit, and ten the voucher's number. The QR code beside it holds the same.
///
/// As ``VoucherNumber`` it shows nothing when it is printed.
public struct VoucherLine: Hashable, Sendable {
    /// What sort of voucher it is (券種), 0 to 9, as its municipality counts them.
    public let kind: Int
    /// For which dose it is, 1 to 9.
    public let doseNumber: Int
    /// The municipality that issued it.
    public let municipality: MunicipalityCode
    /// Its number.
    public let number: VoucherNumber

    /// A line from its parts; `nil` if a digit is out of its bounds.
    public init?(kind: Int, doseNumber: Int, municipality: MunicipalityCode, number: VoucherNumber) {
        guard (0...9).contains(kind), (1...9).contains(doseNumber) else { return nil }
        self.kind = kind
        self.doseNumber = doseNumber
        self.municipality = municipality
        self.number = number
    }

    /// A line from its eighteen ASCII digits; `nil` if the form, the number of the dose or the municipality's check digit is wrong.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 18, bytes.allSatisfy({ (0x30...0x39).contains($0) }),
            let municipality = MunicipalityCode(String(decoding: bytes[2..<8], as: UTF8.self)),
            let number = VoucherNumber(String(decoding: bytes[8...], as: UTF8.self))
        else { return nil }
        self.init(
            kind: Int(bytes[0] - 0x30), doseNumber: Int(bytes[1] - 0x30), municipality: municipality, number: number)
    }

    /// The eighteen ASCII digits.
    public var digits: String { "\(kind)\(doseNumber)\(municipality.digits)\(number.digits)" }
}

extension VoucherLine: Codable {
    /// Reads the eighteen digits; others are a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let line = VoucherLine(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no line of a voucher")
        }
        self = line
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }
}

extension VoucherNumber: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "VoucherNumber(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension VoucherLine: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "VoucherLine(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
