import CredentialFixtures
import Credentials
import Crypto
import CryptoExtras
import Foundation
import Testing
import X509
import TestSupport

@Suite struct Base45Tests {
    @Test(arguments: [
        ("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0"), ("", ""),
    ])
    func `the check values of RFC 9285 hold`(_ plain: String, _ text: String) throws {
        #expect(String(decoding: Base45.encoded(Array(plain.utf8)), as: UTF8.self) == text)
        #expect(try Base45.decode(Array(text.utf8), in: 0..<text.utf8.count) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "BB8A", "GGW", ":::", "::", "ZZ", "bb8", "BB8\n", "B\u{E9}", "BB=", "B B_"])
    func `what is not base45 is refused`(_ text: String) {
        let error = #expect(throws: Malformed.self) { try Base45.decode(Array(text.utf8), in: 0..<text.utf8.count) }
        #expect(error?.kind == .base45)
    }

    @Test func `bad input never traps, and what parses encodes to itself`() async {
        await BadInput.run("base45", samples: [Array("%69 VD92EX0".utf8), Base45.encoded(Array(0...255))]) {
            let read = try Base45.decode($0, in: 0..<$0.count)
            #expect(Base45.encoded(read) == $0)
        }
    }
}

@Suite struct CBORTests {
    private func read(_ hex: String) throws -> CBOR { try CBOR(Self.bytes(hex)) }

    static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
    }

    // RFC 8949 appendix A.
    @Test(
        arguments: [
            ("00", 0), ("17", 23), ("1818", 24), ("1903e8", 1000), ("1a000f4240", 1_000_000),
            ("1b000000e8d4a51000", 1e12), ("20", -1),
            ("3903e7", -1000), ("f90000", 0), ("f93c00", 1), ("fb3ff199999999999a", 1.1), ("f97bff", 65504),
            ("fa47c35000", 100_000),
            ("f90001", 5.960464477539063e-8), ("fbc010666666666666", -4.1), ("c11a514b67b0", 1_363_896_240),
            ("c1fb41d452d9ec200000", 1_363_896_240.5),
        ] as [(String, Double)])
    func `numbers read as RFC 8949 appendix A has them`(_ hex: String, _ value: Double) throws {
        let cbor = try read(hex)
        #expect(cbor.number(cbor.untagged(cbor.root, 1)) == value)
    }

    @Test(arguments: [
        ("60", ""), ("6449455446", "IETF"), ("62c3bc", "ü"), ("64f0908591", "𐅑"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("c074323031332d30332d32315432303a30343a30305a", "2013-03-21T20:04:00Z"),
    ])
    func `text reads as RFC 8949 appendix A has it, of indefinite length too`(_ hex: String, _ text: String) throws {
        let cbor = try read(hex)
        #expect(cbor.text(cbor.untagged(cbor.root, 0)) == text)
    }

    @Test func `maps and arrays are read where they stand`() throws {
        let cbor = try read("bf61610161629f0203ff2019ffff5f42010243030405fff6ff")
        #expect(cbor.integer(cbor.member("a", of: cbor.root)) == 1)
        #expect(cbor.children(of: cbor.member("b", of: cbor.root)).map { cbor.integer($0) } == [2, 3])
        #expect(cbor.integer(cbor.member(-1, of: cbor.root)) == 65535)
        #expect(cbor.member(7, of: cbor.root) == nil)
        #expect(cbor.number(try read("f97e00").root) == nil)
        #expect(cbor.integer(try CBOR([0x1B] + [UInt8](repeating: 0xFF, count: 8)).root) == nil)
    }

    @Test(arguments: [
        "", "18", "19ff", "1c", "3d", "5e", "61", "62c3", "61ff", "63eda080", "81", "8201", "a1", "a101", "a20101",
        "c0", "ff", "9f", "9f01",
        "bf", "bf01ff", "5f", "5f01ff", "5f6100ff", "7f4100ff", "5f5f4100ffff", "f800", "f818", "f8", "f97c", "0000",
        "1f", "3f", "df", "a2010201 02",
        "9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "7bffffffffffffffff",
    ])
    func `what is not well formed is refused`(_ hex: String) {
        #expect(throws: Malformed.self) { try CBOR(Self.bytes(hex)) }
    }

    @Test func `a key that comes twice is refused, among few and many`() throws {
        #expect(throws: Malformed(.duplicateKey, at: 3)) { try CBOR(Self.bytes("a2010201020a")) }
        for twice in [0, 23, 24, 40] {
            let members = (0...60).map { (CBORItem.int($0), CBORItem.null) } + [(.int(twice), .null)]
            let error = #expect(throws: Malformed.self) { try CBOR(CBORItem.map(members).encoded) }
            #expect(error?.kind == .duplicateKey)
        }
        _ = try CBOR(CBORItem.map((0...60).map { (CBORItem.int($0), CBORItem.null) }).encoded)
    }

    @Test func `depth is bounded`() throws {
        for byte in [0x81, 0xC1, 0x9F] as [UInt8] {
            let error = #expect(throws: Malformed.self) { try CBOR([UInt8](repeating: byte, count: 100_000)) }
            #expect(error?.kind == .tooDeep)
        }
    }

    @Test func `bad input never traps`() async {
        let samples = [HCERTFixture.claims().encoded, Self.bytes("bf61610161629f0203ff2019ffff5f42010243030405fff6ff")]
        await BadInput.run("CBOR", samples: samples) {
            let cbor = try CBOR($0)
            _ = cbor.text(cbor.member("a", of: cbor.root))
            _ = cbor.byteString(cbor.member(1, of: cbor.root))
            _ = cbor.children(of: cbor.root).map { (cbor.number($0), cbor.text($0), cbor.byteString($0)) }
        }
    }
}

/// One flaw a test; the fixture without the flaw is valid.
@Suite struct HCERTCheckTests {
    private let fixture: HCERTFixture

