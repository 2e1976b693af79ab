import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What of one person is kept no longer, by the rules alone.
@Suite struct RetentionRuleTests {
    private static let cutoff = "2030-04-01"

    private static func day(_ text: String) throws -> CalendarDate { try Sample.value(CalendarDate(iso: text)) }

    /// One person's case: what is there, and what is due.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var lastDose: String?
        var standing = Standing.resident
        var left: String?
        var hasNumber = true
        /// When each certificate was asked for, and its state.
        var certificates: [(String, CertificateState)] = []
        var rules: (RetentionPeriod, RetentionPeriod, RetentionPeriod) = (.years(5), .years(7), .years(5))
        var cutoff = RetentionRuleTests.cutoff
        var due: Set<RetentionKind> = []
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "a dose on the very day of five years before is kept through that day", lastDose: "2025-04-01"),
        Case(name: "a dose on the day before is not", lastDose: "2025-03-31", due: [.doses]),
        Case(
            name: "29 February has its anniversary on the 28th, which is kept through", lastDose: "2024-02-29",
            cutoff: "2029-02-28"),
        Case(
            name: "and is over on 1 March", lastDose: "2024-02-29", cutoff: "2029-03-01", due: [.doses]),
        Case(
            name: "29 February after four years has one of its own", lastDose: "2024-02-29",
            rules: (.years(8), .years(7), .years(5)), cutoff: "2032-02-29"),
        Case(name: "kept for ever is never due", lastDose: "1999-01-01", rules: (.forever, .forever, .forever)),
        Case(
            name: "beyond the calendar is never due", lastDose: "2150-01-01", rules: (.years(100), .years(7), .years(5))
        ),
        Case(
            name: "who moved away long ago goes with the doses", lastDose: "2021-07-05", standing: .movedAway,
            left: "2024-12-31", due: [.doses, .person]),
        Case(
            name: "who moved away lately stays without doses", lastDose: "2021-07-05", standing: .movedAway,
            left: "2028-01-01", due: [.doses]),
        Case(name: "a resident without doses stays"),
        Case(
            name: "a resident who had left before is one", lastDose: nil, standing: .resident, left: "2010-01-01"),
        Case(
            name: "of whom nobody says when it was stays", lastDose: "2021-07-05", standing: .movedAway, due: [.doses]),
        Case(
            name: "the dead lose their number while doses are kept", lastDose: "2028-01-01", standing: .deceased,
            left: "2025-03-31", due: [.number]),
        Case(
            name: "the dead of five years to the day keep it", lastDose: "2028-01-01", standing: .deceased,
            left: "2025-04-01"),
        Case(
            name: "a number that is gone goes once", lastDose: "2028-01-01", standing: .deceased, left: "2025-03-31",
            hasNumber: false),
        Case(
            name: "with no years at all it goes with the day behind the death", lastDose: "2028-01-01",
            standing: .deceased, left: "2030-03-31", rules: (.years(5), .years(7), .years(0)), due: [.number]),
        Case(
            name: "the dead whose doses are over go as a whole", lastDose: "2024-01-01", standing: .deceased,
            left: "2025-03-31", due: [.doses, .person]),
        Case(
            name: "a certificate of seven years to the day keeps the doses", lastDose: "2021-07-05",
            certificates: [("2023-04-01", .printed)]),
        Case(
            name: "one day older it goes, and the doses with it", lastDose: "2021-07-05",
            certificates: [("2023-03-31", .printed)], due: [.certificates, .doses]),
        Case(
            name: "one of two goes alone, and doses and person stay", lastDose: "2021-07-05", standing: .movedAway,
            left: "2022-01-01", certificates: [("2022-12-01", .voided), ("2024-01-01", .printed)], due: [.certificates]),
        Case(
            name: "one that is signed and not reported on is under way, however old it is", lastDose: "2021-07-05",
            standing: .movedAway, left: "2022-01-01", certificates: [("2022-01-01", .signed)]),
        Case(
            name: "one that stopped at its intent seven years ago is not", lastDose: "2021-07-05",
            certificates: [("2022-01-01", .intended)], due: [.certificates, .doses]),
        Case(
            name: "certificates for ever keep everything", lastDose: "2021-07-05", standing: .deceased,
            left: "2028-01-01", certificates: [("2022-01-01", .printed)],
            rules: (.years(5), .forever, .years(5))),
    ]

    @Test(arguments: cases)
    func `what is due is told to the day`(row: Case) throws {
        let certificates = try row.certificates.map { day, state in
            RetainedPerson.Certificate(id: Sample.id(), askedOn: try Self.day(day), state: state)
        }
        let person = RetainedPerson(
            hasDoses: row.lastDose != nil, lastDose: try row.lastDose.map(Self.day), standing: row.standing,
            left: try row.left.map(Self.day), hasNumber: row.hasNumber && row.standing == .deceased,
            certificates: certificates)
        let rules = try Sample.value(
            RetentionRules(doses: row.rules.0, provision: row.rules.1, deceasedNumbers: row.rules.2))
        let due = rules.due(person, on: try Self.day(row.cutoff))
        #expect(Set(due.kinds) == row.due)
        #expect(due.certificates.count <= certificates.count)
        #expect(due.isEmpty == row.due.isEmpty)
    }

    @Test(arguments: [
        ("2030-03-31T14:59:59Z", "2029-04-01"), ("2030-03-31T15:00:00Z", "2030-04-01"),
        ("2030-12-31T00:00:00Z", "2030-04-01"), ("2031-01-01T00:00:00Z", "2030-04-01"),
    ])
    func `a fiscal year begins in Japan`(now: String, cutoff: String) throws {
        let now = try Date(now, strategy: .iso8601)
        #expect(RetentionRules.cutoff(at: now) == (try Self.day(cutoff)))
    }

    @Test func `doses that contradict each other count as the last of them, and corrected ones only where none counts`()
        throws
    {
        func dose(_ number: Int, _ day: String) throws -> Dose {
            try Sample.value(
                Dose(
                    number: number, date: try Self.day(day), product: try Sample.value(Product.withCode("PFIZER-12")),
                    lot: "MH1"))
        }
        func last(_ entries: [DoseEntry]) throws -> CalendarDate? {
            let record = PersonRecord(
                id: 1, vaccinee: try Sample.person().vaccinee, standing: .resident, doses: DoseRecord(entries),
                printedOverseasPassports: [])
            return RetainedPerson(record, [], hasNumber: true, certificates: []).lastDose
        }
        let (one, two) = (try dose(1, "2021-07-05"), try dose(1, "2024-07-05"))
        func entry(_ dose: Dose, ended: Bool = false) -> DoseEntry {
            DoseEntry(dose: dose, source: .file, recordedAt: Sample.now, endedAt: ended ? Sample.now : nil)
        }
        #expect(try last([entry(one), entry(two)]) == two.date)
        #expect(try last([entry(one), entry(two, ended: true)]) == one.date)
        #expect(try last([entry(two, ended: true)]) == two.date)
        #expect(try last([]) == nil)
    }

    @Test(arguments: [
        #"{"channels":["kiosk"],"kinds":["domestic"],"state":"open"}"#,
        #"{"channels":["kiosk"],"kinds":["domestic"],"state":"open","retention":{"doses":5,"provision":7,"deceasedNumbers":5}}"#,
    ])
    func `settings of before are those with the law's fewest years`(json: String) throws {
        let settings = try JSONDecoder().decode(RegionSettings.self, from: Data(json.utf8))
        #expect(settings == RegionSettings(channels: [.kiosk], kinds: [.domestic]))
        #expect(try JSONDecoder().decode(RegionSettings.self, from: JSONEncoder().encode(settings)) == settings)
    }

    @Test(arguments: [
        #"{"doses":4,"provision":7,"deceasedNumbers":5}"#, #"{"doses":5,"provision":6,"deceasedNumbers":5}"#,
        #"{"doses":101,"provision":7,"deceasedNumbers":5}"#, #"{"doses":5,"provision":7,"deceasedNumbers":-1}"#,
        #"{"doses":5,"provision":7}"#, #"{"doses":"never","provision":7,"deceasedNumbers":5}"#,
        #"{"doses":5.5,"provision":7,"deceasedNumbers":5}"#, #"{"doses":null,"provision":7,"deceasedNumbers":5}"#,
    ])
    func `years out of their bounds are refused`(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(RetentionRules.self, from: Data(json.utf8))
        }
    }
}
