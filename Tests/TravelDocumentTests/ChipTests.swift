import CardChip
import PassportReader
import SimulatedCard
import SimulatedPassport
import TestSupport
import Testing
import TravelDocument

/// The chip of a passport, over its real commands.
@Suite struct ChipTests {
    private static func bytes(_ text: String) -> [UInt8] { Hexadecimal.bytes(text.lowercased()) ?? [] }

    @Test func `keys and handshake are those of the standard's worked example`() throws {
        // ICAO Doc 9303-11, appendix D.2 and D.3.
        let information = Array("L898902C<369080619406236".utf8)
        #expect(AccessKeys.seed(information) == Self.bytes("239AB9CB282DAF66231DC5A4DF6BFBAE"))
        let keys = AccessKeys(information: information)
        #expect(keys.encryption == Self.bytes("AB94FDECF2674FDFB9B391F85D7F76F2"))
        #expect(keys.authentication == Self.bytes("7962D9ECE03D1ACD4C76089DCE131543"))
        let (chip, terminal) = (Self.bytes("4608F91988702212"), Self.bytes("781723860C06C226"))
        let half = Self.bytes("0B795240CB7049B01C19B33E32804F0B")
        let proof = BasicAccess.sealed(terminal, chip, half, by: keys)
        let expected = "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A7"
        #expect(proof == Self.bytes(expected))
        let answer = "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449"
        let opened = try #require(BasicAccess.opened(Self.bytes(answer), by: keys))
        #expect(opened.other == chip && opened.own == terminal)
        #expect(opened.half == Self.bytes("0B4F80323EB3191CB04970CB4052790B"))
    }

    @Test func `protected commands and answers are those of the standard's worked example`() throws {
        // Appendix D.4, from the halves of D.3.
        var messaging = BasicAccess.session(
            chip: Self.bytes("4608F91988702212"), terminal: Self.bytes("781723860C06C226"),
            halves: (Self.bytes("0B795240CB7049B01C19B33E32804F0B"), Self.bytes("0B4F80323EB3191CB04970CB4052790B")))
        let select = try CommandAPDU(cla: 0x00, ins: 0xA4, p1: 0x02, p2: 0x0C, data: [0x01, 0x1E])
        let first = messaging.protected(select)?.bytes
        #expect(first == Self.bytes("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800"))
        let selected = messaging.opened(try ResponseAPDU(parsing: Self.bytes("990290008E08FA855A5D4C50A8ED9000")))
        #expect(selected?.status == .success && selected?.data == [])
        let read = try CommandAPDU.readBinary(offset: 0, length: 4)
        let second = messaging.protected(read)?.bytes
        #expect(second == Self.bytes("0CB000000D9701048E08ED6705417E96BA5500"))
        let answer = "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"
        let opened = messaging.opened(try ResponseAPDU(parsing: Self.bytes(answer)))
        #expect(opened?.data == Self.bytes("60145F01"))
    }

    @Test func `a simulated passport is read by its zone, and what is read is accepted`() throws {
        let issued = try Issued()
        let passport = SimulatedPassport(zone: issued.zone, signer: issued.signer, now: now)
        var session = try PassportSession(transport: InProcessTransport(card: passport), zone: issued.zone)
        let files = try session.readFiles()
        #expect(try TravelDocumentChecker(trust: issued.trust).check(files, at: now).zone == issued.zone)
        // Neither the picture nor anything else was asked for.
        #expect(passport.askedFiles == [PassportFile.common, PassportFile.securityObject, PassportFile.dataGroup1])
    }

