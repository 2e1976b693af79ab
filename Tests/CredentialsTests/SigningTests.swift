import CredentialFixtures
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TestSupport
import TrustFolder

@Suite struct FileKeyTests {
    private func failure(_ path: String, allowDevelopment: Bool = false) -> FileKey.Failure? {
        do {
            _ = try FileKey(pemFile: path, allowDevelopment: allowDevelopment)
            return nil
        } catch { return error }
    }

    @Test func `a key made is a key read, and signs`() async throws {
        let folder = try TemporaryFolder()
        try FileKey.create(at: folder.file("key.pem"), development: false)
        let key = try FileKey(pemFile: folder.file("key.pem"), allowDevelopment: false)
        #expect(!key.isDevelopment)
        let again = try FileKey(pemFile: folder.file("key.pem"), allowDevelopment: false)
        #expect(key.thumbprint == again.thumbprint && key.thumbprint == key.keyID)
        let message = Array("見本".utf8)
        #expect(ES256.isValid(try await key.signature(over: message), over: message, by: again.publicKey))
    }

    @Test func `a development key is refused unless allowed`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("dev.pem")
        try FileKey.create(at: path, development: true)
        #expect(failure(path) == .developmentKey(path: path))
        #expect(try FileKey(pemFile: path, allowDevelopment: true).isDevelopment)
        #expect(
            try String(contentsOfFile: path, encoding: .utf8).hasPrefix(
                "# AKASHI DEVELOPMENT KEY\n-----BEGIN PRIVATE KEY"))
    }

    @Test func `an existing key is never overwritten`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("key.pem", "keep")
        #expect(throws: FileKey.Failure.cannotCreate(path: path)) { try FileKey.create(at: path, development: false) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "keep")
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o660])
    func `a key that others may read is refused`(_ mode: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("key.pem", P256.Signing.PrivateKey().pemRepresentation, mode: mode)
        #expect(failure(path) == .permissions(path: path))
    }

    @Test func `what is no P-256 private key is refused`() throws {
        let folder = try TemporaryFolder()
        #expect(failure(folder.file("none.pem")) == .unreadable(path: folder.file("none.pem")))
        let others = [
            "", "見本", P256.Signing.PrivateKey().publicKey.pemRepresentation,
            P384.Signing.PrivateKey().pemRepresentation,
            P256.Signing.PrivateKey().pemRepresentation.replacingOccurrences(of: "M", with: "!"),
        ]
        for (index, text) in others.enumerated() {
            let path = try folder.write("\(index).pem", text)
            #expect(failure(path) == .malformed(path: path))
        }
    }

    @Test func `a key shows only its thumbprint`() throws {
        let folder = try TemporaryFolder()
        try FileKey.create(at: folder.file("key.pem"), development: false)
        let key = try FileKey(pemFile: folder.file("key.pem"), allowDevelopment: false)
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "FileKey(\(key.thumbprint))")
        #expect(!dumped.contains("rivate"))
    }
}

@Suite struct KeyRingTests {
    @Test func `the exported set holds public parts alone, and a verifier trusts it`() async throws {
        let fixture = SmartHealthCardFixture()
        let earlier = TestSigner()
        let ring = try await KeyRing(active: fixture.signer, earlier: [earlier.publicKey])
        let text = String(decoding: ring.jwks(crlVersions: [earlier.keyID: 7]), as: UTF8.self)
        #expect(!text.contains("\"d\""))
        #expect(text.contains("\"crlVersion\":7"))
        let file = ring.trustFile(
            issuer: SmartHealthCardFixture.issuer, name: "見本", revoked: [fixture.kid: (ctr: 2, rids: ["AAAA"])])
        let store = TrustStore(files: [TrustFile(path: "shc/a.json", bytes: file)])
        #expect(store.refused.isEmpty)
        let verifier = Verifier(trust: store)
        #expect(verifier.check([try fixture.jws()], at: SmartHealthCardFixture.later).map(\.isValid) == [true])
        let revoked = try fixture.jws(
            payload: SmartHealthCardFixture.payload.replacing(one: "0123456789AB", with: "AAAA"))
        let verdict = verifier.check([revoked], at: SmartHealthCardFixture.later).first
        #expect(verdict?.reasons.map(\.code) == ["revocation.revoked"])
        // Cards of the earlier key stay valid.
        let header = SmartHealthCardFixture.header.replacingOccurrences(of: "KID", with: earlier.keyID)
        let old = try fixture.jws(header: header) { try earlier.sign($1) }
        #expect(verifier.check([old], at: SmartHealthCardFixture.later).map(\.isValid) == [true])
    }

    @Test func `a key that cannot sign, or stands twice, makes no ring`() async throws {
        struct Liar: CredentialSigner {
            let publicKey = P256.Signing.PrivateKey().publicKey
            func signature(over message: [UInt8]) async throws -> [UInt8] { try TestSigner().sign(message) }
        }
        await #expect(throws: KeyRing.Failure.mismatch) { try await KeyRing(active: Liar()) }
        let signer = TestSigner()
        await #expect(throws: KeyRing.Failure.duplicateKey(thumbprint: signer.keyID)) {
            try await KeyRing(active: signer, earlier: [signer.publicKey])
        }
    }
}

@Suite struct TrustFolderTests {
    @Test func `a folder's files are read with their paths, others are left`() throws {
        let folder = try TemporaryFolder()
        for name in [
            "shc/a.json", "test/shc/b.json", "vdsnc/c.der", "dcc/d.pem", "card/e.pem", "shc/.hidden", "README",
        ] {
            _ = try folder.write(name, "x")
        }
        _ = try folder.write("shc/empty.json", "")
        let files = try TrustFolder.read(folder.path)
        #expect(
            files.map(\.path).sorted() == [
                "dcc/d.pem", "shc/a.json", "shc/empty.json", "test/shc/b.json", "vdsnc/c.der",
            ])
    }

    @Test func `what is no folder, and a file that cannot be read, fail the whole`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: TrustFolder.Failure.notAFolder(folder.file("none"))) {
            try TrustFolder.read(folder.file("none"))
        }
        let file = try folder.write("file", "x")
        #expect(throws: TrustFolder.Failure.notAFolder(file)) { try TrustFolder.read(file) }
        let link = folder.file("shc/dangling.json")
        try FileManager.default.createDirectory(atPath: folder.file("shc"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.file("nowhere"))
        #expect(throws: TrustFolder.Failure.unreadable(link)) { try TrustFolder.read(folder.path) }
    }
}

extension TemporaryFolder {
    /// Writes a text and gives its path.
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try write(name, Data(text.utf8))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
        return file(name)
    }
}
