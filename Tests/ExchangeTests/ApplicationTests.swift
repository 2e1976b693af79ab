import CardChip
import Crypto
import Exchange
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// One application from a simulated card, with everything needed to make a flawed one.
struct Sample {
    let keys = SessionKeys()
    let terminalKey = P256.Signing.PrivateKey()
    let terminalHash = [UInt8](repeating: 0x5A, count: 32)
    let checker: ApplicationChecker
    let files: CardFiles
    let application: Application
    let draft: ApplicationDraft
    let signed: SignedApplication
    let chipSignature: [UInt8]

    init() throws {
        let authority = try SimulatedAuthority.create()
        let holder = try CardHolder(
            individualNumber: "537686677188", name: "見本　花子", address: "見本県見本市１－１", birthDate: "19800217", sexDigit: 2)
        let card = CustomerCard(try SimulatedCardFile.make(holder: holder, pin: "1234", authority: authority))
        let presented = try card.present()
        files = presented.files
        let request = CertificateRequest(
            municipality: try #require(MunicipalityCode("131016")), kind: .domestic, copies: try #require(Copies(2)))
        draft = ApplicantSession(
            device: ApplicantDevice(certificateHash: terminalHash, key: terminalKey), request: request,
            challenge: Array(repeating: 7, count: 60), keys: keys
        ).draft(files)
        chipSignature = try presented.chip.authenticate(digest: draft.transcript)
        signed = try draft.signed(chipSignature: chipSignature)
        application = try Application(parsing: signed.bytes)
        checker = ApplicationChecker(
            cards: CardChecker(authorities: try authority.authorities()))
    }

    func check(_ application: Application) throws(ProblemCode) -> VerifiedApplication {
        try checker.check(application, terminalCertificateHash: terminalHash, terminalKey: terminalKey.publicKey)
    }
}

/// An application binds card, terminal, session and request.
@Suite struct ApplicationTests {
    @Test func `a right application is verified, and its parts are those that went in`() throws {
        let sample = try Sample()
        let verified = try sample.check(sample.application)
        #expect(verified.card.individualNumber == "537686677188")
        #expect(sample.application.transcriptHash == sample.draft.transcriptHash)
        #expect(sample.application.request.copies.count == 2)
        #expect(sample.application.files == sample.files)
    }

    @Test func `every byte of an application is covered: any one bit changed is refused`() throws {
        let sample = try Sample()
        var random = Seeded("changed application bits")
        let bytes = sample.application.bytes
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            guard let application = try? Application(parsing: changed) else { continue }
            #expect(throws: ProblemCode.self, "byte \(index)") { _ = try sample.check(application) }
        }
    }

    @Test func `bytes behind an application are refused`() throws {
        let sample = try Sample()
        #expect(throws: WireError.self) { try Application(parsing: sample.application.bytes + [0]) }
    }

    @Test func `a terminal's signature by another key is told from one for another terminal`() throws {
        let sample = try Sample()
        let signature = try P256.Signing.PrivateKey().signature(for: sample.draft.transcript).rawRepresentation
        let forged = try Application(
            parsing: sample.draft.signed(chipSignature: sample.chipSignature, deviceSignature: Array(signature)).bytes)
        #expect(throws: ProblemCode.terminalSignature) { _ = try sample.check(forged) }
        #expect(throws: ProblemCode.terminalMismatch) {
            _ = try sample.checker.check(
                sample.application, terminalCertificateHash: [UInt8](repeating: 0, count: 32),
                terminalKey: sample.terminalKey.publicKey)
        }
    }

    @Test func `a chip's signature over another transcript is refused`() throws {
        let sample = try Sample()
        let other = try Sample()
        let moved = try Application(parsing: sample.draft.signed(chipSignature: other.chipSignature).bytes)
        #expect(throws: ProblemCode.cardChipSignature) { _ = try sample.check(moved) }
    }

    @Test func `parsing takes any bytes without a trap, and what parses is the same bytes again`() async throws {
        let sample = try Sample()
        let outcome = try sample.signed.outcome(.printed)
        await BadInput.run("applications", samples: [sample.application.bytes]) { bytes in
            let application = try Application(parsing: bytes)
            #expect(application.bytes == bytes)
        }
        await BadInput.run("outcomes", samples: [outcome.bytes]) { bytes in
            let outcome = try Outcome(parsing: bytes)
            #expect(outcome.bytes == bytes)
        }
        await BadInput.run(
            "problems",
            samples: [Array(#"{"type":"urn:akashi:problem:x","title":"x","status":400,"code":"internal"}"#.utf8)]
        ) {
            _ = Problem(parsing: $0)
        }
        await BadInput.run(
            "inquiry numbers and hours", samples: [Array("ABCDE-01234".utf8), Array("06:30-23:00".utf8)]
        ) {
            bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            _ = InquiryNumber(text)
            _ = ServiceHours(text)
        }
    }
}
