/// base64url without padding, as JWS has it (RFC 7515 section 2, RFC 4648 section 5).
///
/// Decoding is strict, so that one value has one text: no padding, no white space, no `+` or `/`, no length of 4n + 1
/// and no bits set in the last character beyond the last byte.
package enum Base64URL {
    /// Whether `=` may stand at the end. VDS-NC are written in both ways, JWS in one.
    package enum Padding: Sendable {
        case refused
        /// Absent, or exactly what RFC 4648 section 4 asks for.
        case tolerated
    }

    private static let invalid: UInt8 = 0xFF
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// Whether a byte is one of the 64 characters.
    package static func contains(_ character: UInt8) -> Bool { values[Int(character)] != invalid }

    /// The text of some bytes, without padding.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: encoded(bytes), as: UTF8.self)
    }

    /// The ASCII text of some bytes, without padding.
    package static func encoded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.withContiguousStorageIfAvailable(encoded) ?? Array(bytes).withUnsafeBufferPointer(encoded)
    }

    private static func encoded(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let rest = bytes.count % 3
        let whole = bytes.count - rest
        let table = alphabet.span
        return [UInt8](unsafeUninitializedCapacity: bytes.count / 3 * 4 + 4) { text, filled in
            func write(_ value: UInt32, _ characters: Int) {
                for position in 0..<characters {
                    text[filled] = table[Int(value >> UInt32(18 - 6 * position) & 0x3F)]
                    filled += 1
                }
            }
            for index in stride(from: 0, to: whole, by: 3) {
                let bits = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                write(bits, 4)
            }
            if rest == 1 { write(UInt32(bytes[whole]) << 16, 2) }
            if rest == 2 { write(UInt32(bytes[whole]) << 16 | UInt32(bytes[whole + 1]) << 8, 3) }
        }
    }

    /// The bytes of a text.
    ///
    /// The result is at most three quarters as long as the text: whoever bounds the text has bounded the result.
    package static func decode(_ text: [UInt8], padding: Padding = .refused) throws(Malformed) -> [UInt8] {
        try decode(text, in: 0..<text.count, padding: padding)
    }

    /// The bytes of a part of a text; offsets in errors count from the start of the whole text.
    package static func decode(
        _ text: [UInt8], in range: Range<Int>, padding: Padding = .refused
    ) throws(Malformed) -> [UInt8] {
        var end = range.upperBound
        if padding == .tolerated, range.count % 4 == 0 {
            for _ in 0..<2 where end > range.lowerBound && text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        }
        let count = end - range.lowerBound
        let rest = count % 4
        guard rest != 1 else { throw Malformed(.base64url, at: end) }
        let whole = end - rest
        var bad: Int?
        let input = text.span
        let output = values.withUnsafeBufferPointer { table in
            [UInt8](unsafeUninitializedCapacity: count / 4 * 3 + (rest == 0 ? 0 : rest - 1)) { result, filled in
                var index = range.lowerBound
                while index < whole {
                    // A byte is always in the table.
                    let a = table[Int(input[index])]
                    let b = table[Int(input[index + 1])]
                    let c = table[Int(input[index + 2])]
                    let d = table[Int(input[index + 3])]
                    if (a | b | c | d) & 0xC0 != 0 {
                        bad = index
                        return
                    }
                    result[filled] = a << 2 | b >> 4
                    result[filled + 1] = b << 4 | c >> 2
                    result[filled + 2] = c << 6 | d
                    index += 4
                    filled += 3
                }
                guard rest >= 2 else { return }
                let a = table[Int(input[whole])]
                let b = table[Int(input[whole + 1])]
                let c = rest == 3 ? table[Int(input[whole + 2])] : 0
                let unused = rest == 3 ? c & 0x03 : b & 0x0F
                if (a | b | c) & 0xC0 != 0 || unused != 0 {
                    bad = whole
                    return
                }
                result[filled] = a << 2 | b >> 4
                if rest == 3 { result[filled + 1] = b << 4 | c >> 2 }
                filled += rest - 1
            }
        }
        if let bad { throw Malformed(.base64url, at: bad) }
        return output
    }
}
