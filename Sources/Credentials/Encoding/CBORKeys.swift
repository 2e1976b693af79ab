/// The keys met in one map, to find one that comes twice.
///
/// Keys are compared as values of the generic data model (RFC 8949 section 5.6), not as they are encoded: `04` and
/// `18 04` are both 4, and a text in chunks is the same text in one piece.
struct CBORKeys {
    private var few: [Int] = []
    private var many: Set<[UInt8]> = []

    // So many are compared with each other; beyond, they are hashed.
    private static let maximumCompared = 24

    /// Takes a key, given by its node; false if an equal one was taken before.
    mutating func insert(_ key: Int, _ bytes: borrowing Span<UInt8>, _ nodes: [CBOR.Node]) -> Bool {
        if many.isEmpty, few.count < Self.maximumCompared {
            for other in few where Self.equal(other, key, bytes, nodes) { return false }
            if few.isEmpty { few.reserveCapacity(12) }
            few.append(key)
            return true
        }
        if many.isEmpty { for other in few { many.insert(Self.normalised(other, bytes, nodes)) } }
        return many.insert(Self.normalised(key, bytes, nodes)).inserted
    }

    private static func equal(_ a: Int, _ b: Int, _ bytes: borrowing Span<UInt8>, _ nodes: [CBOR.Node]) -> Bool {
        let (one, other) = (nodes[a], nodes[b])
        guard one.kind == other.kind else { return false }
        switch one.kind {
        case .unsigned, .negative, .float, .other: return one.value == other.value
        case .true, .false, .null: return true
        case .bytes, .text:
            // A value of 1 marks a string in chunks.
            guard one.value == 0, other.value == 0 else { break }
            guard one.end - one.start == other.end - other.start else { return false }
            for index in 0..<Int(one.end - one.start)
            where bytes[Int(one.start) + index] != bytes[Int(other.start) + index] { return false }
            return true
        case .array, .map, .tag: break
        }
        return normalised(a, bytes, nodes) == normalised(b, bytes, nodes)
    }

    /// An item in one encoding, whichever it came in: shortest heads, definite lengths, a map's keys in order.
    private static func normalised(_ index: Int, _ bytes: borrowing Span<UInt8>, _ nodes: [CBOR.Node]) -> [UInt8] {
        let node = nodes[index]
        var result: [UInt8] = []
        switch node.kind {
        case .unsigned: CBORWriter.appendHead(0, node.value, to: &result)
        case .negative: CBORWriter.appendHead(1, node.value, to: &result)
        case .bytes, .text:
            let range = Int(node.start)..<Int(node.end)
            var content: [UInt8] = []
            if node.value == 0 {
                for place in range { content.append(bytes[place]) }
            } else {
                content = CBORReader.joined(bytes, range)
            }
            CBORWriter.appendHead(node.kind == .text ? 3 : 2, UInt64(content.count), to: &result)
            result += content
        case .array, .tag:
            let items = children(of: index, nodes)
            CBORWriter.appendHead(
                node.kind == .tag ? 6 : 4, node.kind == .tag ? node.value : UInt64(items.count), to: &result)
            for item in items { result += normalised(item, bytes, nodes) }
        case .map:
            let items = children(of: index, nodes)
            var entries: [[UInt8]] = []
            for place in stride(from: 0, to: items.count - 1, by: 2) {
                entries.append(normalised(items[place], bytes, nodes) + normalised(items[place + 1], bytes, nodes))
            }
            CBORWriter.appendHead(5, UInt64(entries.count), to: &result)
            for entry in entries.sorted(by: { $0.lexicographicallyPrecedes($1) }) { result += entry }
        case .float:
            result.append(0xFB)
            for shift in stride(from: 56, through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: node.value >> shift))
            }
        case .true, .false, .null, .other:
            result += [0xF8, node.kind.rawValue]
            CBORWriter.appendHead(0, node.value, to: &result)
        }
        return result
    }

    private static func children(of index: Int, _ nodes: [CBOR.Node]) -> [Int] {
        var result: [Int] = []
        var child = index + 1
        while child < Int(nodes[index].next) {
            result.append(child)
            child = Int(nodes[child].next)
        }
        return result
    }
}
