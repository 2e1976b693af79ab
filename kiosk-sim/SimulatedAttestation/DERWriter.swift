/// Writes the DER of made-up statements (ITU-T X.690).
package enum DERWriter {
    /// A value of a tag of one byte.
    package static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag] + length(content.count) + content }

    /// A value inside an explicit context-specific tag of any number.
    package static func context(_ number: Int, _ content: [UInt8]) -> [UInt8] {
        if number < 0x1F { return value(0xA0 | UInt8(number), content) }
        var digits = [UInt8(number & 0x7F)]
        var rest = number >> 7
        while rest > 0 {
            digits.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
            rest >>= 7
        }
        return [0xBF] + digits + length(content.count) + content
    }

    /// A number from 0, as an integer or of another tag.
    package static func integer(_ value: Int, tag: UInt8 = 0x02) -> [UInt8] {
        var digits = [UInt8(value & 0xFF)]
        var rest = value >> 8
        while rest > 0 {
            digits.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        if digits[0] >= 0x80 { digits.insert(0, at: 0) }
        return Self.value(tag, digits)
    }

    /// A set of numbers.
    package static func integers(_ values: [Int]) -> [UInt8] { value(0x31, values.flatMap { integer($0) }) }

    private static func length(_ count: Int) -> [UInt8] {
        switch count {
        case ..<0x80: [UInt8(count)]
        case ..<0x100: [0x81, UInt8(count)]
        default: [0x82, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        }
    }
}
