package import Foundation

/// A value that is sealed in a field. What is sealed is its JSON, as `JSONEncoder` writes it and `JSONDecoder` reads it.
///
/// Each session writes one such value and reads several. Almost all have a *plain form*, which is written and read here in
/// a fraction of the time: JSON without spaces, and without a text that would need an escape. Whatever has another form is
/// left to Foundation's coders, which alone decide what is readable.
package protocol PlainForm: Codable {
    /// Writes the value, the members of objects in the order of their names, as `JSONEncoder` does with `sortedKeys`.
    func write(to writer: inout PlainWriter)

    /// Reads a value; `nil` for whatever is not plain, or not such a value.
    init?(plain reader: inout PlainReader)
}

extension PlainForm {
    /// The value's JSON.
    package func json() throws -> [UInt8] {
        var writer = PlainWriter()
        write(to: &writer)
        guard !writer.isPlain else { return writer.bytes }
        // In one order, since what is written is compared.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(self))
    }

    /// A value from its JSON, in any form; a `DecodingError` if it is not the JSON of one.
    package init(json: Data) throws {
        if let value = Self(plainJSON: json) {
            self = value
        } else {
            self = try JSONDecoder().decode(Self.self, from: json)
        }
    }

    /// A value from the whole of its plain form; `nil` for every other form.
    package init?(plainJSON json: Data) {
        var reader = PlainReader(Array(json))
        guard let value = Self(plain: &reader), reader.isAtEnd else { return nil }
        self = value
    }
}

/// Writes the plain form of JSON.
package struct PlainWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether no text would have needed an escape; otherwise the bytes are of no use.
    private(set) var isPlain = true

    init() { bytes.reserveCapacity(1024) }

    /// A text in quotation marks.
    mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            // `JSONEncoder` escapes the solidus too.
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "/") {
                isPlain = false
            }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A member behind another one, if it has a value.
    mutating func member(_ name: String, _ value: String?) {
        guard let value else { return }
        bare(",")
        text(name)
        bare(":")
        text(value)
    }

    /// What needs no quotation marks, or brings its own.
    mutating func bare(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

/// Reads the plain form of JSON.
package struct PlainReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether nothing is left.
    var isAtEnd: Bool { place == bytes.count }

    /// Reads one byte if it is this one.
    mutating func take(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// A text without escapes, in UTF-8.
    mutating func text() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let begin = place
        while place < bytes.count, bytes[place] >= 0x20, bytes[place] != UInt8(ascii: "\\") {
            if take(UInt8(ascii: "\"")) { return String(utf8: bytes[begin..<(place - 1)]) }
            place += 1
        }
        return nil
    }

    /// A number of one or two digits without a leading zero: all that a dose's number may be.
    mutating func number() -> Int? {
        var value = 0
        let begin = place
        while place < bytes.count, place < begin + 2, case let digit = bytes[place], (0x30...0x39).contains(digit) {
            value = value * 10 + Int(digit - 0x30)
            place += 1
        }
        return value > 0 && bytes[begin] != 0x30 ? value : nil
    }

    /// A moment in milliseconds since 1970, of at most fifteen digits.
    mutating func milliseconds() -> Int64? {
        let sign: Int64 = take(UInt8(ascii: "-")) ? -1 : 1
        var value: Int64 = 0
        let begin = place
        while place < bytes.count, place < begin + 15, case let digit = bytes[place], (0x30...0x39).contains(digit) {
            value = value * 10 + Int64(digit - 0x30)
            place += 1
        }
        guard place > begin, bytes[begin] != 0x30 || place == begin + 1 else { return nil }
        return sign * value
    }

    /// `true` or `false`.
    mutating func truth() -> Bool? {
        for (word, value) in [("true", true), ("false", false)] where bytes[place...].starts(with: word.utf8) {
            place += word.utf8.count
            return value
        }
        return nil
    }

    /// An object's members, in any order; `false` as soon as one is not read.
    mutating func members(_ read: (_ name: String, _ reader: inout PlainReader) -> Bool) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        repeat {
            guard let name = text(), take(UInt8(ascii: ":")), read(name, &self) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    /// An array's elements.
    mutating func elements<Element: PlainForm>() -> [Element]? {
        guard take(UInt8(ascii: "[")) else { return nil }
        var elements: [Element] = []
        if take(UInt8(ascii: "]")) { return elements }
        repeat {
            guard let element = Element(plain: &self) else { return nil }
            elements.append(element)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? elements : nil
    }
}

extension Array where Element: PlainForm {
    /// Writes the elements between brackets.
    func writeElements(to writer: inout PlainWriter) {
        writer.bare("[")
        for (index, element) in enumerated() {
            if index > 0 { writer.bare(",") }
            element.write(to: &writer)
        }
        writer.bare("]")
    }
}

extension String {
    /// The text of bytes in UTF-8; `nil` if they are none.
    ///
    /// What `String(validating:as:)` says, which asks for its types at run time, once for each text.
    init?(utf8 bytes: ArraySlice<UInt8>) {
        let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        // Decoding puts another character in the place of what is none.
        guard text.utf8.count == bytes.count, text.utf8.elementsEqual(bytes) else { return nil }
        self = text
    }
}

extension Optional {
    /// Takes a member's value; `false` if there is none, or was one before: JSON leaves open which of two counts.
    mutating func takeOnce(_ value: Wrapped?) -> Bool {
        guard self == nil, let value else { return false }
        self = value
        return true
    }
}
