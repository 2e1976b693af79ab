public import CardChip

/// A made-up person on a simulated card.
public struct CardHolder: Hashable, Sendable, Confidential {
    /// Twelve digits, the last of them the right check digit.
    public let individualNumber: String
    /// The name, 1 to 300 bytes of UTF-8; its parts are separated by U+3000.
    public let name: String
    /// The address, at most 600 bytes of UTF-8.
    public let address: String
    /// YYYYMMDD; day, or month and day, may be `00` for unknown.
    public let birthDate: String
    /// 1 male, 2 female, 9 not applicable, 0 unknown.
    public let sexDigit: UInt8

    /// A holder whose fields fit the card.
    ///
    /// - Throws: ``SimulatedCardError/holder(_:)`` with the name of the first field that does not.
    public init(
        individualNumber: String, name: String, address: String, birthDate: String, sexDigit: UInt8
    ) throws(SimulatedCardError) {
        guard let digits = Self.digits(individualNumber, 12), Self.checkDigit(of: digits.prefix(11)) == digits[11]
        else {
            throw .holder("individualNumber")
        }
        guard (1...300).contains(name.utf8.count), Self.isPlain(name) else { throw .holder("name") }
        guard address.utf8.count <= 600, Self.isPlain(address) else { throw .holder("address") }
        guard let birth = Self.digits(birthDate, 8) else { throw .holder("birthDate") }
        let (month, day) = (birth[4] * 10 + birth[5], birth[6] * 10 + birth[7])
        guard month <= 12, day <= (month == 0 ? 0 : 31) else { throw .holder("birthDate") }
        guard [0, 1, 2, 9].contains(sexDigit) else { throw .holder("sexDigit") }
        (self.individualNumber, self.name, self.address) = (individualNumber, name, address)
        (self.birthDate, self.sexDigit) = (birthDate, sexDigit)
    }

    /// The check digit of eleven digits: 11 − (Σ Pn·Qn mod 11), 0 if that remainder is 0 or 1; P1 is the rightmost
    /// digit, Qn = n + 1 up to n = 6 and n − 5 from 7 on.
    public static func checkDigit(of eleven: some Collection<Int>) -> Int {
        let weights = [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6]
        let sum = zip(Array(eleven).reversed(), weights).reduce(0) { $0 + $1.0 * $1.1 }
        return sum % 11 <= 1 ? 0 : 11 - sum % 11
    }

    private static func digits(_ text: String, _ count: Int) -> [Int]? {
        let bytes = Array(text.utf8)
        guard bytes.count == count, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return bytes.map { Int($0) - 0x30 }
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
