import CardChip
import Crypto
import Foundation
import SimulatedCard
import TestSupport
import Testing

@Suite struct CardCheckerTests {
    @Test func `a card of a trusted authority passes and says that it is simulated`() throws {
        let fixture = try Fixture.get()
        let signature = try fixture.first.sign(Fixture.challenge)
        let card = try fixture.checker.check(
            fixture.first.cardFiles(), chipSignature: signature, over: Fixture.challenge)
        #expect(card.individualNumber.hasPrefix("12345678901"))
        #expect(card.attributes.name == "見本　花子")
        #expect(card.attributes.address == "東京都架空区見本町１－２－３")
        #expect(card.attributes.birthDate == "19700101")
        #expect(card.attributes.sexDigit == 2)
        #expect(card.isSimulated)
        #expect(card.chipKeyHash == Array(SHA256.hash(data: try fixture.first.cardFiles().chipKey)))
        #expect("\(card)" == "VerifiedCard(…)")
    }

    /// One flipped bit each: the file, the byte from its start (from its end if negative), what must be said.
    static let flaws: [(flaw: String, file: UInt16, offset: Int, rejection: CardRejection)] = [
        ("a digit of the number", 0x0001, 5, .numberDigest),
        ("a filler byte of the number", 0x0001, 16, .malformed(file: 0x0001, offset: 16)),
        ("a byte of the name's header", 0x0002, 14, .malformed(file: 0x0002, offset: 14)),
        ("a character of the name", 0x0002, 19, .attributesDigest),
        ("the birth date", 0x0002, -5, .attributesDigest),
        ("a sex that there is not", 0x0002, -1, .malformed(file: 0x0002, offset: 91)),
        ("the number's digest", 0x0003, 8, .recordSignature),
        ("the attributes' digest", 0x0003, 43, .recordSignature),
        ("the record's signature", 0x0003, -1, .recordSignature),
        ("the issuer's key id", 0x0004, 10, .authorityUnknown),
        ("the subject's key id", 0x0004, 26, .certificateSignature),
        ("the certified modulus", 0x0004, 306 - 8, .certificateSignature),
        ("the certificate's signature", 0x0004, -1, .certificateSignature),
        ("the chip's modulus", 0x0007, 274 - 8, .chipKeySignature),
        ("the chip key's signature", 0x0007, -1, .chipKeySignature),
    ]

