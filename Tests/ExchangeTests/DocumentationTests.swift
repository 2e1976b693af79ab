import CardChip
import Crypto
import Exchange
import Foundation
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// A page of the module's documentation.
struct Article {
    let path: String
    private(set) var text: String

    init(_ name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        path = root.appendingPathComponent("Sources/Exchange/Exchange.docc/\(name).md").path
        text = try String(contentsOfFile: path, encoding: .utf8)
    }

    /// The bytes of the hexadecimal block behind the line that begins with a name in backquotes.
    func hex(_ name: String) throws -> [UInt8] {
        try #require(Hexadecimal.bytes(text[try block(name)].filter { !$0.isWhitespace }), "\(name)")
    }

    /// The contents of the blocks with this language, in their order.
    func blocks(_ language: String) -> [String] {
        text.components(separatedBy: "\n```\(language)\n").dropFirst().map {
            $0.components(separatedBy: "\n```")[0]
        }
    }

    mutating func set(_ name: String, _ bytes: some Sequence<UInt8>) throws {
        let digits = Array(Hexadecimal.text(bytes))
        let lines = stride(from: 0, to: digits.count, by: 64).map {
            String(digits[$0..<min($0 + 64, digits.count)])
        }
        text.replaceSubrange(try block(name), with: lines.joined(separator: "\n") + "\n")
    }

    mutating func set(pem: String) throws {
        let start = try #require(text.range(of: "\n```pem\n")).upperBound
        let end = try #require(text.range(of: "```", range: start..<text.endIndex)).lowerBound
        text.replaceSubrange(start..<end, with: pem.hasSuffix("\n") ? pem : pem + "\n")
    }

    func save() throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }

    private func block(_ name: String) throws -> Range<String.Index> {
        let line = try #require(text.range(of: "\n`\(name)`"), "\(name)").upperBound
        let start = try #require(text.range(of: "```text\n", range: line..<text.endIndex)).upperBound
        return start..<(try #require(text.range(of: "```", range: start..<text.endIndex)).lowerBound)
    }
}

/// What the worked example is made from.
struct ExampleInput {
    let keys: SessionKeys
    let terminal: P256.Signing.PrivateKey
    let answerKey: P256.KeyAgreement.PrivateKey
    let challenge: [UInt8]
    let request: CertificateRequest

    init(_ article: Article) throws {
        keys = SessionKeys(
            kem: try P256.KeyAgreement.PrivateKey(rawRepresentation: Self.secret("KEM key")),
            signing: try P256.Signing.PrivateKey(rawRepresentation: Self.secret("signing key")))
        terminal = try P256.Signing.PrivateKey(rawRepresentation: Self.secret("terminal key"))
        answerKey = try P256.KeyAgreement.PrivateKey(rawRepresentation: Self.secret("answer key"))
        challenge = [1] + SHA512.hash(data: Data("akashi worked example: challenge".utf8)).prefix(52)
        let bodies = article.blocks("json")
        request = try JSONDecoder().decode(CertificateRequest.self, from: Data(bodies[0].utf8))
    }

    /// What the example's refusal says.
    static let refusal = Refusal(.personNotFound, isOutcomeOwed: false)

    private static func secret(_ name: String) -> [UInt8] {
        Array(SHA256.hash(data: Data("akashi worked example: \(name)".utf8)))
    }

    func draft(_ files: CardFiles, certificate: [UInt8]) -> ApplicationDraft {
        let device = ApplicantDevice(certificateHash: Array(SHA256.hash(data: certificate)), key: terminal)
        return ApplicantSession(device: device, request: request, challenge: challenge, keys: keys).draft(files)
    }

    /// The transcript as the article on messages describes it, field by field.
    func transcript(_ files: CardFiles, certificate: [UInt8]) -> [UInt8] {
        var writer = FieldWriter(label: "akashi/application/v1")
        writer.append(challenge)
        writer.append(keys.kem.publicKey.x963Representation)
        writer.append(keys.signing.publicKey.x963Representation)
        writer.append(Array(SHA256.hash(data: certificate)))
        writer.append("kiosk")
        writer.append("990019")
        writer.append("domestic")
        writer.append([2])
        for file in files.all { writer.append(Array(SHA256.hash(data: file))) }
        return writer.bytes
    }

