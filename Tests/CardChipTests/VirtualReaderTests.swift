import CardChip
import CardReader
import Crypto
import Dispatch
import Foundation
import Glibc
import SimulatedCard
import Synchronization
import TestSupport
import Testing

/// The same session over PC/SC: a real pcscd with the virtual reader of vsmartcard.
@Suite(.serialized) struct VirtualReaderTests {
    private static let patience = Duration.seconds(20)

    private func pin(_ text: String) throws -> PIN { try #require(PIN(digits: Array(text.utf8))) }

    private func insert(
        _ chip: any SimulatedChip, _ reader: VirtualReader, slot: UInt16 = 0, removedAfter commands: Int? = nil
    ) throws -> VirtualReaderCard {
        let card = VirtualReaderCard(card: chip, port: reader.port + slot, removedAfter: commands)
        try card.insert()
        return card
    }

    private func simulatedCard() throws -> SimulatedCard {
        SimulatedCard(file: try Fixture.get().first, persistTo: nil)
    }

    @Test func `a card on a PC/SC reader is read, checked and taken away`() async throws {
        let fixture = try Fixture.get()
        try await VirtualReader.use { reader in
            let card = try insert(simulatedCard(), reader)
            let transport = try PCSCTransport.waitForCard(readerNamed: VirtualReader.name, timeout: Self.patience)
            #expect(transport.readerName == VirtualReader.slots[0])
            #expect(transport.isCardPresent())
            let session = try CardSession(transport: transport)
            #expect(throws: CardError.wrongPIN(triesLeft: 2)) { try session.verify(pin("0000")) }
            try session.verify(pin(Fixture.pin))
            let files = try session.readFiles()
            #expect(files == (try fixture.first.cardFiles()))
            _ = try fixture.checker.check(
                files, chipSignature: session.authenticate(digest: Fixture.challenge), over: Fixture.challenge)

            #expect(throws: CardTransportError.timeout) {
                try PCSCTransport.waitForRemoval(readerNamed: nil, timeout: .milliseconds(50))
            }
            card.remove()
            try PCSCTransport.waitForRemoval(readerNamed: nil, timeout: Self.patience)
            #expect(!transport.isCardPresent())
            #expect(throws: CardTransportError.cardRemoved) { try transport.transmit(.pinTries) }
        }
    }

    @Test func `a card that is laid on the reader while one waits is taken`() async throws {
        try await VirtualReader.use { reader in
            let chip = try simulatedCard()
            let port = reader.port
            let waiting = Task.detached(executorPreference: LongRunning.threads) {
                try PCSCTransport.waitForCard(readerNamed: nil, timeout: Self.patience)
            }
            let card = VirtualReaderCard(card: chip, port: port)
            try card.insert()
            let session = try CardSession(transport: try await waiting.value)
            #expect(try session.pinTriesLeft() == 3)
            card.remove()
        }
    }

