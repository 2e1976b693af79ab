/// Reads the DER of certificate extensions (ITU-T X.690): definite lengths in their shortest form, nothing behind.
package struct DER {
    /// One value: its tag and the range of its content.
    package struct Element: Hashable {
        package let tag: UInt8
        package let content: Range<Int>
    }

    private let bytes: [UInt8]
    private var at: Int
    private let end: Int

    /// A reader over a whole encoding.
    package init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// Whether nothing is left.
    package var isAtEnd: Bool { at == end }

    /// The next value; `nil` at the end, or if the encoding is wrong.
    package mutating func next() -> Element? {
        // Tags past 30 take more bytes; see `nextContext`.
        guard at + 2 <= end, bytes[at] & 0x1F != 0x1F else { return nil }
        let tag = bytes[at]
        guard let content = content(lengthAt: at + 1) else { return nil }
        at = content.upperBound
        return Element(tag: tag, content: content)
    }

    /// The next value, which must be constructed and have a context-specific tag, with the tag's number and a reader over
    /// its content; `nil` at the end, or if the encoding is wrong. Numbers from 31 are written in two or three bytes
    /// (section 8.1.2.4).
    package mutating func nextContext() -> (number: Int, content: DER)? {
        guard at < end, bytes[at] & 0xE0 == 0xA0 else { return nil }
        var number = Int(bytes[at] & 0x1F)
        var lengthAt = at + 1
        if number == 0x1F {
            number = 0
            repeat {
                guard lengthAt < end, lengthAt - at <= 3, number != 0 || bytes[lengthAt] != 0x80 else { return nil }
                number = number << 7 | Int(bytes[lengthAt] & 0x7F)
                lengthAt += 1
            } while bytes[lengthAt - 1] & 0x80 != 0
            guard number >= 0x1F else { return nil }
        }
        guard let content = content(lengthAt: lengthAt) else { return nil }
        at = content.upperBound
        return (number, DER(bytes, content))
    }

    // Where the content lies whose length stands at this place; `nil` if it does not lie in what is read here.
    private func content(lengthAt place: Int) -> Range<Int>? {
        guard place < end else { return nil }
        var length = Int(bytes[place])
        var start = place + 1
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...3).contains(count), start + count <= end, bytes[start] != 0 else { return nil }
            length = bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 0x80 else { return nil }
            start += count
        }
        guard length <= end - start else { return nil }
        return start..<start + length
    }

    /// A reader over the content of the next value, which must have this tag.
    package mutating func enter(_ tag: UInt8) -> DER? {
        guard let element = next(), element.tag == tag else { return nil }
        return DER(bytes, element.content)
    }

    /// The content of the next value, which must have this tag.
    package mutating func content(_ tag: UInt8) -> [UInt8]? {
        guard let element = next(), element.tag == tag else { return nil }
        return Array(bytes[element.content])
    }

    /// The next value whole, with its tag and length; `nil` unless it has this tag.
    package mutating func whole(_ tag: UInt8) -> [UInt8]? {
        let start = at
        guard let element = next(), element.tag == tag else { return nil }
        return Array(bytes[start..<element.content.upperBound])
    }

    /// The seconds since 1970 of the next value, a `Time` as certificates have it (RFC 5280 section 4.1.2.5): to the second, in
    /// UTC, in two digits of the year from 1950 to 2049; `nil` if it is anything else.
    package mutating func time() -> Double? {
        guard let element = next(), let last = bytes[element.content].last, last == UInt8(ascii: "Z") else {
            return nil
        }
        let digits = bytes[element.content].dropLast()
        switch element.tag {
        case 0x17 where digits.count == 12:
            let century = digits.first.map { $0 >= UInt8(ascii: "5") ? "19" : "20" } ?? ""
            return DateForms.seconds(Array(century.utf8) + digits)
        case 0x18 where digits.count == 14: return DateForms.seconds(Array(digits))
        default: return nil
        }
    }

    /// The text of an object identifier's content, such as `2.23.136.1.1.14.2`; `nil` if it is malformed.
    package static func identifier(_ content: [UInt8]) -> String? {
        var arcs: [UInt64] = []
        var value: UInt64 = 0
        var isOpen = false
        for byte in content {
            if !isOpen, byte == 0x80 { return nil }
            guard value < 1 << 56 else { return nil }
            value = value << 7 | UInt64(byte & 0x7F)
            isOpen = byte & 0x80 != 0
            if !isOpen {
                if arcs.isEmpty {
                    let first = min(value / 40, 2)
                    arcs = [first, value - first * 40]
                } else {
                    arcs.append(value)
                }
                value = 0
            }
        }
        guard !isOpen, arcs.count >= 2 else { return nil }
        return arcs.map(String.init).joined(separator: ".")
    }
}
