import CredentialFixtures
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import TestSupport
import Vaccination

/// One flaw a test; the fixture without the flaw is valid.
@Suite struct SealCheckTests {
    private let fixture: SealFixture

    init() throws { fixture = try SealFixture() }

    private func reasons(_ seal: String, at now: Date = SealFixture.later, trust: [TrustFile]? = nil) -> [String] {
        (fixture.check(seal, at: now, trust: trust)?.reasons ?? []).map(\.code)
    }

    @Test func `the fixture without a flaw is valid, and says what it says`() throws {
        let verdict = try #require(fixture.check(try fixture.seal()))
        #expect(verdict.isValid && !verdict.isTest && verdict.format == .vdsnc)
        #expect(
            verdict.json().contains(
                #""issuer":"JPN","certificateId":"0123456789AB","holder":{"name":"MIHON  HANAKO","birthDate":"1990-01-01","sex":"F","documentNumber":"TR1234567"},"doses":[{"date":"2021-06-01","product":"COMIRNATY","lot":"FA1234","number":1,"country":"JPN"}]}"#
            ))
        #expect(verdict.warnings.map(\.code) == ["revocation.list_missing"])
    }

    @Test func `how the JSON is written does not matter, what it says does`() throws {
        let spread = SealFixture.data.replacingOccurrences(of: ",", with: " ,\n\t").replacingOccurrences(
            of: ":{", with: " : { ")
        #expect(reasons(try fixture.seal(data: spread)) == [])
        let other = try SealFixture.data.replacing(
            one: #""is":"JPN","t":"icao.vacc","v":1"#, with: #""v":1.0e0,"t":"icao\u002evacc","is":"JPN""#)
        #expect(reasons(try fixture.seal(data: other)) == [])
        #expect(reasons("[\(try fixture.seal())]") == [])
        #expect(reasons("[\(try fixture.seal()),{}]") == ["format.unknown"])
        #expect(reasons(try fixture.seal().replacing(one: "HANAKO", with: "TARO")) == ["signature.invalid"])
        #expect(reasons(try fixture.seal().replacing(one: #""seq":1"#, with: #""seq":2"#)) == ["signature.invalid"])
        #expect(
            reasons(try fixture.seal().replacing(one: #""seq":1"#, with: #""seq":1,"seq":1"#)) == ["json.duplicate_key"]
        )
        #expect(reasons(try fixture.seal() + "x") == ["json.invalid"])
    }

    @Test func `padding of certificate and signature is tolerated`() throws {
        let padded = try fixture.seal().replacing(one: "\"}}", with: "==\"}}")
        #expect(reasons(padded) == [])
    }

    @Test(arguments: ["ES384", "ES512", "HS256", "none", "RS256", ""])
    func `an algorithm that is not the key's is refused`(_ algorithm: String) throws {
        #expect(reasons(try fixture.seal(algorithm: algorithm)) == ["algorithm.not_allowed"])
    }

    @Test func `a DER signature, and one of another length, are refused`() throws {
        let der = try fixture.seal { Array(try $0.key.signature(for: SHA256.hash(data: $1)).derRepresentation) }
        #expect(reasons(der) == ["signature.malformed"])
        #expect(reasons(try fixture.seal { try $0.sign($1) + [0] }) == ["signature.malformed"])
        #expect(reasons(try fixture.seal { try TestSigner().sign($1) }) == ["signature.invalid"])
    }

    @Test(arguments: [#""alg":"ES256","#, #""cer":"#, #""sigvl":"#])
    func `a seal that lacks a part is refused`(_ part: String) throws {
        let seal = try fixture.seal().replacing(one: part, with: part.hasSuffix(",") ? "" : #""x":"#)
        #expect(reasons(seal) == ["seal.malformed"])
    }

    // MARK: certificates

    @Test func `a signer that nobody vouches for is refused`() throws {
        let stranger = try SealFixture()
        #expect(reasons(try fixture.seal(), trust: [stranger.authorityFile]) == ["signer.untrusted"])
        #expect(reasons(try fixture.seal(), trust: []) == ["signer.untrusted"])
        #expect(reasons(try fixture.seal(certificate: [0x30, 0x00])) == ["signer.malformed"])
        #expect(reasons(try fixture.seal(certificate: fixture.certificate + [0])) == ["signer.malformed"])
    }

    @Test func `a pinned signer needs no authority`() throws {
        #expect(reasons(try fixture.seal(), trust: [fixture.pinnedFile]) == [])
    }

    @Test func `an authority is no signer of seals`() throws {
        let seal = try fixture.seal(certificate: fixture.authority.certificate) { _, data in
            try TestSigner(fixture.authority.key).sign(data)
        }
        #expect(reasons(seal).contains("signer.wrong_use"))
    }

    @Test func `a certificate changed in one byte is refused`() throws {
        for index in stride(from: 20, to: fixture.certificate.count, by: 13) {
            var bytes = fixture.certificate
            bytes[index] ^= 0x01
            #expect(reasons(try fixture.seal(certificate: bytes)) != [])
        }
    }

    @Test(
        arguments: [
            ("1.3.6.1.5.5.7.3.3", "NV"), (nil, "NV"), ("2.23.136.1.1.14.2", "NT"), ("2.23.136.1.1.14.2", nil),
        ] as [(String?, String?)])
    func `a signer for another use is refused`(_ usage: String?, _ documentType: String?) throws {
        let other = try SealFixture(usage: usage, documentType: documentType)
        #expect(other.check(try other.seal())?.reasons.map(\.code) == ["signer.wrong_use"])
        // A pinned one may lack what early certificates lack, but not say otherwise.
        let pinned = other.check(try other.seal(), trust: [other.pinnedFile])?.reasons.map(\.code)
        #expect(pinned == (usage == nil || documentType == nil ? [] : ["signer.wrong_use"]))
    }

    @Test func `a country's authority vouches for that country alone`() throws {
        let other = try SealFixture(country: "FR")
        #expect(other.check(try other.seal())?.reasons.map(\.code) == ["signer.wrong_country"])
        let data = try SealFixture.data.replacing(one: #""is":"JPN""#, with: #""is":"FRA""#)
        #expect(other.check(try other.seal(data: data))?.isValid == true)
    }

    @Test(
        arguments: [
            (-1.0, ["signer.not_yet_valid"]), (0.0, []), (100.0, []), (101.0, ["signer.expired"]),
        ] as [(Double, [String])])
    func `the signer's validity includes both its ends`(_ seconds: Double, _ codes: [String]) throws {
        let short = try SealFixture(until: SealFixture.start.addingTimeInterval(100))
        let now = SealFixture.start.addingTimeInterval(seconds)
        #expect(short.check(try short.seal(), at: now)?.reasons.map(\.code) == codes)
    }

    @Test func `the authority's validity counts as well`() throws {
        let long = try SealFixture(until: SealFixture.start.addingTimeInterval(30 * 365.25 * 86_400))
        let now = SealFixture.start.addingTimeInterval(20 * 365.25 * 86_400)
        #expect(long.check(try long.seal(), at: now)?.reasons.map(\.code) == ["signer.authority_expired"])
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
        #expect(reasons(try fixture.seal(), trust: other) == [])
        #expect(fixture.check(try fixture.seal(), trust: other)?.warnings.isEmpty == true)
        let both = try files([fixture.authority.certificate, fixture.certificate])
        #expect(reasons(try fixture.seal(), trust: both) == ["signer.revoked"])
    }

    @Test func `a list by another key is not used`() throws {
        let list = try fixture.revocationList(revoking: [fixture.certificate], key: P256.Signing.PrivateKey())
        let store = TrustStore(files: [fixture.authorityFile, TrustFile(path: "vdsnc/jp.crl", bytes: list)])
        #expect(store.refused.map(\.code) == ["revocation.unverified"])
    }

    @Test func `a list past its next update is warned of`() throws {
        let list = try fixture.revocationList(revoking: [], nextUpdate: SealFixture.start.addingTimeInterval(60))
        let files = [fixture.authorityFile, TrustFile(path: "vdsnc/jp.crl", bytes: list)]
        #expect(fixture.check(try fixture.seal(), trust: files)?.warnings.map(\.code) == ["revocation.list_old"])
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
        #expect(reasons(try fixture.seal(data: SealFixture.data.replacing(one: part, with: flaw))) == [code])
    }

    @Test func `a number in words of a string is read`() throws {
        let data = try SealFixture.data.replacing(one: #""seq":1"#, with: #""seq":"2""#)
        #expect(fixture.check(try fixture.seal(data: data))?.doses.map(\.number) == [2])
    }

    @Test func `what only the test part vouches for is marked`() throws {
        let files = [TrustFile(path: "test/vdsnc/csca.der", bytes: fixture.authority.certificate)]
        let verdict = try #require(fixture.check(try fixture.seal(), trust: files))
        #expect(verdict.isValid && verdict.isTest)
        let both = try #require(fixture.check(try fixture.seal(), trust: files + [fixture.authorityFile]))
        #expect(both.isTest)
    }

    @Test func `bad input never traps and is never valid`() throws {
        let seal = try fixture.seal()
        let verifier = Verifier(trust: TrustStore(files: [fixture.authorityFile]))
        let right = try JSON(Array(seal.utf8))
        let canonical = right.canonical(try #require(right.member("data", of: right.root)))
        BadInput.run("seals", samples: [Array(seal.utf8)]) { bytes in
            for verdict in verifier.check([String(decoding: bytes, as: UTF8.self)], at: SealFixture.later)
            where verdict.isValid {
                let read = try JSON(bytes)
                #expect(read.member("data", of: read.root).map { read.canonical($0) } == canonical)
            }
        }
        BadInput.run("certificates", samples: [fixture.certificate, fixture.authority.certificate]) {
            guard let certificate = Certificate(der: $0) else { return }
            #expect(certificate.der == $0)
        }
        BadInput.run(
            "revocation lists", samples: [try fixture.revocationList(revoking: [fixture.certificate])]
        ) {
            _ = TrustStore(files: [fixture.authorityFile, TrustFile(path: "vdsnc/jp.crl", bytes: $0)])
        }
    }
}
