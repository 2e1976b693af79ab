import CardChip
import Crypto
import Exchange
import Foundation
import TestSupport
import Testing
import Vaccination

/// An answer opens for one session, and an outcome is that session's.
@Suite struct AnswerTests {
    func answer(for application: Application) throws -> Answer {
        var random = Seeded("answers")
        let pdf = random.bytes(50_000)
        let png = random.bytes(20_000)
        let manifest = Manifest(
            certificateID: CertificateID(using: &random), name: "見本　花子", romajiName: nil,
            birthDate: try #require(BirthDate(iso: "1980-02-17")), request: application.request,
            issuedOn: try #require(CalendarDate(iso: "2026-01-05")), doses: 3, isSample: true, pdf: pdf, png: png,
            codes: ["shc:/1"])
        return Answer(manifest: manifest, pdf: pdf, png: png)
    }

    @Test func `the session that asked opens its answer and finds what was sealed`() throws {
        let sample = try Sample()
        let key = P256.KeyAgreement.PrivateKey()
        let answer = try answer(for: sample.application)
        let sealed = try SealedAnswer.seal(answer, for: sample.application, by: key)
        guard case .issued(let opened) = try sample.signed.open(sealed, from: key.publicKey) else {
            Issue.record("a certificate was opened as a refusal")
            return
        }
        #expect(opened.manifest == answer.manifest)
        #expect(opened.pdf == answer.pdf)
        #expect(opened.png == answer.png)
        #expect(opened.manifest.pdfHash == Manifest.hash(answer.pdf))
    }

