/// The parser behind `JSON`: one pass that checks everything and notes where each value stands.
struct JSONReader {
    private(set) var nodes: [JSON.Node] = []
    private var at = 0

    init(count: Int) { nodes.reserveCapacity(count / 8 + 4) }

    mutating func read(_ text: borrowing Span<UInt8>, depth: Int) throws(Malformed) {
        skipSpace(text)
        try value(text, depth)
        skipSpace(text)
        guard at == text.count else { throw Malformed(.json, at: at) }
    }

    private mutating func value(_ text: borrowing Span<UInt8>, _ depth: Int) throws(Malformed) {
        guard at < text.count else { throw Malformed(.json, at: at) }
        switch text[at] {
        case UInt8(ascii: "{"): try object(text, depth)
        case UInt8(ascii: "["): try array(text, depth)
        case UInt8(ascii: "\""): try string(text)
        case UInt8(ascii: "t"): try literal(text, "true", .true)
        case UInt8(ascii: "f"): try literal(text, "false", .false)
        case UInt8(ascii: "n"): try literal(text, "null", .null)
        default: try number(text)
        }
    }

    private mutating func object(_ text: borrowing Span<UInt8>, _ depth: Int) throws(Malformed) {
        guard depth > 0 else { throw Malformed(.tooDeep, at: at) }
        let own = open(.object)
        var names = Names()
        at += 1
        skipSpace(text)
        if at < text.count, text[at] == UInt8(ascii: "}") { return close(own) }
        while true {
            guard at < text.count, text[at] == UInt8(ascii: "\"") else { throw Malformed(.json, at: at) }
            let name = nodes.count
            try string(text)
            guard names.insert(name, of: own, nodes.span, text) else {
                throw Malformed(.duplicateKey, at: Int(nodes[name].start) - 1)
            }
            skipSpace(text)
            guard at < text.count, text[at] == UInt8(ascii: ":") else { throw Malformed(.json, at: at) }
            at += 1
            skipSpace(text)
            try value(text, depth - 1)
            skipSpace(text)
            guard at < text.count else { throw Malformed(.json, at: at) }
            if text[at] == UInt8(ascii: "}") { return close(own) }
            guard text[at] == UInt8(ascii: ",") else { throw Malformed(.json, at: at) }
            at += 1
            skipSpace(text)
        }
    }

    private mutating func array(_ text: borrowing Span<UInt8>, _ depth: Int) throws(Malformed) {
        guard depth > 0 else { throw Malformed(.tooDeep, at: at) }
        let own = open(.array)
        at += 1
        skipSpace(text)
        if at < text.count, text[at] == UInt8(ascii: "]") { return close(own) }
        while true {
            try value(text, depth - 1)
            skipSpace(text)
            guard at < text.count else { throw Malformed(.json, at: at) }
            if text[at] == UInt8(ascii: "]") { return close(own) }
            guard text[at] == UInt8(ascii: ",") else { throw Malformed(.json, at: at) }
            at += 1
            skipSpace(text)
        }
    }

    private mutating func open(_ kind: JSON.Kind) -> Int {
        nodes.append(JSON.Node(kind: kind, escaped: false, start: Int32(at), end: 0, next: 0))
        return nodes.count - 1
    }

    private mutating func close(_ own: Int) {
        at += 1
        nodes[own].end = Int32(at)
        nodes[own].next = Int32(nodes.count)
    }

