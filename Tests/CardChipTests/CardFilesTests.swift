import CardChip
import Crypto
import SimulatedCard
import TestSupport
import Testing

/// The files of the documented test card.
enum TestCard {
    static let number = bytes("FF100C") + Array("537686677188".utf8) + bytes("FFFF")
    static let numberDigest = bytes("6d5a4c1ef9ab15bf506862d7e66b9c0f179ca065bc936c8e634e9e57449ca9cd")
    static let attributes = bytes(
        "ff2065df2108000e002000590064df220fe9bb92e6a190e38080e5b9b9e4b99fdf2336e69db1e4baace983bde6b885e780ace5b882e8a6b3"
            + "e5b883e5ad90e58d97efbc91efbc92efbc8defbc97efbc8defbc92efbc90efbc92df24083139383030323137df250131")
    static let attributesDigest = bytes("b9e0d09427b23b1d4beda2848512b4103752dc2667e51f9712872d65f472cb3b")
}

@Suite struct CardFilesTests {
    @Test func `the test card's number has the digest that the documentation gives`() throws {
        let file = try NumberFile(parsing: TestCard.number)
        #expect(file.digits == "537686677188")
        #expect(Array(file.digest) == TestCard.numberDigest)
    }

    @Test func `the test card's attributes have the digest that the documentation gives`() throws {
        let file = try CardAttributes(parsing: TestCard.attributes)
        #expect(Array(file.digest) == TestCard.attributesDigest)
        #expect(file.birthDate == "19800217")
        #expect(file.sexDigit == 1)
        #expect(file.name.split(separator: "\u{3000}").count == 2)
    }

    @Test func `a simulated card of the test card's holder holds the same bytes and digests`() throws {
        let attributes = try CardAttributes(parsing: TestCard.attributes)
        let holder = try CardHolder(
            individualNumber: "537686677188", name: attributes.name, address: attributes.address,
            birthDate: attributes.birthDate, sexDigit: attributes.sexDigit)
        let card = try SimulatedCardFile.make(holder: holder, pin: "1234", authority: Fixture.get().authority)
        #expect(card.files[0x0001] == TestCard.number)
        #expect(card.files[0x0002] == TestCard.attributes)
        let record = try SignatureRecord(parsing: card.files[0x0003] ?? [])
        #expect(Array(record.numberDigest) == TestCard.numberDigest)
        #expect(Array(record.attributesDigest) == TestCard.attributesDigest)
    }

    @Test func `the simulated card's files have the sizes of a real card's`() throws {
        let files = try Fixture.get().first.files
        #expect(files[0x0001]?.count == 17)
        #expect(files[0x0003]?.count == 336)
        #expect(files[0x0004]?.count == 568)
        #expect(files[0x0007]?.count == 536)
        let information = try ApplicationInformation(parsing: files[0x0005] ?? [])
        #expect(information.version == [0x01, 0x03, 0x0E, 0x01])
        #expect(information.keyID == (try Fixture.get().authority.keyID))
    }

    /// One flaw each in EF 0002, and the offset at which it is found.
    static let flawedAttributes: [(flaw: String, file: String, offset: Int)] = [
        ("another outer tag", "FF21 1E DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131", 1),
        ("outer length too long", "FF20 22 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131", 0),
        (
            "outer length too short", "FF20 20 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131",
            35
        ),
        (
            "outer length not in its shortest form",
            "FF20 8121 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131", 2
        ),
        ("indefinite length", "FF20 80 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131", 2),
        ("a byte behind", "FF20 21 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131 00", 36),
        ("no offset table", "FF20 16 DF220141 DF2300 DF24083139383030313031 DF250131", 4),
        (
            "offset table of seven bytes",
            "FF20 20 DF210700000000000000 DF220141 DF2300 DF24083139383030313031 DF250131", 5
        ),
        ("name twice", "FF20 25 DF21080000000000000000 DF220141 DF220141 DF2300 DF24083139383030313031 DF250131", 19),
        ("address before name", "FF20 21 DF21080000000000000000 DF2300 DF220141 DF24083139383030313031 DF250131", 15),
        ("no sex", "FF20 1D DF21080000000000000000 DF220141 DF2300 DF24083139383030313031", 32),
        ("an object more", "FF20 24 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131 DF2600", 36),
        ("empty name", "FF20 20 DF21080000000000000000 DF2200 DF2300 DF24083139383030313031 DF250131", 17),
        ("name not UTF-8", "FF20 21 DF21080000000000000000 DF2201FF DF2300 DF24083139383030313031 DF250131", 17),
        ("overlong UTF-8", "FF20 22 DF21080000000000000000 DF2202C080 DF2300 DF24083139383030313031 DF250131", 17),
        (
            "an escape character in the name",
            "FF20 21 DF21080000000000000000 DF22011B DF2300 DF24083139383030313031 DF250131", 17
        ),
        (
            "birth date of seven digits",
            "FF20 20 DF21080000000000000000 DF220141 DF2300 DF240731393830303130 DF250131", 23
        ),
        (
            "a letter in the birth date",
            "FF20 21 DF21080000000000000000 DF220141 DF2300 DF24083139383030313041 DF250131", 24
        ),
        ("sex 3", "FF20 21 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250133", 35),
        ("sex of two bytes", "FF20 22 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF25023131", 34),
        ("nothing", "", 0),
    ]