    /// The bytes that a sealed answer holds, opened without this module.
    func plaintext(_ sealed: [UInt8], _ info: [UInt8]) throws -> [UInt8] {
        var recipient = try HPKE.Recipient(
            privateKey: keys.kem, ciphersuite: .P256_SHA256_AES_GCM_256, info: Data(info),
            encapsulatedKey: Data(sealed.prefix(65)), authenticatedBy: answerKey.publicKey)
        return Array(try recipient.open(Data(sealed.dropFirst(65))))
    }

    var answer: Answer {
        get throws {
            var random = Seeded("example", seed: 1)
            let pdf = Array("%PDF-1.7 stands for a page".utf8)
            let manifest = Manifest(
                certificateID: CertificateID(using: &random), name: "見本　花子", romajiName: nil,
                birthDate: try #require(BirthDate(iso: "1985-04-01")), request: request,
                issuedOn: try #require(CalendarDate(iso: "2026-01-05")), doses: 5, isSample: true, pdf: pdf, png: [],
                codes: ["shc:/56762909524320603460292437404460312229595326546034602925"])
            return Answer(manifest: manifest, pdf: pdf, png: [])
        }
    }
}

/// The protocol's description is what this module does.
@Suite struct DocumentationTests {
    /// `AKASHI_WRITE_EXAMPLE=1` makes the example anew, with a new card; for a change of the protocol's version alone.
    private static func example() throws -> Article {
        var article = try Article("WorkedExample")
        guard ProcessInfo.processInfo.environment["AKASHI_WRITE_EXAMPLE"] == "1" else { return article }
        let input = try ExampleInput(article)
        let authority = try SimulatedAuthority.create()
        let holder = try CardHolder(
            individualNumber: "999900000011", name: "見本　花子", address: "見本県見本市中央町２－２－２", birthDate: "19850401",
            sexDigit: 2)
        let card = CustomerCard(try SimulatedCardFile.make(holder: holder, pin: "1234", authority: authority))
        let presented = try card.present()
        let files = presented.files
        let certificate = try article.hex("terminalCertificate")
        let draft = input.draft(files, certificate: certificate)
        let chipSignature = try presented.chip.authenticate(digest: draft.transcript)
        let signed = try draft.signed(chipSignature: chipSignature)
        let application = try Application(parsing: signed.bytes)
        let outcome = try signed.outcome(.printed)
        try article.set("terminalPrivateKey", input.terminal.rawRepresentation)
        try article.set("terminalCertificateHash", SHA256.hash(data: certificate))
        try article.set("kemPrivateKey", input.keys.kem.rawRepresentation)
        try article.set("kemPublicKey", input.keys.kem.publicKey.x963Representation)
        try article.set("signingPrivateKey", input.keys.signing.rawRepresentation)
        try article.set("signingPublicKey", input.keys.signing.publicKey.x963Representation)
        try article.set("authorityKeyID", authority.keyID)
        try article.set(pem: try authority.publicPEM())
        for (name, file) in zip(["file0001", "file0002", "file0003", "file0004", "file0007"], files.all) {
            try article.set(name, file)
        }
        try article.set("transcript", input.transcript(files, certificate: certificate))
        try article.set("transcriptHash", draft.transcriptHash)
        try article.set("internalAuthenticate", CommandAPDU.internalAuthenticate(digest: draft.transcript).bytes)
        try article.set("chipSignature", chipSignature)
        try article.set("terminalSignature", application.terminalSignature)
        try article.set("application", application.bytes)
        try article.set("answerPrivateKey", input.answerKey.rawRepresentation)
        try article.set("answerPublicKey", input.answerKey.publicKey.x963Representation)
        try article.set("info", Array("akashi/sealed-answer/v1".utf8) + draft.transcriptHash)
        let sealed = try SealedAnswer.seal(try input.answer, for: application, by: input.answerKey)
        // What was sealed, and not another encoding: the manifest's members come in another order each time.
        try article.set("answer", try input.plaintext(sealed, article.hex("info")))
        try article.set("sealedAnswer", sealed)
        try article.set("refusal", ExampleInput.refusal.encoded)
        try article.set(
            "sealedRefusal", SealedAnswer.seal(ExampleInput.refusal, for: application, by: input.answerKey))
        try article.set("outcome", outcome.bytes)
        try article.save()
        return article
    }

