/// The parser behind `CBOR`: one pass that checks everything and notes where each item stands.
struct CBORReader {
    private(set) var nodes: [CBOR.Node] = []
    private var at = 0

    init(count: Int) { nodes.reserveCapacity(count / 6 + 4) }

    mutating func read(_ bytes: borrowing Span<UInt8>, depth: Int) throws(Malformed) {
        try item(bytes, depth)
        guard at == bytes.count else { throw Malformed(.cbor, at: at) }
    }

    /// A head: major type, argument, and whether the length is indefinite (RFC 8949 section 3).
    private struct Head {
        let major: UInt8
        let argument: UInt64
        let info: UInt8
        var isIndefinite: Bool { info == 31 }
    }

    private mutating func head(_ bytes: borrowing Span<UInt8>) throws(Malformed) -> Head {
        guard at < bytes.count else { throw Malformed(.cbor, at: at) }
        let first = bytes[at]
        let info = first & 0x1F
        let length: Int
        switch info {
        case 0..<24:
            at += 1
            return Head(major: first >> 5, argument: UInt64(info), info: info)
        case 24...27: length = 1 << (info - 24)
        case 31 where (2...5).contains(first >> 5):
            at += 1
            return Head(major: first >> 5, argument: 0, info: info)
        default: throw Malformed(.cbor, at: at)
        }
        guard length < bytes.count - at else { throw Malformed(.cbor, at: at) }
        var argument: UInt64 = 0
        for index in at + 1...at + length { argument = argument << 8 | UInt64(bytes[index]) }
        at += 1 + length
        return Head(major: first >> 5, argument: argument, info: info)
    }

    private mutating func item(_ bytes: borrowing Span<UInt8>, _ depth: Int) throws(Malformed) {
        let start = at
        let head = try head(bytes)
        switch head.major {
        case 0: append(.unsigned, head.argument, start)
        case 1: append(.negative, head.argument, start)
        case 2: try string(bytes, head, .bytes)
        case 3: try string(bytes, head, .text)
        case 4: try array(bytes, head, start, depth)
        case 5: try map(bytes, head, start, depth)
        case 6:
            guard depth > 0 else { throw Malformed(.tooDeep, at: start) }
            let own = open(.tag, head.argument, start)
            try item(bytes, depth - 1)
            close(own)
        default: try simple(head, start)
        }
    }

    private mutating func simple(_ head: Head, _ start: Int) throws(Malformed) {
        switch head.info {
        case 20: append(.false, 0, start)
        case 21: append(.true, 0, start)
        case 22, 23: append(.null, 0, start)
        case 24:
            // Values below 32 are not well formed in two bytes (section 3.3).
            guard head.argument >= 32 else { throw Malformed(.cbor, at: start) }
            append(.other, head.argument, start)
        case 25:
            append(.float, Double(Float16(bitPattern: UInt16(truncatingIfNeeded: head.argument))).bitPattern, start)
        case 26: append(.float, Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument))).bitPattern, start)
        case 27: append(.float, head.argument, start)
        default: append(.other, head.argument, start)
        }
    }

    private mutating func string(_ bytes: borrowing Span<UInt8>, _ head: Head, _ kind: CBOR.Kind) throws(Malformed) {
        let start = at
        if head.isIndefinite {
            while true {
                guard at < bytes.count else { throw Malformed(.cbor, at: at) }
                if bytes[at] == 0xFF { break }
                let chunkStart = at
                let chunk = try self.head(bytes)
                guard chunk.major == head.major, !chunk.isIndefinite else { throw Malformed(.cbor, at: chunkStart) }
                try content(bytes, chunk, kind)
            }
            append(kind, 1, start, to: at)
            at += 1
        } else {
            try content(bytes, head, kind)
            append(kind, 0, start, to: at)
        }
    }

    private mutating func content(_ bytes: borrowing Span<UInt8>, _ head: Head, _ kind: CBOR.Kind) throws(Malformed) {
        guard let count = Int(exactly: head.argument), count <= bytes.count - at else { throw Malformed(.cbor, at: at) }
        if kind == .text, let bad = UTF8Check.firstInvalid(bytes, at..<at + count) { throw Malformed(.cbor, at: bad) }
        at += count
    }

    private mutating func array(
        _ bytes: borrowing Span<UInt8>, _ head: Head, _ start: Int, _ depth: Int
    ) throws(Malformed) {
        guard depth > 0 else { throw Malformed(.tooDeep, at: start) }
        let own = open(.array, head.argument, start)
        var left = head.argument
        while try more(bytes, head, &left) { try item(bytes, depth - 1) }
        close(own)
    }

    private mutating func map(
        _ bytes: borrowing Span<UInt8>, _ head: Head, _ start: Int, _ depth: Int
    ) throws(Malformed) {
        guard depth > 0 else { throw Malformed(.tooDeep, at: start) }
        let own = open(.map, head.argument, start)
        var keys = CBORKeys()
        var left = head.argument
        while try more(bytes, head, &left) {
            let (keyStart, key) = (at, nodes.count)
            try item(bytes, depth - 1)
            guard keys.insert(key, bytes, nodes) else { throw Malformed(.duplicateKey, at: keyStart) }
            try item(bytes, depth - 1)
        }
        close(own)
    }

    // A count needs no bound of its own: each item takes a byte at least, and bytes run out.
    private mutating func more(_ bytes: borrowing Span<UInt8>, _ head: Head, _ left: inout UInt64) throws(Malformed)
        -> Bool
    {
        if head.isIndefinite {
            guard at < bytes.count else { throw Malformed(.cbor, at: at) }
            guard bytes[at] == 0xFF else { return true }
            at += 1
            return false
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }

    private mutating func open(_ kind: CBOR.Kind, _ value: UInt64, _ start: Int) -> Int {
        nodes.append(CBOR.Node(kind: kind, value: value, start: Int32(start), end: 0, next: 0))
        return nodes.count - 1
    }

    private mutating func close(_ own: Int) {
        nodes[own].end = Int32(at)
        nodes[own].next = Int32(nodes.count)
    }

    private mutating func append(_ kind: CBOR.Kind, _ value: UInt64, _ start: Int, to end: Int? = nil) {
        nodes.append(
            CBOR.Node(
                kind: kind, value: value, start: Int32(start), end: Int32(end ?? at), next: Int32(nodes.count + 1)))
    }

    /// The chunks of an indefinite string, read before, as one.
    static func joined(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var reader = CBORReader(count: 0)
        reader.at = range.lowerBound
        var result: [UInt8] = []
        while reader.at < range.upperBound {
            guard let head = try? reader.head(bytes), let count = Int(exactly: head.argument),
                count <= range.upperBound - reader.at
            else { break }
            for index in reader.at..<reader.at + count { result.append(bytes[index]) }
            reader.at += count
        }
        return result
    }
}