    init() throws { fixture = try HCERTFixture() }

    private func reasons(_ text: String, at now: Date = HCERTFixture.later, trust: [TrustFile]? = nil) -> [String] {
        (fixture.check(text, at: now, trust: trust)?.reasons ?? []).map(\.code)
    }

    @Test func `the fixture without a flaw is valid, and says what it says`() throws {
        let verdict = try #require(fixture.check(try fixture.code()))
        #expect(
            verdict.json()
                == #"{"verdict":"valid","test":false,"format":"dcc","reasons":[],"warnings":[],"subject":"vaccination","issuer":"JP","certificateId":"URN:UVCI:01:JP:0123456789AB#X","holder":{"name":"Mihon Hanako","birthDate":"1990-01-01"},"doses":[{"date":"2021-07-01","product":"COMIRNATY","maker":"BioNTech","number":2,"country":"JP","performer":"MIHON"}]}"#
        )
    }

    @Test(arguments: [[], [18], [61, 18]] as [[UInt64]])
    func `each way of tagging is read`(_ tags: [UInt64]) throws {
        #expect(reasons(try fixture.code(tags: tags)) == [])
    }

    @Test func `other tags are refused`() throws {
        #expect(reasons(try fixture.code(tags: [98])) == ["cose.malformed"])
        #expect(reasons(try fixture.code(tags: [18, 18])) == ["cose.malformed"])
    }

