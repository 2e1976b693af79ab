import CardChip
import CredentialIssuing
import Credentials
import Crypto
import Exchange
import Foundation
import RecordSupport
import Records
import Rendering
import Signing
import SimulatedCard
import SimulatedPassport
import TravelDocument
import Vaccination

/// `akashi-bench seeds FOLDER`: a good input or two for each decoder that is fuzzed, all made up, a folder a decoder.
struct SeedFolder {
    private let root: URL

    static func write(_ arguments: ArraySlice<String>) async throws {
        guard let path = arguments.first else { throw BenchError("akashi-bench seeds FOLDER") }
        let folder = SeedFolder(root: URL(fileURLWithPath: path))
        try await folder.writeCodes()
        try folder.writeCard()
        try folder.writePassport()
        try folder.writeTrust()
        try await folder.writeBackups()
        try folder.writeSegments()
        try folder.writeAttestations()
    }

    func put(_ decoder: String, _ name: String, _ bytes: some Sequence<UInt8>) throws {
        let folder = root.appendingPathComponent(decoder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: folder.appendingPathComponent(name))
    }

    /// What lies with backups, and the log of a database.
    private func writeBackups() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let people = MadeUpPeople.rows(count: 1, municipality: Sample.city, firstNumber: 0, seed: 3).map(\.person)
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        await store.close()
        let vault = Vault(of: place)
        let made = try await vault.make([Sample.city])
        try put("backup-set", "one", try made.set.json)
        for file in try vault.files() {
            let kind = ["sets": "envelope", "keys": "envelope", "segments": "segment"][
                String(file.prefix { $0 != "/" })]
            guard let kind, !file.contains("control"), !file.hasPrefix("segments/9") else { continue }
            let name = file.split(separator: "/").dropLast().joined(separator: "-")
            try put("backup-\(kind)", name, try Data(contentsOf: URL(fileURLWithPath: "\(vault.folder)/\(file)")))
        }
        let segment = [UInt8](repeating: 7, count: 48) + [0, 0, 0, 2]
        let block = [UInt8](repeating: 9, count: 16) + [0, 0, 0, 0, 0, 0, 0, 1]
        try put(
            "backup-index", "one", [1, 0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0, 0, 1] + segment + [0, 0, 0, 2] + block + block)
        let head = Array("AKASHI-FILE-1\n".utf8) + [0, 0, 0, 0, 0, 0, 0, 3, 0, 1] + Array("a".utf8)
        let rest = [UInt8](repeating: 0, count: 512 - head.count) + [7, 7, 7]
        try put("backup-archive", "one", head + rest + [UInt8](repeating: 0, count: 16_384 - 515))
        let bare = try BareRegion(place.folder + "/bare.sqlite", isNew: true)
        try bare.note()
        try put("wal", "one", try Data(contentsOf: URL(fileURLWithPath: place.folder + "/bare.sqlite-wal")))
        withExtendedLifetime(bare) {}
    }

    private func writeSegments() throws {
        let key = [UInt8](repeating: 3, count: 32)
        let sample = try SegmentFile.sample(lines: 900, detail: "見本, \"a\"", key: key)
        try put("segment", "whole", sample.bytes)
        try put("segment-lines", "lines", Array("1,2,intent,,,,,\n2,-2,refused,A,\"\",\"a,\"\"b\",c,local:0\n".utf8))
    }

    /// What revokes, what notes it, and the published forms of trust.
    private func writeTrust() throws {
        let batch =
            #"{"country":"JP","expires":"2030-01-01T00:00:00Z","kid":"AAAAAAAAAAA=","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
        let lists = #"{"path":"dcc/revocation/a.json","key":"0000000000000000","least":1,"expires":1893456000}"#
        let links =
            #"{"signer":"\#(String(repeating: "ab", count: 32))","issuer":"https://sample.invalid/issuer"}"#
        let manifest = #"{"trustManifest":1,"counter":1,"files":[],"lists":[\#(lists)],"links":[\#(links)]}"#
        let issuers = try SampleIssuers()
        let issuer = issuers.trustFiles.first.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        let keys = issuer.range(of: #"{"keys":"#).map { issuer[$0.lowerBound...].dropLast() } ?? ""
        try put("revocation-batch", "one", batch.utf8)
        try put("trust-notes", "imported", #"{"files":{},"lists":[\#(lists)]}"#.utf8)
        try put("trust-notes", "manifest", manifest.utf8)
        for (name, text) in [
            ("batch", batch), ("manifest", manifest), ("issuer", issuer), ("jwks", String(keys)),
            ("snapshot", #"{"issuerInfo":[{"issuer":{"iss":"https://a.example","name":"a"},"keys":[]}]}"#),
            ("directory", #"{"participating_issuers":[{"iss":"https://a.example","name":"a"}]}"#),
            ("list", #"{"certificates":[{"kid":"AAAAAAAAAAA=","certificateType":"DSC","rawData":"AAAA"}]}"#),
            ("did", #"{"verificationMethod":[{"publicKeyJwk":{"kid":"AAAAAAAAAAA=","x5c":["AAAA"]}}]}"#),
            ("signed", String(repeating: "A", count: 86) + "==\n" + batch),
            ("signed-manifest", String(repeating: "A", count: 86) + "==\n" + manifest),
        ] { try put("trust-import", name, text.utf8) }
        let authority = issuers.authority.certificate
        let list = try issuers.authority.revocationList(
            from: SampleIssuers.now, until: SampleIssuers.now.addingTimeInterval(30 * 86_400))
        try put("trust-import", "certificate", authority)
        try put("trust-import", "revocation-list", list)
        let texts = [("CERTIFICATE", authority), ("X509 CRL", list)].map { label, der in
            let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            return "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n"
        }
        try put("trust-import", "pem", texts.joined().utf8)
        guard
            let edition = TerminalTrust(
                counter: 1_767_225_600, time: 1_767_225_600,
                files: issuers.trustFiles.map { .init(path: $0.path, content: Data($0.bytes)) },
                answerKeys: [P256.KeyAgreement.PrivateKey().publicKey],
                publishers: [P256.Signing.PrivateKey().publicKey])
        else { throw BenchError("no edition of what terminals trust") }
        let text = try edition.text()
        try put("terminal-trust", "text", text)
        try put("terminal-trust", "signed", Array((String(repeating: "A", count: 86) + "==\n").utf8) + text)
        // The master list among the seeds stays as it is: it was made by hand, with `openssl cms`.
    }

    private func writeCodes() async throws {
        let issuers = try SampleIssuers()
        for number in [0, 4] {
            let person = try SamplePerson(number)
            let name = "doses-\(person.doses.count)"
            let card = try await issuers.smartHealthCard(person)
            let vdsnc = try await issuers.vdsnc(person)
            let dcc = try await issuers.dcc(person)
            for decoder in ["verifier", "inspect"] {
                try put(decoder, "shc-" + name, card.qrText.utf8)
                try put(decoder, "jws-" + name, card.jws.utf8)
                try put(decoder, "file-" + name, card.file)
                try put(decoder, "vdsnc-" + name, vdsnc.text.utf8)
                try put(decoder, "dcc-" + name, dcc.text.utf8)
            }
            try put("healthcard", "jws-" + name, card.jws.utf8)
            try put("healthcard", "digits-" + name, card.qrText.utf8)
            let parts = card.jws.split(separator: ".").map { Array($0.utf8) }
            for (index, part) in parts.enumerated() { try put("base64url", "part-\(index)-" + name, part) }
            let deflated = try Base64URL.decode(parts[1])
            try put("inflate", name, deflated)
            let payload = try Deflate.inflate(deflated, limit: 1 << 20)
            for decoder in ["json", "canonical", "healthcard-content"] { try put(decoder, "shc-" + name, payload) }

            let sealed = try JSON(Array(vdsnc.text.utf8))
            guard let data = sealed.member("data", of: sealed.root) else { throw BenchError("no seal") }
            try put("seal", name, vdsnc.text.utf8)
            try put("seal-content", name, sealed.canonical(data))
            for decoder in ["json", "canonical"] { try put(decoder, "vdsnc-" + name, vdsnc.text.utf8) }

            let text = Array(dcc.text.utf8)
            let compressed = try Base45.decode(text, in: 4..<text.count)
            try put("base45", name, text.dropFirst(4))
            try put("zlib", name, compressed)
            try put("hcert", name, compressed)
            let message = try Deflate.inflate(compressed, limit: 1 << 20, wrapping: .zlib)
            try put("cose", name, message)
            let cbor = try CBOR(message)
            guard let claims = cbor.byteString(cbor.children(of: cbor.untagged(cbor.root, 18))[2]) else {
                throw BenchError("no COSE message")
            }
            for decoder in ["cbor", "hcert-content"] { try put(decoder, name, claims) }
            let code = try QRCode([.alphanumeric(dcc.text)], level: .l)
            try put("picture", name + ".png", code.png(pixelsPerModule: 2))
        }
        let list = try issuers.authority.revocationList(
            from: SampleIssuers.now, until: SampleIssuers.now.addingTimeInterval(30 * 86_400))
        try put("crl", "empty.der", list)
        for file in issuers.trustFiles {
            let name = file.path.replacing("/", with: "-")
            try put("trust", name, file.bytes)
            guard file.path.hasSuffix(".der") else { continue }
            try put("certificate", name, file.bytes)
            let body = Data(file.bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            try put("pem", name + ".pem", "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n".utf8)
        }
    }

    private func writePassport() throws {
        let sample = try SamplePassport()
        try put("mrz", "sample", sample.zone.bytes)
        try put("mrz", "specimen", Array(SamplePassport.specimen.utf8))
        try put("dg1", "sample", sample.files.dataGroup1)
        try put("sod", "sample", sample.files.securityObject)
        let common: [UInt8] = [0x60, 0x04, 0x5F, 0x01, 0x01, 0x30]
        try put(
            "passport-chip", "honest",
            LyingPassport.script([common, sample.files.securityObject, sample.files.dataGroup1]))
        try put("passport-chip", "ends", LyingPassport.script([common]) + [0xFE, 0x6A, 0x82])
        try put("passport-chip", "bare", LyingPassport.script([common]) + [0xFF, 0x02, 0x69, 0x88])
    }

    private func writeCard() throws {
        guard let copies = Copies(1),
            let municipality = MunicipalityCode("990019")
        else { throw BenchError("no sample") }
        let holder = try CardHolder(
            individualNumber: "537686677188", name: "見本\u{3000}花子", address: "見本県見本市見本町１－２－３", birthDate: "19800217",
            sexDigit: 2)
        let authority = try SimulatedAuthority.create()
        let card = CustomerCard(try SimulatedCardFile.make(holder: holder, pin: "1234", authority: authority))
        let presented = try card.present()
        for (name, bytes) in zip(["0001", "0002", "0003", "0004", "0007"], presented.files.all) {
            try put("card-files", name, bytes)
        }
        let request = CertificateRequest(municipality: municipality, kind: .domestic, copies: copies)
        let session = ApplicantSession(
            device: ApplicantDevice(
                certificateHash: [UInt8](repeating: 0x5A, count: 32), key: P256.Signing.PrivateKey()),
            request: request, challenge: [UInt8](repeating: 7, count: 60))
        let draft = session.draft(presented.files)
        let signed = try draft.signed(chipSignature: try presented.chip.authenticate(digest: draft.transcript))
        try put("application", "kiosk", signed.bytes)
        try put("outcome", "printed", try signed.outcome(.printed).bytes)
        try writePhone(presented, municipality)
        guard let id = CertificateID("000000000000"), let date = CalendarDate(iso: "1980-02-17") else {
            throw BenchError("no sample")
        }
        let (pdf, png) = (Array("%PDF-1.4".utf8), [UInt8]([0x89, 0x50, 0x4E, 0x47]))
        let manifest = Manifest(
            certificateID: id, name: "見本\u{3000}花子", romajiName: nil, documentNumber: nil, birthDate: BirthDate(date),
            request: request, issuedOn: date, doses: 1, isSample: true, pdf: pdf, png: png, codes: ["shc:/1"])
        try put("answer", "sample", try Answer(manifest: manifest, pdf: pdf, png: png).encoded())
    }

    /// A phone's messages; of the answers a refusal, since the other is as long and says nothing else of the form.
    private func writePhone(_ card: CustomerCard.Presented, _ municipality: MunicipalityCode) throws {
        let (upload, answer, pinned) = (
            P256.KeyAgreement.PrivateKey(), P256.KeyAgreement.PrivateKey(), P256.Signing.PrivateKey()
        )
        let start = UInt64(SampleIssuers.now.timeIntervalSince1970)
        let made = try KeyStatement(
            seconds: start..<(start + 86_400), uploadKey: upload.publicKey, answerKey: answer.publicKey
        ) { Array(try pinned.signature(for: $0).rawRepresentation) }
        guard let statement = made,
            let stated = statement.keys(statedBy: [pinned.publicKey], at: SampleIssuers.now),
            let passport = PassportFiles(
                zone: [0x61, 0x5B, 0x5F, 0x1F, 0x58]
                    + Array("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<".utf8)
                    + Array("L898902C36UTO7408122F1204159ZE184226B<<<<<10".utf8), securityObject: [0x77, 0x00])
        else { throw BenchError("no statement") }
        try put("key-statement", "day", statement.bytes)
        for (kind, passport) in [(CertificateKind.domestic, nil), (.overseas, passport)] {
            let session = PhoneSession(
                device: PhoneDevice(certificate: [UInt8](repeating: 0x30, count: 400)) { _ in [1] },
                request: CertificateRequest(municipality: municipality, kind: kind, copies: .one),
                challenge: [UInt8](repeating: 7, count: 53), stated: stated)
            guard let draft = try session?.draft(card.files, passport: passport),
                let plain = PhoneFiles(card.files, passport: passport).plain(for: kind)
            else { throw BenchError("no draft") }
            let chip = try card.chip.authenticate(digest: draft.transcript)
            try put("phone-application", kind.rawValue, draft.signed(chipSignature: chip, proof: [1, 2, 3]).bytes)
            try put("phone-files", kind.rawValue, plain)
        }
        let refusal = Refusal(.personNotFound, isOutcomeOwed: false)
        try put("phone-answer", "refusal", try PhoneAnswer.encoded(.refused(refusal)))
        try writePhoneMessages(stated)
    }

    private func writePhoneMessages(_ stated: StatedKeys) throws {
        let (encoder, token) = (JSONEncoder(), [UInt8](repeating: 5, count: 57))
        let enrolment = DeviceEnrolment(platform: "android", token: token, attestation: [0x30, 0], proof: [0x30, 0])
        let answer = EnrolledDeviceAnswer(certificate: [0x30, 0], revocationCode: "0123-4567-89AB-CDEF")
        try put("enrolment", "token", try encoder.encode(DeviceToken(token: token, validSeconds: 600)))
        try put("enrolment", "enrolment", try encoder.encode(enrolment))
        try put("enrolment", "answer", try encoder.encode(answer))
        try put("enrolment", "revocation", try encoder.encode(DeviceRevocation(code: answer.revocationCode)))
        let state = PhoneAccess(
            access: AccessState(
                revision: 3, isSuspended: false, isHalted: false, municipalities: [], kinds: [.overseas],
                terminals: []),
            isSuspended: true, devices: [String(repeating: "ab", count: 32)], models: ["Mihon/Mihon 1"],
            patchLevels: [202_511], releases: [.init(app: "jp.example.akashi", version: 3)])
        try put("phone-access", "suspended", try encoder.encode(state))
        guard let plain = CurrentQuery.plain(of: token), let sent = try CurrentQuery.seal(token: token, to: stated)
        else { throw BenchError("no query") }
        try put("current-query", "plain", plain)
        try put("current-query", "sealed", sent.bytes)
        try put("current-query", "reply", [UInt8](repeating: 7, count: CurrentQuery.sealedReplyBytes))
        try put("phone-token", "hourly", [2] + [UInt8](repeating: 7, count: 56))
        try put("phone-token", "current", [0, 0, 2, 0x80] + [UInt8](repeating: 7, count: 54))
        try put("phone-token", "revocation-code", answer.revocationCode.utf8)
        try put("phone-token", "masters", (String(repeating: "ab", count: 32) + "\n").utf8)
    }
}
