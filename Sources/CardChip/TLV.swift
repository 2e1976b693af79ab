/// Reads the TLV of one elementary file from front to end.
///
/// It never looks for a tag: the caller says which tag comes next, so each stands exactly once and in order. Lengths
/// are in the shortest form (ISO/IEC 8825-1, 10.1). Every offset it gives lies inside the file.
package struct TLVReader {
    private let bytes: [UInt8]
    private let file: UInt16
    private let end: Int
    private(set) var position: Int

    /// A reader of a whole file.
    package init(_ bytes: [UInt8], file: UInt16) {
        self.init(bytes, file: file, 0..<bytes.count)
    }

    private init(_ bytes: [UInt8], file: UInt16, _ range: Range<Int>) {
        (self.bytes, self.file, position, end) = (bytes, file, range.lowerBound, range.upperBound)
    }

    /// The value of the object that must come next, by its one- or two-byte tag; with `length`, of exactly that many bytes.
    package mutating func value(_ tag: UInt16, length expected: Int? = nil) throws(CardRejection) -> Range<Int> {
        let start = position
        if tag > 0xFF { try expect(UInt8(tag >> 8)) }
        try expect(UInt8(tag & 0xFF))
        let lengthStart = position
        let length = try self.length()
        guard expected == nil || expected == length else { throw rejection(at: lengthStart) }
        guard length <= end - position else { throw rejection(at: start) }
        let range = position..<position + length
        position = range.upperBound
        return range
    }

    /// A reader of the objects inside the one that must come next.
    mutating func inside(_ tag: UInt16, length: Int? = nil) throws(CardRejection) -> TLVReader {
        TLVReader(bytes, file: file, try value(tag, length: length))
    }

    /// The next bytes, which have no header.
    mutating func plain(_ count: Int) throws(CardRejection) -> Range<Int> {
        guard count <= end - position else { throw rejection(at: position) }
        defer { position += count }
        return position..<position + count
    }

    /// One byte that must come next.
    mutating func expect(_ byte: UInt8) throws(CardRejection) {
        guard position < end, bytes[position] == byte else { throw rejection(at: position) }
        position += 1
    }

    /// Nothing may stand behind.
    package func finish() throws(CardRejection) {
        guard position == end else { throw rejection(at: position) }
    }

    func rejection(at offset: Int) -> CardRejection { .malformed(file: file, offset: offset) }

    private mutating func length() throws(CardRejection) -> Int {
        let start = position
        let first = try byte()
        switch first {
        case 0...0x7F: return Int(first)
        case 0x81:
            let length = Int(try byte())
            guard length >= 0x80 else { throw rejection(at: start) }
            return length
        case 0x82:
            let length = Int(try byte()) << 8 | Int(try byte())
            guard length >= 0x100 else { throw rejection(at: start) }
            return length
        default: throw rejection(at: start)
        }
    }

    private mutating func byte() throws(CardRejection) -> UInt8 {
        guard position < end else { throw rejection(at: position) }
        defer { position += 1 }
        return bytes[position]
    }
}

/// Writes the TLV objects that ``TLVReader`` reads.
package enum TLV {
    /// An object with a one- or two-byte tag and a value of at most 65,535 bytes; longer ones are cut.
    package static func object(_ tag: UInt16, _ value: [UInt8]) -> [UInt8] {
        let value = value.prefix(0xFFFF)
        var bytes = tag > 0xFF ? [UInt8(tag >> 8), UInt8(tag & 0xFF)] : [UInt8(tag)]
        switch value.count {
        case 0...0x7F: bytes.append(UInt8(value.count))
        case 0x80...0xFF: bytes += [0x81, UInt8(value.count)]
        default: bytes += [0x82, UInt8(value.count >> 8), UInt8(value.count & 0xFF)]
        }
        return bytes + value
    }
}
