import CardChip
import Crypto
import Exchange
import Foundation
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// One application of a phone with a simulated card, and everything needed to make a flawed one.
struct PhoneSample {
    static let day = UInt64(1_800_000_000)..<UInt64(1_800_000_000 + 86_400)
    static let now = Date(timeIntervalSince1970: 1_800_040_000)

    let keys = SessionKeys()
    let pinned = P256.Signing.PrivateKey()
    let uploadKey = P256.KeyAgreement.PrivateKey()
    let answerKey = P256.KeyAgreement.PrivateKey()
    let deviceKey = P256.Signing.PrivateKey()
    let certificate = [UInt8](repeating: 0x30, count: 600)
    let authority: SimulatedAuthority
    let checker: CardChecker
    let card: CardFiles
    let chip: CustomerCard.Presented
    let statement: KeyStatement
    let passport = PassportFiles(
        zone: [UInt8](repeating: 0x61, count: 93), securityObject: [UInt8](repeating: 0x77, count: 2500))

    init(authority: SimulatedAuthority? = nil) throws {
        let authority = try authority ?? SimulatedAuthority.create()
        self.authority = authority
        let holder = try CardHolder(
            individualNumber: "537686677188", name: "見本　花子", address: "見本県見本市１－１", birthDate: "19800217", sexDigit: 2)
        chip = try CustomerCard(try SimulatedCardFile.make(holder: holder, pin: "1234", authority: authority)).present()
        card = chip.files
        checker = CardChecker(authorities: try authority.authorities())
        statement = try Self.statement(Self.day, uploadKey, answerKey, pinned)
    }

    static func statement(
        _ seconds: Range<UInt64>, _ uploadKey: P256.KeyAgreement.PrivateKey, _ answerKey: P256.KeyAgreement.PrivateKey,
        _ pinned: P256.Signing.PrivateKey
    ) throws -> KeyStatement {
        let made = try KeyStatement(seconds: seconds, uploadKey: uploadKey.publicKey, answerKey: answerKey.publicKey) {
            Array(try pinned.signature(for: $0).rawRepresentation)
        }
        return try #require(made)
    }

