import CardChip
import Crypto
import TestSupport
import Testing

@Suite struct APDUTests {
    @Test func `commands are written as the card's documentation has them`() throws {
        let pin = try #require(PIN(digits: Array("1234".utf8)))
        #expect(CommandAPDU.selectApplication(.inputSupport).bytes == bytes("00 A4 04 0C 0A D3921000310001010408"))
        #expect(CommandAPDU.selectFile(0x0011).bytes == bytes("00 A4 02 0C 02 0011"))
        #expect(CommandAPDU.verifyPIN(pin).bytes == bytes("00 20 00 80 04 31323334"))
        #expect(CommandAPDU.pinTries.bytes == bytes("00 20 00 80"))
        #expect(try CommandAPDU.readBinary(offset: 0x0100, length: 256).bytes == bytes("00 B0 01 00 00"))
        #expect(try CommandAPDU.readBinary(offset: 0x7FFF, length: 1).bytes == bytes("00 B0 7F FF 01"))
        let digest = SHA256.hash(data: [UInt8]())
        #expect(
            CommandAPDU.internalAuthenticate(digest: digest).bytes
                == bytes(
                    "80 2A 00 00 33 3031300d060960864801650304020105000420"
                        + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 00"))
    }

    @Test(arguments: [(-1, 1), (0x8000, 1), (0, 0), (0, 257)])
    func `a read outside fifteen bits or 256 bytes cannot be built`(offset: Int, length: Int) {
        #expect(throws: APDUError.outOfRange) { try CommandAPDU.readBinary(offset: offset, length: length) }
    }

    @Test(
        arguments: [
            ("00A4040C", 0, nil), ("00B0000000", 0, 256), ("00B0000005", 0, 5), ("00A4020C020001", 2, nil),
            ("802A0000020102 00", 2, 256),
        ] as [(String, Int, Int?)])
    func `each case of a short command is read`(text: String, data: Int, expected: Int?) throws {
        let command = try CommandAPDU(parsing: bytes(text))
        #expect(command.data.count == data)
        #expect(command.expectedLength == expected)
        #expect(command.bytes == bytes(text))
    }

    @Test(arguments: [
        ("", APDUError.truncated), ("00A404", .truncated), ("00A4040C0201", .wrongLength),
        ("00A4040C01010203", .wrongLength), ("00B00000000100", .tooLong),
    ])
    func `what is no short command is refused`(text: String, error: APDUError) {
        #expect(throws: error) { try CommandAPDU(parsing: bytes(text)) }
    }

    @Test func `a command longer than a short one can be is refused`() {
        #expect(throws: APDUError.tooLong) { try CommandAPDU(parsing: [UInt8](repeating: 1, count: 262)) }
        #expect(throws: APDUError.outOfRange) {
            try CommandAPDU(cla: 0, ins: 0, p1: 0, p2: 0, data: [UInt8](repeating: 0, count: 256))
        }
    }

    @Test(arguments: [(0, APDUError.truncated), (1, .truncated), (259, .tooLong)])
    func `an answer without a status word or too long is refused`(count: Int, error: APDUError) {
        #expect(throws: error) { try ResponseAPDU(parsing: [UInt8](repeating: 0x90, count: count)) }
    }

    @Test func `the tries left are read from 63Cx alone`() {
        for value in UInt16.min ... .max {
            let tries = StatusWord(rawValue: value).triesLeft
            #expect(tries == ((0x63C0...0x63CF).contains(value) ? Int(value) - 0x63C0 : nil))
        }
    }

    @Test(arguments: ["123", "12345", "12a4", "１２３４", ""])
    func `a PIN is exactly four ASCII digits`(text: String) { #expect(PIN(digits: Array(text.utf8)) == nil) }

    @Test func `nothing confidential prints itself`() throws {
        let pin = try #require(PIN(digits: Array("1234".utf8)))
        let command = CommandAPDU.verifyPIN(pin)
        let response = try ResponseAPDU(parsing: Array("SECRET".utf8) + [0x90, 0x00])
        let values: [Any] = [pin, command, response, try Fixture.get().first, try Fixture.get().first.cardFiles()]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(!text.contains("49") && !text.contains("1234") && !text.contains("83"), "\(type(of: value))")
            }
        }
    }

    @Test func `bad commands never trap, and what is read is written the same`() async {
        await BadInput.run(
            "CommandAPDU",
            samples: ["00A4040C0AD3921000310001010408", "00200080", "00B0000000", "0020008004 31323334"].map(bytes)
        ) { input in
            let command = try CommandAPDU(parsing: input)
            #expect(command.bytes == input)
        }
    }

    @Test func `bad answers never trap, and what is read has every byte`() async {
        await BadInput.run(
            "ResponseAPDU", samples: [bytes("9000"), bytes("0102036A82"), [UInt8](repeating: 7, count: 258)]
        ) {
            input in
            let response = try ResponseAPDU(parsing: input)
            #expect(response.data.count + 2 == input.count)
        }
    }
}
