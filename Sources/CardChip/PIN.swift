/// The four digits that open the card's files (照合番号 of EF 0011). It goes to the chip and nowhere else.
///
/// The digits lie in the value itself, not on the heap; ``wipe()`` erases them.
public struct PIN: Sendable, Confidential {
    private var first, second, third, fourth: UInt8

    /// A PIN from exactly four ASCII digits; `nil` for anything else.
    public init?(digits: [UInt8]) {
        guard digits.count == 4, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        (first, second, third, fourth) = (digits[0], digits[1], digits[2], digits[3])
    }

    /// Sets the digits to zero once they are no longer needed.
    public mutating func wipe() { (first, second, third, fourth) = (0x30, 0x30, 0x30, 0x30) }

    /// The four ASCII digits.
    package var bytes: [UInt8] { [first, second, third, fourth] }
}