    func session(_ kind: CertificateKind, copies: Int = 1, challenge: UInt8 = 7) throws -> PhoneSession? {
        let request = CertificateRequest(
            municipality: try #require(MunicipalityCode("131016")), kind: kind,
            copies: try #require(Copies(copies)))
        let key = deviceKey
        return PhoneSession(
            device: PhoneDevice(certificate: certificate) { message in
                Array(try key.signature(for: message).derRepresentation)
            }, request: request, challenge: Array(repeating: challenge, count: 53),
            stated: try #require(statement.keys(statedBy: [pinned.publicKey], at: Self.now)), keys: keys)
    }

    func draft(
        _ kind: CertificateKind, of card: CardFiles? = nil, challenge: UInt8 = 7
    ) throws -> PhoneSession.PhoneDraft {
        let session = try #require(try session(kind, challenge: challenge))
        let draft = try session.draft(card ?? self.card, passport: kind == .overseas ? passport : nil)
        return try #require(draft)
    }

    func signed(_ draft: PhoneSession.PhoneDraft) async throws -> SignedApplication {
        try await draft.signed(chipSignature: try chip.chip.authenticate(digest: draft.transcript))
    }

    func application(_ kind: CertificateKind) async throws -> PhoneApplication {
        try PhoneApplication(parsing: try await signed(try draft(kind)).bytes)
    }

    /// An application over what somebody else sealed: the chip signs it all the same.
    func application(sealing plain: [UInt8], to key: P256.KeyAgreement.PublicKey) async throws -> PhoneApplication {
        let right = try await application(.domestic)
        let size = right.bytes.firstRange(of: right.sealedFiles)
        let sealed = try #require(size)
        let head = Array(right.bytes[..<(sealed.lowerBound - 4)])
        var sender = try HPKE.Sender(
            recipientKey: key, ciphersuite: .P256_SHA256_AES_GCM_256,
            info: Data(Array("akashi/sealed-files/v2".utf8) + SHA256.hash(data: head)))
        let ciphertext = try sender.seal(plain)
        let files = Array(sender.encapsulatedKey) + Array(ciphertext)
        let transcript = SHA256.hash(data: head + [0, 0, 0, 32] + Array(SHA256.hash(data: files)))
        var writer = FieldWriter(label: "")
        for field in [
            files, card.certificate, card.chipKey, try chip.chip.authenticate(digest: transcript), certificate,
            statement.bytes, [1],
        ] { writer.append(field) }
        return try PhoneApplication(parsing: head + writer.bytes)
    }
}

/// A phone's application: sealed past whoever relays it, and bound to chip, device, session and request.
@Suite struct PhoneTests {
    @Test(arguments: CertificateKind.allCases)
    func `a right application opens at the record system, and its parts are those that went in`(
        kind: CertificateKind
    ) async throws {
        let sample = try PhoneSample()
        let draft = try sample.draft(kind)
        let application = try PhoneApplication(parsing: try await sample.signed(draft).bytes)
        #expect(application.transcriptHash == draft.transcriptHash)
        #expect(application.request.kind == kind && application.statement.hash == sample.statement.hash)
        let proof = try P256.Signing.ECDSASignature(derRepresentation: application.proof)
        #expect(sample.deviceKey.publicKey.isValidSignature(proof, for: application.proofMessage))
        let opened = try application.checkedChip(by: sample.checker).opened(by: sample.uploadKey)
        #expect(opened.card.individualNumber == "537686677188")
        #expect(opened.card.chipKeyHash == Array(SHA256.hash(data: sample.card.chipKey)))
        #expect(opened.passport == (kind == .overseas ? sample.passport : nil))
        #expect(application.bytes.count <= PhoneApplication.maximumBytes)
        #expect(application.sealedFiles.count == [.domestic: 1617, .overseas: 16_465][kind])
    }

    @Test(arguments: CertificateKind.allCases)
    func `nothing of the holder can be read on the way`(kind: CertificateKind) async throws {
        let sample = try PhoneSample()
        let bytes = try await sample.application(kind).bytes
        for secret in [
            Array("537686677188".utf8), Array("見本".utf8), Array("花子".utf8), Array("19800217".utf8),
            Array(sample.card.record.prefix(70)), [UInt8](repeating: 0x77, count: 32),
        ] { #expect(bytes.firstRange(of: secret) == nil) }
        // Two people's are of one length.
        let other = try PhoneSample()
        let difference = abs(try await other.application(kind).bytes.count - bytes.count)
        // An ECDSA signature in DER has one byte more or less for each of its numbers.
        #expect(difference <= 4)
    }

    @Test(arguments: CertificateKind.allCases)
    func `every byte of an application is covered: any one bit changed is refused`(kind: CertificateKind) async throws {
        let sample = try PhoneSample()
        var random = Seeded("changed bits of a phone's \(kind) application")
        let application = try await sample.application(kind)
        let bytes = application.bytes
        // Of what is sealed some bytes stand for all: it is one field, covered by one hash.
        let sealed = try #require(bytes.firstRange(of: application.sealedFiles))
        let some = (0..<200).map { _ in Int.random(in: sealed, using: &random) } + [sealed.upperBound - 1]
        for index in bytes.indices.filter({ !sealed.contains($0) }) + some {
            var changed = bytes
            changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            guard let application = try? PhoneApplication(parsing: changed),
                let signature = try? P256.Signing.ECDSASignature(derRepresentation: application.proof),
                sample.deviceKey.publicKey.isValidSignature(signature, for: application.proofMessage)
            else { continue }
            #expect(throws: ProblemCode.self, "byte \(index)") { _ = try application.checkedChip(by: sample.checker) }
        }
    }

    @Test func `neither form of application is taken for the other, and nothing stands behind one`() async throws {
        let (phone, kiosk) = (try await PhoneSample().application(.domestic), try Sample().application)
        #expect(throws: WireError.self) { try Application(parsing: phone.bytes) }
        #expect(throws: WireError.self) { try PhoneApplication(parsing: kiosk.bytes) }
        #expect(throws: WireError.self) { try PhoneApplication(parsing: phone.bytes + [0]) }
    }

    @Test func `an application that its head does not name in every part is malformed`() async throws {
        let sample = try PhoneSample()
        let application = try await sample.application(.domestic)
        let other = try PhoneSample()
        for (part, instead) in [
            (application.cardCertificate, other.card.certificate), (application.chipKey, other.card.chipKey),
            (application.statement.bytes, other.statement.bytes),
            (application.deviceCertificate, [UInt8](repeating: 0x31, count: 600)),
        ] {
            var bytes = application.bytes
            let place = try #require(bytes.firstRange(of: part))
            bytes.replaceSubrange(place, with: instead)
            #expect(throws: WireError.self) { try PhoneApplication(parsing: bytes) }
        }
    }

    @Test func `the files of one card do not go with the chip of another`() async throws {
        let authority = try SimulatedAuthority.create()
        let (sample, other) = (try PhoneSample(authority: authority), try PhoneSample(authority: authority))
        // The chip's own files, and the holder's of another card.
        let mixed = try CardFiles(
            number: other.card.number, attributes: other.card.attributes, record: other.card.record,
            certificate: sample.card.certificate, chipKey: sample.card.chipKey)
        let draft = try sample.draft(.domestic, of: mixed)
        let application = try PhoneApplication(parsing: try await sample.signed(draft).bytes)
        let checked = try application.checkedChip(by: sample.checker)
        #expect(throws: PhoneFiles.Unopened.self) { try checked.opened(by: sample.uploadKey) }
        // Another chip than the one whose files lie beside.
        let foreign = try sample.draft(.domestic, of: other.card)
        let signed = try PhoneApplication(parsing: try await sample.signed(foreign).bytes)
        #expect(throws: ProblemCode.cardChipSignature) { try signed.checkedChip(by: sample.checker) }
    }

    @Test func `a chip's signature is for one challenge and one sealing`() async throws {
        let sample = try PhoneSample()
        let (first, second) = (try sample.draft(.domestic), try sample.draft(.domestic))
        // The same files sealed twice are two applications.
        #expect(first.transcriptHash != second.transcriptHash)
        let moved = try await second.signed(chipSignature: try sample.chip.chip.authenticate(digest: first.transcript))
        #expect(throws: ProblemCode.cardChipSignature) {
            try PhoneApplication(parsing: moved.bytes).checkedChip(by: sample.checker)
        }
        let other = try sample.draft(.domestic, challenge: 8)
        let old = try await other.signed(chipSignature: try sample.chip.chip.authenticate(digest: first.transcript))
        #expect(throws: ProblemCode.cardChipSignature) {
            try PhoneApplication(parsing: old.bytes).checkedChip(by: sample.checker)
        }
    }

    @Test func `whatever a real card seals that is no file of it fails in one way`() async throws {
        let sample = try PhoneSample()
        func plain(_ change: (inout [[UInt8]]) -> Void, size: Int = 1536, last: UInt8 = 0) -> [UInt8] {
            var fields = [sample.card.number, sample.card.attributes, sample.card.record, [], []]
            change(&fields)
            var writer = FieldWriter(label: "akashi/files/v2")
            for field in fields { writer.append(field) }
            var plain = writer.bytes + [UInt8](repeating: 0, count: max(0, size - writer.bytes.count))
            plain[plain.count - 1] ^= last
            return plain
        }
        let key = sample.uploadKey.publicKey
        let right = try await sample.application(sealing: plain { _ in }, to: key)
        let opened = try right.checkedChip(by: sample.checker).opened(by: sample.uploadKey)
        #expect(opened.card.individualNumber == "537686677188")
        var flawed: [(String, PhoneApplication)] = [
            ("another key", try await sample.application(sealing: plain { _ in }, to: sample.answerKey.publicKey))
        ]
        for (name, bytes) in [
            ("padding", plain({ _ in }, last: 1)), ("no number", plain { $0[0] = [] }),
            ("another number", plain { $0[0][5] ^= 1 }), ("other attributes", plain { $0[1][20] ^= 1 }),
            ("another record", plain { $0[2][300] ^= 1 }),
            ("a passport", plain { $0[3] = [UInt8](repeating: 0x61, count: 93) }),
            ("garbage", (0..<1536).map { UInt8(truncatingIfNeeded: $0) }),
        ] { flawed.append((name, try await sample.application(sealing: bytes, to: key))) }
        for (name, application) in flawed {
            let checked = try application.checkedChip(by: sample.checker)
            #expect(throws: PhoneFiles.Unopened.self, "\(name)") { try checked.opened(by: sample.uploadKey) }
        }
        // Another length is another form.
        await #expect(throws: WireError.self) {
            _ = try await sample.application(sealing: plain({ _ in }, size: 1537), to: key)
        }
    }

