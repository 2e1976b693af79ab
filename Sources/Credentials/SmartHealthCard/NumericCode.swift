/// The numeric form of a JWS in a SMART Health Card's code: each character's code minus 45, as two digits.
enum NumericCode {
    /// What a code's text begins with.
    static let prefix = "shc:/"

    /// The digits of a JWS.
    static func encode(_ jws: [UInt8]) -> [UInt8] {
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
    static func decode(_ text: [UInt8], in range: Range<Int>) throws(Refusal) -> [UInt8] {
        guard range.count <= 2 * CompactJWS.longest else { throw Refusal(.sizeExceeded) }
        guard range.count % 2 == 0, !range.isEmpty else { throw Refusal(.digitsInvalid, at: range.upperBound) }
        var bad: Int?
        let input = text.span
        let result = [UInt8](unsafeUninitializedCapacity: range.count / 2) { buffer, filled in
            var index = range.lowerBound
            while index < range.upperBound {
                let tens = input[index] &- 0x30
                let ones = input[index + 1] &- 0x30
                guard tens < 8, ones < 10, tens * 10 + ones <= 77 else {
                    bad = index
                    return
                }
                buffer[filled] = tens * 10 + ones + 45
                filled += 1
                index += 2
            }
        }
        if let bad { throw Refusal(.digitsInvalid, at: bad) }
        return result
    }
}
