import Checking
import CredentialFixtures
import Credentials
import Testing

/// What a person reads of a verdict: never more than what was signed, and no green but for a vaccination.
@Suite struct VerdictReportTests {
    private static let green = "\u{1B}[1;32m"
    private static let amber = "\u{1B}[1;33m"

    private let cards = SmartHealthCardFixture()
    private let hcert: HCERTFixture

    init() throws { hcert = try HCERTFixture() }

    private func card(_ part: String? = nil, _ other: String = "") throws -> Verdict {
        let payload = try part.map { try SmartHealthCardFixture.payload.replacing(one: $0, with: other) }
        return try #require(cards.check(try cards.jws(payload: payload ?? SmartHealthCardFixture.payload)))
    }

    private func certificate(_ group: String, _ texts: [String], _ others: [String: String]) throws -> Verdict {
        let entry = CBORItem.map(
            (texts.map { ($0, "x") } + others.map { ($0.key, $0.value) }).map { (.text($0.0), .text($0.1)) })
        let claims = HCERTFixture.claims(certificate: HCERTFixture.certificate(entries: [(group, .array([entry]))]))
        return try #require(hcert.check(try hcert.code(claims: claims)))
    }

    private func verdict(about subject: Subject) throws -> Verdict {
        switch subject {
        case .vaccination: try card()
        case .none: try card(#""status":"completed""#, #""status":"not-done""#)
        case .test:
            try certificate("t", ["tg", "tt", "tr", "is", "ci"], ["co": "JP", "sc": "2021-07-01T09:00:00Z"])
        case .recovery:
            try certificate(
                "r", ["tg", "is", "ci"],
                ["co": "JP", "fr": "2021-07-01", "df": "2021-07-11", "du": "2021-12-28"])
        }
    }

    @Test(
        arguments: [
            (Subject.test, "検査 a test"), (.recovery, "回復 a recovery"),
            (.none, "接種・検査・回復のいずれでもありません none of vaccination, test, recovery"),
        ])
    func `what is valid and no vaccination says what it is, and nothing of it is green`(
        _ subject: Subject, _ words: String
    ) throws {
        let verdict = try verdict(about: subject)
        #expect(verdict.isValid && verdict.subject == subject)
        let plain = VerdictReport(colours: false).text(verdict)
        #expect(plain.contains("  内容 About: \(words)\n"))
        #expect(plain.split(separator: "\n").first?.contains("NOT A VACCINATION") == true)
        #expect(!plain.contains("\u{1B}"))
        let coloured = VerdictReport(colours: true).text(verdict)
        #expect(coloured.contains(Self.amber) && !coloured.contains(Self.green))
    }

    @Test func `a vaccination is green and is not said to be something else`() throws {
        let verdict = try verdict(about: .vaccination)
        let coloured = VerdictReport(colours: true).text(verdict)
        #expect(coloured.hasPrefix(Self.green + "✔ 有効 VALID"))
        #expect(!coloured.contains("About:") && !coloured.contains(Self.amber))
    }

    @Test func `what is not valid, of the test part or checked with something old is never green`() throws {
        let stranger = try #require(cards.check(try cards.jws { try TestSigner().sign($1) }))
        let test = try #require(cards.check(try cards.jws(), trust: [cards.trustFile(path: "test/shc/a.json")]))
        let old = try #require(
            cards.verifier().stale.check([try cards.jws()], at: SmartHealthCardFixture.later).first)
        for (verdict, words) in [(stranger, "NOT VALID"), (test, "SAMPLE"), (old, "VALID, CHECKED WITH OLD DATA")] {
            let coloured = VerdictReport(colours: true).text(verdict)
            #expect(!coloured.contains(Self.green))
            #expect(coloured.split(separator: "\n").first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `a name of a thousand characters is cut, and said to be`() throws {
        let name = String(repeating: "あ", count: 1000)
        let report = VerdictReport(colours: false).text(
            try card(#""family":"見本","given":["花子"]"#, "\"family\":\"\(name)\""))
        let line = try #require(report.split(separator: "\n").first { $0.hasPrefix("  氏名 Name: ") })
        #expect(line == "  氏名 Name: " + name.prefix(Printable.maximumShown) + "…")
    }

    @Test(arguments: ["علی\u{200C}رضا", "क\u{94D}\u{200D}ष"])
    func `a name keeps the joiners that it is spelt with`(_ name: String) throws {
        let report = VerdictReport(colours: false).text(
            try card(#""family":"見本","given":["花子"]"#, "\"family\":\"\(name)\""))
        #expect(report.contains("  氏名 Name: \(name)\n"))
    }
}
