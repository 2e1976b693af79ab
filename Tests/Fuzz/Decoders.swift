import CardChip
@testable import Credentials
import Crypto
import Exchange
import Foundation
import Records
import Scanning
import TrustImport
import Vaccination

/// A decoder of outside bytes and what must hold for whatever it accepts.
struct Decoder: Sendable {
    let name: String
    let run: @Sendable ([UInt8]) throws -> Void

    static let all: [Decoder] = general + attestations + passports + phones

    private static let general: [Decoder] = [
        Decoder(name: "base45") {
            // RFC 9285 leaves nothing open: what is read is written in the same way.
            let bytes = try Base45.decode($0, in: 0..<$0.count)
            require(Base45.encoded(bytes) == $0, "base45 reads a second text of the same bytes")
        },
        Decoder(name: "base64url") {
            _ = try? Base64URL.decode($0, padding: .tolerated)
            let bytes = try Base64URL.decode($0)
            require(Base64URL.encoded(bytes) == $0, "base64url reads a second text of the same bytes")
        },
        Decoder(name: "cbor") { bytes in
            let cbor = try CBOR(bytes)
            _ = cbor.diagnostic(cbor.root)
            walk(cbor, cbor.root)
        },
        Decoder(name: "json") { bytes in
            let json = try JSON(bytes)
            _ = json.indented(json.root)
            walk(json, json.root)
        },
        Decoder(name: "canonical") { bytes in
            let json = try JSON(bytes)
            let once = json.canonical(json.root)
            guard let again = try? JSON(once) else { return require(false, "a canonical form cannot be read") }
            require(again.canonical(again.root) == once, "a canonical form is not its own canonical form")
        },
        Decoder(name: "inflate") { try inflate($0, .raw) },
        Decoder(name: "zlib") { try inflate($0, .zlib) },
        Decoder(name: "healthcard") {
            _ = SmartHealthCards.shared.verifier.check([text($0)], at: SmartHealthCards.now)
        },
        Decoder(name: "healthcard-content") { SmartHealthCards.shared.checkSigned(payload: $0) },
        Decoder(name: "hcert") { bytes in check(text([0x48, 0x43, 0x31, 0x3A] + Base45.encoded(bytes))) },
        Decoder(name: "cose") { message in
            guard let compressed = Deflate.compress(message, wrapping: .zlib) else { return }
            _ = try SignedCWT(Array("HC1:".utf8) + Base45.encoded(compressed))
        },
        Decoder(name: "hcert-content") { _ = try HCERTContent($0) },
        Decoder(name: "seal") { check(text($0)) },
        Decoder(name: "seal-content") { bytes in
            let json = try JSON(bytes)
            _ = try VDSNCContent(json, json.root)
        },
        Decoder(name: "certificate") { bytes in
            guard let certificate = Certificate(der: bytes) else { return }
            _ = (certificate.isAuthority, certificate.maySign, certificate.extendedKeyUsage)
            _ = certificate.isIssued(by: certificate)
            _ = certificate.allows(documentType: "NV")
            require(certificate.der == bytes, "a certificate is not the bytes it was read from")
        },
        Decoder(name: "crl") { bytes in
            _ = try? CertificateRevocationList.read(der: bytes, authorities: Authorities.all)
        },
        Decoder(name: "people") { bytes in
            guard let region = MunicipalityCode("990019") else { return }
            try readBack(bytes, .people) { PeopleFile(.memory($0), encoding: $1, region: region) }
        },
        Decoder(name: "residents") { bytes in
            try readBack(bytes, .residents) {
                ResidentFile(
                    .memory($0), encoding: $1, tables: CodeTables(), now: Date(timeIntervalSince1970: 1_700_000_000)
                )
            }
        },
        Decoder(name: "ledger") { bytes in
            try readBack(bytes, .ledger) { LedgerFile(.memory($0), encoding: $1, tables: CodeTables()) }
        },
        Decoder(name: "zip") { bytes in
            let path = NSTemporaryDirectory() + "akashi-fuzz-\(ProcessInfo.processInfo.processIdentifier).zip"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            defer { try? FileManager.default.removeItem(atPath: path) }
            let source = try ImportSource.encrypted(path, password: "見本のパスワード")
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 1)
            defer { buffer.deallocate() }
            var count = 0
            while case let more = try source.read(into: buffer), more > 0 { count += more }
            require(count <= 1032 * bytes.count, "more comes out of a zip than DEFLATE can hold")
        },
        Decoder(name: "segment") { bytes in
            let (good, header) = Segments.sample
            let count = try SegmentFile.count(bytes, header, key: Segments.key)
            require(bytes == good && count == Segments.lines, "other bytes than were sealed are read as a segment")
        },
        Decoder(name: "segment-lines") { bytes in
            require(bytes.starts(with: try SegmentLines.roundTrip(bytes)), "a line of a segment has two forms")
        },
        Decoder(name: "codes") { bytes in
            guard let tables = try? CodeTables(json: bytes) else { return }
            for (scalar, text) in tables.characters {
                require(!text.unicodeScalars.contains(scalar), "a private-use character stands for itself")
            }
        },
        Decoder(name: "backup-set") { bytes in
            let set = try BackupSet(json: Data(bytes))
            require(try BackupSet(json: try set.json) == set, "a set is not read as it was written")
        },
        Decoder(name: "backup-index") { bytes in
            let index = try BackupIndex(parsing: Data(bytes))
            require(Array(index.encoded) == bytes, "an index has a second form")
        },
        Decoder(name: "backup-envelope") { bytes in try BackupForms.envelope(Data(bytes)) },
        Decoder(name: "backup-segment") { bytes in
            let blocks = try BackupForms.segment(Data(bytes))
            require(blocks * 16_384 < bytes.count, "a segment has more blocks than it can hold")
        },
        Decoder(name: "backup-archive") { bytes in
            try BackupArchive.read(bytes.count) { place, count in
                Data(bytes.dropFirst(place).prefix(count))
            } found: { name, place, count in
                require(place + count <= bytes.count && !name.contains("/"), "a file leads out of its archive")
            }
        },
        Decoder(name: "wal") { bytes in
            let frames = BackupForms.log(Data(bytes), pageBytes: 4096)
            require(frames == BackupForms.log(Data(bytes), pageBytes: 4096), "a log is read in two ways")
        },
        Decoder(name: "pem") { bytes in
            for object in PEM.objects("CERTIFICATE", in: bytes) ?? [] { _ = Certificate(der: object) }
            _ = PEM.objects("X509 CRL", in: bytes)
        },
        Decoder(name: "trust") { bytes in
            let paths = ["shc/a.json", "dcc/a.pem", "vdsnc/a.pem", "vdsnc/a.crl", "test/shc/a.json"]
            for path in paths { _ = TrustStore(files: [TrustFile(path: path, bytes: bytes)]) }
        },
        Decoder(name: "revocation-batch") { bytes in
            let file = TrustFile(path: "dcc/revocation/a.json", bytes: bytes)
            let store = TrustStore(files: [file])
            guard let batch = DCCRevocation.Batch(bytes) else {
                return require(!store.refused.isEmpty && store.held.isEmpty, "a batch is neither read nor refused")
            }
            require(batch.count <= DCCRevocation.Batch.maximumEntries, "a batch has more entries than it may")
            require(store.held.first?.least == Double(batch.count), "a batch is not held as it was read")
            // Half of what was held is never taken for the whole.
            let half = TrustFile(path: file.path, bytes: Array(bytes.prefix(bytes.count / 2)))
            require(
                !TrustStore(files: [half], held: store.held).refused.isEmpty, "half a batch passes for the whole")
        },
        Decoder(name: "trust-notes") { bytes in
            for name in [TrustManifest.notesName, TrustManifest.name, "vdsnc/a.json"] {
                let store = TrustStore(files: [TrustFile(path: name, bytes: bytes)])
                for list in store.held where list.path != name { require(false, "a note is held as a list") }
            }
            guard let manifest = TrustManifest(bytes) else { return }
            require(TrustManifest(manifest.bytes)?.links == manifest.links, "a manifest does not come back")
        },
        Decoder(name: "trust-import") { bytes in
            for options in Imports.options {
                let (files, report) = TrustImporter.run(
                    [("input", bytes)], existing: Imports.existing, options: options)
                require(files.isEmpty == report.taken.isEmpty, "what was taken is not what is written")
                require(
                    TrustStore(files: Imports.existing + files).refused.isEmpty,
                    "what was taken cannot be read again")
                // Nobody has the pinned key: nothing of what the fuzzer makes can be its publisher's.
                require(options.publisher == nil || files.isEmpty, "taken without its publisher's signature")
            }
        },
        Decoder(name: "verifier") { bytes in
            let parts = bytes.split(separator: 0x0A).prefix(8).map { text(Array($0)) }
            if !parts.isEmpty { check(parts) }
            check(text(bytes))
        },
        Decoder(name: "inspect") { for layer in Inspection(text($0)).layers { _ = layer.text } },
        Decoder(name: "card-files") { bytes in
            _ = try? NumberFile(parsing: bytes)
            _ = try? CardAttributes(parsing: bytes)
            _ = try? SignatureRecord(parsing: bytes)
            _ = try? CardCertificate(parsing: bytes)
            _ = try? ChipKeyFile(parsing: bytes)
            _ = try? ApplicationInformation(parsing: bytes)
            _ = try? ResponseAPDU(parsing: bytes)
            _ = try? CommandAPDU(parsing: bytes)
        },
        Decoder(name: "application") { bytes in
            require(
                try Application(parsing: bytes).bytes == bytes, "an application is not the bytes it was read from")
        },
        Decoder(name: "outcome") { bytes in
            require(try Outcome(parsing: bytes).bytes == bytes, "an outcome is not the bytes it was read from")
        },
        Decoder(name: "menu") { bytes in
            let menu = try JSONDecoder().decode(Menu.self, from: Data(bytes))
            // What the terminal computes with it.
            require((0...1_000_000).contains(menu.feeYen * Copies.maximum), "a fee out of its bounds")
            _ = menu.hours.contains(SmartHealthCards.now)
            require(ServiceHours(menu.hours.text) == menu.hours, "hours that are not those of their text")
            guard let again = try? JSONEncoder().encode(menu) else {
                return require(false, "a menu cannot be written")
            }
            require((try? JSONDecoder().decode(Menu.self, from: again)) == menu, "a menu does not come back")
        },
        Decoder(name: "terminal-trust") { bytes in
            let key = Publishers.key
            if let signed = SignedTerminalTrust(parsing: bytes) {
                require(signed.bytes == bytes, "an edition is not the bytes it was read from")
                // Nobody has the key: nothing of what the fuzzer makes can be its publisher's.
                require(
                    (try? signed.verified(by: [key.publicKey])) == nil,
                    "an edition without its publisher's signature")
            }
            // The same text, signed.
            guard let signature = try? key.signature(for: SignedTerminalTrust.message(bytes)).rawRepresentation,
                let signed = SignedTerminalTrust(text: bytes, signature: Array(signature))
            else { return }
            guard let trust = try? signed.verified(by: [key.publicKey]) else {
                return require(false, "an edition that is signed and can be read is not taken")
            }
            require(trust.counter == signed.counter, "an edition says two counters")
            for path in trust.files.map(\.path) {
                require((1...200).contains(path.count), "a path out of its bounds")
            }
            guard let text = try? trust.text(),
                let again = SignedTerminalTrust(text: text, signature: Array(signature)),
                again.counter == trust.counter
            else { return require(false, "an edition cannot be written") }
        },
        Decoder(name: "answer") { bytes in _ = try Answer(parsing: bytes) },
        Decoder(name: "picture") { bytes in _ = try Scanning.codes(in: bytes) },
    ]

    /// What is refused of an imported file comes back as a file that can be read, of as many rows.
    private static func readBack(
        _ bytes: [UInt8], _ format: ImportFormat, _ open: ([UInt8], FileEncoding) -> (any ImportFile)?
    ) throws {
        for encoding in FileEncoding.allCases {
            guard let file = open(bytes, encoding) else { return }
            var (form, back, refused) = (RefusedFile(format), "", 0)
            while let rows = try file.next(7) {
                for row in rows {
                    guard case .failure(let refusals) = row.change else { continue }
                    let reason = refusals.refusals.map(\.description).joined(separator: "; ")
                    back += form.lines(of: RefusedRow(row, because: reason))
                    refused += 1
                }
            }
            guard let again = open(Array((back + form.end).utf8), encoding) else { return }
            var read = 0
            while let rows = try again.next(7) { read += rows.count }
            require(read == refused, "refused rows come back as other rows")
        }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    private static func check(_ text: String) { check([text]) }

    private static func check(_ texts: [String]) {
        for verdict in SmartHealthCards.shared.verifier.check(texts, at: SmartHealthCards.now) {
            require((try? JSON(verdict.jsonBytes())) != nil, "a verdict is not JSON")
            require(verdict.isValid == verdict.reasons.isEmpty, "valid with reasons")
        }
    }

    private static func inflate(_ bytes: [UInt8], _ wrapping: Deflate.Wrapping) throws {
        let plain = try Deflate.inflate(bytes, limit: 100_000, wrapping: wrapping)
        require(plain.count <= 100_000, "inflating passed its limit")
        guard let again = Deflate.compress(plain, wrapping: wrapping),
            let back = try? Deflate.inflate(again, limit: 100_000, wrapping: wrapping)
        else { return require(false, "what was inflated cannot be compressed and inflated") }
        require(back == plain, "what was compressed does not come back")
    }

    private static func walk(_ json: JSON, _ place: JSON.Place) {
        _ = (
            json.string(place), json.number(place), json.source(place), json.offset(place), json.member("a", of: place)
        )
        for child in json.children(of: place) { walk(json, child) }
        for (name, value) in json.members(of: place) {
            walk(json, name)
            walk(json, value)
        }
    }

    private static func walk(_ cbor: CBOR, _ place: CBOR.Place) {
        _ = (cbor.text(place), cbor.number(place), cbor.integer(place), cbor.byteString(place), cbor.offset(place))
        _ = (cbor.member("a", of: place), cbor.member(1, of: place))
        for child in cbor.children(of: place) { walk(cbor, child) }
        for (key, value) in cbor.entries(of: place) {
            walk(cbor, key)
            walk(cbor, value)
        }
    }
}

