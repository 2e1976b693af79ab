import Credentials

/// Writes the few kinds of CBOR item that a test needs.
package indirect enum CBORItem: Sendable {
    case int(Int), text(String), bytes([UInt8]), array([CBORItem]), map([(CBORItem, CBORItem)]), tag(UInt64, CBORItem),
        double(Double),
        null
    case raw([UInt8])

    /// Its bytes, heads in their shortest form.
    package var encoded: [UInt8] {
        var result: [UInt8] = []
        switch self {
        case .int(let value) where value >= 0: CBORWriter.appendHead(0, UInt64(value), to: &result)
        case .int(let value): CBORWriter.appendHead(1, UInt64(-1 - value), to: &result)
        case .text(let text):
            CBORWriter.appendHead(3, UInt64(text.utf8.count), to: &result)
            result += Array(text.utf8)
        case .bytes(let bytes):
            CBORWriter.appendHead(2, UInt64(bytes.count), to: &result)
            result += bytes
        case .array(let items):
            CBORWriter.appendHead(4, UInt64(items.count), to: &result)
            for item in items { result += item.encoded }
        case .map(let members):
            CBORWriter.appendHead(5, UInt64(members.count), to: &result)
            for (key, value) in members { result += key.encoded + value.encoded }
        case .tag(let number, let item):
            CBORWriter.appendHead(6, number, to: &result)
            result += item.encoded
        case .double(let value):
            result = [0xFB] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        case .null: result = [0xF6]
        case .raw(let bytes): result = bytes
        }
        return result
    }
}
