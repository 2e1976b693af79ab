/// A CBOR item (RFC 8949) that was read strictly where security rests on it: bounded depth, no key twice in a map, UTF-8
/// in text strings, nothing behind the item. Lengths need not be the shortest, and items of indefinite length are read.
///
/// As with `JSON`, the bytes are kept and items are places in them.
package final class CBOR: Sendable {
    /// The kinds of item; tags are kept apart, see `untagged`.
    package enum Kind: UInt8, Sendable {
        case unsigned, negative, bytes, text, array, map, tag, float, `true`, `false`, null, other
    }

    /// Where an item stands.
    package struct Place: Hashable, Sendable {
        let index: Int
    }

    // `value` is an integer's argument, a tag's number or a float's bits; `next` where the next sibling would stand.
    struct Node {
        var kind: Kind
        var value: UInt64
        var start: Int32
        var end: Int32
        var next: Int32
    }

    let bytes: [UInt8]
    let nodes: [Node]

    /// Reads one item, at most 2 GiB long; whoever calls bounds it.
    package init(_ bytes: [UInt8], depth: Int = 16) throws(Malformed) {
        guard Int32(exactly: bytes.count) != nil else { throw Malformed(.tooLarge, at: 0) }
        var reader = CBORReader(count: bytes.count)
        try reader.read(bytes.span, depth: depth)
        nodes = reader.nodes
        self.bytes = bytes
    }

    /// The outermost item.
    package var root: Place { Place(index: 0) }

    /// An item's kind.
    package func kind(_ place: Place) -> Kind { nodes[place.index].kind }

    /// An item's offset.
    package func offset(_ place: Place) -> Int { Int(nodes[place.index].start) }

    /// The number of a tag; `nil` for other items.
    package func tag(_ place: Place) -> UInt64? {
        nodes[place.index].kind == .tag ? nodes[place.index].value : nil
    }

    /// The item inside one tag of this number; the item itself if it has no such tag.
    package func untagged(_ place: Place, _ tag: UInt64) -> Place {
        self.tag(place) == tag ? Place(index: place.index + 1) : place
    }

    /// The keys and values of a map; empty for everything else.
    package func entries(of place: Place?) -> [(key: Place, value: Place)] {
        guard let place, nodes[place.index].kind == .map else { return [] }
        var result: [(key: Place, value: Place)] = []
        var index = place.index + 1
        let end = Int(nodes[place.index].next)
        while index < end {
            let value = Int(nodes[index].next)
            result.append((Place(index: index), Place(index: value)))
            index = Int(nodes[value].next)
        }
        return result
    }

    /// Whether all keys of a map are integers or texts.
    func hasLabels(_ map: Place) -> Bool {
        guard nodes[map.index].kind == .map else { return true }
        var key = map.index + 1
        while key < Int(nodes[map.index].next) {
            switch nodes[key].kind {
            case .unsigned, .negative, .text: key = Int(nodes[Int(nodes[key].next)].next)
            default: return false
            }
        }
        return true
    }

    /// The items of an array; empty for everything else, also for a map, whose keys and values are no items.
    package func children(of place: Place?) -> [Place] {
        guard let place, nodes[place.index].kind == .array else { return [] }
        var result: [Place] = []
        var index = place.index + 1
        let end = Int(nodes[place.index].next)
        while index < end {
            result.append(Place(index: index))
            index = Int(nodes[index].next)
        }
        return result
    }

    /// The value under an integer key of a map.
    package func member(_ key: Int, of place: Place?) -> Place? { member(of: place) { integer($0) == key } }

    /// The value under a text key of a map.
    package func member(_ key: StaticString, of place: Place?) -> Place? { member(of: place) { isText($0, key) } }

    private func member(of place: Place?, _ matches: (Place) -> Bool) -> Place? {
        guard let place, nodes[place.index].kind == .map else { return nil }
        var index = place.index + 1
        let end = Int(nodes[place.index].next)
        while index < end {
            let value = Int(nodes[index].next)
            if matches(Place(index: index)) { return Place(index: value) }
            index = Int(nodes[value].next)
        }
        return nil
    }

    /// An integer's value; `nil` for others and past 64 bits.
    package func integer(_ place: Place?) -> Int? {
        guard let place else { return nil }
        let node = nodes[place.index]
        switch node.kind {
        case .unsigned: return Int(exactly: node.value)
        case .negative: return Int(exactly: node.value).map { -1 - $0 }
        default: return nil
        }
    }

    /// A finite number's value, whether integer or float.
    package func number(_ place: Place?) -> Double? {
        guard let place else { return nil }
        if nodes[place.index].kind == .float {
            let value = Double(bitPattern: nodes[place.index].value)
            return value.isFinite ? value : nil
        }
        switch nodes[place.index].kind {
        case .unsigned: return Double(nodes[place.index].value)
        case .negative: return -1 - Double(nodes[place.index].value)
        default: return nil
        }
    }

    /// A byte string's content.
    package func byteString(_ place: Place?) -> [UInt8]? {
        guard let place, nodes[place.index].kind == .bytes else { return nil }
        return content(nodes[place.index])
    }

    /// A text string's content.
    package func text(_ place: Place?) -> String? {
        guard let place, nodes[place.index].kind == .text else { return nil }
        let node = nodes[place.index]
        guard node.value == 0 else { return String(decoding: content(node), as: UTF8.self) }
        return String(decoding: bytes[Int(node.start)..<Int(node.end)], as: UTF8.self)
    }

    private func isText(_ place: Place, _ text: StaticString) -> Bool {
        let node = nodes[place.index]
        guard node.kind == .text else { return false }
        return text.withUTF8Buffer { expected in
            guard node.value == 0 else { return content(node).elementsEqual(expected) }
            let start = Int(node.start)
            guard Int(node.end) - start == expected.count else { return false }
            for index in 0..<expected.count where bytes[start + index] != expected[index] { return false }
            return true
        }
    }

    // For strings `start..<end` is the content; of an indefinite one (value 1) the chunks with their heads.
    private func content(_ node: Node) -> [UInt8] {
        let range = Int(node.start)..<Int(node.end)
        let bytes = bytes
        return node.value == 0 ? Array(bytes[range]) : CBORReader.joined(bytes.span, range)
    }
}