/// A publisher whose key is known here, and not to the fuzzer.
enum Publishers {
    static let key = P256.Signing.PrivateKey()
}

/// A trusted issuer of health cards whose key is known, so that made-up payloads come with a right signature.
struct SmartHealthCards: Sendable {
    static let shared = SmartHealthCards()
    static let now = Date(timeIntervalSince1970: 1_767_225_600)
    private static let issuer = "https://sample.invalid/issuer"

    let verifier: Verifier
    private let key = P256.Signing.PrivateKey()
    private let header: [UInt8]

    private init() {
        let (x, y) = JWK.coordinates(of: key.publicKey)
        let kid = JWK.thumbprint(of: key.publicKey)
        let json = """
            {"issuer":"\(Self.issuer)","jwks":{"keys":[{"kty":"EC","kid":"\(kid)","use":"sig","alg":"ES256","crv":"P-256",\
            "x":"\(x)","y":"\(y)"}]},"crls":[{"kid":"\(kid)","method":"rid","ctr":1,"rids":["revoked"]}]}
            """
        let trust = TrustStore(files: [TrustFile(path: "shc/issuer.json", bytes: Array(json.utf8))])
        require(trust.refused.isEmpty, "the trust file is refused")
        verifier = Verifier(trust: trust)
        header = Base64URL.encoded(#"{"zip":"DEF","alg":"ES256","kid":"\#(kid)"}"#.utf8) + [UInt8(ascii: ".")]
    }

    func checkSigned(payload: [UInt8]) {
        guard let compressed = Deflate.compress(payload) else { return }
        let input = header + Base64URL.encoded(compressed)
        guard let signature = try? key.signature(for: SHA256.hash(data: input)) else { return }
        let jws = input + [UInt8(ascii: ".")] + Base64URL.encoded(signature.rawRepresentation)
        let verdicts = verifier.check([String(decoding: jws, as: UTF8.self)], at: Self.now)
        require(verdicts.count == 1, "one card has not one verdict")
        for verdict in verdicts {
            require((try? JSON(verdict.jsonBytes())) != nil, "a verdict is not JSON")
            let causes = verdict.reasons.map(\.code)
            require(!causes.contains("signature.invalid"), "a right signature is found wrong")
            guard verdict.isValid else { continue }
            require(verdict.issuer == Self.issuer, "valid for an issuer that is not trusted")
            require(verdict.certificateID != "revoked", "a revoked card is valid")
        }
    }
}

/// The authorities among the certificates of the seeds, for lists that claim to be theirs.
enum Authorities {
    static let all: [Certificate] = {
        let folder = ProcessInfo.processInfo.environment["AKASHI_FUZZ_SEEDS"] ?? "Tests/Fuzz/Seeds"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/certificate")) ?? []
        return names.sorted().compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/certificate/\(name)").flatMap {
                Certificate(der: Array($0))
            }
        }.filter(\.isAuthority)
    }()
}

/// What an import is tried with: no publisher, and one whose private key is thrown away.
enum Imports {
    static let existing = Authorities.all.enumerated().map {
        TrustFile(path: "vdsnc/\($0.offset).cer", bytes: $0.element.der)
    }
    static let options: [TrustImporter.Options] = {
        var open = TrustImporter.Options(now: SmartHealthCards.now)
        open.issuer = "https://sample.invalid/issuer"
        var pinned = open
        pinned.publisher = Publisher(Array(P256.Signing.PrivateKey().publicKey.pemRepresentation.utf8))
        require(pinned.publisher != nil, "the publisher's key cannot be read")
        return [open, pinned]
    }()
}