    private mutating func append(_ kind: JSON.Kind, _ start: Int, _ end: Int, escaped: Bool = false) {
        nodes.append(
            JSON.Node(kind: kind, escaped: escaped, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1)))
    }

    private mutating func literal(_ text: borrowing Span<UInt8>, _ word: StaticString, _ kind: JSON.Kind)
        throws(Malformed)
    {
        let end = at + word.utf8CodeUnitCount
        guard end <= text.count else { throw Malformed(.json, at: at) }
        for index in 0..<word.utf8CodeUnitCount where text[at + index] != word.utf8Start[index] {
            throw Malformed(.json, at: at)
        }
        append(kind, at, end)
        at = end
    }

    private mutating func number(_ text: borrowing Span<UInt8>) throws(Malformed) {
        let start = at
        if at < text.count, text[at] == UInt8(ascii: "-") { at += 1 }
        if at < text.count, text[at] == UInt8(ascii: "0") { at += 1 } else { try digits(text) }
        var large = at - start > 300
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            try digits(text)
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            large = true
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
            try digits(text)
        }
        // Only what is long or has an exponent can be out of the range of a double.
        if large {
            var copy: [UInt8] = []
            for index in start..<at { copy.append(text[index]) }
            guard JSONNumber.value(copy[...]) != nil else { throw Malformed(.json, at: start) }
        }
        append(.number, start, at)
    }

    private mutating func digits(_ text: borrowing Span<UInt8>) throws(Malformed) {
        let start = at
        while at < text.count, text[at] &- 0x30 < 10 { at += 1 }
        guard at > start else { throw Malformed(.json, at: at) }
    }

    private mutating func string(_ text: borrowing Span<UInt8>) throws(Malformed) {
        at += 1
        let start = at
        var escaped = false
        while at < text.count {
            // Most of a text is ASCII without escapes, and most of the work is here.
            var index = at
            let raw = text.bytes
            var plain = 8
            while plain == 8, index + 8 <= text.count {
                plain = Self.plainPrefix(
                    UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)))
                index += plain
            }
            // The last bytes of the text, or none where one was found that is not plain.
            while index < text.count, Self.isPlain(text[index]) { index += 1 }
            at = index
            guard at < text.count else { break }
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                append(.string, start, at, escaped: escaped)
                at += 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try escape(text)
            } else if byte < 0x20 {
                throw Malformed(.json, at: at)
            } else {
                guard let length = UTF8Check.length(text, at: at, end: text.count) else {
                    throw Malformed(.json, at: at)
                }
                at += length
            }
        }
        throw Malformed(.json, at: at)
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte &- 0x20 < 0x60 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// How many of eight bytes, from the lowest one, come before the first that is not plain.
    @inline(__always)
    private static func plainPrefix(_ bytes: UInt64) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let (quotes, escapes) = (bytes ^ 0x22 &* ones, bytes ^ 0x5C &* ones)
        // A byte is below n, or zero, where taking n, or one, away borrows from its highest bit. A borrow reaches only bytes
        // behind the first one that it says so of.
        let special =
            bytes | (bytes &- 0x20 &* ones) & ~bytes | (quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes
        return (special & highs).trailingZeroBitCount / 8
    }

    private mutating func escape(_ text: borrowing Span<UInt8>) throws(Malformed) {
        guard at + 1 < text.count else { throw Malformed(.json, at: at) }
        switch text[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            let unit = try hex(text, at + 2)
            switch unit {
            case 0xD800...0xDBFF:
                guard at + 7 < text.count, text[at + 6] == UInt8(ascii: "\\"), text[at + 7] == UInt8(ascii: "u"),
                    case 0xDC00...0xDFFF = try hex(text, at + 8)
                else { throw Malformed(.json, at: at) }
                at += 12
            case 0xDC00...0xDFFF: throw Malformed(.json, at: at)
            default: at += 6
            }
        default: throw Malformed(.json, at: at)
        }
    }

    private func hex(_ text: borrowing Span<UInt8>, _ start: Int) throws(Malformed) -> UInt32 {
        guard start + 4 <= text.count else { throw Malformed(.json, at: at) }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = Self.hexDigit(text[index]) else { throw Malformed(.json, at: at) }
            value = value << 4 | digit
        }
        return value
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte) - 0x30
        case 0x41...0x46: UInt32(byte) - 0x37
        case 0x61...0x66: UInt32(byte) - 0x57
        default: nil
        }
    }

    // Signed texts have no white space but within strings.
    @inline(__always)
    private mutating func skipSpace(_ text: borrowing Span<UInt8>) {
        if at < text.count, text[at] <= 0x20 { skipSomeSpace(text) }
    }

    private mutating func skipSomeSpace(_ text: borrowing Span<UInt8>) {
        while at < text.count {
            switch text[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    /// The UTF-8 bytes of a string that was read before, its escapes resolved.
    static func unescape(_ text: [UInt8], _ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        func unit(_ start: Int) -> UInt32 {
            text[start..<min(start + 4, range.upperBound)].reduce(0) { $0 << 4 | (hexDigit($1) ?? 0) }
        }
        while index < range.upperBound {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < range.upperBound else {
                result.append(text[index])
                index += 1
                continue
            }
            let letter = text[index + 1]
            index += 2
            switch letter {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = unit(index)
                index += 4
                if case 0xD800...0xDBFF = scalar {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (unit(index + 2) & 0x3FF)
                    index += 6
                }
                result += Array(String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
            default: result.append(letter)
            }
        }
        return result
    }
}

/// The names met in one object, to find one that comes twice.
private struct Names {
    private var count = 0
    // Comparing each with each costs the square of their number: past a few, and for names with escapes, use a set.
    private var many: Set<[UInt8]> = []

    /// Takes the next name of an object, both by their places among the nodes; false if it was there before.
    mutating func insert(_ name: Int, of object: Int, _ nodes: borrowing Span<JSON.Node>, _ text: borrowing Span<UInt8>)
        -> Bool
    {
        defer { count += 1 }
        var other = object + 1
        if many.isEmpty, count < 24, !nodes[name].escaped {
            while other < name {
                if Self.equal(nodes[other], nodes[name], text) { return false }
                other = Int(nodes[other + 1].next)
            }
            return true
        }
        while many.count < count, other < name {
            many.insert(Self.bytes(nodes[other], text))
            other = Int(nodes[other + 1].next)
        }
        return many.insert(Self.bytes(nodes[name], text)).inserted
    }

    private static func equal(_ a: JSON.Node, _ b: JSON.Node, _ text: borrowing Span<UInt8>) -> Bool {
        let count = Int(a.end - a.start)
        guard count == Int(b.end - b.start) else { return false }
        for index in 0..<count where text[Int(a.start) + index] != text[Int(b.start) + index] { return false }
        return true
    }

    private static func bytes(_ node: JSON.Node, _ text: borrowing Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        for index in Int(node.start)..<Int(node.end) { copy.append(text[index]) }
        return node.escaped ? JSONReader.unescape(copy, 0..<copy.count) : copy
    }
}