    @Test func `no PC/SC service and no reader of that name are no reader`() async throws {
        try await VirtualReader.useWithoutService {
            #expect(throws: CardTransportError.noReader) {
                try PCSCTransport.waitForCard(readerNamed: nil, timeout: .zero)
            }
        }
        try await VirtualReader.use { _ in
            #expect(throws: CardTransportError.noReader) {
                try PCSCTransport.waitForCard(readerNamed: "another reader", timeout: .zero)
            }
        }
    }

    @Test func `an empty reader is no card, at once or after the time given`() async throws {
        try await VirtualReader.use { _ in
            for timeout in [Duration.zero, .milliseconds(200)] {
                let start = ContinuousClock.now
                #expect(throws: CardTransportError.noCard) {
                    try PCSCTransport.waitForCard(readerNamed: nil, timeout: timeout)
                }
                #expect(ContinuousClock.now - start >= timeout)
            }
        }
    }

    @Test func `a second card on another reader is several cards`() async throws {
        try await VirtualReader.use { reader in
            let first = try insert(simulatedCard(), reader)
            let transport = try PCSCTransport.waitForCard(readerNamed: VirtualReader.slots[0], timeout: Self.patience)
            let second = try insert(OtherKindOfCard(), reader, slot: 1)
            // Taken by its own name it tells that the second one has been seen.
            _ = try PCSCTransport.waitForCard(readerNamed: VirtualReader.slots[1], timeout: Self.patience)
            #expect(transport.isCardPresent())
            #expect(throws: CardTransportError.severalCards) {
                try PCSCTransport.waitForCard(readerNamed: VirtualReader.name, timeout: Self.patience)
            }
            first.remove()
            second.remove()
        }
    }

    @Test(arguments: [0, 3, 9])
    func `a card taken away at a command is told as that`(commands: Int) async throws {
        try await VirtualReader.use { reader in
            _ = try insert(simulatedCard(), reader, removedAfter: commands)
            let transport = try PCSCTransport.waitForCard(readerNamed: nil, timeout: Self.patience)
            #expect(throws: CardError.transport(.cardRemoved)) {
                let session = try CardSession(transport: transport)
                try session.verify(pin(Fixture.pin))
                _ = try session.readFiles()
            }
        }
    }

    @Test func `another kind of card is told apart over PC/SC`() async throws {
        try await VirtualReader.use { reader in
            let card = try insert(OtherKindOfCard(), reader)
            let transport = try PCSCTransport.waitForCard(readerNamed: nil, timeout: Self.patience)
            #expect(throws: CardError.otherCard) { try CardSession(transport: transport) }
            card.remove()
        }
    }

    @Test func `a card that does not answer in time is a timeout, and the transport is spent`() async throws {
        try await VirtualReader.use { reader in
            let chip = StalledChip()
            let card = try insert(chip, reader)
            let transport = try PCSCTransport.waitForCard(
                readerNamed: nil, timeout: Self.patience, commandTimeout: .seconds(1))
            #expect(throws: CardTransportError.timeout) { try transport.transmit(.pinTries) }
            #expect(throws: CardTransportError.timeout) { try transport.transmit(.pinTries) }
            chip.release()
            card.remove()
        }
    }

    @Test func `a card held by one program cannot be taken by another`() async throws {
        try await VirtualReader.use { reader in
            let card = try insert(simulatedCard(), reader)
            let transport = try PCSCTransport.waitForCard(readerNamed: nil, timeout: Self.patience)
            // SCARD_E_SHARING_VIOLATION
            #expect(throws: CardTransportError.readerFailure(0x8010_000B)) {
                try PCSCTransport.waitForCard(readerNamed: nil, timeout: Self.patience)
            }
            #expect(try transport.transmit(.selectApplication(.inputSupport)).status == .success)
            card.remove()
        }
    }

    @Test func `the PIN stays locked when the card is taken away and laid down again`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/card.json"
        try Fixture.get().first.save(path)
        try await VirtualReader.use { reader in
            for expected in [CardError.wrongPIN(triesLeft: 2), .wrongPIN(triesLeft: 1), .pinLocked, .pinLocked] {
                let card = try insert(SimulatedCard(file: .load(path), persistTo: path), reader)
                let transport = try PCSCTransport.waitForCard(readerNamed: nil, timeout: Self.patience)
                let session = try CardSession(transport: transport)
                #expect(throws: expected) { try session.verify(pin("0000")) }
                card.remove()
                try PCSCTransport.waitForRemoval(readerNamed: nil, timeout: Self.patience)
            }
        }
        #expect(try SimulatedCardFile.load(path).triesLeft == 0)
    }

    @Test func `a reader that is not there cannot be reached`() throws {
        let card = VirtualReaderCard(card: try simulatedCard(), host: "127.0.0.1", port: 1)
        #expect(throws: SimulatedCardError.connection(ECONNREFUSED)) { try card.run() }
    }
}

/// A card that answers nothing until it is released.
private final class StalledChip: SimulatedChip {
    private let gate = DispatchSemaphore(value: 0)

    func reset() {}
    func release() { gate.signal() }
    func respond(to apdu: [UInt8]) -> [UInt8] {
        gate.wait()
        gate.signal()
        return [0x6F, 0x00]
    }
}
