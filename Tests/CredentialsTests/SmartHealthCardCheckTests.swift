import CredentialFixtures
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Testing
import TestSupport

/// One flaw a test; the fixture without the flaw is valid.
@Suite struct SmartHealthCardCheckTests {
    private let fixture = SmartHealthCardFixture()

    private func reasons(_ jws: String, at now: Date = SmartHealthCardFixture.later, trust: [TrustFile]? = nil)
        -> [String]
    {
        (fixture.check(jws, at: now, trust: trust)?.reasons ?? []).map(\.code)
    }

    @Test func `the fixture without a flaw is valid`() throws {
        let verdict = try #require(fixture.check(try fixture.jws()))
        #expect(verdict.isValid)
        #expect(verdict.warnings.isEmpty)
        #expect(verdict.holder?.name == "見本 花子")
        #expect(verdict.issuerName == "見本発行者")
    }

    // MARK: header

    @Test(arguments: [
        (#""alg":"ES256""#, #""alg":"none""#, "algorithm.not_allowed"),
        (#""alg":"ES256""#, #""alg":"None""#, "algorithm.not_allowed"),
        (#""alg":"ES256""#, #""alg":"HS256""#, "algorithm.not_allowed"),
        (#""alg":"ES256""#, #""alg":"ES384""#, "algorithm.not_allowed"),
        (#""alg":"ES256""#, #""alg":"es256""#, "algorithm.not_allowed"),
        (#""alg":"ES256""#, #""alg":["ES256"]"#, "algorithm.not_allowed"),
        (#""alg":"ES256","#, "", "algorithm.not_allowed"),
        (#""zip":"DEF","#, "", "compression.missing"),
        (#""zip":"DEF""#, #""zip":"GZ""#, "compression.missing"),
        (#","kid":"KID""#, "", "key.id_missing"),
        (#""kid":"KID""#, #""kid":1"#, "key.id_missing"),
        (#""kid":"KID""#, #""kid":"3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s""#, "key.unknown"),
        (#""kid":"KID""#, #""kid":"""#, "key.unknown"),
        (#""kid":"KID""#, #""kid":"KID ""#, "key.unknown"),
        (#""kid":"KID""#, #""kid":"KID","kid":"KID""#, "json.duplicate_key"),
        (#""kid":"KID""#, #""kid":"KID","crit":["b64"],"b64":false"#, "header.critical"),
        (#""kid":"KID""#, #""kid":"KID","a":[[[[1]]]]"#, "json.too_deep"),
        (#""kid":"KID"}"#, #""kid":"KID"} x"#, "json.invalid"),
    ])
    func `a header with one flaw is refused`(_ part: String, _ flaw: String, _ code: String) throws {
        #expect(
            reasons(try fixture.jws(header: SmartHealthCardFixture.header.replacing(one: part, with: flaw))) == [code])
    }

    @Test func `members that are not known do no harm`() throws {
        let header = try SmartHealthCardFixture.header.replacing(one: "{", with: #"{"typ":"JWT","x":null,"#)
        #expect(reasons(try fixture.jws(header: header)) == [])
        let payload = try SmartHealthCardFixture.payload.replacing(
            one: #""vc":{"#, with: #""jti":"x","vc":{"@context":[],"#)
        #expect(reasons(try fixture.jws(payload: payload)) == [])
    }

    // MARK: signature

    @Test func `each bit of the signature counts`() throws {
        let jws = try fixture.jws()
        let dot = try #require(jws.lastIndex(of: "."))
        let right = try Base64URL.decode(Array(jws[jws.index(after: dot)...].utf8))
        for bit in stride(from: 0, to: 512, by: 7) {
            var bytes = right
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(reasons(jws[...dot] + Base64URL.encode(bytes)) == ["signature.invalid"])
        }
    }

    @Test func `each character of header and payload counts`() throws {
        let jws = Array(try fixture.jws().utf8)
        let last = try #require(jws.lastIndex(of: UInt8(ascii: ".")))
        for index in stride(from: 0, to: last, by: 11) {
            var changed = jws
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(reasons(String(decoding: changed, as: UTF8.self)) != [])
        }
    }

    @Test func `a DER signature is refused`() throws {
        let jws = try fixture.jws { signer, input in
            Array(try signer.key.signature(for: SHA256.hash(data: input)).derRepresentation)
        }
        #expect(reasons(jws) == ["signature.malformed"])
    }

    enum SignatureFlaw: String, CaseIterable {
        case empty, zero, short, long, swapped, zeroR, zeroS, allOnes

        func applied(to right: [UInt8]) -> [UInt8] {
            let zeros = [UInt8](repeating: 0, count: 32)
            return switch self {
            case .empty: []
            case .zero: zeros + zeros
            case .short: Array(right.dropLast())
            case .long: right + [0]
            case .swapped: Array(right[32...] + right[..<32])
            case .zeroR: zeros + right[32...]
            case .zeroS: right[..<32] + zeros
            case .allOnes: [UInt8](repeating: 0xFF, count: 64)
            }
        }
    }

    @Test(arguments: SignatureFlaw.allCases)
    func `a signature of another form is refused`(_ flaw: SignatureFlaw) throws {
        let jws = try fixture.jws { flaw.applied(to: try $0.sign($1)) }
        let isForm = [SignatureFlaw.empty, .short, .long].contains(flaw)
        #expect(reasons(jws) == [isForm ? "signature.malformed" : "signature.invalid"])
    }

    @Test func `a signature by another key under the trusted kid is refused`() throws {
        #expect(reasons(try fixture.jws { try TestSigner().sign($1) }) == ["signature.invalid"])
    }

    @Test func `an HMAC with the public key as its secret is refused`() throws {
        let header = try SmartHealthCardFixture.header.replacing(one: "ES256", with: "HS256")
        let jws = try fixture.jws(header: header) { signer, input in
            Array(
                HMAC<SHA256>.authenticationCode(
                    for: input, using: SymmetricKey(data: signer.publicKey.rawRepresentation)))
        }
        #expect(reasons(jws) == ["algorithm.not_allowed"])
    }

    // MARK: key and issuer

    @Test func `a key of another trusted issuer does not vouch for this one`() throws {
        let other = TestSigner()
        let trust = [
            fixture.trustFile(),
            fixture.trustFile(issuer: "https://other.example.jp", path: "shc/other.json", signer: other),
        ]
        let header = SmartHealthCardFixture.header.replacingOccurrences(of: "KID", with: other.keyID)
        let jws = try fixture.jws(header: header) { try other.sign($1) }
        #expect(reasons(jws, trust: trust) == ["key.wrong_issuer"])
    }

    @Test(arguments: [
        ("https://vc.example.jp/issuer", "https://unknown.example.jp", "issuer.unknown"),
        ("https://vc.example.jp/issuer", "https://vc.example.jp/issuer/", "issuer.malformed"),
        ("https://vc.example.jp/issuer", "http://vc.example.jp/issuer", "issuer.malformed"),
        ("https://vc.example.jp/issuer", "https://vc.example.jp/Issuer", "issuer.unknown"),
    ])
    func `a trusted key under another issuer's name is refused`(_ part: String, _ flaw: String, _ code: String) throws {
        #expect(
            reasons(try fixture.jws(payload: SmartHealthCardFixture.payload.replacing(one: part, with: flaw))) == [code]
        )
    }

    @Test func `a certificate of an unknown key is refused without inflating what nobody trusted signed`() throws {
        let jws = try SmartHealthCardFixture().jws()
        #expect(reasons(jws) == ["key.unknown"])
        // It could not even be inflated: nobody tried.
        #expect(reasons(try SmartHealthCardFixture().jws(compressed: [0xFF, 0xFF])) == ["key.unknown"])
        let bomb = try #require(Deflate.compress([UInt8](repeating: 0x20, count: 8 << 20)))
        #expect(reasons(try SmartHealthCardFixture().jws(compressed: bomb)) == ["key.unknown"])
        #expect(fixture.verifier([]).check([jws], at: SmartHealthCardFixture.later).map(\.isValid) == [false])
    }

    // MARK: content

    @Test(arguments: [
        (#""vc":{"#, #""iss":"https://vc.example.jp/issuer","vc":{"#, "json.duplicate_key"),
        (#""family":"見本","#, #""family":"見本","family":"偽名","#, "json.duplicate_key"),
        (#""iss":"https://vc.example.jp/issuer","#, "", "payload.malformed"),
        (#""iss":"https://vc.example.jp/issuer""#, #""iss":["https://vc.example.jp/issuer"]"#, "payload.malformed"),
        (#""nbf":1639958400,"#, "", "payload.malformed"),
        (#""nbf":1639958400"#, #""nbf":"1639958400""#, "payload.malformed"),
        (#""nbf":1639958400"#, #""nbf":1639958400,"exp":"never""#, "payload.malformed"),
        (#""nbf":1639958400"#, #""nbf":1639958400,"exp":null"#, "payload.malformed"),
        (#""rid":"0123456789AB""#, #""rid":"a.b""#, "payload.malformed"),
        (#""rid":"0123456789AB""#, #""rid":"0123456789012345678901234""#, "payload.malformed"),
        (#""resourceType":"Bundle""#, #""resourceType":"Patient""#, "payload.malformed"),
        (#""fhirVersion":"4.0.1","#, "", "payload.malformed"),
        ("https://smarthealth.cards#health-card", "https://smarthealth.cards#other", "type.not_health_card"),
        (
            #"["https://smarthealth.cards#health-card"]"#, #""https://smarthealth.cards#health-card""#,
            "payload.malformed"
        ),
        (#""birthDate":"1990-01-01""#, #""birthDate":1e999"#, "json.invalid"),
    ])
    func `a signed payload with one flaw is refused`(_ part: String, _ flaw: String, _ code: String) throws {
        #expect(
            reasons(try fixture.jws(payload: SmartHealthCardFixture.payload.replacing(one: part, with: flaw))) == [code]
        )
    }

    @Test func `what is signed but no deflated JSON is refused`() throws {
        let right = try #require(Deflate.compress(Array(SmartHealthCardFixture.payload.utf8)))
        #expect(reasons(try fixture.jws(compressed: right + [0])) == ["deflate.invalid"])
        #expect(reasons(try fixture.jws(compressed: Array(right.dropLast()))) == ["deflate.invalid"])
        #expect(reasons(try fixture.jws(compressed: [0x78, 0xDA] + right)) == ["deflate.invalid"])
        #expect(reasons(try fixture.jws(compressed: [])) == ["deflate.invalid"])
        #expect(reasons(try fixture.jws(compressed: Array(SmartHealthCardFixture.payload.utf8))) == ["deflate.invalid"])
        #expect(reasons(try fixture.jws(payload: SmartHealthCardFixture.payload + " x")) == ["json.invalid"])
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(reasons(try fixture.jws(payload: #"{"x":\#(deep)}"#)) == ["json.too_deep"])
    }

    @Test func `a signed bomb is refused at its limit`() throws {
        let bomb = try #require(
            Deflate.compress([UInt8](repeating: 0x20, count: 8 << 20) + Array(SmartHealthCardFixture.payload.utf8)))
        #expect(reasons(try fixture.jws(compressed: bomb)) == ["size.exceeded"])
    }

    @Test func `an oversized text is refused`() throws {
        #expect(reasons(try fixture.jws(compressed: [UInt8](repeating: 0, count: 60_000))) == ["size.exceeded"])
        #expect(reasons(String(repeating: "a", count: 2_000_000)) == ["size.exceeded"])
    }

    @Test func `a dose that was not given is not shown`() throws {
        let payload = try SmartHealthCardFixture.payload.replacing(one: "completed", with: "not-done")
        #expect(fixture.check(try fixture.jws(payload: payload))?.doses.isEmpty == true)
    }

    // MARK: time

    @Test(
        arguments: [
            (-61.0, ["time.not_yet_valid"]), (-60.001, ["time.not_yet_valid"]), (-60.0, []), (0.0, []), (99.999, []),
            (100.0, ["time.expired"]),
            (101.0, ["time.expired"]),
        ] as [(Double, [String])])
    func `a card is valid from a minute before nbf on and before exp`(_ seconds: Double, _ codes: [String]) throws {
        let payload = try SmartHealthCardFixture.payload.replacing(
            one: "1639958400", with: #"1639958400,"exp":1639958500"#)
        #expect(
            reasons(try fixture.jws(payload: payload), at: SmartHealthCardFixture.start.addingTimeInterval(seconds))
                == codes
        )
    }

    @Test func `nbf may have a fraction, and counts with it`() throws {
        let payload = try SmartHealthCardFixture.payload.replacing(one: "1639958400", with: "1639958400.5")
        let jws = try fixture.jws(payload: payload)
        #expect(reasons(jws, at: SmartHealthCardFixture.start.addingTimeInterval(-59.6)) == ["time.not_yet_valid"])
        #expect(reasons(jws, at: SmartHealthCardFixture.start.addingTimeInterval(-59.5)) == [])
    }

    @Test func `an expired card still shows whose it was, a forged one shows nothing`() throws {
        let payload = try SmartHealthCardFixture.payload.replacing(
            one: "1639958400", with: #"1639958400,"exp":1639958500"#)
        #expect(fixture.check(try fixture.jws(payload: payload))?.holder?.name == "見本 花子")
        let forged = try #require(fixture.check(try fixture.jws(payload: payload) { try TestSigner().sign($1) }))
        #expect(forged.holder == nil && forged.doses.isEmpty && forged.issuer == nil && forged.certificateID == nil)
    }

    // MARK: revocation

    private func trust(rids: String, ctr: Int = 3, version: Int? = nil) -> [TrustFile] {
        let lists = #"[{"kid":"\#(fixture.kid)","method":"rid","ctr":\#(ctr),"rids":[\#(rids)]}]"#
        return [fixture.trustFile(crls: lists, crlVersion: version)]
    }

    @Test(arguments: [
        (#""0123456789AB""#, true), (#""x","0123456789AB""#, true), (#""0123456789A""#, false), ("", false),
        (#""0123456789AB.1639958401""#, true), (#""0123456789AB.1639958400""#, false), (#""0123456789AB.1""#, false),
        (#""0123456789AB.1","0123456789AB""#, true), (#""0123456789AB","0123456789AB.1""#, true),
    ])
    func `a revoked identifier is refused, with a time only when issued before it`(_ rids: String, _ isRevoked: Bool)
        throws
    {
        #expect(reasons(try fixture.jws(), trust: trust(rids: rids)) == (isRevoked ? ["revocation.revoked"] : []))
    }

    @Test func `a list for another key revokes nothing here`() throws {
        let lists = #"[{"kid":"other","method":"rid","ctr":1,"rids":["0123456789AB"]}]"#
        #expect(reasons(try fixture.jws(), trust: [fixture.trustFile(crls: lists)]) == [])
    }

    @Test func `a list that its key set announces and that is older or missing makes the card invalid`() throws {
        func codes(_ trust: [TrustFile]) throws -> [String] {
            let verdict = try #require(fixture.check(try fixture.jws(), trust: trust))
            return (verdict.reasons + verdict.warnings).map(\.code)
        }
        #expect(try codes(trust(rids: "", ctr: 3, version: 3)) == [])
        #expect(try codes(trust(rids: "", ctr: 3, version: 4)) == ["revocation.unknown", "revocation.list_old"])
        #expect(try codes([fixture.trustFile(crlVersion: 1)]) == ["revocation.unknown", "revocation.list_missing"])
        // What the older list names is known to be revoked.
        #expect(
            try codes(trust(rids: #""0123456789AB""#, ctr: 3, version: 4)) == [
                "revocation.revoked", "revocation.list_old",
            ])
    }

    @Test func `a card without an identifier stands in no list, whatever is known of it`() throws {
        let payload = try SmartHealthCardFixture.payload.replacing(one: #","rid":"0123456789AB""#, with: "")
        #expect(reasons(try fixture.jws(payload: payload), trust: [fixture.trustFile(crlVersion: 1)]) == [])
    }

    @Test(arguments: [
        #"{"kid":"K"}"#, #"[{"method":"rid","ctr":1,"rids":[]}]"#, #"[{"kid":"K","method":"other","ctr":1,"rids":[]}]"#,
        #"[{"kid":"K","method":"rid","ctr":"1","rids":[]}]"#, #"[{"kid":"K","method":"rid","ctr":1,"rids":[1]}]"#,
        #"[{"kid":"K","method":"rid","ctr":1,"rids":["a b"]}]"#,
        #"[{"kid":"K","method":"rid","ctr":1,"rids":["a.x"]}]"#,
        #"[{"kid":"K","method":"rid","ctr":1,"rids":["a."]}]"#,
        #"[{"kid":"K","method":"rid","ctr":1,"rids":[]},{"kid":"K","method":"rid","ctr":2,"rids":[]}]"#,
    ])
    func `a revocation list that cannot be read makes the cards of its file's keys invalid`(_ crls: String) throws {
        let file = fixture.trustFile(crls: crls)
        #expect(TrustStore(files: [file]).refused.map(\.code) == ["trust.revocation_malformed"])
        #expect(reasons(try fixture.jws(), trust: [file]) == ["revocation.unknown"])
        // The same key in another file, whole and without a list, does not help.
        #expect(
            reasons(try fixture.jws(), trust: [file, fixture.trustFile(path: "shc/other.json")])
                == ["revocation.unknown"])
    }

    // MARK: test trust

    @Test func `what only the test part vouches for is valid but marked`() throws {
        let verdict = try #require(
            fixture.check(try fixture.jws(), trust: [fixture.trustFile(path: "test/shc/dev.json")]))
        #expect(verdict.isValid && verdict.isTest)
        #expect(verdict.warnings.map(\.code) == ["test.certificate"])
        let both = [fixture.trustFile(path: "test/shc/dev.json"), fixture.trustFile()]
        #expect(fixture.check(try fixture.jws(), trust: both)?.isTest == true)
    }
}