    @Test func `the example's keys, transcript and application are those that this module makes`() throws {
        let article = try Self.example()
        let input = try ExampleInput(article)
        #expect(try article.hex("kemPrivateKey") == Array(input.keys.kem.rawRepresentation))
        #expect(try article.hex("kemPublicKey") == Array(input.keys.kem.publicKey.x963Representation))
        #expect(try article.hex("signingPrivateKey") == Array(input.keys.signing.rawRepresentation))
        #expect(try article.hex("signingPublicKey") == Array(input.keys.signing.publicKey.x963Representation))
        #expect(try article.hex("terminalPrivateKey") == Array(input.terminal.rawRepresentation))
        let certificate = try article.hex("terminalCertificate")
        #expect(certificate.firstRange(of: Array(input.terminal.publicKey.x963Representation)) != nil)
        #expect(try article.hex("terminalCertificateHash") == Array(SHA256.hash(data: certificate)))

        let files = try CardFiles(
            number: try article.hex("file0001"), attributes: try article.hex("file0002"),
            record: try article.hex("file0003"), certificate: try article.hex("file0004"),
            chipKey: try article.hex("file0007"))
        let draft = input.draft(files, certificate: certificate)
        let transcript = try article.hex("transcript")
        #expect(transcript == input.transcript(files, certificate: certificate))
        #expect(try article.hex("transcriptHash") == Array(SHA256.hash(data: transcript)))
        #expect(draft.transcriptHash == Array(SHA256.hash(data: transcript)))
        #expect(
            try article.hex("internalAuthenticate")
                == CommandAPDU.internalAuthenticate(digest: draft.transcript).bytes)