    @Test(arguments: flaws)
    func `one changed bit is refused with its own code`(
        flaw: String, file: UInt16, offset: Int, rejection: CardRejection
    ) throws {
        let fixture = try Fixture.get()
        var flawed = try #require(fixture.first.files[file])
        flawed[offset < 0 ? flawed.count + offset : offset] ^= 0x01
        #expect(throws: rejection, "\(flaw)") {
            try fixture.checker.check(
                fixture.first.replacing(file, with: flawed).cardFiles(),
                chipSignature: fixture.first.sign(Fixture.challenge), over: Fixture.challenge)
        }
    }

    @Test func `the offset table may say anything, because nothing signs it`() throws {
        let fixture = try Fixture.get()
        var attributes = try #require(fixture.first.files[0x0002])
        let table = try #require(attributes.firstRange(of: bytes("DF2108"))).upperBound
        for index in table..<table + 8 { attributes[index] = 0xFF }
        let card = try fixture.checker.check(
            fixture.first.replacing(0x0002, with: attributes).cardFiles(),
            chipSignature: fixture.first.sign(Fixture.challenge), over: Fixture.challenge)
        #expect(card.attributes.name == "見本　花子")
    }

    @Test(
        arguments: [
            (0x0001, CardRejection.numberDigest), (0x0002, .attributesDigest), (0x0003, .recordSignature),
            (0x0004, .recordSignature), (0x0007, .chipKeySignature),
        ] as [(UInt16, CardRejection)])
    func `another card's file is refused, whichever it is`(file: UInt16, rejection: CardRejection) throws {
        let fixture = try Fixture.get()
        let other = try SimulatedCardFile.make(
            holder: .sample("見本　四郎", eleven: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9]), pin: "1111",
            authority: fixture.authority)
        #expect(throws: rejection) {
            try fixture.checker.check(
                fixture.first.replacing(file, with: other.files[file]).cardFiles(),
                chipSignature: fixture.first.sign(Fixture.challenge), over: Fixture.challenge)
        }
    }

    @Test func `one card's data with another card's chip are refused`() throws {
        let fixture = try Fixture.get()
        let signature = try fixture.second.sign(Fixture.challenge)
        #expect(throws: CardRejection.chipSignature) {
            try fixture.checker.check(fixture.first.cardFiles(), chipSignature: signature, over: Fixture.challenge)
        }
        #expect(throws: CardRejection.chipKeySignature) {
            try fixture.checker.check(
                fixture.first.replacing(0x0007, with: fixture.second.files[0x0007]).cardFiles(),
                chipSignature: signature, over: Fixture.challenge)
        }
        // With its certificate as well, it is the other card's record that is missing.
        #expect(throws: CardRejection.recordSignature) {
            try fixture.checker.check(
                fixture.first.replacing(0x0007, with: fixture.second.files[0x0007])
                    .replacing(0x0004, with: fixture.second.files[0x0004]).cardFiles(),
                chipSignature: signature, over: Fixture.challenge)
        }
    }

    @Test func `a signature over another challenge is refused`() throws {
        let fixture = try Fixture.get()
        let signature = try fixture.first.sign(SHA256.hash(data: Array("an earlier challenge".utf8)))
        #expect(throws: CardRejection.chipSignature) {
            try fixture.checker.check(fixture.first.cardFiles(), chipSignature: signature, over: Fixture.challenge)
        }
    }

    @Test(arguments: [0, 1, 255, 257, 4096])
    func `a chip signature of another length is refused`(length: Int) throws {
        let fixture = try Fixture.get()
        let signature = Array(
            (try fixture.first.sign(Fixture.challenge) + [UInt8](repeating: 0, count: 4096)).prefix(length))
        #expect(throws: CardRejection.chipSignature) {
            try fixture.checker.check(fixture.first.cardFiles(), chipSignature: signature, over: Fixture.challenge)
        }
    }

    @Test func `another authority with the same key id is no authority`() throws {
        let fixture = try Fixture.get()
        let impostor = try SimulatedAuthority.create()
        let authorities = try CardAuthorities(pem: [(fixture.authority.keyID, impostor.publicPEM())])
        #expect(throws: CardRejection.certificateSignature) {
            try CardChecker(authorities: authorities).check(
                fixture.first.cardFiles(), chipSignature: fixture.first.sign(Fixture.challenge), over: Fixture.challenge
            )
        }
        #expect(throws: CardRejection.authorityUnknown) {
            try fixture.checker.check(
                fixture.foreign.cardFiles(), chipSignature: fixture.foreign.sign(Fixture.challenge),
                over: Fixture.challenge)
        }
    }

    @Test func `no change of any byte of the signed files passes`() async throws {
        let fixture = try Fixture.get()
        let good = try fixture.first.cardFiles()
        let signature = try fixture.first.sign(Fixture.challenge)
        let expected = try fixture.checker.check(good, chipSignature: signature, over: Fixture.challenge)
        for sample in good.all.indices {
            await BadInput.run("card file \(sample)", samples: [good.all[sample]], cases: BadInput.cases / 5) { input in
                guard input != good.all[sample] else { return }
                var all = good.all
                all[sample] = input
                let files = try CardFiles(
                    number: all[0], attributes: all[1], record: all[2], certificate: all[3], chipKey: all[4])
                let card = try fixture.checker.check(files, chipSignature: signature, over: Fixture.challenge)
                // Only the unsigned offset table can differ; what counts is the same.
                #expect(sample == 1 && card == expected)
            }
        }
    }

    @Test func `bad chip signatures never pass and never trap`() async throws {
        let fixture = try Fixture.get()
        let signature = try fixture.first.sign(Fixture.challenge)
        let files = try fixture.first.cardFiles()
        await BadInput.run("chip signature", samples: [signature], cases: BadInput.cases / 5) { input in
            guard input != signature else { return }
            #expect(throws: CardRejection.chipSignature) {
                try fixture.checker.check(files, chipSignature: input, over: Fixture.challenge)
            }
        }
    }
}

