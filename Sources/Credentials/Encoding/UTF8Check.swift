/// Well-formed UTF-8 (Unicode table 3-7): no overlong form, no surrogate, nothing past U+10FFFF.
enum UTF8Check {
    /// How many bytes the character that begins at a place takes; `nil` if it is malformed or runs past the end.
    static func length(_ text: borrowing Span<UInt8>, at: Int, end: Int) -> Int? {
        let lead = text[at]
        if lead < 0x80 { return 1 }
        let second: ClosedRange<UInt8>
        let length: Int
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard at + length <= end, second.contains(text[at + 1]) else { return nil }
        for index in 2..<max(2, length) where text[at + index] & 0xC0 != 0x80 { return nil }
        return length
    }

    /// The offset of the first character that is malformed.
    static func firstInvalid(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var at = range.lowerBound
        while at < range.upperBound {
            guard let length = length(text, at: at, end: range.upperBound) else { return at }
            at += length
        }
        return nil
    }
}
