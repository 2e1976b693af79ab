/// A JSON text (RFC 8259) that was read strictly: UTF-8 without a byte order mark, no member name twice, no lone
/// surrogate, numbers within IEEE 754 double (I-JSON, RFC 7493), bounded depth, nothing behind the value.
///
/// The text is kept and its values are places in it, so that reading costs two arrays whatever the text holds, offsets
/// can be reported, and nothing is decoded that nobody asks for.
///
/// A class, so that whoever reads it member by member passes on one reference.
package final class JSON: Sendable {
    /// The kinds of value.
    package enum Kind: UInt8, Sendable { case object, array, string, number, `true`, `false`, null }

    /// Where a value stands. Only a `JSON` makes them; one from another document names some other value or none, never
    /// memory outside.
    package struct Place: Hashable, Sendable {
        let index: Int
    }

    // Values in the order of the text. An object's members are a name (a string) and a value in turn, an array's its
    // elements; `next` is where the value's successor in the same object or array would stand.
    struct Node {
        var kind: Kind
        var escaped: Bool
        var start: Int32
        var end: Int32
        var next: Int32
    }

    let bytes: [UInt8]
    let nodes: [Node]

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - bytes: the text, at most 2 GiB; whoever calls bounds it.
    ///   - depth: how deep objects and arrays may lie in each other.
    package init(_ bytes: [UInt8], depth: Int = 32) throws(Malformed) {
        guard Int32(exactly: bytes.count) != nil else { throw Malformed(.tooLarge, at: 0) }
        var reader = JSONReader(count: bytes.count)
        try reader.read(bytes.span, depth: depth)
        nodes = reader.nodes
        self.bytes = bytes
    }

    /// The outermost value.
    package var root: Place { Place(index: 0) }

    /// A value's kind.
    package func kind(_ place: Place) -> Kind { nodes[place.index].kind }

    /// The offset of a value's first byte in the text.
    package func offset(_ place: Place) -> Int {
        let node = nodes[place.index]
        return Int(node.start) - (node.kind == .string ? 1 : 0)
    }

    /// The bytes of a value as they stand in the text (of a string: between the quotation marks).
    package func source(_ place: Place) -> ArraySlice<UInt8> {
        let node = nodes[place.index]
        return bytes[Int(node.start)..<Int(node.end)]
    }

    /// The value of an object's member; `nil` if the place is none, no object, or has no such member.
    package func member(_ name: StaticString, of place: Place?) -> Place? {
        guard let place, nodes[place.index].kind == .object else { return nil }
        return nodes.withUnsafeBufferPointer { nodes in
            bytes.withUnsafeBufferPointer { text in
                var index = place.index + 1
                let end = Int(nodes[place.index].next)
                while index < end {
                    if Self.isEqual(nodes[index], text, name) { return Place(index: index + 1) }
                    index = Int(nodes[index + 1].next)
                }
                return nil
            }
        }
    }

    /// The elements of an array; empty for everything else, also for an object, whose members are no elements.
    package func children(of place: Place?) -> Children {
        elements(of: place) ?? Children(json: self, index: 0, end: 0)
    }

    /// The elements of an array; `nil` if the place is none or no array.
    package func elements(of place: Place?) -> Children? {
        guard let place, nodes[place.index].kind == .array else { return nil }
        return Children(json: self, index: place.index + 1, end: Int(nodes[place.index].next))
    }

    /// Whether an array has no element, or an object no member.
    func isEmpty(_ place: Place) -> Bool { Int(nodes[place.index].next) == place.index + 1 }

    /// The names and values of an object's members; empty for everything else.
    package func members(of place: Place?) -> [(name: Place, value: Place)] {
        guard let place, nodes[place.index].kind == .object else { return [] }
        var result: [(name: Place, value: Place)] = []
        var index = place.index + 1
        let end = Int(nodes[place.index].next)
        while index < end {
            result.append((Place(index: index), Place(index: index + 1)))
            index = Int(nodes[index + 1].next)
        }
        return result
    }

    /// The places inside an array.
    package struct Children: Sequence, IteratorProtocol {
        let json: JSON
        var index: Int
        let end: Int

        package mutating func next() -> Place? {
            guard index < end else { return nil }
            defer { index = Int(json.nodes[index].next) }
            return Place(index: index)
        }
    }

    /// A string's value; `nil` if the place is none or no string.
    package func string(_ place: Place?) -> String? {
        guard let place else { return nil }
        let node = nodes[place.index]
        guard node.kind == .string else { return nil }
        if node.escaped { return String(decoding: unescaped(place), as: UTF8.self) }
        return bytes.withUnsafeBufferPointer { text in
            String(decoding: UnsafeBufferPointer(rebasing: text[Int(node.start)..<Int(node.end)]), as: UTF8.self)
        }
    }

    /// A number's value; `nil` if the place is none or no number.
    package func number(_ place: Place?) -> Double? {
        guard let place, nodes[place.index].kind == .number else { return nil }
        return JSONNumber.value(source(place))
    }

    /// The bytes in which a string stands without escapes, in ``bytes``; `nil` if the place is none, no string, or has some.
    func plain(_ place: Place?) -> Range<Int>? {
        guard let place, nodes[place.index].kind == .string, !nodes[place.index].escaped else { return nil }
        return Int(nodes[place.index].start)..<Int(nodes[place.index].end)
    }

    /// Whether the place holds exactly this string, whose characters are ASCII.
    package func isString(_ place: Place?, _ text: StaticString) -> Bool {
        guard let place else { return false }
        let node = nodes[place.index]
        return node.kind == .string && bytes.withUnsafeBufferPointer { Self.isEqual(node, $0, text) }
    }

    /// Whether both places hold the same string.
    func isEqual(_ one: Place?, _ other: Place?) -> Bool {
        guard let first = plain(one), let second = plain(other) else {
            guard let first = string(one), let second = string(other) else { return false }
            return first.utf8.elementsEqual(second.utf8)
        }
        guard first.count == second.count else { return false }
        return bytes.withUnsafeBufferPointer { text in
            for index in 0..<first.count
            where text[first.lowerBound + index] != text[second.lowerBound + index] { return false }
            return true
        }
    }

    // Places of this text's own nodes alone: nothing checks them again.
    @inline(__always)
    private static func isEqual(_ node: Node, _ text: UnsafeBufferPointer<UInt8>, _ expected: StaticString) -> Bool {
        let (start, count) = (Int(node.start), Int(node.end - node.start))
        guard !node.escaped else { return isEqualUnescaped(node, text, expected) }
        guard count == expected.utf8CodeUnitCount else { return false }
        for index in 0..<count where text[start + index] != expected.utf8Start[index] { return false }
        return true
    }

    private static func isEqualUnescaped(_ node: Node, _ text: UnsafeBufferPointer<UInt8>, _ expected: StaticString)
        -> Bool
    {
        let source = Array(text[Int(node.start)..<Int(node.end)])
        return JSONReader.unescape(source, 0..<source.count).elementsEqual(
            UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount))
    }

    /// A string's UTF-8 bytes with its escapes resolved.
    func unescaped(_ place: Place) -> [UInt8] {
        let node = nodes[place.index]
        return JSONReader.unescape(bytes, Int(node.start)..<Int(node.end))
    }
}