    @Test func `another session's keys, another transcript, another sender and a changed byte do not open it`() throws {
        let sample = try Sample()
        let key = P256.KeyAgreement.PrivateKey()
        let sealed = try SealedAnswer.seal(try answer(for: sample.application), for: sample.application, by: key)
        let hash = sample.draft.transcriptHash
        #expect(throws: SealedAnswer.OpenError.notForThisSession) {
            _ = try SealedAnswer.open(sealed, keys: SessionKeys(), transcriptHash: hash, from: key.publicKey)
        }
        #expect(throws: SealedAnswer.OpenError.notForThisSession) {
            let other = [UInt8](repeating: 1, count: 32)
            _ = try SealedAnswer.open(sealed, keys: sample.keys, transcriptHash: other, from: key.publicKey)
        }
        #expect(throws: SealedAnswer.OpenError.notForThisSession) {
            let other = P256.KeyAgreement.PrivateKey().publicKey
            _ = try SealedAnswer.open(sealed, keys: sample.keys, transcriptHash: hash, from: other)
        }
        var random = Seeded("changed sealed answers")
        for _ in 0..<50 {
            var changed = sealed
            changed[Int.random(in: 0..<sealed.count, using: &random)] ^= 0x10
            #expect(throws: SealedAnswer.OpenError.self) {
                _ = try SealedAnswer.open(changed, keys: sample.keys, transcriptHash: hash, from: key.publicKey)
            }
        }
    }

    @Test func `an outcome is accepted from the session's key only, and only as it was signed`() throws {
        let sample = try Sample()
        let outcome = try sample.signed.outcome(.aborted)
        let parsed = try Outcome(parsing: outcome.bytes)
        #expect(parsed == outcome)
        #expect(parsed.isSigned(by: sample.application.signingPublicKey))
        #expect(!parsed.isSigned(by: SessionKeys().signing.publicKey))
        for index in outcome.bytes.indices {
            var changed = outcome.bytes
            changed[index] ^= 0x01
            guard let other = try? Outcome(parsing: changed) else { continue }
            #expect(!other.isSigned(by: sample.application.signingPublicKey), "byte \(index)")
        }
    }

    @Test func `sealed answers of any bytes are refused without a trap`() async throws {
        let sample = try Sample()
        let key = P256.KeyAgreement.PrivateKey()
        var random = Seeded("short answer")
        let manifest = try answer(for: sample.application).manifest
        let sealed = try SealedAnswer.seal(
            Answer(manifest: manifest, pdf: random.bytes(10), png: []), for: sample.application, by: key)
        await BadInput.run("sealed answers", samples: [sealed]) { bytes in
            guard bytes != sealed else { return }
            #expect(throws: SealedAnswer.OpenError.self) {
                _ = try sample.signed.open(bytes, from: key.publicKey)
            }
        }
    }

    @Test func `a refusal opens for the session that asked, and all refusals are of one length`() throws {
        let sample = try Sample()
        let key = P256.KeyAgreement.PrivateKey()
        for code in ProblemCode.allCases {
            for isOwed in [false, true] {
                let refusal = Refusal(code, isOutcomeOwed: isOwed)
                #expect(refusal.isOutcomeOwed == (isOwed || code.isTransient))
                let sealed = try SealedAnswer.seal(refusal, for: sample.application, by: key)
                #expect(sealed.count == 65 + 256 + 16)
                guard case .refused(let opened) = try sample.signed.open(sealed, from: key.publicKey) else {
                    Issue.record("\(code.rawValue) was opened as a certificate")
                    continue
                }
                #expect(opened == refusal)
                #expect(throws: SealedAnswer.OpenError.notForThisSession) {
                    try sample.signed.open(sealed, from: P256.KeyAgreement.PrivateKey().publicKey)
                }
            }
        }
    }

    @Test func `what stands in an opened refusal is read strictly, whatever its bytes`() async throws {
        let bytes = Refusal(.personNotFound, isOutcomeOwed: false).encoded
        #expect(try Refusal(parsing: bytes).code == .personNotFound)
        #expect(throws: WireError.self) { try Refusal(parsing: bytes + [0]) }
        var padded = bytes
        padded[255] = 1
        #expect(throws: WireError.self) { try Refusal(parsing: padded) }
        // A transient refusal that says no outcome is owed.
        var transient = Refusal(.internal, isOutcomeOwed: true).encoded
        let at = Refusal.label.utf8.count + 4 + "internal".utf8.count + 4
        #expect(transient[at] == 1)
        transient[at] = 0
        #expect(throws: WireError.self) { try Refusal(parsing: transient) }
        await BadInput.run("refusals", samples: [bytes]) { bytes in _ = try Refusal(parsing: bytes) }
    }

    @Test func `what stands in an opened answer is read strictly, whatever its bytes`() async throws {
        let sample = try Sample()
        let answer = try answer(for: sample.application)
        let small = Answer(manifest: answer.manifest, pdf: [1, 2, 3], png: [4], codes: ["shc:/1"])
        let bytes = try small.encoded()
        #expect(try Answer(parsing: bytes).manifest == answer.manifest)
        #expect(throws: WireError.self) { try Answer(parsing: bytes + [0]) }
        await BadInput.run("answers", samples: [bytes]) { bytes in _ = try Answer(parsing: bytes) }
    }

    @Test(arguments: [
        ("2026-01-04T21:29:59Z", false), ("2026-01-04T21:30:00Z", true), ("2026-01-05T13:59:59Z", true),
        ("2026-01-05T14:00:00Z", false),
    ])
    func `service hours open and close on the minute in Japan`(at text: String, open: Bool) throws {
        let hours = try #require(ServiceHours("06:30-23:00"))
        #expect(hours.text == "06:30-23:00")
        #expect(hours.contains(try Date(text, strategy: .iso8601)) == open)
    }

    @Test(arguments: ["23:00-06:30", "6:30-23:00", "06:60-23:00", "24:01-24:02", "06:30_23:00", ""])
    func `hours of the wrong form are refused`(text: String) { #expect(ServiceHours(text) == nil) }

    @Test func `the formats of a page are read as they are written, and without a wish every format is made`() {
        #expect(PageFormat.parse(nil) == [.pdf, .png])
        for formats: Set<PageFormat> in [[.pdf], [.png], [.pdf, .png]] {
            #expect(PageFormat.parse(PageFormat.value(formats)) == formats)
        }
        for wrong in ["", ",", "pdf,", "pdf;png", "PDF", "pdf, png, pdf, png", "tiff"] {
            #expect(PageFormat.parse(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `every refusal has a code of its own, lower case and dotted or one word`() {
        for code in ProblemCode.allCases {
            #expect(code.rawValue.wholeMatch(of: /[a-z_]+(\.[a-z_]+)?/) != nil)
        }
    }
}
