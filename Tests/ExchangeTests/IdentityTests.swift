import CardChip
import Crypto
import Exchange
import Foundation
import TestSupport
import Testing
import Vaccination

/// Parse, encode, compare: what is written is read as it was, and what is read of a form that claims to be the only one
/// is written as the same bytes again.
@Suite struct IdentityTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func municipality(_ random: inout Seeded) throws -> MunicipalityCode {
        let digits = Int.random(in: 10_000..<48_000, using: &random)
        return try #require((0...9).lazy.compactMap { MunicipalityCode("\(digits)\($0)") }.first)
    }

    private func request(_ random: inout Seeded) throws -> CertificateRequest {
        CertificateRequest(
            municipality: try municipality(&random),
            kind: try #require(CertificateKind.allCases.randomElement(using: &random)),
            copies: try #require(Copies(Int.random(in: 1...Copies.maximum, using: &random))))
    }

    private func files(_ random: inout Seeded) throws -> CardFiles {
        try CardFiles(
            number: random.bytes(CardFiles.numberLength),
            attributes: random.bytes(Int.random(in: 1...CardFiles.maximumAttributesLength, using: &random)),
            record: random.bytes(CardFiles.recordLength), certificate: random.bytes(CardFiles.certificateLength),
            chipKey: random.bytes(CardFiles.chipKeyLength))
    }

    @Test func `fields are read as they were written`() throws {
        var random = Seeded("fields")
        for _ in 0..<500 {
            let fields = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                random.bytes([0, 1, 255, 256, 70_000].randomElement(using: &random) ?? 0)
            }
            var writer = FieldWriter(label: "akashi/test/v1")
            for field in fields { writer.append(field) }
            var reader = try FieldReader(writer.bytes, label: "akashi/test/v1")
            for field in fields { #expect(try Array(reader.next("field", lengths: 0...70_000)) == field) }
            try reader.end()
        }
    }

    @Test func `an application is read as it was written, and written again from its parts`() async throws {
        var random = Seeded("applications")
        @Sendable func encode(_ application: Application) -> [UInt8] {
            var writer = FieldWriter(label: "akashi/application/v1")
            writer.append(application.challenge)
            writer.append(Array(application.kemPublicKey.x963Representation))
            writer.append(Array(application.signingPublicKey.x963Representation))
            writer.append(application.terminalCertificateHash)
            writer.append(application.channel.rawValue)
            writer.append(application.request.municipality.digits)
            writer.append(application.request.kind.rawValue)
            writer.append([UInt8(clamping: application.request.copies.count)])
            for file in application.files.all { writer.append(file) }
            writer.append(application.chipSignature)
            writer.append(application.terminalSignature)
            return writer.bytes
        }
        var samples: [[UInt8]] = []
        for _ in 0..<20 {
            let (keys, request, files) = (SessionKeys(), try request(&random), try files(&random))
            let challenge = random.bytes(Int.random(in: 16...256, using: &random))
            let (hash, channel) = (random.bytes(32), try #require([Channel.kiosk, .app].randomElement(using: &random)))
            let (chip, terminal) = (random.bytes(256), random.bytes(64))
            let device = ApplicantDevice(channel: channel, certificateHash: hash, sign: { _ in terminal })
            let draft = ApplicantSession(device: device, request: request, challenge: challenge, keys: keys)
                .draft(files)
            let bytes = try draft.signed(chipSignature: chip).bytes
            let read = try Application(parsing: bytes)
            #expect(read.challenge == challenge)
            #expect(read.kemPublicKey.rawRepresentation == keys.kem.publicKey.rawRepresentation)
            #expect(read.signingPublicKey.rawRepresentation == keys.signing.publicKey.rawRepresentation)
            #expect(read.terminalCertificateHash == hash)
            #expect(read.channel == channel)
            #expect(read.request == request)
            #expect(read.files == files)
            #expect(read.chipSignature == chip)
            #expect(read.terminalSignature == terminal)
            #expect(read.transcriptHash == draft.transcriptHash)
            #expect(encode(read) == bytes)
            samples.append(bytes)
        }
        await BadInput.run("applications", samples: samples, cases: 2_000) { bytes in
            let read = try Application(parsing: bytes)
            #expect(encode(read) == bytes)
        }
    }

    @Test func `an outcome is read as it was written, and written again from its parts`() async throws {
        var random = Seeded("outcomes")
        var samples: [[UInt8]] = []
        for disposition in Outcome.Disposition.allCases {
            let outcome = try Outcome(
                transcriptHash: random.bytes(32), municipality: municipality(&random), disposition: disposition,
                keys: SessionKeys())
            #expect(try Outcome(parsing: outcome.bytes) == outcome)
            samples.append(outcome.bytes)
        }
        await BadInput.run("outcomes", samples: samples, cases: 2_000) { bytes in
            let outcome = try Outcome(parsing: bytes)
            var writer = FieldWriter(label: "akashi/outcome/v1")
            writer.append(outcome.transcriptHash)
            writer.append(outcome.municipality.digits)
            writer.append(outcome.disposition.rawValue)
            writer.append(bytes.suffix(64))
            #expect(writer.bytes == bytes)
        }
    }

    private func answer(_ random: inout Seeded) throws -> Answer {
        let isOverseas = Bool.random(using: &random)
        let (pdf, png) = (random.bytes(Int.random(in: 0...300, using: &random)), random.bytes(20))
        let codes = (0..<Int.random(in: 0...4, using: &random)).map { "shc:/\($0)「見本」" }
        let manifest = Manifest(
            certificateID: CertificateID(using: &random), name: "見本　花子\u{E0100}\"\\/",
            romajiName: isOverseas ? "MIHON  HANAKO" : nil, documentNumber: isOverseas ? "TK1234567" : nil,
            birthDate: BirthDate(
                try #require(CalendarDate(daysSince1970: Int.random(in: -20_000...20_000, using: &random)))),
            request: try request(&random),
            issuedOn: try #require(CalendarDate(daysSince1970: Int.random(in: 18_000...30_000, using: &random))),
            doses: Int.random(in: 1...9, using: &random), isSample: Bool.random(using: &random), pdf: pdf, png: png,
            codes: codes)
        return Answer(manifest: manifest, pdf: pdf, png: png, codes: codes)
    }

    @Test func `an answer is read as it was written, plain and sealed`() async throws {
        var random = Seeded("answers")
        let vrs = P256.KeyAgreement.PrivateKey()
        var samples: [[UInt8]] = []
        for _ in 0..<20 {
            let answer = try answer(&random)
            let (challenge, terminal) = (random.bytes(53), random.bytes(64))
            let device = ApplicantDevice(channel: .kiosk, certificateHash: random.bytes(32), sign: { _ in terminal })
            let session = ApplicantSession(device: device, request: try request(&random), challenge: challenge)
            let signed = try session.draft(try files(&random)).signed(chipSignature: random.bytes(256))
            let application = try Application(parsing: signed.bytes)
            let sealed = try SealedAnswer.seal(answer, for: application, by: vrs)
            guard case .issued(let opened) = try signed.open(sealed, from: vrs.publicKey) else {
                Issue.record("a certificate was opened as a refusal")
                return
            }
            samples.append(try answer.encoded())
            for read in [opened, try Answer(parsing: answer.encoded())] {
                #expect(read.manifest == answer.manifest)
                #expect(read.pdf == answer.pdf)
                #expect(read.png == answer.png)
                #expect(read.codes == answer.codes)
            }
        }
        await BadInput.run("answers", samples: samples, cases: 2_000) { bytes in
            // The manifest's JSON has many forms; what stands behind it has one.
            func behindManifest(_ bytes: [UInt8]) throws -> [UInt8] {
                var reader = try FieldReader(bytes, label: "akashi/answer/v1")
                _ = try reader.next("manifest", lengths: 0...Int.max)
                return Array(bytes[reader.offset...])
            }
            let read = try Answer(parsing: bytes)
            let again = try read.encoded()
            #expect(try Answer(parsing: again).manifest == read.manifest)
            #expect(try behindManifest(again) == behindManifest(bytes))
        }
    }

    /// Encodes and decodes; what came back encodes to the same bytes.
    private func comesBack<T: Codable>(_ value: T, sourceLocation: SourceLocation = #_sourceLocation) throws -> T {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let bytes = try encoder.encode(value)
        let read = try JSONDecoder().decode(T.self, from: bytes)
        #expect(try encoder.encode(read) == bytes, sourceLocation: sourceLocation)
        return read
    }

    @Test func `menus, access policies, challenges and problems are read as they were written`() throws {
        var random = Seeded("JSON messages")
        func maybe<T>(_ values: [T]) -> T? { Bool.random(using: &random) ? values.randomElement(using: &random) : nil }
        func some<T>(_ values: [T]) -> [T] { values.filter { _ in Bool.random(using: &random) } }
        for _ in 0..<200 {
            let codes = Set(try (0..<3).map { _ in try municipality(&random) }).sorted()
            let hours = try #require(
                ServiceHours(
                    opens: Int.random(in: 0...700, using: &random), closes: Int.random(in: 701...1440, using: &random)))
            let made = Menu(
                revision: .random(in: 0...Int64.max, using: &random), closed: maybe(ProblemCode.allCases),
                entries: codes.map { code in
                    Menu.Entry(
                        municipality: Municipality(
                            code: code, prefecture: "見本県", name: "見本\u{E0100}市", prefectureEnglish: "Mihon-ken",
                            nameEnglish: "Mihon-shi"),
                        kinds: some(CertificateKind.allCases), isSuspended: Bool.random(using: &random),
                        isElsewhere: Bool.random(using: &random),
                        desk: maybe([Menu.Notice(japanese: "市民課「1番」", english: "Desk \"1\"")]))
                }, suspendedKinds: some(CertificateKind.allCases),
                feeYen: Int.random(in: 0...10_000, using: &random),
                hours: hours,
                notices: some([Menu.Notice(japanese: "停止「中」", english: "\"out\" of \\ service")]),
                isDevelopment: Bool.random(using: &random))
            let menu = try #require(made)
            #expect(try comesBack(menu) == menu)
            let access = AccessState(
                revision: .random(in: 0...Int64.max, using: &random), isSuspended: Bool.random(using: &random),
                isHalted: Bool.random(using: &random), municipalities: some(codes),
                kinds: some(CertificateKind.allCases),
                terminals: some(
                    (1...4).map {
                        AccessState.Terminal(
                            id: "T000\($0)", certificateHash: Hexadecimal.text(random.bytes(32)),
                            isRevoked: Bool.random(using: &random), isSuspended: Bool.random(using: &random))
                    }),
                offers: some(
                    codes.map { code in
                        AccessState.Offer(
                            municipality: code, channels: some(IssueChannel.allCases),
                            kinds: some(CertificateKind.allCases),
                            desk: maybe([Menu.Notice(japanese: "市民課「1番」", english: "Desk \"1\"")]))
                    }))
            #expect(try comesBack(access) == access)
            let challenge = random.bytes(Int.random(in: 16...256, using: &random))
            let response = try comesBack(ChallengeResponse(challenge: challenge, validSeconds: 180))
            #expect(Array(response.challenge) == challenge)
            #expect(response.validSeconds == 180)
            let request = try request(&random)
            #expect(try comesBack(request) == request)
        }
        for code in ProblemCode.allCases {
            for inquiry in [nil, InquiryNumber()] {
                let problem = Problem(code, status: 409, inquiry: inquiry)
                #expect(try comesBack(problem) == problem)
                #expect(try Problem(parsing: Array(JSONEncoder().encode(problem))) == problem)
            }
        }
    }

    @Test func `inquiry numbers have one text each`() async throws {
        for _ in 0..<200 {
            let number = InquiryNumber()
            #expect(InquiryNumber(number.text) == number)
        }
        await BadInput.run("inquiry numbers", samples: [bytes("ABCDE-01234")], cases: 2_000) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let read = InquiryNumber(text) { #expect(Array(read.text.utf8) == bytes) }
        }
    }

    @Test func `hours of service have one text each`() async throws {
        for opens in stride(from: 0, to: 1440, by: 7) {
            for closes in stride(from: opens + 1, through: 1440, by: 61) + [1440] {
                let hours = try #require(ServiceHours(opens: opens, closes: closes))
                #expect(ServiceHours(hours.text) == hours)
            }
        }
        await BadInput.run("hours of service", samples: [bytes("06:30-23:00"), bytes("00:00-24:00")], cases: 2_000) {
            bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let read = ServiceHours(text) { #expect(read.text == text) }
        }
    }

    @Test func `wishes for formats of the page are read as they were written`() async {
        for formats: Set<PageFormat> in [[.pdf], [.png], [.pdf, .png]] {
            #expect(PageFormat.parse(PageFormat.value(formats)) == formats)
        }
        await BadInput.run("formats of the page", samples: [bytes("pdf, png"), bytes("png")], cases: 2_000) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let read = PageFormat.parse(text) { #expect(PageFormat.parse(PageFormat.value(read)) == read) }
        }
    }
}