@Suite struct CardAuthoritiesTests {
    private func realKeyID() -> [UInt8] { Array("REAL-AUTHORITY-1".utf8) }

    @Test func `a trust folder gives the authorities that are accepted and names the others`() throws {
        let folder = try TemporaryFolder()
        let authority = try Fixture.get().authority
        try authority.write(privateTo: folder.path + "/private/authority.json", publicTo: folder.path)
        try authority.publicPEM().write(
            toFile: "\(folder.path)/\(Hexadecimal.text(realKeyID())).pem", atomically: true, encoding: .utf8)

        let simulated = try CardAuthorities(folder: folder.path, acceptReal: false, acceptSimulated: true)
        #expect(simulated.keyIDs == [authority.keyID])
        #expect(simulated.ignored == [realKeyID()])
        let real = try CardAuthorities(folder: folder.path, acceptReal: true, acceptSimulated: false)
        #expect(real.keyIDs == [realKeyID()])
        #expect(real.ignored == [authority.keyID])
        #expect(try CardAuthorities(folder: folder.path, acceptReal: false, acceptSimulated: false).keyIDs.isEmpty)
    }

    @Test func `a real authority's card is not called simulated, a simulated one's always`() {
        #expect(!CardAuthorities.isSimulated(realKeyID()))
        #expect(CardAuthorities.isSimulated(Array("AKASHI-SIM123456".utf8)))
    }

    @Test(arguments: [
        ("authority.pem", CardAuthorityError.fileName("authority.pem")),
        ("00FF00000000000000000000000000AA.pem", .fileName("00FF00000000000000000000000000AA.pem")),
        ("00ff.pem", .fileName("00ff.pem")),
    ])
    func `a file that is not named after a key id is refused`(name: String, error: CardAuthorityError) throws {
        let folder = try TemporaryFolder()
        let pem = try Fixture.get().authority.publicPEM()
        try pem.write(toFile: folder.path + "/" + name, atomically: true, encoding: .utf8)
        #expect(throws: error) { try CardAuthorities(folder: folder.path, acceptReal: true, acceptSimulated: true) }
    }

    @Test func `a folder that is not there is an error, not an empty trust`() {
        #expect(throws: CardAuthorityError.folderUnreadable) {
            try CardAuthorities(folder: "/nonexistent/card", acceptReal: true, acceptSimulated: true)
        }
    }

    @Test(arguments: [
        "", "no PEM at all",
        // 1024 bits.
        """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7JHoJfg6yNzLMOWet8Z49a4KD0dCspMAYvo2YAMB7/wdEycocujbhJ2n/seONi+5XqTqq
        FkM5VBl8rmkkFPZk/7x0xmdsTPECSWnHK+HhoaNDFPR3j8jQhVo1laxiqcEhAHegi5cwtFosuJAvSKAFKEvyD43si00DQnXWrYHAEQIDAQAB
        -----END PUBLIC KEY-----
        """,
        // A P-256 key.
        """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B
        +dFabmdT9POxsg==
        -----END PUBLIC KEY-----
        """,
    ])
    func `a key that is not RSA of 2048 bits is refused`(pem: String) {
        #expect(throws: CardAuthorityError.key(Hexadecimal.text(realKeyID()))) {
            try CardAuthorities(pem: [(realKeyID(), pem)])
        }
    }

    @Test func `two keys of one key id are refused`() throws {
        let authority = try Fixture.get().authority
        #expect(throws: CardAuthorityError.duplicate(Hexadecimal.text(authority.keyID))) {
            try CardAuthorities(pem: [
                (authority.keyID, authority.publicPEM()), (authority.keyID, authority.publicPEM()),
            ])
        }
        #expect(throws: CardAuthorityError.keyID) { try CardAuthorities(pem: [([1, 2, 3], authority.publicPEM())]) }
    }

    @Test func `bad PEM never traps`() async throws {
        let pem = try Fixture.get().authority.publicPEM()
        await BadInput.run("authority PEM", samples: [Array(pem.utf8)]) { input in
            _ = try CardAuthorities(pem: [(realKeyID(), String(decoding: input, as: UTF8.self))])
        }
    }
}