    @Test func `a phone asks for one copy, and for a passport's files with overseas use alone`() throws {
        let sample = try PhoneSample()
        #expect(try sample.session(.domestic, copies: 2) == nil)
        #expect(try sample.session(.domestic)?.draft(sample.card, passport: sample.passport) == nil)
        #expect(try sample.session(.overseas)?.draft(sample.card, passport: nil) == nil)
        #expect(PassportFiles(zone: [UInt8](repeating: 0, count: 92), securityObject: []) == nil)
    }

    @Test func `a statement of keys counts on its day, if a pinned key signed it`() throws {
        let sample = try PhoneSample()
        let parsed = try KeyStatement(parsing: sample.statement.bytes)
        #expect(parsed.bytes == sample.statement.bytes && parsed.bytes.count == KeyStatement.encodedBytes)
        let other = P256.Signing.PrivateKey().publicKey
        func isTaken(_ statement: KeyStatement, at seconds: Double) -> Bool {
            let at = Date(timeIntervalSince1970: Double(PhoneSample.day.lowerBound) + seconds)
            return statement.keys(statedBy: [other, sample.pinned.publicKey], at: at) != nil
        }
        #expect(isTaken(parsed, at: 0) && isTaken(parsed, at: 86_399))
        #expect(!isTaken(parsed, at: -1) && !isTaken(parsed, at: 86_400))
        #expect(parsed.keys(statedBy: [other], at: PhoneSample.now) == nil)
        #expect(parsed.keys(statedBy: [], at: PhoneSample.now) == nil)
        // None is made or read that holds for longer than a day, or for no time.
        for length in [UInt64(0), 86_401] {
            let start = PhoneSample.day.lowerBound
            let made = try KeyStatement(
                seconds: start..<(start + length), uploadKey: sample.uploadKey.publicKey,
                answerKey: sample.answerKey.publicKey
            ) { Array(try sample.pinned.signature(for: $0).rawRepresentation) }
            #expect(made == nil)
        }
        for index in parsed.bytes.indices {
            var bytes = parsed.bytes
            bytes[index] ^= 1
            guard let changed = try? KeyStatement(parsing: bytes) else { continue }
            #expect(!isTaken(changed, at: 40_000), "byte \(index)")
        }
    }