    @Test func `a key identifier outside the protected header is read, one inside wins`() throws {
        let id = HCERTFixture.keyID(fixture.certificate)
        let without = CBORItem.map([(.int(1), .int(-7))]).encoded
        #expect(reasons(try fixture.code(protected: without, unprotected: .map([(.int(4), .bytes(id))]))) == [])
        #expect(reasons(try fixture.code(unprotected: .map([(.int(4), .bytes([1, 2, 3, 4, 5, 6, 7, 8]))]))) == [])
        let wrong = HCERTFixture.protected([1, 2, 3, 4, 5, 6, 7, 8])
        #expect(
            reasons(try fixture.code(protected: wrong, unprotected: .map([(.int(4), .bytes(id))]))) == [
                "signer.untrusted"
            ])
        #expect(reasons(try fixture.code(protected: without)) == ["key.id_missing"])
    }

    @Test(arguments: [-37, -35, -36, -8, 5, 0, -257])
    func `an algorithm that is not the key's is refused`(_ algorithm: Int) throws {
        let protected = HCERTFixture.protected(HCERTFixture.keyID(fixture.certificate), algorithm: algorithm)
        #expect(reasons(try fixture.code(protected: protected)) == ["algorithm.not_allowed"])
    }

    @Test func `a critical header is refused`() throws {
        let id = HCERTFixture.keyID(fixture.certificate)
        let protected = CBORItem.map([(.int(1), .int(-7)), (.int(2), .array([.int(99)])), (.int(4), .bytes(id))])
            .encoded
        #expect(reasons(try fixture.code(protected: protected)) == ["header.critical"])
    }

    @Test func `each way in which a signature is wrong is refused`() throws {
        #expect(reasons(try fixture.code { try TestSigner().sign($1) }) == ["signature.invalid"])
        #expect(
            reasons(try fixture.code { Array(try $0.key.signature(for: SHA256.hash(data: $1)).derRepresentation) }) == [
                "signature.invalid"
            ])
        for bit in stride(from: 0, to: 512, by: 37) {
            let code = try fixture.code { signer, input in
                var bytes = try signer.sign(input)
                bytes[bit / 8] ^= 1 << (bit % 8)
                return bytes
            }
            #expect(reasons(code) == ["signature.invalid"])
        }
    }

    @Test func `several certificates of one key identifier are each tried`() throws {
        // Eight bytes cannot be made to collide here; the same certificate twice takes the same way.
        let twice = [fixture.trustFile, TrustFile(path: "test/dcc/again.der", bytes: fixture.certificate)]
        let verdict = try #require(fixture.check(try fixture.code(), trust: twice))
        #expect(verdict.isValid && verdict.isTest)
    }

    @Test func `an RSA signer's PSS signature is right, its PKCS 1 one is not`() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let certificate = try HCERTFixture.certificate(
            .init(key.publicKey), [], from: HCERTFixture.start - 1, until: HCERTFixture.start + 86_400)
        let trust = [TrustFile(path: "dcc/rsa.der", bytes: certificate)]
        func code(_ padding: _RSA.Signing.Padding, algorithm: Int = -37) throws -> String {
            let protected = HCERTFixture.protected(HCERTFixture.keyID(certificate), algorithm: algorithm)
            return try fixture.code(protected: protected) { _, input in
                Array(try key.signature(for: SHA256.hash(data: input), padding: padding).rawRepresentation)
            }
        }
        #expect(reasons(try code(.PSS), trust: trust) == [])
        #expect(reasons(try code(.insecurePKCS1v1_5), trust: trust) == ["signature.invalid"])
        #expect(reasons(try code(.PSS, algorithm: -7), trust: trust) == ["algorithm.not_allowed"])
    }

    @Test(
        arguments: [
            (-60.001, ["time.not_yet_valid"]), (-60, []), (0, []), (86_400, []), (86_400.001, ["time.expired"]),
        ] as [(Double, [String])])
    func `a certificate is valid from a minute before iat to exp, both included`(_ seconds: Double, _ codes: [String])
        throws
    {
        let now = Date(timeIntervalSince1970: Double(HCERTFixture.start) + seconds)
        #expect(reasons(try fixture.code(), at: now) == codes)
        let floats = HCERTFixture.claims(
            issuedAt: .double(Double(HCERTFixture.start)),
            expires: .double(Double(HCERTFixture.start) + 86_400))
        #expect(reasons(try fixture.code(claims: floats), at: now) == codes)
    }

    @Test func `the signer's validity counts`() throws {
        let expired = try HCERTFixture(until: HCERTFixture.start + 60)
        #expect(expired.check(try expired.code())?.reasons.map(\.code) == ["signer.expired"])
        let late = try HCERTFixture(from: HCERTFixture.start + 60)
        let verdict = try #require(late.check(try late.code()))
        #expect(verdict.isValid && verdict.warnings.map(\.code) == ["signer.outside_validity"])
    }

    @Test(
        arguments: [
            ("1.3.6.1.4.1.1847.2021.1.2", []), ("1.3.6.1.4.1.0.1847.2021.1.2", []),
            ("1.3.6.1.4.1.1847.2021.1.1", ["signer.wrong_use"]),
            ("1.3.6.1.4.1.0.1847.2021.1.3", ["signer.wrong_use"]), ("1.3.6.1.5.5.7.3.3", []),
        ] as [(String, [String])])
    func `the signer's usages limit what it may sign`(_ usage: String, _ codes: [String]) throws {
        let limited = try HCERTFixture(usages: [usage])
        #expect(limited.check(try limited.code())?.reasons.map(\.code) == codes)
    }

    @Test func `content with one flaw is refused`() throws {
        func codes(_ entries: [(String, CBORItem)]) throws -> [String] {
            reasons(
                try fixture.code(claims: HCERTFixture.claims(certificate: HCERTFixture.certificate(entries: entries))))
        }
        let one = HCERTFixture.vaccination
        #expect(try codes([("v", .array([one]))]) == [])
        #expect(try codes([("v", .array([one])), ("t", .array([]))]) == ["payload.malformed"])
        #expect(try codes([("v", .array([one])), ("t", .null)]) == ["payload.malformed"])
        #expect(try codes([("v", .array([one, one]))]) == ["payload.malformed"])
        #expect(try codes([("v", .array([one])), ("t", .array([one]))]) == ["payload.malformed"])
        #expect(try codes([]) == ["payload.malformed"])
        #expect(try codes([("v", .array([]))]) == ["payload.malformed"])
        #expect(try codes([("v", one)]) == ["payload.malformed"])
        #expect(reasons(try fixture.code(claims: .map([(.int(1), .text("JP"))]))) == ["payload.malformed"])
        #expect(reasons(try fixture.code(claims: .array([]))) == ["payload.malformed"])
        let twice = CBORItem.map([(.int(1), .text("JP")), (.int(1), .text("DE"))])
        #expect(reasons(try fixture.code(claims: twice)) == ["json.duplicate_key"])
    }

    @Test(
        arguments: [
            ("dn", .int(0)), ("dn", .text("1")), ("sd", .int(0)), ("ci", .int(1)),
            ("ci", .text(String(repeating: "x", count: 81))),
            ("mp", .null),
        ] as [(String, CBORItem)])
    func `an entry that the schema does not allow is refused`(_ key: String, _ value: CBORItem) throws {
        guard case .map(let members) = HCERTFixture.vaccination else { return }
        let changed = members.map { member in
            if case .text(key) = member.0 { return (member.0, value) }
            return member
        }
        let certificate = HCERTFixture.certificate(entries: [("v", .array([.map(changed)]))])
        #expect(
            reasons(try fixture.code(claims: HCERTFixture.claims(certificate: certificate))) == ["payload.malformed"])
        let missing = members.filter { member in
            if case .text(key) = member.0 { return false }
            return true
        }
        let without = HCERTFixture.certificate(entries: [("v", .array([.map(missing)]))])
        #expect(reasons(try fixture.code(claims: HCERTFixture.claims(certificate: without))) == ["payload.malformed"])
    }

    @Test(arguments: [
        ("", true), ("1990", true), ("1990-01", true), ("2021-12-31", true), ("1815-08-24", false), ("1990-", false),
        ("1990-1-1", false), ("19900101", false), ("1990-01-01T00:00:00", false), ("見本", false),
    ])
    func `a birth date has the schema's form`(_ text: String, _ isRight: Bool) throws {
        guard case .map(let members) = HCERTFixture.certificate(entries: [("v", .array([HCERTFixture.vaccination]))])
        else { return }
        let changed = members.map { member in
            if case .text("dob") = member.0 { return (member.0, CBORItem.text(text)) }
            return member
        }
        let codes = reasons(try fixture.code(claims: HCERTFixture.claims(certificate: .map(changed))))
        #expect(codes == (isRight ? [] : ["payload.malformed"]))
    }

    @Test func `a test or a recovery is valid, but said to be no vaccination`() throws {
        let keys = ["tg", "tt", "tr", "is", "ci"]
        let test = CBORItem.map(
            keys.map { (.text($0), .text("x")) } + [
                (.text("co"), .text("JP")), (.text("sc"), .text("2021-07-01T09:00:00Z")),
            ])
        let certificate = HCERTFixture.certificate(entries: [("t", .array([test]))])
        let verdict = try #require(
            fixture.check(try fixture.code(claims: HCERTFixture.claims(certificate: certificate))))
        #expect(verdict.isValid && verdict.doses.isEmpty && verdict.subject == .test)
        #expect(verdict.warnings.map(\.code) == ["content.no_vaccination"])
    }

    @Test func `what wraps the message is checked`() throws {
        let code = try fixture.code()
        #expect(reasons(code + "\n") == [])
        #expect(reasons("HC2:" + code.dropFirst(4)) == ["format.unknown"])
        #expect(reasons(String(code.dropFirst(4))) == ["format.unknown"])
        #expect(reasons(code + "A")[0] == "base45.invalid" || reasons(code + "A")[0] == "deflate.invalid")
        #expect(reasons("HC1:") == ["deflate.invalid"])
        let bomb = try #require(Deflate.compress([UInt8](repeating: 0, count: 4 << 20), wrapping: .zlib))
        #expect(reasons("HC1:" + String(decoding: Base45.encoded(bomb), as: UTF8.self)) == ["size.exceeded"])
        let raw = try #require(Deflate.compress(Array("x".utf8)))
        #expect(reasons("HC1:" + String(decoding: Base45.encoded(raw), as: UTF8.self)) == ["deflate.invalid"])
    }

    @Test func `bad input never traps and is never valid`() async throws {
        let code = try fixture.code()
        let verifier = Verifier(trust: TrustStore(files: [fixture.trustFile]))
        let message = try Deflate.inflate(
            try Base45.decode(Array(code.utf8), in: 4..<code.utf8.count), limit: 10_000, wrapping: .zlib)
        await BadInput.run("HCERT texts", samples: [Array(code.utf8)]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            for verdict in verifier.check([text], at: HCERTFixture.later) where verdict.isValid {
                // The bits behind the last deflate block are not the message's: the same message may be written so.
                let read = Array(text.trimmingCharacters(in: .whitespacesAndNewlines).utf8)
                let inflated = try? Deflate.inflate(
                    Base45.decode(read, in: 4..<read.count), limit: 10_000, wrapping: .zlib)
                #expect(inflated == message, "\(text)")
            }
        }
        await BadInput.run("COSE messages", samples: [message]) { bytes in
            for verdict in verifier.check([HCERTFixture.text(bytes)], at: HCERTFixture.later) where verdict.isValid {
                // Tags, and what stands in the unprotected header, are not signed.
                #expect(bytes.count >= message.count - 1)
            }
        }
    }
}
