import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import MutualTLS
import RecordService
import RecordSupport
import Records
import SimulatedCard
import Testing
import Vaccination

/// The way of one application, in process over a real store.
@Suite struct IssuingTests {
    @Test(arguments: CertificateKind.allCases)
    func `the good way ends with the person's own certificate`(kind: CertificateKind) async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person)
        let session = try stack.session(person, kind)
        let answer = try await stack.issue(session)

        let manifest = answer.manifest
        #expect(manifest.name == person.name)
        #expect(manifest.romajiName == (kind == .overseas ? "MIHON, HANAKO" : nil))
        #expect(manifest.birthDate.description == person.birthDate)
        #expect(manifest.municipality == Stack.mihon.code)
        #expect(manifest.kind == kind)
        #expect(manifest.issuedOn == Stack.today)
        #expect(manifest.doses == 3)
        #expect(manifest.isSample)
        #expect(manifest.pdfHash == Manifest.hash(answer.pdf))
        #expect(manifest.pngHash == Manifest.hash(answer.png))
        #expect(answer.pdf.starts(with: "%PDF-".utf8))
        #expect(answer.png.starts(with: [0x89, 0x50, 0x4E, 0x47]))

        let entry = try #require(try await stack.store.certificate(manifest.certificateID, in: Stack.mihon.code))
        #expect(entry.state == .signed)
        #expect(entry.inquiry == session.inquiry.text)
        let log = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 100)
        #expect(log.filter { $0.certificateID == manifest.certificateID }.map(\.event) == [.intent, .signed])
    }

    @Test(arguments: PageFormat.allCases)
    func `only the form of the page that was wanted is made`(format: PageFormat) async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let sealed = try await stack.system.issuing.issue(
            session.application, inquiry: session.inquiry, formats: [format])
        let answer = try stack.open(sealed, session)
        #expect(answer.pdf.isEmpty == (format != .pdf))
        #expect(answer.png.isEmpty == (format != .png))
        #expect(answer.manifest.pdfHash == Manifest.hash(answer.pdf))
        #expect(answer.manifest.pngHash == Manifest.hash(answer.png))
    }

    @Test func `nothing is issued while two sources contradict each other, and again after a correction`() async throws
    {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let other = try TestPerson(1) { $0.lot = { _ in "MH-OTHER" } }.record()
        _ = try await stack.store.write([other], as: .addition, in: Stack.mihon.code, now: stack.clock.now)
        await #expect(throws: ProblemCode.recordUnclear) { _ = try await stack.issue(try stack.session(person)) }
        _ = try await stack.store.write([other], as: .correction, in: Stack.mihon.code, now: stack.clock.now)
        let manifest = try await stack.issue(try stack.session(person)).manifest
        #expect(manifest.doses == 3)
    }

    @Test func `someone who moved away gets the doses given before`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1) { $0.standing = .movedAway }
        try await stack.write(person)
        #expect(try await stack.issue(try stack.session(person)).manifest.doses == 3)
    }

    /// One flaw of record or card a row.
    static let refusals: [(String, TestPerson, CertificateKind, ProblemCode)] = [
        ("deceased", TestPerson(1) { $0.standing = .deceased }, .domestic, .personDeceased),
        ("no doses", TestPerson(1) { $0.doses = 0 }, .domestic, .recordNoDoses),
        ("another name", TestPerson(1) { $0.cardName = "見本\u{3000}花代" }, .domestic, .personNameDiffers),
        ("another birth date", TestPerson(1) { $0.cardBirthDate = "1980-01-24" }, .domestic, .personBirthDateDiffers),
        ("no such day", TestPerson(1) { $0.cardBirthDate = "1980-02-31" }, .domestic, .personBirthDateDiffers),
        ("another sex", TestPerson(1) { $0.cardSexDigit = 1 }, .domestic, .personSexDiffers),
        ("no passport", TestPerson(1), .overseas, .overseasNoPassport),
        (
            "expired passport", TestPerson.traveller(1) { $0.passportExpires = "2026-11-20" }, .overseas,
            .overseasPassportExpired
        ),
        (
            "no earlier certificate", TestPerson.traveller(1) { $0.printedBefore = [] }, .overseas,
            .overseasNoEarlierCertificate
        ),
    ]

    @Test(arguments: refusals)
    func `what the record does not allow is refused with its own code`(
        flaw: String, person: TestPerson, kind: CertificateKind, expected: ProblemCode
    ) async throws {
        let stack = try await Stack()
        try await stack.write(person)
        let session = try stack.session(person, kind)
        #expect(await stack.refusal(session) == expected)
        // Asked again it is the same refusal, and no other line.
        #expect(await stack.refusal(session) == expected)
        #expect(try await stack.store.certificates(in: Stack.mihon.code, state: .signed, limit: 10).isEmpty)
        let refused = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 99).filter {
            $0.event == .refused
        }
        #expect(refused.count == 1 && refused.first?.inquiry == session.inquiry.text)
        #expect(refused.first?.detail?.hasPrefix("\(expected.rawValue) \(kind.rawValue) ") == true)
        #expect(refused.first?.detail?.contains(person.number) == false)
    }

    @Test func `a person of another region is not found`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person, in: Stack.rei)
        #expect(await stack.refusal(try stack.session(person, in: Stack.mihon)) == .personNotFound)
        #expect(await stack.refusal(try stack.session(person, in: Stack.rei)) == nil)
    }

    @Test func `a municipality that is no region does not take part`() async throws {
        let stack = try await Stack()
        let code = try #require(MunicipalityCode("131016"))
        let other = Municipality(code: code, prefecture: "", name: "", prefectureEnglish: "", nameEnglish: "")
        #expect(await stack.refusal(try stack.session(TestPerson(1), in: other)) == .municipalityNotParticipating)
    }

    @Test func `a kind that the municipality does not offer is refused`() async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        try await stack.write(person, in: Stack.rei)
        #expect(await stack.refusal(try stack.session(person, .overseas, in: Stack.rei)) == .kindNotOffered)
    }

    @Test func `bytes that are no application are malformed`() async throws {
        let stack = try await Stack()
        let session = try stack.session(TestPerson(1))
        await #expect(throws: ProblemCode.requestMalformed) {
            try await stack.system.issuing.issue(session.application + [0], inquiry: session.inquiry)
        }
    }

    @Test func `the app's channel is not taken from terminals`() async throws {
        let stack = try await Stack()
        let session = try TestSession(
            TestPerson(1), request: try request(.domestic), terminal: try TestTerminal(stack.folder, 1),
            challenge: Array(try stack.system.issuing.challenge().challenge), channel: .app)
        #expect(await stack.refusal(session) == .requestMalformed)
    }

    @Test func `a terminal that is not enrolled is unknown`() async throws {
        let stack = try await Stack()
        #expect(await stack.refusal(try stack.session(TestPerson(1), terminal: 3)) == .terminalUnknown)
    }

    @Test func `a revoked terminal is refused`() async throws {
        let stack = try await Stack()
        try await stack.store.revoke(terminal: "T0001", now: stack.clock.now)
        try await stack.system.control.refresh()
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == .terminalRevoked)
    }

    @Test func `a terminal whose certificate ended is unknown`() async throws {
        let stack = try await Stack()
        stack.clock.advance(86_400 * 400)
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == .terminalUnknown)
    }

    @Test func `an enrolled certificate of another authority is unknown`() async throws {
        let stack = try await Stack()
        let terminal = try ForeignTerminal.make("T0009")
        let enrolled = try #require(
            EnrolledTerminal(
                id: terminal.id, shop: "", certificateHash: terminal.hash, certificateDER: try terminal.der,
                notAfter: Stack.start + 86_400, enrolledAt: Stack.start))
        try await stack.store.enrol(enrolled, now: stack.clock.now)
        try await stack.system.control.refresh()
        let session = try TestSession(
            TestPerson(1), request: try request(.domestic), terminal: terminal,
            challenge: Array(try stack.system.issuing.challenge().challenge))
        #expect(await stack.refusal(session) == .terminalUnknown)
    }

    @Test func `a forged terminal signature is refused`() async throws {
        let stack = try await Stack()
        let real = try TestTerminal(stack.folder, 1)
        let forger = TestTerminal(
            real.id, try #require(TLSIdentity(chain: real.identity.chain, key: P256.Signing.PrivateKey())))
        let session = try TestSession(
            TestPerson(1), request: try request(.domestic), terminal: forger,
            challenge: Array(try stack.system.issuing.challenge().challenge))
        #expect(await stack.refusal(session) == .terminalSignature)
    }

    @Test func `a card of another authority is refused`() async throws {
        let stack = try await Stack()
        let session = try TestSession(
            TestPerson(1), request: try request(.domestic), terminal: try TestTerminal(stack.folder, 1),
            challenge: Array(try stack.system.issuing.challenge().challenge), authority: TestCards.other)
        #expect(await stack.refusal(session) == .cardAuthorityUnknown)
    }

    @Test func `a tampered file is refused`() async throws {
        let stack = try await Stack()
        let session = try stack.session(TestPerson(1))
        var bytes = session.application
        let name = Array("花子".utf8)
        let at = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        bytes.replaceSubrange(at..<at + name.count, with: "花代".utf8)
        await #expect(throws: ProblemCode.terminalSignature) {
            try await stack.system.issuing.issue(bytes, inquiry: session.inquiry)
        }
    }

    @Test func `a challenge of another maker is invalid`() async throws {
        let stack = try await Stack()
        let session = try stack.session(TestPerson(1), challenge: [UInt8](repeating: 7, count: 53))
        #expect(await stack.refusal(session) == .challengeInvalid)
    }

    @Test func `a challenge expires after three minutes of the service's own clock`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        stack.clock.advance(180)
        #expect(await stack.refusal(session) == .challengeExpired)
    }

    @Test func `other bytes with a used challenge are refused`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let challenge = Array(try stack.system.issuing.challenge().challenge)
        #expect(await stack.refusal(try stack.session(person, challenge: challenge)) == nil)
        #expect(await stack.refusal(try stack.session(person, challenge: challenge)) == .challengeUsed)
    }

    @Test func `a refused application has used its challenge`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        let challenge = Array(try stack.system.issuing.challenge().challenge)
        #expect(await stack.refusal(try stack.session(person, challenge: challenge)) == .personNotFound)
        #expect(await stack.refusal(try stack.session(person, challenge: challenge)) == .challengeUsed)
    }

    @Test func `a forged application does not use up a challenge`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let challenge = Array(try stack.system.issuing.challenge().challenge)
        let forged = try TestSession(
            person, request: try request(.domestic), terminal: try TestTerminal(stack.folder, 1), challenge: challenge,
            authority: TestCards.other)
        #expect(await stack.refusal(forged) == .cardAuthorityUnknown)
        #expect(await stack.refusal(try stack.session(person, challenge: challenge)) == nil)
    }

    @Test func `the person's limit of a day holds and the next day begins in Japan`() async throws {
        let stack = try await Stack(limits: "{perPersonAndDay: 2}")
        let (person, other) = (TestPerson(1), TestPerson(2))
        try await stack.write(person, other)
        #expect(await stack.refusal(try stack.session(person)) == nil)
        #expect(await stack.refusal(try stack.session(person)) == nil)
        #expect(await stack.refusal(try stack.session(person)) == .limitDaily)
        #expect(await stack.refusal(try stack.session(other)) == nil)
        stack.clock.advance(14 * 3600)  // midnight in Japan
        #expect(await stack.refusal(try stack.session(person)) == nil)
    }

    @Test func `ten paper jams lock nobody out, and thirty are enough`() async throws {
        let stack = try await Stack(limits: "{perPersonAndDay: 2, abortedPerPersonAndDay: 4}")
        let person = TestPerson(1)
        try await stack.write(person)
        for _ in 1...3 {
            let session = try stack.session(person)
            #expect(await stack.refusal(session) == nil)
            try await stack.system.outcomes.accept(try session.outcome(.aborted), inquiry: session.inquiry)
        }
        let good = try stack.session(person)
        #expect(await stack.refusal(good) == nil)
        try await stack.system.outcomes.accept(try good.outcome(.printed), inquiry: good.inquiry)
        let last = try stack.session(person)
        #expect(await stack.refusal(last) == nil)
        try await stack.system.outcomes.accept(try last.outcome(.aborted), inquiry: last.inquiry)
        #expect(await stack.refusal(try stack.session(person)) == .limitDaily)
    }

    @Test func `beyond the bound the service says that it is busy`() async throws {
        let limiter = ConcurrencyLimiter(maximum: 1)
        let inside = AsyncStream.makeStream(of: Void.self)
        let end = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await limiter.admit {
                inside.continuation.yield()
                for await _ in end.stream { break }
            }
        }
        for await _ in inside.stream { break }
        await #expect(throws: ProblemCode.serviceBusy) { try await limiter.admit {} }
        end.continuation.yield()
        try await first.value
        try await limiter.admit {}
    }

    @Test(arguments: [FaultyStore.Point.claim, .person, .record, .recordSigned])
    func `a store that cannot be asked is never no record`(point: FaultyStore.Point) async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        stack.store.fail(at: point)
        let session = try stack.session(person)
        #expect(await stack.refusal(session) == .upstreamUnavailable)
        stack.store.heal()
        #expect(await stack.refusal(session) == nil)
    }
}
