import CardChip
import Crypto
import Foundation
import SimulatedCard
import Synchronization
import TestSupport
import Testing

@Suite struct SimulatedCardTests {
    private func card(persistTo path: String? = nil) throws -> SimulatedCard {
        SimulatedCard(file: try Fixture.get().first, persistTo: path)
    }

    private func pin(_ text: String) throws -> PIN { try #require(PIN(digits: Array(text.utf8))) }

    private static let selectAP = "00A4040C0AD3921000310001010408"
    private static let selectPIN = "00A4020C020011"

    /// Each status word, with the commands that lead to it; the last one's status counts.
    static let statuses: [(what: String, commands: [String], status: UInt16)] = [
        ("application", [selectAP], 0x9000),
        ("another application of the card", ["00A4040C0AD3921000310001010402"], 0x9000),
        ("unknown application", ["00A4040C0AD3921000310001010499"], 0x6A82),
        ("file before the application", ["00A4020C020001"], 0x6A82),
        ("file of another application", ["00A4040C0AD3921000310001010402", "00A4020C020001"], 0x6A82),
        ("unknown file", [selectAP, "00A4020C020006"], 0x6A82),
        ("unknown short file", [selectAP, "00B0860000"], 0x6A82),
        ("file id of one byte", [selectAP, "00A4020C0100"], 0x6700),
        ("SELECT in another way", [selectAP, "00A4000C020001"], 0x6A86),
        ("SELECT that wants an answer", ["00A404000AD3921000310001010408"], 0x6A86),
        ("READ without a file", [selectAP, "00B0000000"], 0x6986),
        ("READ of the number without the PIN", [selectAP, "00A4020C020001", "00B0000011"], 0x6982),
        ("READ of the attributes without the PIN", [selectAP, "00B0820000"], 0x6982),
        ("READ of the record without the PIN", [selectAP, "00A4020C020003", "00B0000000"], 0x6982),
        ("READ of the chip's key without the PIN", [selectAP, "00A4020C020007", "00B0000000"], 0x6982),
        ("READ of the certificate without the PIN", [selectAP, "00A4020C020004", "00B0000000"], 0x9000),
        ("READ of the application's information", [selectAP, "00A4020C020005", "00B0000000"], 0x9000),
        ("READ of the PIN", [selectAP, selectPIN, "0020008004 31323334", "00B0000004"], 0x6982),
        ("READ past the end", [selectAP, "00A4020C020004", "00B0023800"], 0x6B00),
        ("READ of the last byte", [selectAP, "00A4020C020004", "00B0023701"], 0x9000),
        ("READ without a length", [selectAP, "00A4020C020004", "00B00000"], 0x6700),
        ("VERIFY without the PIN selected", [selectAP, "0020008004 31323334"], 0x6986),
        ("VERIFY of three digits", [selectAP, selectPIN, "0020008003 313233"], 0x6700),
        ("VERIFY of another reference", [selectAP, selectPIN, "0020008104 31323334"], 0x6A86),
        ("tries left", [selectAP, selectPIN, "00200080"], 0x63C3),
        ("a wrong PIN", [selectAP, selectPIN, "0020008004 30303030"], 0x63C2),
        ("a second wrong PIN", [selectAP, selectPIN] + Array(repeating: "0020008004 30303030", count: 2), 0x63C1),
        ("a third wrong PIN", [selectAP, selectPIN] + Array(repeating: "0020008004 30303030", count: 3), 0x63C0),
        ("a fourth wrong PIN", [selectAP, selectPIN] + Array(repeating: "0020008004 30303030", count: 4), 0x6984),
        (
            "the right PIN after three wrong ones",
            [selectAP, selectPIN] + Array(repeating: "0020008004 30303030", count: 3) + ["0020008004 31323334"], 0x6984
        ),
        (
            "tries left of a locked PIN",
            [selectAP, selectPIN] + Array(repeating: "0020008004 30303030", count: 3) + ["00200080"], 0x6984
        ),
        (
            "the right PIN after two wrong ones",
            [selectAP, selectPIN] + Array(repeating: "0020008004 30303030", count: 2) + ["0020008004 31323334"], 0x9000
        ),
        (
            "tries left after the right PIN",
            [selectAP, selectPIN, "0020008004 30303030", "0020008004 31323334", "00200080"], 0x63C3
        ),
        (
            "a wrong PIN after the right one closes the files",
            [selectAP, selectPIN, "0020008004 31323334", "0020008004 30303030", "00B0810011"], 0x6982
        ),
        (
            "selecting the application again closes the files",
            [selectAP, selectPIN, "0020008004 31323334", selectAP, "00B0810011"], 0x6982
        ),
        ("INTERNAL AUTHENTICATE before the application", ["802A000033" + digestInfo + "00"], 0x6985),
        ("INTERNAL AUTHENTICATE without PIN and file", [selectAP, "802A000033" + digestInfo + "00"], 0x9000),
        (
            "INTERNAL AUTHENTICATE of a bare digest", [selectAP, "802A000020" + String(digestInfo.suffix(64)) + "00"],
            0x6700
        ),
        (
            "INTERNAL AUTHENTICATE of something else",
            [selectAP, "802A000033" + String(repeating: "00", count: 51) + "00"], 0x6A80
        ),
        ("INTERNAL AUTHENTICATE without room for the answer", [selectAP, "802A000033" + digestInfo], 0x6700),
        ("INTERNAL AUTHENTICATE with other parameters", [selectAP, "802A9E9A33" + digestInfo + "00"], 0x6A86),
        ("another channel", ["01A4040C0AD3921000310001010408"], 0x6881),
        ("an unknown instruction", ["00CA000000"], 0x6D00),
        ("an unknown class", ["90A4040C0AD3921000310001010408"], 0x6E00),
        ("half a command", ["00A4"], 0x6700),
        ("a wrong Lc", ["00A4040C0BD3921000310001010408"], 0x6700),
    ]

    private static let digestInfo =
        "3031300d060960864801650304020105000420" + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test(arguments: statuses)
    func `the card answers with the status that the case asks for`(
        what: String, commands: [String], status: UInt16
    ) throws {
        let card = try card()
        var last: UInt16 = 0
        for command in commands { last = card.status(command) }
        #expect(last == status, "\(what)")
    }

    @Test func `three wrong tries lock the PIN, over power cycles and new processes' worth of cards`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/card.json"
        try Fixture.get().first.save(path)
        func session() throws -> CardSession {
            let card = SimulatedCard(file: try .load(path), persistTo: path)
            return try CardSession(transport: InProcessTransport(card: card))
        }
        #expect(try session().pinTriesLeft() == 3)
        #expect(throws: CardError.wrongPIN(triesLeft: 2)) { try session().verify(pin("0000")) }
        #expect(try session().pinTriesLeft() == 2)
        #expect(throws: CardError.wrongPIN(triesLeft: 1)) { try session().verify(pin("0001")) }
        try session().verify(pin("1234"))
        #expect(try session().pinTriesLeft() == 3)
        for tries in [2, 1] {
            #expect(throws: CardError.wrongPIN(triesLeft: tries)) { try session().verify(pin("0000")) }
        }
        for _ in 0..<2 { #expect(throws: CardError.pinLocked) { try session().verify(pin("0000")) } }
        #expect(try session().pinTriesLeft() == 0)
        #expect(throws: CardError.pinLocked) { try session().verify(pin("1234")) }
    }

    @Test func `a card that cannot write its tries compares nothing`() throws {
        let folder = try TemporaryFolder()
        let card = try card(persistTo: folder.path + "/missing/card.json")
        for command in [Self.selectAP, Self.selectPIN] { #expect(card.status(command) == 0x9000) }
        #expect(card.status("0020008004 31323334") == 0x6581)
        #expect(card.triesLeft == 3)
        #expect(card.status("00B0810011") == 0x6982)
    }

    @Test func `a reset closes what the PIN opened`() throws {
        let card = try card()
        let session = try CardSession(transport: InProcessTransport(card: card))
        try session.verify(pin("1234"))
        _ = try session.readFiles()
        card.reset()
        #expect(throws: CardError.unexpectedStatus(0x6A82, command: 0xA4)) { try session.readFiles() }
    }

    @Test func `a session reads the files in pieces and has the chip sign`() throws {
        let fixture = try Fixture.get()
        let session = try CardSession(transport: InProcessTransport(card: card()))
        try session.verify(pin(Fixture.pin))
        let files = try session.readFiles()
        #expect(files == (try fixture.first.cardFiles()))
        let signature = try session.authenticate(digest: Fixture.challenge)
        _ = try fixture.checker.check(files, chipSignature: signature, over: Fixture.challenge)
    }

    @Test(arguments: [(20, 0), (300, 60), (40, 600), (300, 600)])
    func `attributes of every length of length are read`(nameBytes: Int, addressBytes: Int) throws {
        let fixture = try Fixture.get()
        let holder = try CardHolder(
            individualNumber: "537686677188", name: String(repeating: "A", count: nameBytes),
            address: String(repeating: "B", count: addressBytes), birthDate: "19991231", sexDigit: 1)
        let file = try SimulatedCardFile.make(holder: holder, pin: "0000", authority: fixture.authority)
        let session = try CardSession(transport: InProcessTransport(card: SimulatedCard(file: file, persistTo: nil)))
        try session.verify(pin("0000"))
        let files = try session.readFiles()
        let card = try fixture.checker.check(
            files, chipSignature: session.authenticate(digest: Fixture.challenge), over: Fixture.challenge)
        #expect(card.attributes.name.utf8.count == nameBytes)
        #expect(card.attributes.address.utf8.count == addressBytes)
    }

    @Test func `files without the PIN cannot be read`() throws {
        let session = try CardSession(transport: InProcessTransport(card: card()))
        #expect(throws: CardError.unexpectedStatus(0x6982, command: 0xB0)) { try session.readFiles() }
    }

    @Test func `another kind of card is told apart`() {
        #expect(throws: CardError.otherCard) {
            try CardSession(transport: InProcessTransport(card: OtherKindOfCard()))
        }
    }

    @Test func `a card taken away at any command ends the session`() throws {
        var commands = 0
        var isWhole = false
        while !isWhole, commands < 100 {
            let transport = InProcessTransport(card: try card(), removedAfter: commands)
            do {
                let session = try CardSession(transport: transport)
                try session.verify(pin("1234"))
                _ = try session.readFiles()
                _ = try session.authenticate(digest: Fixture.challenge)
                isWhole = true
            } catch {
                #expect(error as? CardError == .transport(.cardRemoved))
                commands += 1
            }
        }
        #expect(isWhole && commands > 10)
    }

    @Test func `a card that answers nonsense is refused, and never traps the reader`() async throws {
        let good = try card()
        await BadInput.run("nonsense card", cases: BadInput.cases / 10) { random in
            do {
                let session = try CardSession(transport: NonsenseTransport(card: good, seed: random.next()))
                _ = try session.pinTriesLeft()
                _ = try session.readFiles()
                _ = try session.authenticate(digest: Fixture.challenge)
            } catch { return }
        }
    }

    @Test func `bad commands never trap the card`() async throws {
        let card = try card()
        let samples = [
            Self.selectAP, Self.selectPIN, "0020008004 30303031", "00B0810011", "00A4020C020004", "00B0000000",
        ].map(bytes)
        await BadInput.run("simulated card", samples: samples) { input in
            #expect(card.respond(to: input).count >= 2)
        }
    }
}

/// Answers that are changed at random, half of them with a good status.
private final class NonsenseTransport: CardTransport {
    private let card: SimulatedCard
    private let random: Mutex<Seeded>

    init(card: SimulatedCard, seed: UInt64) {
        self.card = card
        random = Mutex(Seeded(state: seed))
    }

    func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        var answer = card.respond(to: command.bytes)
        random.withLock { random in
            guard Bool.random(using: &random) else { return }
            answer = BadInput.make(from: [answer], &random)
            if Bool.random(using: &random) { answer += [0x90, 0x00] }
        }
        do { return try ResponseAPDU(parsing: answer) } catch { throw .readerFailure(0) }
    }
}
