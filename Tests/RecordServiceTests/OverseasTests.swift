import CardChip
import Credentials
import Crypto
import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import Signing
import Testing
import Vaccination

/// Certificates with several codes.
@Suite struct OverseasTests {
    @Test(arguments: [true, false])
    func `an overseas certificate has a VDS-NC, a card and where configured an EU code`(hasDocumentSigner: Bool)
        async throws
    {
        let stack = try await Stack(hasDocumentSigner: hasDocumentSigner)
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let manifest = try await stack.issue(try stack.session(person, .overseas)).manifest
        #expect(manifest.documentNumber == "TZ1234567")
        #expect(Set(manifest.codeHashes).count == (hasDocumentSigner ? 3 : 2))
        let domestic = try await stack.issue(try stack.session(person, .domestic)).manifest
        #expect(domestic.documentNumber == nil)
        #expect(domestic.codeHashes.count == 1)
    }

    @Test func `a latest dose that the EU has no code for gives no EU code, and a domestic certificate all the same`()
        async throws
    {
        let stack = try await Stack()
        // The second of three as well, which an EU certificate does not name.
        for (index, without) in [2, 1].enumerated() {
            let person = TestPerson.traveller(index + 1) {
                $0.product = { Product.withCode($0 == without ? "DAICHIRONA-XBB" : "PFIZER-12") }
            }
            try await stack.write(person)
            let manifest = try await stack.issue(try stack.session(person, .overseas)).manifest
            #expect(Set(manifest.codeHashes).count == (without == 2 ? 2 : 3))
            #expect(manifest.doses == 3)
            #expect(try await stack.issue(try stack.session(person, .domestic)).manifest.codeHashes.count == 1)
        }
    }

    @Test(arguments: [Sex.male, .female, .unspecified])
    func `five doses with long names and lots fit`(sex: Sex) async throws {
        let stack = try await Stack()
        // Of seven doses five are named: the longest names, none of them twice, the latest with an EU code.
        let products = Product.all.filter { $0.eu != nil }
            .sorted { ($0.nameEnglish.count, $0.code) < ($1.nameEnglish.count, $1.code) }.suffix(7).map(\.self)
        let person = TestPerson.traveller(1) {
            $0.name = String(repeating: "見本", count: 20) + "\u{3000}" + String(repeating: "長太郎", count: 13)
            // Different letters, so that nothing is won by compression.
            $0.romaji = "ABRAHAMOWICZKRZYSZTOFERSKADOMBROVYN, QUENTIN WOLFGANG PHILIPPE JESUS MAXIM ZBYTE"
            $0.sex = sex
            $0.doses = 7
            $0.product = { products[$0] }
            $0.lot = { "LOT\($0)ABXYZ-9876.5432\($0)" }
        }
        #expect(person.romaji.count <= 80)
        try await stack.write(person)
        let session = try stack.session(person, .overseas)
        #expect(await stack.refusal(session) == nil, "\(stack.logs.text)")
        let manifest = try await stack.issue(session).manifest
        #expect(manifest.codeHashes.count == 3)
        #expect(manifest.doses == 5)
    }

    @Test func `a character that no font has is said as such and not as too long`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1) { $0.name = "見本\u{3000}\u{0F04}子" }
        try await stack.write(person)
        #expect(await stack.refusal(try stack.session(person, .domestic)) == .contentUnprintable)
        #expect(stack.logs.text.contains("render.missing_glyph"))
        #expect(!stack.logs.text.contains("\u{0F04}"))
    }

    @Test func `what cannot be printed counts for nothing, and is issued once it is mended`() async throws {
        let stack = try await Stack(limits: "{perPersonAndDay: 1}")
        // Overseas the name in a code, domestic the one on the page.
        let flaws: [(CertificateKind, TestPerson)] = [
            (.overseas, TestPerson.traveller(1) { $0.romaji = "-, -" }),
            (.domestic, TestPerson.traveller(1) { $0.name = "見本\u{3000}\u{0F04}子" }),
        ]
        for (kind, flawed) in flaws {
            try await stack.write(flawed)
            for _ in 1...3 {
                #expect(await stack.refusal(try stack.session(flawed, kind)) == .contentUnprintable)
            }
        }
        let log = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 100)
        #expect(!log.contains { $0.event == .intent })
        let mended = TestPerson.traveller(1)
        try await stack.write(mended)
        #expect(try await stack.issue(try stack.session(mended)).manifest.doses == 3)
        #expect(await stack.refusal(try stack.session(mended)) == .limitDaily)
    }

    @Test func `a code that cannot be made is named in the log and nothing is signed`() async throws {
        let stack = try await Stack()
        // Lot numbers may have a space, VDS-NC write them as they are; a name of separators alone has no form in a VDS-NC.
        let person = TestPerson.traveller(1) { $0.romaji = "-, -" }
        try await stack.write(person)
        #expect(await stack.refusal(try stack.session(person, .overseas)) == .contentUnprintable)
        #expect(stack.logs.text.contains("vdsnc.name_malformed"))
        #expect(try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 9).isEmpty)
        #expect(await stack.refusal(try stack.session(person, .domestic)) == nil)
    }

    @Test func `a VDS-NC with a wrong signature stops issuing`() async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        stack.vdsncSigner.breakDown()
        #expect(await stack.refusal(try stack.session(person, .domestic)) == nil)
        let (session, later) = (try stack.session(person, .overseas), try stack.session(person, .domestic))
        #expect(await stack.refusal(session) == .serviceHalted)
        #expect(await stack.refusal(later) == .serviceHalted)
        #expect(await stack.system.notReady() == ["issuing.halted"])
    }

    @Test func `what revokes the EU code is known after a restart`() async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let session = try stack.session(person, .overseas)
        let id = try await stack.issue(session).manifest.certificateID
        try await stack.system.outcomes.accept(try session.outcome(.printed), inquiry: session.inquiry)
        let again = try await stack.restarted()
        #expect(try await again.store.revokedCodes(in: Stack.mihon.code, now: Stack.start) == [])
        #expect(try await again.store.revoke(id, in: Stack.mihon.code, now: Stack.start) == .changed)
        let code = try #require(try await again.store.revokedCodes(in: Stack.mihon.code, now: Stack.start).first)
        let signer = try #require(again.configuration.signers.document?.signer)
        #expect(code.keyID == Array(sha256(signer.certificate).prefix(8)))
        let folder = again.folder + "/public"
        let paths = try await PublishedFiles(
            signers: again.configuration.signers, store: again.store,
            earlier: try PublishedFolder(folder, isDevelopment: true), isDevelopment: true, now: Stack.start
        ).write(
            to: folder, signedBy: again.configuration.rootKey,
            terminals: TerminalTrustContent(again.configuration))
        let path = try #require(
            paths.first { $0.contains("/trust/test/dcc/revocation/\(Hexadecimal.text(code.keyID))-1.json") })
        let batch = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        #expect(batch.contains(Data(code.hash).base64EncodedString()))
        #expect(batch.contains(Data(code.keyID).base64EncodedString()))
        #expect(batch.contains("\"hashType\":\"UCI\""))
        #expect(batch.contains("\"expires\":\"2027-11-21T01:00:00Z\""))
        let identifier = try #require(UVCI.make(country: "JP", identifier: id.text))
        #expect(code.hash == Array(sha256(Array(identifier.utf8)).prefix(16)))
    }
}
