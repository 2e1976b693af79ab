/// Writes fields, each behind its length in four big-endian bytes.
///
/// Every signed or hashed byte string between the parties is built this way: with the lengths inside, no two different
/// lists of fields give the same bytes.
package struct FieldWriter {
    package private(set) var bytes: [UInt8]

    /// A writer whose bytes begin with a label that names the message and its version.
    package init(label: String) { bytes = Array(label.utf8) }

    package mutating func append(_ field: some Collection<UInt8>) {
        let count = UInt32(truncatingIfNeeded: field.count)
        bytes.reserveCapacity(bytes.count + 4 + field.count)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes.append(contentsOf: field)
    }

    package mutating func append(_ text: String) { append(text.utf8) }
}

/// What is wrong with a message's bytes: which field, and where it begins.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field's name in the message's description.
    public let field: String
    /// The offset in bytes from the message's beginning.
    public let offset: Int

    package init(_ field: String, at offset: Int) {
        self.field = field
        self.offset = offset
    }

    /// The field and where it stands; nothing of its content.
    public var description: String { "malformed field \(field) at byte \(offset)" }
}

/// Reads what ``FieldWriter`` writes; nothing is allocated before its length was checked against the bytes that are there.
package struct FieldReader {
    private let bytes: [UInt8]
    package private(set) var offset: Int

    /// A reader behind the label; throws if another label stands.
    package init(_ bytes: [UInt8], label: String) throws(WireError) {
        guard bytes.starts(with: label.utf8) else { throw WireError("label", at: 0) }
        self.bytes = bytes
        offset = label.utf8.count
    }

    /// The next field; throws if its length is not in `lengths` or runs past the end.
    package mutating func next(_ name: String, lengths: ClosedRange<Int>) throws(WireError) -> ArraySlice<UInt8> {
        let start = offset
        guard bytes.count - start >= 4 else { throw WireError(name, at: start) }
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard lengths.contains(length), bytes.count - start - 4 >= length else { throw WireError(name, at: start) }
        offset = start + 4 + length
        return bytes[start + 4..<offset]
    }

    package mutating func next(_ name: String, length: Int) throws(WireError) -> [UInt8] {
        Array(try next(name, lengths: length...length))
    }

    /// The next field as text; throws if it is not UTF-8.
    package mutating func text(_ name: String, lengths: ClosedRange<Int>) throws(WireError) -> String {
        let start = offset
        guard let text = String(validating: try next(name, lengths: lengths), as: UTF8.self) else {
            throw WireError(name, at: start)
        }
        return text
    }

    /// The rest, which has to be zero bytes: they stand behind the last field without a length, up to a fixed size.
    package mutating func padding() throws(WireError) {
        guard bytes[offset...].allSatisfy({ $0 == 0 }) else { throw WireError("padding", at: offset) }
        offset = bytes.count
    }

    /// Throws if bytes stand behind the last field.
    package func end() throws(WireError) {
        guard offset == bytes.count else { throw WireError("end", at: offset) }
    }
}
