import CredentialFixtures
import Credentials
import Foundation
import Testing

/// A revocation list counts under any name, and what is nothing known may have been one.
@Suite struct UnexpectedFileTests {
    private func codes(_ verdict: Verdict?) throws -> [String] { try #require(verdict).reasons.map(\.code) }

    private static let batches = [
        "dcc/revocation/a.JSON", "dcc/revocation/a", "dcc/revocation/a.json.gz", "dcc/revocation", "dcc/a.json",
    ]

    @Test(arguments: batches)
    func `a batch under any name revokes, and what cannot be read in its place makes everything unknown`(
        path: String
    ) throws {
        let fixture = try HCERTFixture()
        func check(_ text: String, kid: String = "") throws -> (refused: [String], codes: [String]) {
            let files = [fixture.trustFile, TrustFile(path: path, bytes: Array(text.utf8))]
            return (
                TrustStore(files: files).refused.map(\.code), try codes(fixture.check(try fixture.code(), trust: files))
            )
        }
        let kid = Data(HCERTFixture.keyID(fixture.certificate)).base64EncodedString()
        let batch =
            #"{"country":"JP","expires":"2030-01-01T00:00:00Z","kid":"\#(kid)","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#
        #expect(try check(batch).refused == [])
        #expect(try check(batch).codes == [])
        #expect(TrustStore(files: [TrustFile(path: path, bytes: Array(batch.utf8))]).held.map(\.path) == [path])
        // Cut, it is that signer's; packed, it is anybody's.
        #expect(try check(batch.replacingOccurrences(of: "UCI", with: "X")).codes == ["revocation.unknown"])
        let packed = try check("\u{1F}packed")
        #expect(packed.refused.count == 1 && packed.codes == ["revocation.unknown"])
        // What was held under the name is missed when it is gone.
        let note =
            #"{"lists":[{"path":"\#(path)","key":"\#(TrustManifest.digest(fixture.certificate).prefix(16))","least":1}]}"#
        let held = TrustFile(path: "imported.json", bytes: Array(note.utf8))
        if path != "dcc/a.json" {
            #expect(
                try codes(fixture.check(try fixture.code(), trust: [fixture.trustFile, held])) == ["revocation.unknown"]
            )
        }
    }

    private static func pem(_ label: String, _ der: [UInt8]) -> [UInt8] {
        Array("-----BEGIN \(label)-----\n\(Data(der).base64EncodedString())\n-----END \(label)-----\n".utf8)
    }

    @Test(arguments: ["jp.crl", "jp.CRL", "jp.crl.pem", "jp.pem", "jp.der", "jp", "jp.crl.txt"], [true, false])
    func `a country's list under any name revokes, and broken it makes everything unknown`(
        name: String, isPEM: Bool
    ) throws {
        let fixture = try VDSNCFixture()
        let list = try fixture.revocationList(revoking: [fixture.certificate])
        func check(_ bytes: [UInt8]) throws -> (refused: Int, codes: [String]) {
            let files = [fixture.authorityFile, TrustFile(path: "vdsnc/\(name)", bytes: bytes)]
            return (TrustStore(files: files).refused.count, try codes(fixture.check(try fixture.vdsnc(), trust: files)))
        }
        let whole = isPEM ? Self.pem("X509 CRL", list) : list
        #expect(try check(whole) == (0, ["signer.revoked"]))
        #expect(try check(Array(whole.prefix(whole.count / 2))) == (1, ["revocation.unknown"]))
        #expect(try check([]) == (1, ["revocation.unknown"]))
        #expect(try check(Array("packed".utf8)) == (1, ["revocation.unknown"]))
    }

    @Test func `a list beside certificates in one file revokes, and a broken one there makes everything unknown`()
        throws
    {
        let fixture = try VDSNCFixture()
        let list = try fixture.revocationList(revoking: [fixture.certificate])
        let authority = Self.pem("CERTIFICATE", fixture.authorityFile.bytes)
        func check(_ bytes: [UInt8]) throws -> [String] {
            try codes(fixture.check(try fixture.vdsnc(), trust: [TrustFile(path: "vdsnc/all.pem", bytes: bytes)]))
        }
        #expect(try check(authority) == [])
        #expect(try check(authority + Self.pem("X509 CRL", list)) == ["signer.revoked"])
        #expect(try check(authority + Self.pem("X509 CRL", list).dropLast(20)) == ["revocation.unknown"])
    }

    @Test func `a certificate that cannot be read hides no list, and nor does a test's file concern others`() throws {
        let fixture = try VDSNCFixture()
        let broken = Array(fixture.authorityFile.bytes.prefix(200))
        for file in [
            TrustFile(path: "vdsnc/b.cer", bytes: broken), TrustFile(path: "test/vdsnc/README", bytes: Array("a".utf8)),
        ] {
            #expect(TrustStore(files: [file]).refused.count == 1)
            #expect(try codes(fixture.check(try fixture.vdsnc(), trust: [fixture.authorityFile, file])) == [])
        }
    }

    @Test(arguments: ["shc/b.JSON", "test/shc/b.JSON"])
    func `a file under an unknown name among the issuers makes everything of its part unknown`(path: String) throws {
        let fixture = SmartHealthCardFixture()
        let files = [fixture.trustFile(), TrustFile(path: path, bytes: Array("{}".utf8))]
        let verdict = Verifier(trust: TrustStore(files: files)).check(
            [try fixture.jws()], at: SmartHealthCardFixture.later
        ).first
        #expect(try codes(verdict) == (path.hasPrefix("test/") ? [] : ["revocation.unknown"]))
    }
}
