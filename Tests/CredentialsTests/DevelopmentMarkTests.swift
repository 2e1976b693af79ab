import CredentialFixtures
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import Vaccination

/// What bears a development mark is for tests, wherever in a trust folder it lies.
@Suite struct DevelopmentMarkTests {
    private func isTest(_ verdict: Verdict?) throws -> Bool {
        let verdict = try #require(verdict)
        #expect(verdict.isValid)
        #expect(verdict.warnings.map(\.code).contains("test.certificate") == verdict.isTest)
        return verdict.isTest
    }

    @Test(arguments: [(DevelopmentMark.name, true), ("MIHON", false)])
    func `a VDS-NC under a marked authority is a test one in the normal part of the folder`(
        mark: String, isMarked: Bool
    ) throws {
        let fixture = try VDSNCFixture(mark: mark)
        let vdsnc = try fixture.vdsnc()
        #expect(try isTest(fixture.check(vdsnc)) == isMarked)
        #expect(try isTest(fixture.check(vdsnc, trust: [fixture.pinnedFile])) == isMarked)
        #expect(TrustStore(files: [fixture.authorityFile]).marked.isEmpty == !isMarked)
    }

    @Test func `a pinned signer of a plain name under a marked authority is a test one`() throws {
        let fixture = try VDSNCFixture(mark: DevelopmentMark.name)
        let plain = try fixture.authority.issue(
            to: fixture.signer.publicKey, from: VDSNCFixture.start, until: VDSNCFixture.end,
            usage: Certificate.barcodeSignerUsage, documentType: "NV", name: "MIHON SIGNER")
        let trust = [TrustFile(path: "vdsnc/signer.der", bytes: plain)]
        #expect(try isTest(fixture.check(try fixture.vdsnc(certificate: plain), trust: trust)))
    }

    @Test func `a marked signer under an authority of a plain name is a test one`() throws {
        let fixture = try VDSNCFixture()
        let marked = try fixture.authority.issue(
            to: fixture.signer.publicKey, from: VDSNCFixture.start, until: VDSNCFixture.end,
            usage: Certificate.barcodeSignerUsage, documentType: "NV", name: DevelopmentMark.name + " SEAL SIGNER")
        #expect(try isTest(fixture.check(try fixture.vdsnc(certificate: marked))))
    }

    @Test(arguments: [(DevelopmentMark.name, true), ("MIHON", false)])
    func `an EU certificate by a marked signer is a test one in the normal part of the folder`(
        mark: String, isMarked: Bool
    ) throws {
        let authority = try DevelopmentCountryAuthority(country: "JP", now: HCERTFixture.later, mark: mark)
        let signer = TestSigner()
        let start = Date(timeIntervalSince1970: Double(HCERTFixture.start))
        let certificate = try authority.issueDocumentSigner(
            to: signer.publicKey, from: start.addingTimeInterval(-60), until: start.addingTimeInterval(86_400 * 90))
        let fixture = HCERTFixture(signer: signer, certificate: certificate)
        #expect(try isTest(fixture.check(try fixture.code())) == isMarked)
    }

    @Test func `a health card of a marked key or issuer is a test one in the normal part of the folder`() throws {
        let fixture = SmartHealthCardFixture()
        let plain = String(decoding: fixture.trustFile().bytes, as: UTF8.self)
        func verdict(_ text: String) throws -> Bool {
            try isTest(
                fixture.check(
                    try fixture.jws(), trust: [TrustFile(path: "shc/issuer.json", bytes: Array(text.utf8))]))
        }
        #expect(try !verdict(plain))
        let member = #""\#(DevelopmentMark.keySetMember)":true,"kty":"EC""#
        #expect(try verdict(plain.replacing(one: #""kty":"EC""#, with: member)))
        #expect(try verdict(plain.replacing(one: "見本発行者", with: DevelopmentMark.name + " ISSUER")))
    }

    @Test func `the key set of development keys bears the mark, and that of others does not`() async throws {
        let ring = try await KeyRing(active: TestSigner())
        for isDevelopment in [false, true] {
            for bytes in [
                ring.jwks(isDevelopment: isDevelopment),
                ring.trustFile(issuer: "https://a.example", name: nil, isDevelopment: isDevelopment),
            ] {
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(text.contains(DevelopmentMark.keySetMember) == isDevelopment)
            }
        }
    }

    @Test(arguments: [#""5""#, "1.5", "null", "[]"])
    func `a key whose announced revocation list cannot be read is refused`(version: String) throws {
        let fixture = SmartHealthCardFixture()
        let text = try String(decoding: fixture.trustFile(crlVersion: 7).bytes, as: UTF8.self)
            .replacing(one: #""crlVersion":7"#, with: #""crlVersion":\#(version)"#)
        let store = TrustStore(files: [TrustFile(path: "shc/issuer.json", bytes: Array(text.utf8))])
        #expect(store.refused.map(\.code) == ["key.malformed"])
    }
}