    @Test func `another passport's zone does not open the chip`() throws {
        let issued = try Issued()
        let passport = SimulatedPassport(zone: issued.zone, signer: issued.signer, now: now)
        let other = try Made.holder(number: "TZ7654321")
        #expect(throws: PassportReadError.accessRefused) {
            _ = try PassportSession(transport: InProcessTransport(card: passport), zone: other)
        }
        #expect(passport.askedFiles.isEmpty)
    }

    @Test(arguments: 0..<8)
    func `a chip that is taken away ends the reading`(_ commands: Int) throws {
        let issued = try Issued()
        let passport = SimulatedPassport(zone: issued.zone, signer: issued.signer, now: now)
        let transport = InProcessTransport(card: passport, removedAfter: commands)
        #expect(throws: PassportReadError.transport(.cardRemoved)) {
            var session = try PassportSession(transport: transport, zone: issued.zone)
            _ = try session.readFiles()
        }
    }

    @Test func `nothing is read without the handshake, nor by a command that is not protected`() throws {
        let issued = try Issued()
        let passport = SimulatedPassport(zone: issued.zone, signer: issued.signer, now: now)
        func status(_ text: String) -> [UInt8] { Array(passport.respond(to: Self.bytes(text)).suffix(2)) }
        #expect(status("00A4020C020101") == [0x69, 0x82])
        #expect(status("0084000008") == [0x6D, 0x00])
        #expect(status("00A4040C07A0000002471001") == [0x90, 0x00])
        #expect(status("00A4020C020101") == [0x69, 0x82])
        #expect(status("00B0000004") == [0x69, 0x82])
        let transport = InProcessTransport(card: passport)
        var session = try PassportSession(transport: transport, zone: issued.zone)
        #expect(status("00B0000004") == [0x69, 0x88])
        #expect(throws: PassportReadError.self) { _ = try session.readFiles() }
    }

    @Test func `a chip of another kind is none`() {
        #expect(throws: PassportReadError.otherCard) {
            _ = try PassportSession(transport: Deaf(), zone: try Made.holder())
        }
    }

    @Test func `bad commands and answers never trap`() async throws {
        let issued = try Issued()
        let passport = SimulatedPassport(zone: issued.zone, signer: issued.signer, now: now)
        let keys = AccessKeys(issued.zone)
        let samples = [
            "00A4040C07A0000002471001", "0084000008", "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
        ]
        .map(Self.bytes)
        await BadInput.run("commands to a passport", samples: samples) { bytes in _ = passport.respond(to: bytes) }
        let answers = ["990290008E08FA855A5D4C50A8ED9000", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"]
            .map(Self.bytes)
        await BadInput.run("answers of a passport", samples: answers) { bytes in
            _ = BasicAccess.opened(bytes, by: keys)
            let answer = try ResponseAPDU(parsing: bytes)
            var messaging = SecureMessaging(keys: keys, counter: [0])
            let isOpened = messaging.opened(answer) != nil
            #expect(!isOpened)
        }
    }

    @Test func `a chip that knows the keys and lies is bounded, never trapped upon`() async throws {
        let issued = try Issued()
        let zone = issued.zone
        let common: [UInt8] = [0x60, 0x04, 0x5F, 0x01, 0x01, 0x30]
        let (object, data) = (issued.chip.securityObject, issued.chip.dataGroup1)
        let honest = LyingPassport.script([common, object, data])
        var session = try PassportSession(transport: LyingPassport(zone: zone, script: honest), zone: zone)
        #expect(try session.readFiles() == TravelDocumentFiles(dataGroup1: data, securityObject: object))

        let samples = [
            honest, LyingPassport.script([common, [0x77, 0x82, 0x40, 0x00]]),
            LyingPassport.script([common]) + [0xFE, 0x6A, 0x82],
            LyingPassport.script([common]) + [0xFF, 2, 0x69, 0x88],
        ]
        // Each case is a session of its own, with the cipher of every command.
        await BadInput.run("scripts of a chip", samples: samples, cases: BadInput.casesWithSignatures) { script in
            var session = try PassportSession(transport: LyingPassport(zone: zone, script: script), zone: zone)
            let files = try session.readFiles()
            #expect(files.dataGroup1.count <= DataGroup1.length)
            #expect(files.securityObject.count <= SignedSecurityObject.maximumLength)
        }
    }

    /// A card without the application.
    private final class Deaf: CardTransport {
        func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
            do { return try ResponseAPDU(parsing: [0x6A, 0x82]) } catch { throw .readerFailure(0) }
        }
    }
}
