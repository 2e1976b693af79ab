/// Writes CBOR in its one canonical form: shortest heads, definite lengths, map keys in the order of their encoded bytes
/// (RFC 8949 section 4.2.1).
package enum CBORWriter {
    /// An item to write.
    package indirect enum Item: Sendable {
        case integer(Int)
        case text(String)
        case bytes([UInt8])
        case array([Item])
        case map([(Item, Item)])
        case tag(UInt64, Item)
    }

    /// The bytes of an item. Keys of a map must differ.
    package static func encoded(_ item: Item) -> [UInt8] {
        var bytes: [UInt8] = []
        append(item, to: &bytes)
        return bytes
    }

    private static func append(_ item: Item, to bytes: inout [UInt8]) {
        switch item {
        case .integer(let value) where value >= 0: appendHead(0, UInt64(value), to: &bytes)
        case .integer(let value): appendHead(1, UInt64(-1 - value), to: &bytes)
        case .text(let text):
            appendHead(3, UInt64(text.utf8.count), to: &bytes)
            bytes.append(contentsOf: text.utf8)
        case .bytes(let content):
            appendHead(2, UInt64(content.count), to: &bytes)
            bytes += content
        case .array(let items):
            appendHead(4, UInt64(items.count), to: &bytes)
            for item in items { append(item, to: &bytes) }
        case .map(let members):
            appendHead(5, UInt64(members.count), to: &bytes)
            let encoded = members.map { (key: Self.encoded($0.0), value: $0.1) }
            for member in encoded.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                bytes += member.key
                append(member.value, to: &bytes)
            }
        case .tag(let number, let item):
            appendHead(6, number, to: &bytes)
            append(item, to: &bytes)
        }
    }

    /// Appends a head: a major type and its argument.
    package static func appendHead(_ major: UInt8, _ argument: UInt64, to bytes: inout [UInt8]) {
        let type = major << 5
        switch argument {
        case 0..<24: bytes.append(type | UInt8(argument))
        case 24...0xFF: bytes += [type | 24, UInt8(argument)]
        case 0x100...0xFFFF: bytes += [type | 25, UInt8(argument >> 8), UInt8(argument & 0xFF)]
        case 0x1_0000...0xFFFF_FFFF:
            bytes.append(type | 26)
            bytes += (0..<4).reversed().map { UInt8(truncatingIfNeeded: argument >> (8 * $0)) }
        default:
            bytes.append(type | 27)
            bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: argument >> (8 * $0)) }
        }
    }
}