    private static func manifest(of application: PhoneApplication) throws -> Manifest {
        var random = Seeded("manifests of phones' answers")
        return Manifest(
            certificateID: CertificateID(using: &random), name: "見本　花子", romajiName: "MIHON HANAKO",
            documentNumber: "XX0000001", birthDate: try #require(BirthDate(iso: "1980-02-17")),
            request: application.request, issuedOn: try #require(CalendarDate(iso: "2026-01-05")), doses: 3,
            isSample: true, pdf: [], png: [], codes: [])
    }

    @Test func `an answer opens for its session alone, and its length says little`() async throws {
        let sample = try PhoneSample()
        let signed = try await sample.signed(try sample.draft(.overseas))
        let application = try PhoneApplication(parsing: signed.bytes)
        let answer = Answer(
            manifest: try Self.manifest(of: application), pdf: [], png: [],
            codes: ["shc:/5676", "HC1:ABC", "{\"data\":1}", "fourth", "fifth"],
            currentToken: [UInt8](repeating: 9, count: 96))
        let issued = try SealedAnswer.seal(.issued(answer), for: application, by: sample.answerKey)
        let refusal = Refusal(.personNotFound, isOutcomeOwed: false)
        let refused = try SealedAnswer.seal(.refused(refusal), for: application, by: sample.answerKey)
        #expect(issued.count == refused.count && issued.count == 32_849)

        let stated = sample.answerKey.publicKey
        guard case .issued(let opened) = try signed.open(issued, from: stated) else { throw TestFailure("no answer") }
        #expect(opened.codes == answer.codes && opened.currentToken == answer.currentToken)
        #expect(opened.manifest == answer.manifest)
        guard case .refused(let why) = try signed.open(refused, from: stated) else { throw TestFailure("no refusal") }
        #expect(why == refusal)

        typealias Failure = SealedAnswer.OpenError
        #expect(throws: Failure.notForThisSession) { try signed.open(issued, from: sample.uploadKey.publicKey) }
        let again = try await sample.signed(try sample.draft(.overseas))
        #expect(throws: Failure.notForThisSession) { try again.open(issued, from: stated) }
        for index in [0, 64, 65, 4000, issued.count - 1] {
            var changed = issued
            changed[index] ^= 1
            #expect(throws: Failure.self) { try signed.open(changed, from: stated) }
        }
        // A terminal's answer is none for a phone, though session, transcript and key are the same.
        #expect(throws: Failure.notForThisSession) {
            try SealedAnswer.open(
                issued, keys: sample.keys, transcriptHash: signed.transcriptHash, from: stated)
        }
        let page = Answer(manifest: answer.manifest, pdf: [UInt8](repeating: 1, count: 40_000), png: [])
        let long = try SealedAnswer.seal(.issued(page), for: application, by: sample.answerKey)
        #expect(long.count == 65_617)
    }

    @Test func `parsing takes any bytes without a trap, and what parses is the same bytes again`() async throws {
        let sample = try PhoneSample()
        let (domestic, overseas) = (try await sample.application(.domestic), try await sample.application(.overseas))
        await BadInput.run("phones' applications", samples: [domestic.bytes, overseas.bytes]) { bytes in
            let application = try PhoneApplication(parsing: bytes)
            #expect(application.bytes == bytes)
        }
        for kind in CertificateKind.allCases {
            let files = PhoneFiles(sample.card, passport: kind == .overseas ? sample.passport : nil)
            let plain = try #require(files.plain(for: kind))
            await BadInput.run("phones' \(kind) files", samples: [plain]) { bytes in
                let files = try PhoneFiles(parsing: bytes, of: kind)
                #expect(files.plain(for: kind) == bytes)
            }
        }
        let refusal = Refusal(.personNotFound, isOutcomeOwed: false)
        let issued = Answer(manifest: try Self.manifest(of: domestic), pdf: [1], png: [], codes: ["shc:/1"])
        let answers = [try PhoneAnswer.encoded(.refused(refusal)), try PhoneAnswer.encoded(.issued(issued))]
        await BadInput.run("phones' answers", samples: answers) { bytes in
            _ = try PhoneAnswer.parsed(bytes)
        }
        await BadInput.run("statements of keys", samples: [sample.statement.bytes]) { bytes in
            let statement = try KeyStatement(parsing: bytes)
            #expect(statement.bytes == bytes)
        }
    }
}
