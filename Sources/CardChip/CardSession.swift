public import Crypto

/// The reader's side of the input-support application: from SELECT to the chip's signature.
///
/// It opens the files with the PIN only. The reference numbers printed on the card would open some of them too; there
/// is no way to present those here.
public final class CardSession: Sendable {
    private let transport: any CardTransport

    /// Selects the application on the card.
    ///
    /// - Throws: ``CardError/otherCard`` if the card does not have it, or a transport error.
    public init(transport: any CardTransport) throws(CardError) {
        self.transport = transport
        guard try send(.selectApplication(.inputSupport)).status == .success else { throw .otherCard }
    }

    /// How often the PIN can still be tried; 0 if it is locked.
    public func pinTriesLeft() throws(CardError) -> Int {
        try select(ElementaryFile.pin)
        let status = try send(.pinTries).status
        if let tries = status.triesLeft { return tries }
        guard status.isPINBlocked else { throw unexpected(status, .pinTries) }
        return 0
    }

    /// Presents the PIN.
    ///
    /// - Throws: ``CardError/wrongPIN(triesLeft:)`` with 1 or 2 tries left, ``CardError/pinLocked`` if none is.
    public func verify(_ pin: PIN) throws(CardError) {
        try select(ElementaryFile.pin)
        var command = CommandAPDU.verifyPIN(pin)
        defer { command.wipe() }
        let status = try send(command).status
        if status == .success { return }
        if status.isPINBlocked || status.triesLeft == 0 { throw .pinLocked }
        guard let tries = status.triesLeft else { throw unexpected(status, command) }
        throw .wrongPIN(triesLeft: tries)
    }

    /// Reads EF 0001 to 0004 and 0007; the PIN must have been presented.
    public func readFiles() throws(CardError) -> CardFiles {
        let number = try read(ElementaryFile.number, length: CardFiles.numberLength)
        let attributes = try readAttributes()
        let record = try read(ElementaryFile.record, length: CardFiles.recordLength)
        let certificate = try read(ElementaryFile.certificate, length: CardFiles.certificateLength)
        let chipKey = try read(ElementaryFile.chipKey, length: CardFiles.chipKeyLength)
        do {
            return try CardFiles(
                number: number, attributes: attributes, record: record, certificate: certificate, chipKey: chipKey)
        } catch { throw .malformed(error) }
    }

    /// Reads EF 0007 alone, which names the chip; `nil` where the PIN has to be presented first.
    package func readChipKey() throws(CardError) -> [UInt8]? {
        try select(ElementaryFile.chipKey)
        do { return try readRest(of: CardFiles.chipKeyLength, from: 0) } catch {
            guard case .unexpectedStatus(StatusWord.securityNotSatisfied.rawValue, _) = error else { throw error }
            return nil
        }
    }

    /// Has the chip sign a digest (INTERNAL AUTHENTICATE); needs no PIN.
    ///
    /// - Returns: the signature, 256 bytes. Whether it is right is for ``CardChecker`` to say.
    public func authenticate(digest: SHA256Digest) throws(CardError) -> [UInt8] {
        let command = CommandAPDU.internalAuthenticate(digest: digest)
        let response = try send(command)
        guard response.status == .success, response.data.count == 256 else {
            throw unexpected(response.status, command)
        }
        return response.data
    }

    // MARK: Files

    /// EF 0002 says in its header how long it is, and a card may keep more space for it than that.
    private func readAttributes() throws(CardError) -> [UInt8] {
        try select(ElementaryFile.attributes)
        let header = try readBinary(from: 0, length: 5)
        // FF20 and its length in one, two or three bytes.
        let length: Int
        switch (header[2], header[3], header[4]) {
        case (let short, _, _) where short < 0x80: length = 3 + Int(short)
        case (0x81, let low, _): length = 4 + Int(low)
        case (0x82, let high, let low): length = 5 + (Int(high) << 8 | Int(low))
        default: throw .malformed(.malformed(file: ElementaryFile.attributes, offset: 2))
        }
        guard (5...CardFiles.maximumAttributesLength).contains(length) else {
            throw .malformed(.malformed(file: ElementaryFile.attributes, offset: 2))
        }
        return try header + readRest(of: length, from: header.count)
    }

    private func read(_ file: UInt16, length: Int) throws(CardError) -> [UInt8] {
        try select(file)
        return try readRest(of: length, from: 0)
    }

    /// What a selected file of this length has from an offset on, in pieces of at most 256 bytes.
    private func readRest(of length: Int, from start: Int) throws(CardError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length - start)
        while start + bytes.count < length {
            let offset = start + bytes.count
            bytes += try readBinary(from: offset, length: min(256, length - offset))
        }
        return bytes
    }

    private func readBinary(from offset: Int, length: Int) throws(CardError) -> [UInt8] {
        let command: CommandAPDU
        do { command = try .readBinary(offset: offset, length: length) } catch {
            throw .malformed(.malformed(file: 0, offset: offset))
        }
        let response = try send(command)
        guard response.status == .success, response.data.count == length else {
            throw unexpected(response.status, command)
        }
        return response.data
    }

    private func select(_ file: UInt16) throws(CardError) {
        let command = CommandAPDU.selectFile(file)
        let status = try send(command).status
        guard status == .success else { throw unexpected(status, command) }
    }

    private func send(_ command: CommandAPDU) throws(CardError) -> ResponseAPDU {
        do { return try transport.transmit(command) } catch { throw .transport(error) }
    }

    private func unexpected(_ status: StatusWord, _ command: CommandAPDU) -> CardError {
        .unexpectedStatus(status.rawValue, command: command.ins)
    }
}
