/// A compact JWS (RFC 7515 section 3.1) whose header was read but whose signature nobody has checked.
package struct CompactJWS: Sendable {
    /// The whole text.
    let text: [UInt8]
    /// The protected header.
    let header: JSON
    /// Where the payload's base64url text stands.
    package let payload: Range<Int>
    /// The signature's bytes.
    package let signature: [UInt8]

    /// What is signed: header and payload as they stand in the text, with the dot between them.
    var signingInput: ArraySlice<UInt8> { text[..<payload.upperBound] }

    /// The longest text that is looked at. The largest single code holds 1,195 characters; files may hold more.
    static let maximumLength = 64 << 10

    /// Takes a text apart.
    package init(_ text: [UInt8]) throws(Refusal) {
        guard text.count <= Self.maximumLength else { throw Refusal(.sizeExceeded) }
        guard let first = Self.dot(in: text, from: 0), let second = Self.dot(in: text, from: first + 1),
            Self.dot(in: text, from: second + 1) == nil
        else { throw Refusal(.jwsMalformed) }
        do {
            header = try JSON(try Base64URL.decode(text, in: 0..<first), depth: 4)
            signature = try Base64URL.decode(text, in: second + 1..<text.count)
        } catch { throw Refusal(Reason(error)) }
        guard header.kind(header.root) == .object else { throw Refusal(.jwsMalformed, at: 0) }
        payload = first + 1..<second
        self.text = text
    }

    /// Where the next dot stands. Eight bytes at once, since a thousand come before the second one.
    private static func dot(in text: [UInt8], from start: Int) -> Int? {
        var index = start
        let raw = text.span.bytes
        let ones: UInt64 = 0x0101_0101_0101_0101
        while index + 8 <= text.count {
            let others = raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) ^ 0x2E &* ones
            // A byte is zero where taking one away borrows from its highest bit.
            if (others &- ones) & ~others & (ones << 7) != 0 { break }
            index += 8
        }
        while index < text.count, text[index] != 0x2E { index += 1 }
        return index < text.count ? index : nil
    }
}