    @Test func `the file that the flawed ones depart from is read`() throws {
        let good = bytes("FF20 21 DF21080000000000000000 DF220141 DF2300 DF24083139383030313031 DF250131")
        #expect(try CardAttributes(parsing: good).name == "A")
    }

    @Test(arguments: flawedAttributes)
    func `attributes with one flaw are refused where it is`(flaw: String, file: String, offset: Int) {
        #expect(throws: CardRejection.malformed(file: 0x0002, offset: offset), "\(flaw)") {
            try CardAttributes(parsing: bytes(file))
        }
    }

    @Test(arguments: [
        ("FF110C353337363836363737313838FFFF", 1), ("FF100D353337363836363737313838FFFF", 2),
        ("FF100C35333736383636373731383AFFFF", 3), ("FF100C353337363836363737313838FF00", 16),
        ("FF100C353337363836363737313838FF", 16), ("FF100C353337363836363737313838FFFFFF", 17), ("", 0),
    ])
    func `a number file with one flaw is refused where it is`(file: String, offset: Int) {
        #expect(throws: CardRejection.malformed(file: 0x0001, offset: offset)) { try NumberFile(parsing: bytes(file)) }
    }

    /// The parsers of the signed files.
    static let parsers: [(file: UInt16, parse: @Sendable ([UInt8]) throws -> Void)] = [
        (0x0003, { _ = try SignatureRecord(parsing: $0) }), (0x0004, { _ = try CardCertificate(parsing: $0) }),
        (0x0005, { _ = try ApplicationInformation(parsing: $0) }), (0x0007, { _ = try ChipKeyFile(parsing: $0) }),
    ]

    @Test(arguments: [0x0003, 0x0004, 0x0005, 0x0007] as [UInt16])
    func `every header byte of a signed file counts, and its length`(file: UInt16) throws {
        let good = try #require(try Fixture.get().first.files[file])
        let parse = try #require(Self.parsers.first { $0.file == file }?.parse)
        try parse(good)
        #expect(throws: CardRejection.self) { try parse(Array(good.dropLast())) }
        #expect(throws: CardRejection.malformed(file: file, offset: good.count)) { try parse(good + [0]) }
        for offset in try Self.headers(file) {
            var flawed = good
            flawed[offset] ^= 0x01
            #expect(throws: CardRejection.self, "offset \(offset)") { try parse(flawed) }
        }
    }

    /// Where tags, lengths and the fixed exponent stand.
    static func headers(_ file: UInt16) throws -> [Int] {
        let ranges: [Range<Int>]
        switch file {
        case 0x0003: ranges = [0..<5, 5..<8, 40..<43, 75..<80]
        case 0x0004: ranges = [0..<5, 5..<10, 42..<47, 47..<51, 307..<312]
        case 0x0005: ranges = [0..<4, 4..<7, 11..<14, 30..<34]
        default: ranges = [0..<5, 5..<10, 10..<15, 15..<19, 275..<280]
        }
        return ranges.flatMap(Array.init)
    }

    @Test(arguments: [(0x0004, 47), (0x0007, 15)] as [(UInt16, Int)])
    func `a modulus of fewer than 2048 bits or an even one is refused`(file: UInt16, header: Int) throws {
        let good = try #require(try Fixture.get().first.files[file])
        let parse = try #require(Self.parsers.first { $0.file == file }?.parse)
        var short = good
        short[header + 4] = 0x7F
        var even = good
        even[header + 4 + 255] &= 0xFE
        for flawed in [short, even] {
            #expect(throws: CardRejection.malformed(file: file, offset: header + 4)) { try parse(flawed) }
        }
    }

    @Test func `files of the wrong size are refused before anything is read`() throws {
        let good = try Fixture.get().first.cardFiles()
        let big = [UInt8](repeating: 0, count: 2000)
        for index in 0..<5 {
            for replacement in [[], big] {
                var all = good.all
                all[index] = replacement
                #expect(throws: CardRejection.self) {
                    try CardFiles(
                        number: all[0], attributes: all[1], record: all[2], certificate: all[3], chipKey: all[4])
                }
            }
        }
    }

    @Test func `bad number files never trap`() async {
        await BadInput.run("EF 0001", samples: [TestCard.number]) { _ = try NumberFile(parsing: $0) }
    }

    @Test func `bad attributes never trap`() async throws {
        let samples = [TestCard.attributes, try #require(try Fixture.get().first.files[0x0002])]
        await BadInput.run("EF 0002", samples: samples) { _ = try CardAttributes(parsing: $0) }
    }

    @Test(arguments: [0x0003, 0x0004, 0x0005, 0x0007] as [UInt16])
    func `bad signed files never trap`(file: UInt16) async throws {
        let good = try #require(try Fixture.get().first.files[file])
        let parse = try #require(Self.parsers.first { $0.file == file }?.parse)
        await BadInput.run("EF \(file)", samples: [good], parse)
    }
}
