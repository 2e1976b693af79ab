package import CardChip

/// Protected commands and answers of a session with a passport's chip (ICAO Doc 9303-11 section 9.8), both sides of it. Each command and each
/// answer counts on; after one that is wrong the session is over.
package struct SecureMessaging: Sendable, Confidential {
    private let keys: AccessKeys
    private var counter: UInt64

    package init(keys: AccessKeys, counter: [UInt8]) {
        self.keys = keys
        self.counter = counter.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// How many bytes a file can be read by at once: more do not fit into a short answer with what protects them.
    package static let maximumRead = 223

    /// A command, protected; `nil` if it is too long for that.
    package mutating func protected(_ command: CommandAPDU) -> CommandAPDU? {
        var objects: [UInt8] = []
        if !command.data.isEmpty {
            guard let text = TripleDES.cbc(TripleDES.padded(command.data), key: keys.encryption, isEncrypting: true)
            else { return nil }
            objects += TLV.object(0x87, [0x01] + text)
        }
        if let length = command.expectedLength { objects += TLV.object(0x97, [UInt8(truncatingIfNeeded: length)]) }
        guard let check = check(Self.header(command), objects) else { return nil }
        return try? CommandAPDU(
            cla: 0x0C, ins: command.ins, p1: command.p1, p2: command.p2, data: objects + TLV.object(0x8E, check),
            expectedLength: 256)
    }

    /// The command in a protected one; `nil` if it is not, or not rightly, protected.
    package mutating func opened(_ command: CommandAPDU) -> CommandAPDU? {
        guard command.cla == 0x0C, let (objects, values) = Self.objects(command.data, [0x87, 0x97]),
            let check = check(Self.header(command), objects), check == values[0x8E]
        else { return nil }
        var data: [UInt8] = []
        if let text = values[0x87] {
            guard let opened = decrypted(text) else { return nil }
            data = opened
        }
        var length: Int?
        if let expected = values[0x97] {
            guard expected.count == 1 else { return nil }
            length = expected[0] == 0 ? 256 : Int(expected[0])
        }
        return try? CommandAPDU(
            cla: 0x00, ins: command.ins, p1: command.p1, p2: command.p2, data: data, expectedLength: length)
    }

    /// An answer, protected: data and status, the status in clear behind it.
    package mutating func protected(_ data: [UInt8], _ status: StatusWord) -> [UInt8]? {
        var objects: [UInt8] = []
        if !data.isEmpty {
            guard let text = TripleDES.cbc(TripleDES.padded(data), key: keys.encryption, isEncrypting: true) else {
                return nil
            }
            objects += TLV.object(0x87, [0x01] + text)
        }
        let bytes = [UInt8(status.rawValue >> 8), UInt8(status.rawValue & 0xFF)]
        objects += TLV.object(0x99, bytes)
        guard let check = check([], objects) else { return nil }
        return objects + TLV.object(0x8E, check) + bytes
    }

    /// The answer in a protected one; `nil` if it is not, or not rightly, protected.
    package mutating func opened(_ answer: ResponseAPDU) -> (data: [UInt8], status: StatusWord)? {
        guard let (objects, values) = Self.objects(answer.data, [0x87, 0x99]), let check = check([], objects),
            check == values[0x8E], let status = values[0x99], status.count == 2
        else { return nil }
        let word = StatusWord(rawValue: UInt16(status[0]) << 8 | UInt16(status[1]))
        guard let text = values[0x87] else { return ([], word) }
        return decrypted(text).map { ($0, word) }
    }

    private func decrypted(_ object: [UInt8]) -> [UInt8]? {
        // The first byte says how it is padded.
        guard object.first == 0x01, object.count > 1,
            let text = TripleDES.cbc(Array(object.dropFirst()), key: keys.encryption, isEncrypting: false)
        else { return nil }
        return TripleDES.unpadded(text)
    }

    private mutating func check(_ header: [UInt8], _ objects: [UInt8]) -> [UInt8]? {
        counter &+= 1
        let count = (0..<8).reversed().map { UInt8(truncatingIfNeeded: counter >> ($0 * 8)) }
        return TripleDES.mac(count + header + objects, key: keys.authentication)
    }

    private static func header(_ command: CommandAPDU) -> [UInt8] {
        TripleDES.padded([0x0C, command.ins, command.p1, command.p2])
    }

    /// The objects with these tags, each at most once and in this order, and behind them the check value; what the check value covers, and
    /// the values.
    private static func objects(_ bytes: [UInt8], _ tags: [UInt8]) -> (covered: [UInt8], values: [UInt8: [UInt8]])? {
        var values: [UInt8: [UInt8]] = [:]
        var rest = bytes[...]
        var covered = 0
        for tag in tags + [0x8E] {
            guard rest.first == tag else { continue }
            if tag == 0x8E { covered = rest.startIndex }
            rest.removeFirst()
            guard var length = rest.popFirst().map(Int.init) else { return nil }
            if length == 0x81 {
                guard let byte = rest.popFirst() else { return nil }
                length = Int(byte)
            } else if length > 0x7F {
                return nil
            }
            guard rest.count >= length else { return nil }
            values[tag] = Array(rest.prefix(length))
            rest.removeFirst(length)
        }
        guard rest.isEmpty, values[0x8E]?.count == 8 else { return nil }
        return (Array(bytes[..<covered]), values)
    }
}
