import CredentialFixtures
import Credentials
import Foundation
import TestSupport
import Testing

/// The WHO's record in the container of the EU's certificate.
@Suite struct VaccinationRecordTests {
    private let fixture: HCERTFixture

    init() throws { fixture = try HCERTFixture() }

    private static let entry: [(String, CBORItem)] = [
        ("vp", .text("YellowFeverProductd2c75a15ed309658b3968519ddb31690")), ("dt", .text("2021-06-01")),
        ("bo", .text("YF1234")), ("is", .text("MIHON")), ("vls", .text("2021-06-11")),
    ]
    private static let record: [(String, CBORItem)] = [
        ("n", .text("Mihon Hanako")), ("dob", .text("1990-01-01")), ("s", .text("female")),
        ("nid", .text("TR1234567")), ("ndt", .text("PPN")),
    ]

    private static func map(_ members: [(String, CBORItem)]) -> CBORItem { .map(members.map { (.text($0.0), $0.1) }) }

    /// The claims around a record, some of whose members are replaced or (`nil`) left out.
    private static func claims(
        _ record: [String: CBORItem?] = [:], entry: [String: CBORItem?] = [:], inArray: Bool = false
    ) -> CBORItem {
        func changed(_ members: [(String, CBORItem)], _ changes: [String: CBORItem?]) -> [(String, CBORItem)] {
            members.compactMap { key, value in (changes[key] ?? value).map { (key, $0) } }
                + changes.compactMap { key, value in
                    members.contains { $0.0 == key } ? nil : value.map { (key, $0) }
                }
        }
        let one = map(changed(Self.entry, entry))
        let all = changed(Self.record + [("v", inArray ? .array([one, one]) : one)], record)
        return .map([
            (.int(1), .text("JPN")), (.int(4), .int(HCERTFixture.start + 86_400)), (.int(6), .int(HCERTFixture.start)),
            (.int(-260), .map([(.int(-6), map(all))])),
        ])
    }

    private func codes(_ claims: CBORItem) throws -> [String] {
        try fixture.check(fixture.code(claims: claims))?.reasons.map(\.code) ?? ["none"]
    }

    @Test(arguments: [false, true])
    func `a record is verified and says who and what`(_ inArray: Bool) throws {
        let verdict = try #require(try fixture.check(fixture.code(claims: Self.claims(inArray: inArray))))
        #expect(verdict.isValid, "\(verdict.reasons.map(\.code))")
        #expect(verdict.format == .dcc)
        #expect(verdict.holder?.name == "Mihon Hanako")
        #expect(verdict.holder?.birthDate == "1990-01-01")
        #expect(verdict.holder?.documentNumber == "TR1234567")
        #expect(verdict.doses.map(\.date) == [String](repeating: "2021-06-01", count: inArray ? 2 : 1))
        #expect(verdict.doses.first?.lot == "YF1234")
    }

    @Test func `a number of another document than a passport is not shown as a passport's`() throws {
        let verdict = try fixture.check(fixture.code(claims: Self.claims(["ndt": .text("NI")])))
        #expect(verdict?.isValid == true)
        #expect(verdict?.holder?.documentNumber == nil)
    }

    @Test(arguments: ["n", "dob", "v"])
    func `a record without a member that it must have is refused`(_ member: String) throws {
        #expect(try codes(Self.claims([member: nil])) == ["payload.malformed"])
    }

    @Test(arguments: [
        ("dt", nil), ("vp", nil), ("is", nil), ("dt", CBORItem.text("2021-13-01")), ("vls", .text("tomorrow")),
        ("vle", .text("2021-06-01")),
    ])
    func `an entry with one flaw is refused`(_ member: String, _ value: CBORItem?) throws {
        #expect(try codes(Self.claims(entry: [member: value])) == ["payload.malformed"])
    }

    @Test(arguments: [
        // The fixture's time is 2021-12-20.
        ("vls", "2021-12-20", []), ("vls", "2021-12-21", ["time.not_yet_valid"]), ("vle", "2021-12-20", []),
        ("vle", "2021-12-19", ["time.expired"]),
    ])
    func `the period that a record names counts with both its days`(
        _ member: String, _ day: String, _ expected: [String]
    ) throws {
        #expect(try codes(Self.claims(entry: [member: .text(day)])) == expected)
    }

    @Test func `a changed signature is refused here as well`() throws {
        let code = try fixture.code(claims: Self.claims(), signature: { _, bytes in try TestSigner().sign(bytes) })
        #expect(fixture.check(code)?.reasons.map(\.code) == ["signature.invalid"])
    }

    @Test func `neither record nor certificate is a format that is not known`() throws {
        let claims = CBORItem.map([
            (.int(1), .text("JP")), (.int(4), .int(HCERTFixture.start + 86_400)), (.int(6), .int(HCERTFixture.start)),
            (.int(-260), .map([(.int(2), .map([]))])),
        ])
        #expect(try codes(claims) == ["format.unsupported"])
    }

    @Test func `bad records never trap, and are valid only where they say what was signed`() async throws {
        let payload = Self.claims().encoded
        let verifier = Verifier(trust: TrustStore(files: [fixture.trustFile]))
        await BadInput.run("WHO records", samples: [payload]) { bytes in
            let code = try fixture.code(claims: .raw(bytes))
            for verdict in verifier.check([code], at: HCERTFixture.later) where verdict.isValid {
                #expect(verdict.holder != nil && !verdict.doses.isEmpty)
            }
        }
    }
}
