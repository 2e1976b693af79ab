import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What is unusual is found, and what is usual is not. Each case is one rule, at its threshold and just below.
@Suite struct LogSurveyTests {
    /// 2026-10-05 00:00 in Japan, a Monday.
    private static let midnight = Date(timeIntervalSince1970: 1_791_126_000)
    private static let names = (0..<9).map { String(repeating: "0", count: 23) + "\($0)" }

    private static func line(
        _ event: LogEvent, _ hours: Double, detail: String? = nil, terminal: String? = nil, actor: String? = nil
    ) -> LogEntry {
        LogEntry(
            sequence: 1, at: midnight + hours * 3600, event: event, terminal: terminal, detail: detail, actor: actor)
    }

    private static func lookUps(_ count: Int, day: Int, by actor: String = "a") -> [LogEntry] {
        (0..<count).map { _ in
            line(.searched, Double(day) * 24 + 10, detail: "number 1 \(names[0]) Tests", actor: actor)
        }
    }

    private static func applications(_ issued: Int, refused: Int, at terminal: String) -> [LogEntry] {
        (0..<issued).map { _ in line(.intent, 12, terminal: terminal) }
            + (0..<refused).map { _ in line(.refused, 12, detail: "record.unclear", terminal: terminal) }
    }

    private static func searches(_ found: String, _ count: Int) -> [LogEntry] {
        (0..<count).map { _ in line(.searched, 10, detail: "name \(found) Tests", actor: "a") }
    }

    private static let cases: [(name: String, lines: [LogEntry], finds: [LogSurvey.Finding])] = [
        ("nothing", [], []),
        ("in office hours", [line(.searched, 7, detail: "number 0 T", actor: "a")], []),
        (
            "before office hours", [line(.searched, 6.99, detail: "number 0 T", actor: "a")],
            [LogSurvey.Finding(rule: .numberHours, subject: "a", count: 1, beside: nil, day: nil)]
        ),
        ("by name at night", [line(.searched, 2, detail: "name 1 \(names[0]) T", actor: "a")], []),
        (
            "six times the median",
            (0..<5).flatMap { lookUps(5, day: $0) } + lookUps(26, day: 6),
            [LogSurvey.Finding(rule: .numberDay, subject: "a", count: 26, beside: 5, day: "2026-10-11")]
        ),
        ("five times the median", (0..<5).flatMap { lookUps(5, day: $0) } + lookUps(25, day: 6), []),
        ("few", lookUps(1, day: 0) + lookUps(1, day: 1) + lookUps(19, day: 2), []),
        (
            "nobody found", searches("0", 6) + searches("too_many", 4) + searches("1 \(names[0])", 20),
            [LogSurvey.Finding(rule: .searchEmpty, subject: "a", count: 10, beside: 30, day: nil)]
        ),
        ("nobody found nine times", searches("0", 9), []),
        ("nobody found among many", searches("0", 10) + searches("1 \(names[0])", 24), []),
        (
            "one person, three operators", ["a", "b", "c", "a"].flatMap { lookUps(1, day: 0, by: $0) },
            [LogSurvey.Finding(rule: .personSeveral, subject: names[0], count: 3, beside: 4, day: nil)]
        ),
        ("one person, two operators", ["a", "b"].flatMap { lookUps(1, day: 0, by: $0) }, []),
        (
            "a terminal's refusals", applications(12, refused: 8, at: "t") + applications(100, refused: 0, at: "u"),
            [LogSurvey.Finding(rule: .terminalRefusals, subject: "t", count: 8, beside: 20, day: nil)]
        ),
        ("all terminals alike", applications(12, refused: 8, at: "t") + applications(12, refused: 8, at: "u"), []),
        ("a terminal of few", applications(10, refused: 9, at: "t") + applications(500, refused: 0, at: "u"), []),
        (
            "a terminal at night", [line(.intent, 6.4, terminal: "t"), line(.intent, 6.5, terminal: "t")],
            [LogSurvey.Finding(rule: .terminalHours, subject: "t", count: 1, beside: nil, day: nil)]
        ),
    ]

    @Test(arguments: cases.indices)
    func `each rule tells what is above its threshold alone`(index: Int) {
        var survey = LogSurvey()
        for line in Self.cases[index].lines { survey.add(line) }
        #expect(survey.findings == Self.cases[index].finds, "\(Self.cases[index].name)")
        #expect(survey.lines == Self.cases[index].lines.count && !survey.isPartial)
    }

    @Test func `memory is bounded, and what is not told apart is said`() {
        var survey = LogSurvey()
        for index in 0..<25_000 {
            let name = String(repeating: "0", count: 24 - "\(index)".count) + "\(index)"
            survey.add(Self.line(.searched, 10, detail: "number 1 \(name) T", actor: "a\(index)"))
            survey.add(Self.line(.intent, 12, terminal: "t\(index)"))
        }
        #expect(survey.isPartial && survey.lines == 50_000 && survey.findings.isEmpty)
    }

    @Test func `bad details of lines never trap`() {
        var survey = LogSurvey()
        for detail in [
            nil, "", " ", "number", "number x", "number 99999999999999999999 a", "number -1 \(Self.names[0])",
        ] {
            survey.add(Self.line(.searched, 10, detail: detail, actor: nil))
        }
        #expect(survey.lines == 7)
    }

    @Test(arguments: Engine.all)
    func `a fold sees the lines of a span of time once, closed ones and those at hand`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        try await SegmentTests.fill(store)
        let all = try await SegmentTests.all(store)
        _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(7), now: SegmentTests.later)
        _ = try await store.signed(try Sample.person(5), at: SegmentTests.later)
        let (from, to) = (Sample.now + 2, Sample.now + 20.001)
        let found = try await store.foldLog(.region(Sample.city), from: from, to: to, into: [] as [LogEntry]) {
            $0.append($1)
        }
        #expect(found == all.filter { $0.at >= from && $0.at < to } && found.count == 7)
        try await store.noteLogReport(regions: 1, from: from, to: to, now: Sample.now)
        let noted = try await store.controlLog(after: 0, limit: 9).last
        #expect(noted?.event == .logSearched && noted?.detail?.hasPrefix("report 1 2023-11-14T") == true)
    }
}
