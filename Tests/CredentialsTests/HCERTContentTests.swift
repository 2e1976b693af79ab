import CredentialFixtures
import Credentials
import Foundation
import TestSupport
import Testing
import X509

/// What RFC 8949, 9052 and 8392 and the EU's schema say of a signed code, one flaw a fixture.
@Suite struct HCERTContentTests {
    let fixture: HCERTFixture

    init() throws { fixture = try HCERTFixture() }

    private func codes(_ code: String) -> [String] { fixture.check(code)?.reasons.map(\.code) ?? ["none"] }

    private func claims(_ changed: [(CBORItem, CBORItem)], without key: Int? = nil) -> CBORItem {
        guard case .map(let members) = HCERTFixture.claims() else { return .null }
        let kept = members.filter { member in
            if case .int(let label) = member.0 { return label != key }
            return true
        }
        return .map(kept + changed)
    }

    /// The certificate, or its entry or name, with one member changed, added or (with `nil`) left out.
    private func code(_ map: String?, _ key: String, _ value: CBORItem?) throws -> String {
        func changed(_ item: CBORItem) -> CBORItem {
            guard case .map(let members) = item else { return item }
            let others = members.filter { member in
                if case .text(key) = member.0 { return false }
                return true
            }
            return .map(others + (value.map { [(.text(key), $0)] } ?? []))
        }
        let entry = map == "v" ? changed(HCERTFixture.vaccination) : HCERTFixture.vaccination
        let certificate = HCERTFixture.certificate(entries: [("v", .array([entry]))])
        guard case .map(let members) = certificate else { throw TestFailure("no map") }
        let whole: CBORItem =
            map == nil
            ? changed(certificate)
            : .map(
                members.map { member in
                    if map == "nam", case .text("nam") = member.0 { return (member.0, changed(member.1)) }
                    return member
                })
        return try fixture.code(claims: HCERTFixture.claims(certificate: whole))
    }

    @Test(arguments: ["a20401180402", "a26161017f6161ff02", "a24161015f4161ff02", "a2f93c0001fa3f80000002"])
    func `keys of a map that are equal in different encodings come twice`(_ hex: String) {
        let error = #expect(throws: Malformed.self) { try CBOR(CBORTests.bytes(hex)) }
        #expect(error?.kind == .duplicateKey)
    }

    @Test func `equal keys are found among many`() {
        let members = (0...60).map { (CBORItem.int($0), CBORItem.null) }
        var bytes = CBORItem.map(members).encoded
        // The 61 entries become 62, the last one 4 again in two bytes.
        bytes[1] += 1
        bytes += [0x18, 0x04, 0xF6]
        let error = #expect(throws: Malformed.self) { try CBOR(bytes) }
        #expect(error?.kind == .duplicateKey)
    }

    @Test func `a certificate without an end is malformed`() throws {
        #expect(codes(try fixture.code(claims: claims([], without: 4))) == ["payload.malformed"])
    }

    @Test func `a beginning in the future counts, with a minute for clocks`() throws {
        let later = Int(HCERTFixture.later.timeIntervalSince1970)
        #expect(codes(try fixture.code(claims: claims([(.int(5), .int(later + 60))]))) == [])
        #expect(codes(try fixture.code(claims: claims([(.int(5), .int(later + 61))]))) == ["time.not_yet_valid"])
    }

    @Test(arguments: [CBORItem.null, .int(1), .bytes([0x4A, 0x50])])
    func `an issuer that is no text is malformed`(_ issuer: CBORItem) throws {
        #expect(codes(try fixture.code(claims: claims([(.int(1), issuer)], without: 1))) == ["payload.malformed"])
    }

    @Test(arguments: [CBORItem.null, .text("key"), .int(4)])
    func `a key identifier of another kind does not fall back to the one outside`(_ keyID: CBORItem) throws {
        let protected = CBORItem.map([(.int(1), .int(-7)), (.int(4), keyID)]).encoded
        let outside = CBORItem.map([(.int(4), .bytes(HCERTFixture.keyID(fixture.certificate)))])
        #expect(codes(try fixture.code(protected: protected, unprotected: outside)) == ["cose.malformed"])
    }

    @Test func `an algorithm outside the protected header is none`() throws {
        let protected = CBORItem.map([(.int(4), .bytes(HCERTFixture.keyID(fixture.certificate)))]).encoded
        let outside = CBORItem.map([(.int(1), .int(-7))])
        #expect(codes(try fixture.code(protected: protected, unprotected: outside)) == ["algorithm.not_allowed"])
    }

