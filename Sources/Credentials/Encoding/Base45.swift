/// base45 (RFC 9285), as HCERT codes carry it in a QR code's alphanumeric mode.
package enum Base45 {
    private static let invalid: UInt8 = 0xFF
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// The ASCII text of some bytes.
    package static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let input = bytes.span
        let table = alphabet.span
        return [UInt8](unsafeUninitializedCapacity: bytes.count / 2 * 3 + 2) { text, filled in
            func write(_ value: Int) {
                text[filled] = table[value]
                filled += 1
            }
            for start in stride(from: 0, to: input.count & ~1, by: 2) {
                let value = Int(input[start]) << 8 | Int(input[start + 1])
                write(value % 45)
                write(value / 45 % 45)
                write(value / 2025)
            }
            if input.count % 2 == 1 {
                let value = Int(input[input.count - 1])
                write(value % 45)
                write(value / 45)
            }
        }
    }

    /// The bytes of a part of a text. Three characters past 65,535, two past 255, and one left over are refused, so that
    /// one value has one text. The result is at most two thirds as long as the text.
    package static func decode(_ text: [UInt8], in range: Range<Int>) throws(Malformed) -> [UInt8] {
        let rest = range.count % 3
        guard rest != 1 else { throw Malformed(.base45, at: range.upperBound) }
        let input = text.span
        let table = values.span
        var bad: Int?
        let output = [UInt8](unsafeUninitializedCapacity: range.count / 3 * 2 + 1) { buffer, filled in
            var index = range.lowerBound
            while index < range.upperBound {
                let a = Int(table[Int(input[index])])
                let b = Int(table[Int(input[index + 1])])
                if index + 2 < range.upperBound {
                    let c = Int(table[Int(input[index + 2])])
                    let value = a + b * 45 + c * 2025
                    guard a < 45, b < 45, c < 45, value <= 0xFFFF else {
                        bad = index
                        return
                    }
                    buffer[filled] = UInt8(value >> 8)
                    buffer[filled + 1] = UInt8(value & 0xFF)
                    filled += 2
                } else {
                    guard a < 45, b < 45, a + b * 45 <= 0xFF else {
                        bad = index
                        return
                    }
                    buffer[filled] = UInt8(a + b * 45)
                    filled += 1
                }
                index += 3
            }
        }
        if let bad { throw Malformed(.base45, at: bad) }
        return output
    }
}
