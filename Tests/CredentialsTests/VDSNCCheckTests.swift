import CredentialFixtures
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TestSupport
import Vaccination

/// One flaw a test; the fixture without the flaw is valid.
@Suite struct VDSNCCheckTests {
    private let fixture: VDSNCFixture

    init() throws { fixture = try VDSNCFixture() }

    private func reasons(_ vdsnc: String, at now: Date = VDSNCFixture.later, trust: [TrustFile]? = nil) -> [String] {
        (fixture.check(vdsnc, at: now, trust: trust)?.reasons ?? []).map(\.code)
    }

    @Test func `the fixture without a flaw is valid, and says what it says`() throws {
        let verdict = try #require(fixture.check(try fixture.vdsnc()))
        #expect(verdict.isValid && !verdict.isTest && verdict.format == .vdsnc)
        #expect(
            verdict.json().contains(
                #""issuer":"JPN","certificateId":"0123456789AB","holder":{"name":"MIHON  HANAKO","birthDate":"1990-01-01","sex":"F","documentNumber":"TR1234567"},"doses":[{"date":"2021-06-01","product":"COMIRNATY","lot":"FA1234","number":1,"country":"JPN","performer":"MHLW_Gov_of_JAPAN"}]}"#
            ))
        #expect(verdict.warnings.map(\.code) == ["revocation.list_missing"])
    }

    @Test func `how the JSON is written does not matter, what it says does`() throws {
        let spread = VDSNCFixture.data.replacingOccurrences(of: ",", with: " ,\n\t").replacingOccurrences(
            of: ":{", with: " : { ")
        #expect(reasons(try fixture.vdsnc(data: spread)) == [])
        let other = try VDSNCFixture.data.replacing(
            one: #""is":"JPN","t":"icao.vacc","v":1"#, with: #""v":1.0e0,"t":"icao\u002evacc","is":"JPN""#)
        #expect(reasons(try fixture.vdsnc(data: other)) == [])
        #expect(reasons("[\(try fixture.vdsnc())]") == [])
        #expect(reasons("[\(try fixture.vdsnc()),{}]") == ["format.unknown"])
        #expect(reasons(try fixture.vdsnc().replacing(one: "HANAKO", with: "TARO")) == ["signature.invalid"])
        #expect(reasons(try fixture.vdsnc().replacing(one: #""seq":1"#, with: #""seq":2"#)) == ["signature.invalid"])
        #expect(
            reasons(try fixture.vdsnc().replacing(one: #""seq":1"#, with: #""seq":1,"seq":1"#)) == [
                "json.duplicate_key"
            ]
        )
        #expect(reasons(try fixture.vdsnc() + "x") == ["json.invalid"])
    }

    @Test func `padding of certificate and signature is tolerated`() throws {
        let padded = try fixture.vdsnc().replacing(one: "\"}}", with: "==\"}}")
        #expect(reasons(padded) == [])
    }

    @Test(arguments: ["ES384", "ES512", "HS256", "none", "RS256", ""])
    func `an algorithm that is not the key's is refused`(_ algorithm: String) throws {
        #expect(reasons(try fixture.vdsnc(algorithm: algorithm)) == ["algorithm.not_allowed"])
    }

    @Test func `a DER signature, and one of another length, are refused`() throws {
        let der = try fixture.vdsnc { Array(try $0.key.signature(for: SHA256.hash(data: $1)).derRepresentation) }
        #expect(reasons(der) == ["signature.malformed"])
        #expect(reasons(try fixture.vdsnc { try $0.sign($1) + [0] }) == ["signature.malformed"])
        #expect(reasons(try fixture.vdsnc { try TestSigner().sign($1) }) == ["signature.invalid"])
    }

    @Test(arguments: [#""alg":"ES256","#, #""cer":"#, #""sigvl":"#])
    func `a VDS-NC that lacks a part is refused`(_ part: String) throws {
        let vdsnc = try fixture.vdsnc().replacing(one: part, with: part.hasSuffix(",") ? "" : #""x":"#)
        #expect(reasons(vdsnc) == ["seal.malformed"])
    }

    // MARK: certificates

    @Test func `a signer that nobody vouches for is refused`() throws {
        let stranger = try VDSNCFixture()
        #expect(reasons(try fixture.vdsnc(), trust: [stranger.authorityFile]) == ["signer.untrusted"])
        #expect(reasons(try fixture.vdsnc(), trust: []) == ["signer.untrusted"])
        #expect(reasons(try fixture.vdsnc(certificate: [0x30, 0x00])) == ["signer.malformed"])
        #expect(reasons(try fixture.vdsnc(certificate: fixture.certificate + [0])) == ["signer.malformed"])
    }

    @Test func `a pinned signer needs no authority`() throws {
        #expect(reasons(try fixture.vdsnc(), trust: [fixture.pinnedFile]) == [])
    }

    @Test func `an authority is no signer of VDS-NC`() throws {
        let vdsnc = try fixture.vdsnc(certificate: fixture.authority.certificate) { _, data in
            try TestSigner(fixture.authority.key).sign(data)
        }
        #expect(reasons(vdsnc).contains("signer.wrong_use"))
    }

    @Test func `a certificate changed in one byte is refused`() throws {
        for index in stride(from: 20, to: fixture.certificate.count, by: 13) {
            var bytes = fixture.certificate
            bytes[index] ^= 0x01
            #expect(reasons(try fixture.vdsnc(certificate: bytes)) != [])
        }
    }

    @Test(
        arguments: [
            ("1.3.6.1.5.5.7.3.3", "NV"), (nil, "NV"), ("2.23.136.1.1.14.2", "NT"), ("2.23.136.1.1.14.2", nil),
        ] as [(String?, String?)])
    func `a signer for another use is refused`(_ usage: String?, _ documentType: String?) throws {
        let other = try VDSNCFixture(usage: usage, documentType: documentType)
        #expect(other.check(try other.vdsnc())?.reasons.map(\.code) == ["signer.wrong_use"])
        // A pinned one may lack what early certificates lack, but not say otherwise.
        let pinned = other.check(try other.vdsnc(), trust: [other.pinnedFile])?.reasons.map(\.code)
        #expect(pinned == (usage == nil || documentType == nil ? [] : ["signer.wrong_use"]))
    }

    @Test func `a country's authority vouches for that country alone`() throws {
        let other = try VDSNCFixture(country: "FR")
        #expect(other.check(try other.vdsnc())?.reasons.map(\.code) == ["signer.wrong_country"])
        let data = try VDSNCFixture.data.replacing(one: #""is":"JPN""#, with: #""is":"FRA""#)
        #expect(other.check(try other.vdsnc(data: data))?.isValid == true)
    }

    @Test(
        arguments: [
            (-1.0, ["signer.not_yet_valid"]), (0.0, []), (100.0, []), (101.0, ["signer.expired"]),
        ] as [(Double, [String])])
    func `the signer's validity includes both its ends`(_ seconds: Double, _ codes: [String]) throws {
        let short = try VDSNCFixture(until: VDSNCFixture.start.addingTimeInterval(100))
        let now = VDSNCFixture.start.addingTimeInterval(seconds)
        #expect(short.check(try short.vdsnc(), at: now)?.reasons.map(\.code) == codes)
    }

    @Test func `the authority's validity counts as well`() throws {
        let long = try VDSNCFixture(until: VDSNCFixture.start.addingTimeInterval(30 * 365.25 * 86_400))
        let now = VDSNCFixture.start.addingTimeInterval(20 * 365.25 * 86_400)
        #expect(long.check(try long.vdsnc(), at: now)?.reasons.map(\.code) == ["signer.authority_expired"])
    }

    // MARK: revocation

    @Test func `a revoked signer is refused, another is not`() throws {
        func files(_ revoked: [[UInt8]]) throws -> [TrustFile] {
            [
                fixture.authorityFile,
                TrustFile(path: "vdsnc/jp.crl", bytes: try fixture.revocationList(revoking: revoked)),
            ]
        }
        let other = try files([fixture.authority.certificate])
        #expect(TrustStore(files: other).refused.isEmpty)
        #expect(reasons(try fixture.vdsnc(), trust: other) == [])
        #expect(fixture.check(try fixture.vdsnc(), trust: other)?.warnings.isEmpty == true)
        let both = try files([fixture.authority.certificate, fixture.certificate])
        #expect(reasons(try fixture.vdsnc(), trust: both) == ["signer.revoked"])
    }

    @Test func `a list by another key is not used`() throws {
        let list = try fixture.revocationList(revoking: [fixture.certificate], key: P256.Signing.PrivateKey())
        let store = TrustStore(files: [fixture.authorityFile, TrustFile(path: "vdsnc/jp.crl", bytes: list)])
        #expect(store.refused.map(\.code) == ["revocation.unverified"])
    }

    @Test func `a list past its next update is warned of`() throws {
        let list = try fixture.revocationList(revoking: [], nextUpdate: VDSNCFixture.start.addingTimeInterval(60))
        let files = [fixture.authorityFile, TrustFile(path: "vdsnc/jp.crl", bytes: list)]
        #expect(fixture.check(try fixture.vdsnc(), trust: files)?.warnings.map(\.code) == ["revocation.list_old"])
    }

    // MARK: content

    @Test(arguments: [
        (#""t":"icao.vacc""#, #""t":"icao.test""#, "type.not_vaccination"),
        (#""v":1}"#, #""v":2}"#, "payload.malformed"),
        (#""is":"JPN","#, "", "payload.malformed"), (#""n":"MIHON  HANAKO","#, "", "payload.malformed"),
        (#""n":"MIHON  HANAKO""#, #""n":"""#, "payload.malformed"), (#""ve":["#, #""vx":["#, "payload.malformed"),
        (#""dob":"1990-01-01","i":"TR1234567","#, "", "payload.malformed"),
    ])
    func `signed data with one flaw is refused`(_ part: String, _ flaw: String, _ code: String) throws {
        #expect(reasons(try fixture.vdsnc(data: VDSNCFixture.data.replacing(one: part, with: flaw))) == [code])
    }

    @Test func `a number in words of a string is read`() throws {
        let data = try VDSNCFixture.data.replacing(one: #""seq":1"#, with: #""seq":"2""#)
        #expect(fixture.check(try fixture.vdsnc(data: data))?.doses.map(\.number) == [2])
    }

    @Test func `what only the test part vouches for is marked`() throws {
        let files = [TrustFile(path: "test/vdsnc/csca.der", bytes: fixture.authority.certificate)]
        let verdict = try #require(fixture.check(try fixture.vdsnc(), trust: files))
        #expect(verdict.isValid && verdict.isTest)
        let both = try #require(fixture.check(try fixture.vdsnc(), trust: files + [fixture.authorityFile]))
        #expect(both.isTest)
    }

    @Test func `bad input never traps and is never valid`() async throws {
        let vdsnc = try fixture.vdsnc()
        let verifier = Verifier(trust: TrustStore(files: [fixture.authorityFile]))
        let right = try JSON(Array(vdsnc.utf8))
        let canonical = right.canonical(try #require(right.member("data", of: right.root)))
        await BadInput.run("seals", samples: [Array(vdsnc.utf8)]) { bytes in
            for verdict in verifier.check([String(decoding: bytes, as: UTF8.self)], at: VDSNCFixture.later)
            where verdict.isValid {
                let read = try JSON(bytes)
                #expect(read.member("data", of: read.root).map { read.canonical($0) } == canonical)
            }
        }
        await BadInput.run("certificates", samples: [fixture.certificate, fixture.authority.certificate]) {
            guard let certificate = Certificate(der: $0) else { return }
            #expect(certificate.der == $0)
        }
        await BadInput.run(
            "revocation lists", samples: [try fixture.revocationList(revoking: [fixture.certificate])]
        ) {
            _ = TrustStore(files: [fixture.authorityFile, TrustFile(path: "vdsnc/jp.crl", bytes: $0)])
        }
    }
}