    @Test func `tags are taken off only where issuers are known to put them`() throws {
        for tags in [[], [18], [61, 18]] as [[UInt64]] { #expect(codes(try fixture.code(tags: tags)) == []) }
        for tags in [[18, 18], [18, 61], [61], [98], [61, 61, 18]] as [[UInt64]] {
            #expect(codes(try fixture.code(tags: tags)) != [], "\(tags)")
        }
        #expect(codes(try code("v", "dt", .tag(0, .text("2021-07-01")))) == [])
        #expect(codes(try code(nil, "dob", .tag(0, .text("1990-01-01")))) == [])
        #expect(codes(try code("v", "is", .tag(0, .text("MIHON")))) == ["payload.malformed"])
        #expect(codes(try code("v", "dt", .tag(1, .text("2021-07-01")))) == ["payload.malformed"])
        let tagged = HCERTFixture.claims(expires: .tag(1, .int(HCERTFixture.start + 86_400)))
        #expect(codes(try fixture.code(claims: tagged)) == ["payload.malformed"])
        #expect(codes(try fixture.code(claims: .tag(61, HCERTFixture.claims()))) == ["payload.malformed"])
    }

    @Test(
        arguments: [
            ("v", "co", CBORItem.text("")), ("v", "co", .text("jp")), ("v", "co", nil), ("v", "dt", .text("x")),
            ("v", "dt", .text("2021-02-29")), ("v", "dt", .text("2021-07")), ("v", "dt", .text("2021-07-01T00:00:00Z")),
            ("v", "is", .text(String(repeating: "x", count: 81))), ("v", "dn", .double(1.5)), ("v", "sd", .null),
            (nil, "ver", .text("1")), (nil, "ver", .text("1.3")), (nil, "ver", .text("x.3.3")), (nil, "ver", .int(1)),
            (nil, "ver", nil), (nil, "t", .array([])), (nil, "r", .null), (nil, "nam", .array([])),
            ("nam", "fn", .text(String(repeating: "x", count: 81))), ("nam", "fnt", .text("Mihon")),
            ("nam", "fnt", nil), ("nam", "gn", .null),
        ] as [(String?, String, CBORItem?)])
    func `what the schema does not allow is malformed`(_ map: String?, _ key: String, _ value: CBORItem?) throws {
        #expect(codes(try code(map, key, value)) == ["payload.malformed"])
    }

    @Test(
        arguments: [
            ("v", "mp", CBORItem.text(String(repeating: "x", count: 200))),
            ("v", "ma", .text(String(repeating: "x", count: 81))), ("v", "co", .text("XX1")),
            ("v", "is", .text(String(repeating: "見", count: 80))), (nil, "ver", .text("1x3x3")),
            (nil, "ver", .text("12345")), ("v", "more", .array([])), ("nam", "gn", .text("")),
        ] as [(String?, String, CBORItem?)])
    func `there is no limit that the schema does not have`(_ map: String?, _ key: String, _ value: CBORItem?) throws {
        #expect(codes(try code(map, key, value)) == [])
    }

    private static let test = [
        "tg": "x", "tt": "x", "tr": "x", "is": "x", "ci": "x", "co": "JP", "sc": "2021-07-01T09:00:00Z",
    ]
    private static let recovery = [
        "tg": "x", "is": "x", "ci": "x", "co": "JP", "fr": "2021-07-01", "df": "2021-07-11", "du": "2021-12-28",
    ]

    /// What is said of a certificate whose one entry, a test (`t`) or a recovery (`r`), has one member changed or, with
    /// `nil`, left out.
    private func codes(_ group: String, _ key: String, _ value: String?) throws -> [String] {
        var entry = group == "t" ? Self.test : Self.recovery
        entry[key] = value
        let members = entry.sorted { $0.key < $1.key }.map { (CBORItem.text($0.key), CBORItem.text($0.value)) }
        let certificate = HCERTFixture.certificate(entries: [(group, .array([.map(members)]))])
        return codes(try fixture.code(claims: HCERTFixture.claims(certificate: certificate)))
    }

    @Test(
        arguments: [
            ("t", "nm", String(repeating: "x", count: 81)), ("t", "tc", String(repeating: "x", count: 81)),
            ("t", "sc", "x"), ("t", "sc", "2021-07-01"), ("t", "sc", "2021-02-29T09:00:00Z"), ("t", "sc", nil),
            ("t", "tt", nil), ("t", "tr", nil), ("r", "fr", "x"), ("r", "fr", "2021-02-29"), ("r", "fr", nil),
            ("r", "df", "2021-07"), ("r", "df", "2021-07-11T00:00:00Z"), ("r", "df", nil), ("r", "du", "2021-12-32"),
            ("r", "du", ""), ("r", "du", nil),
        ] as [(String, String, String?)])
    func `what the schema does not allow of a test or a recovery is malformed`(
        _ group: String, _ key: String, _ value: String?
    ) throws {
        #expect(try codes(group, key, value) == ["payload.malformed"])
    }

    @Test func `a test or a recovery has the schema's limits and no others`() throws {
        for key in ["nm", "tc"] { #expect(try codes("t", key, String(repeating: "x", count: 80)) == []) }
        for key in ["ma", "tt", "tr"] { #expect(try codes("t", key, String(repeating: "x", count: 200)) == []) }
        #expect(try codes("r", "du", "2022-02-28") == [])
    }

    @Test func `a critical extension of the signer that is not known is refused`() throws {
        let signer = TestSigner()
        let (from, until) = (HCERTFixture.start - 86_400, HCERTFixture.start + 86_400)
        func check(_ demanded: String?) throws -> [String]? {
            let certificate = try HCERTFixture.certificate(
                .init(signer.publicKey), [], from: from, until: until, demanding: demanded)
            let fixture = HCERTFixture(signer: signer, certificate: certificate)
            return fixture.check(try fixture.code())?.reasons.map(\.code)
        }
        #expect(try check(nil) == [])
        #expect(try check("1.3.6.1.4.1.55555.1") == ["signer.critical_extension"])
    }

    @Test func `a dose's number is shown with all its digits`() throws {
        let verdict = try #require(fixture.check(try code("v", "dn", .int(Int.max))))
        #expect(verdict.json().contains(#""number":9223372036854775807"#))
    }
}
