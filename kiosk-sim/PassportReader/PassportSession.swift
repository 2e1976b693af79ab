package import CardChip
package import TravelDocument

/// Why a passport's chip was not read. Nothing of the passport is in it.
package enum PassportReadError: Error, Hashable, Sendable {
    /// The chip could not be reached.
    case transport(CardTransportError)
    /// This chip has no passport's application.
    case otherCard
    /// The chip does not know the keys that the zone gives: it is another passport's, or the zone was read wrongly.
    case accessRefused
    /// The chip answered a command (its instruction byte) with a status that has no place there.
    case unexpectedStatus(UInt16, command: UInt8)
    /// An answer is not protected as the session's has to be.
    case unprotected
    /// A file is not what it has to be, by its identifier.
    case malformed(file: UInt16)

    /// A stable code.
    package var code: String {
        switch self {
        case .transport(let error): error.code
        case .otherCard: "passport.other_chip"
        case .accessRefused: "passport.access_refused"
        case .unexpectedStatus: "passport.unexpected_status"
        case .unprotected: "passport.unprotected"
        case .malformed: "passport.file_malformed"
        }
    }
}

/// Files of a passport's application by their identifiers (ICAO Doc 9303-10 section 4.2).
package enum PassportFile {
    package static let application: [UInt8] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01]
    /// EF.COM: which data groups there are.
    package static let common: UInt16 = 0x011E
    package static let dataGroup1: UInt16 = 0x0101
    package static let securityObject: UInt16 = 0x011D
}

/// The reader's side of a passport's chip: basic access by the zone, and EF.DG1 and EF.SOD. It asks for no other data group, and there is no way
/// here to ask for one.
///
/// PACE (ICAO Doc 9303-11 section 4.4), which newer chips offer beside basic access, is not spoken yet: a chip that refuses basic access
/// cannot be read.
package struct PassportSession {
    private let transport: any CardTransport
    private var messaging: SecureMessaging

    /// Selects the application, and opens it by the zone's keys.
    ///
    /// - Parameters:
    ///   - zone: as read from the passport's page.
    ///   - nonce: 8 random bytes.
    ///   - half: 16 random bytes, this side's half of the session's seed.
    package init(
        transport: any CardTransport, zone: MachineReadableZone,
        nonce: [UInt8] = PassportSession.random(8), half: [UInt8] = PassportSession.random(16)
    ) throws(PassportReadError) {
        func send(
            _ ins: UInt8, _ p1: UInt8, _ p2: UInt8, _ data: [UInt8], _ length: Int?
        ) throws(PassportReadError) -> ResponseAPDU {
            try Self.send(Self.command(ins, p1, p2, data, length), transport)
        }
        guard try send(0xA4, 0x04, 0x0C, PassportFile.application, nil).status == .success else { throw .otherCard }
        let challenge = try send(0x84, 0x00, 0x00, [], 8)
        guard challenge.status == .success, challenge.data.count == 8 else {
            throw .unexpectedStatus(challenge.status.rawValue, command: 0x84)
        }
        let keys = AccessKeys(zone)
        guard let proof = BasicAccess.sealed(nonce, challenge.data, half, by: keys) else { throw .accessRefused }
        let answer = try send(0x82, 0x00, 0x00, proof, BasicAccess.length)
        guard answer.status == .success, let opened = BasicAccess.opened(answer.data, by: keys),
            opened.other == challenge.data, opened.own == nonce
        else { throw .accessRefused }
        self.transport = transport
        messaging = BasicAccess.session(chip: challenge.data, terminal: nonce, halves: (half, opened.half))
    }

    /// Random bytes.
    package static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

    /// Reads EF.COM, EF.SOD and EF.DG1.
    package mutating func readFiles() throws(PassportReadError) -> TravelDocumentFiles {
        _ = try read(PassportFile.common, tag: 0x60, maximum: 256)
        let object = try read(PassportFile.securityObject, tag: 0x77, maximum: SignedSecurityObject.maximumLength)
        let data = try read(PassportFile.dataGroup1, tag: 0x61, maximum: DataGroup1.length)
        return TravelDocumentFiles(dataGroup1: data, securityObject: object)
    }

    /// A file that is one object: its first bytes say how long it is.
    private mutating func read(_ file: UInt16, tag: UInt8, maximum: Int) throws(PassportReadError) -> [UInt8] {
        let selected = try exchange(Self.command(0xA4, 0x02, 0x0C, [UInt8(file >> 8), UInt8(file & 0xFF)], nil))
        guard selected.status == .success else {
            throw .unexpectedStatus(selected.status.rawValue, command: 0xA4)
        }
        var bytes = try readBinary(from: 0, 4)
        guard bytes.count == 4, bytes[0] == tag else { throw .malformed(file: file) }
        let length: Int
        switch bytes[1] {
        case 0...0x7F: length = 2 + Int(bytes[1])
        case 0x81: length = 3 + Int(bytes[2])
        case 0x82: length = 4 + (Int(bytes[2]) << 8 | Int(bytes[3]))
        default: throw .malformed(file: file)
        }
        guard (4...maximum).contains(length) else { throw .malformed(file: file) }
        while bytes.count < length {
            let more = try readBinary(from: bytes.count, min(SecureMessaging.maximumRead, length - bytes.count))
            guard !more.isEmpty, more.count <= length - bytes.count else { throw .malformed(file: file) }
            bytes += more
        }
        return bytes
    }

    private mutating func readBinary(from offset: Int, _ count: Int) throws(PassportReadError) -> [UInt8] {
        let answer = try exchange(Self.command(0xB0, UInt8(offset >> 8), UInt8(offset & 0xFF), [], count))
        guard answer.status == .success else { throw .unexpectedStatus(answer.status.rawValue, command: 0xB0) }
        return answer.data
    }

    private mutating func exchange(
        _ command: CommandAPDU?
    ) throws(PassportReadError) -> (data: [UInt8], status: StatusWord) {
        let answer = try Self.send(command.flatMap { messaging.protected($0) }, transport)
        guard let opened = messaging.opened(answer) else {
            // A chip that ends the session says so in clear.
            if answer.data.isEmpty, answer.status != .success {
                throw .unexpectedStatus(answer.status.rawValue, command: command?.ins ?? 0)
            }
            throw .unprotected
        }
        return opened
    }

    private static func command(_ ins: UInt8, _ p1: UInt8, _ p2: UInt8, _ data: [UInt8], _ length: Int?) -> CommandAPDU?
    {
        try? CommandAPDU(cla: 0x00, ins: ins, p1: p1, p2: p2, data: data, expectedLength: length)
    }

    private static func send(
        _ command: CommandAPDU?, _ transport: any CardTransport
    ) throws(PassportReadError) -> ResponseAPDU {
        guard let command else { throw .unprotected }
        do { return try transport.transmit(command) } catch { throw .transport(error) }
    }
}
