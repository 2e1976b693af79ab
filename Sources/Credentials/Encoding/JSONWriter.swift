/// Writes minified JSON: strings with the shortest escapes (RFC 8785 section 3.2.2.2), members in the order given.
package struct JSONWriter {
    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private let escapesLineEnds: Bool

    /// - Parameter escapesLineEnds: whether the characters are escaped as well that JSON may hold raw, but that end a line or
    ///   steer a terminal for many programs: U+007F to U+009F, U+2028 and U+2029.
    package init(escapesLineEnds: Bool = false) {
        self.escapesLineEnds = escapesLineEnds
        bytes.reserveCapacity(2048)
    }

    /// An object whose members `content` writes.
    package mutating func object(_ content: (inout JSONWriter) -> Void) { nested("{", "}", content) }

    /// An array whose elements `content` writes.
    package mutating func array(_ content: (inout JSONWriter) -> Void) { nested("[", "]", content) }

    private mutating func nested(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ content: (inout JSONWriter) -> Void)
    {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        content(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    /// The name of the member whose value is written next.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A member that is a string; nothing is written for `nil`.
    package mutating func member(_ name: String, _ value: String?) {
        guard let value else { return }
        self.name(name)
        string(value)
    }

    /// A string.
    package mutating func string(_ value: String) {
        separate()
        if escapesLineEnds, value.unicodeScalars.contains(where: Self.endsLine) {
            appendEscapingLineEnds(value)
        } else {
            Self.append(value.utf8, to: &bytes)
        }
        needsComma = true
    }

    /// A number.
    package mutating func number(_ value: Double) {
        separate()
        bytes += JSONNumber.canonical(value)
        needsComma = true
    }

    /// A whole number, all of its digits.
    package mutating func number(_ value: Int) {
        separate()
        bytes += Array(String(value).utf8)
        needsComma = true
    }

    /// `true` or `false`.
    package mutating func bool(_ value: Bool) {
        separate()
        bytes += Array((value ? "true" : "false").utf8)
        needsComma = true
    }

    /// A value that is JSON text already.
    package mutating func raw(_ text: some Sequence<UInt8>) {
        separate()
        bytes += text
        needsComma = true
    }

    private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    private mutating func appendEscapingLineEnds(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if Self.endsLine(scalar) {
                bytes += Array("\\u".utf8)
                for shift in [12, 8, 4, 0] { bytes.append(Self.digits[Int(scalar.value >> shift & 0xF)]) }
            } else {
                Array(String(scalar).utf8).withUnsafeBufferPointer { Self.escape($0, to: &bytes) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    /// Appends a string with its quotation marks.
    static func append(_ utf8: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if utf8.withContiguousStorageIfAvailable({ escape($0, to: &bytes) }) == nil {
            Array(utf8).withUnsafeBufferPointer { escape($0, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    // Hardly anything needs an escape: what lies between is copied in one go.
    private static func escape(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var done = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[done..<index])
            bytes += escape(byte)
            done = index + 1
        }
        bytes.append(contentsOf: text[done...])
    }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case 0x08: Array("\\b".utf8)
        case 0x09: Array("\\t".utf8)
        case 0x0A: Array("\\n".utf8)
        case 0x0C: Array("\\f".utf8)
        case 0x0D: Array("\\r".utf8)
        case 0..<0x20: Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
        default: [UInt8(ascii: "\\"), byte]
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
