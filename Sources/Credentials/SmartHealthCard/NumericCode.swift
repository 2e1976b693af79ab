/// The numeric form of a JWS in a SMART Health Card's code: each character's code minus 45, as two digits.
package enum NumericCode {
    /// What a code's text begins with.
    package static let prefix = "shc:/"

    /// Whether a text begins so. A scheme is written in letters of either case (RFC 3986 section 3.1).
    package static func begins(_ text: [UInt8]) -> Bool {
        var rest = text.prefix(prefix.utf8.count)
        for expected in prefix.utf8 {
            guard let byte = rest.popFirst(),
                byte == expected || ((0x41...0x5A).contains(byte) && byte | 0x20 == expected)
            else { return false }
        }
        return true
    }

    /// The digits of a JWS.
    package static func encode(_ jws: [UInt8]) -> [UInt8] {
        let input = jws.span
        return [UInt8](unsafeUninitializedCapacity: input.count * 2) { digits, filled in
            for index in 0..<input.count {
                // All of a JWS's characters lie between "-" (45) and "z" (122).
                let value = input[index] &- 45
                digits[filled] = 0x30 + value / 10 % 10
                digits[filled + 1] = 0x30 + value % 10
                filled += 2
            }
        }
    }

    /// The JWS of some digits. Each pair is 00 to 77.
    package static func decode(_ text: [UInt8], in range: Range<Int>) throws(Refusal) -> [UInt8] {
        guard range.count <= 2 * CompactJWS.maximumLength else { throw Refusal(.sizeExceeded) }
        guard range.count % 2 == 0, !range.isEmpty else { throw Refusal(.digitsInvalid, at: range.upperBound) }
        let input = text.span
        // What is wrong with any of them: looked at once, at the end.
        var wrong: UInt8 = 0
        let result = [UInt8](unsafeUninitializedCapacity: range.count / 2) { buffer, filled in
            for index in 0..<range.count / 2 {
                let tens = input[range.lowerBound + 2 * index] &- 0x30
                let ones = input[range.lowerBound + 2 * index + 1] &- 0x30
                let value = tens &* 10 &+ ones
                wrong |= (tens > 7 ? 1 : 0) | (ones > 9 ? 1 : 0) | (value > 77 ? 1 : 0)
                buffer[index] = value &+ 45
            }
            filled = range.count / 2
        }
        guard wrong != 0 else { return result }
        let bad = stride(from: range.lowerBound, to: range.upperBound, by: 2).first { index in
            let (tens, ones) = (text[index] &- 0x30, text[index + 1] &- 0x30)
            return tens > 7 || ones > 9 || tens * 10 + ones > 77
        }
        throw Refusal(.digitsInvalid, at: bad)
    }
}