        let bytes = try article.hex("application")
        #expect(
            bytes
                == draft.signed(
                    chipSignature: try article.hex("chipSignature"),
                    deviceSignature: try article.hex("terminalSignature")
                ).bytes)
        let pem = try #require(article.blocks("pem").first)
        let authorities = try CardAuthorities(pem: [(try article.hex("authorityKeyID"), pem)])
        let verified = try ApplicationChecker(cards: CardChecker(authorities: authorities)).check(
            try Application(parsing: bytes), terminalCertificateHash: Array(SHA256.hash(data: certificate)),
            terminalKey: input.terminal.publicKey)
        #expect(verified.card.individualNumber == "999900000011")
    }

    @Test func `the example's sealed answer opens to its answer, and its outcome is the session's`() throws {
        let article = try Article("WorkedExample")
        let input = try ExampleInput(article)
        let hash = try article.hex("transcriptHash")
        #expect(try article.hex("info") == Array("akashi/sealed-answer/v1".utf8) + hash)
        #expect(try article.hex("answerPrivateKey") == Array(input.answerKey.rawRepresentation))
        #expect(try article.hex("answerPublicKey") == Array(input.answerKey.publicKey.x963Representation))
        let plain = try Answer(parsing: try article.hex("answer"))
        guard
            case .issued(let opened) = try SealedAnswer.open(
                try article.hex("sealedAnswer"), keys: input.keys, transcriptHash: hash,
                from: input.answerKey.publicKey)
        else { throw ExampleIsNoCertificate() }
        #expect(
            try input.plaintext(try article.hex("sealedAnswer"), article.hex("info")) == article.hex("answer"),
            "the answer is what was sealed, to the byte")
        let expected = try input.answer
        for answer in [plain, opened] {
            #expect(answer.manifest == expected.manifest)
            #expect(answer.pdf == expected.pdf)
            #expect(answer.png.isEmpty && answer.codes.isEmpty)
        }
        let outcome = try Outcome(parsing: try article.hex("outcome"))
        #expect(outcome.transcriptHash == hash)
        #expect(outcome.disposition == .printed)
        #expect(outcome.isSigned(by: input.keys.signing.publicKey))
    }

    private struct ExampleIsNoCertificate: Error {}

    @Test func `the example's sealed refusal opens to its refusal`() throws {
        let article = try Article("WorkedExample")
        let input = try ExampleInput(article)
        #expect(try article.hex("refusal") == ExampleInput.refusal.encoded)
        let opened = try SealedAnswer.open(
            try article.hex("sealedRefusal"), keys: input.keys, transcriptHash: try article.hex("transcriptHash"),
            from: input.answerKey.publicKey)
        guard case .refused(let refusal) = opened else {
            Issue.record("the refusal was opened as a certificate")
            return
        }
        #expect(refusal == ExampleInput.refusal)
    }

    @Test func `the JSON bodies in the articles are read by the types that the services send`() throws {
        let decoder = JSONDecoder()
        let example = try Article("WorkedExample")
        let challenge = try decoder.decode(ChallengeResponse.self, from: Data(example.blocks("json")[1].utf8))
        #expect(Array(challenge.challenge) == (try ExampleInput(example)).challenge)
        let centre = try Article("CentreInterface").blocks("json").map { Data($0.utf8) }
        try #require(centre.count == 3)
        let menu = try decoder.decode(Menu.self, from: centre[0])
        #expect(menu.hours.text == "06:30-23:00")
        #expect(menu.closed == nil)
        #expect(try decoder.decode(CertificateRequest.self, from: centre[1]).copies.count == 2)
        #expect(try decoder.decode(ChallengeResponse.self, from: centre[2]).validSeconds == 180)
        let access = try #require(try Article("RecordSystemInterface").blocks("json").first)
        #expect(try decoder.decode(AccessState.self, from: Data(access.utf8)).terminals.count == 1)
        let problem = try #require(try Article("Problems").blocks("json").first)
        #expect(
            Problem(parsing: Array(problem.utf8))
                == Problem(.challengeExpired, status: 422, inquiry: InquiryNumber("7K3QF-0M2XA")))
    }

    @Test func `every problem code stands in the table, in order, with whether it is transient, and no other`() throws {
        let rows = try Article("Problems").text.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(rows.map { $0[0] } == ProblemCode.allCases.map { "`\($0.rawValue)`" })
        for (row, code) in zip(rows, ProblemCode.allCases) {
            #expect((row[2] == "yes") == code.isTransient, "\(code.rawValue)")
            #expect((row[1] == "sealed") == code.travelsSealed, "\(code.rawValue)")
        }
    }

    @Test func `the bounds in the articles are those of the types`() throws {
        let messages = try Article("Messages").text
        for bound in [Application.maximumBytes, SealedAnswer.maximumBytes, Outcome.maximumBytes] {
            let text = bound.formatted(.number.locale(Locale(identifier: "en_US")))
            #expect(messages.contains("at most \(text) bytes"), "\(text)")
        }
        for type in [Application.mediaType, SealedAnswer.mediaType, Outcome.mediaType] {
            #expect(messages.contains("`\(type)`"))
        }
        let example = try Article("WorkedExample")
        for (message, label) in [
            ("transcript", "akashi/application/v1"), ("application", "akashi/application/v1"),
            ("info", "akashi/sealed-answer/v1"), ("answer", "akashi/answer/v1"), ("refusal", "akashi/refusal/v1"),
            ("outcome", "akashi/outcome/v1"),
        ] {
            #expect(try example.hex(message).starts(with: label.utf8))
            #expect(messages.contains("`\(label)`"))
        }
        #expect(CardFiles.maximumAttributesLength == 1024 && Copies.maximum == 10)
    }
}
