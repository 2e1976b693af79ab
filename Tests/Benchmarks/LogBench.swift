import Foundation
import RecordSupport
import Records
import Vaccination

/// A region's log of a million lines: verified, searched.
enum LogBench {
    private static let callers = 200

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        // A smaller log for who only wants to see whether it works.
        let asked = ProcessInfo.processInfo.environment["AKASHI_BENCH_LINES"].flatMap { Int($0) } ?? 1_000_000
        let lines = stopwatch.isCounting ? min(asked, 30_000) : asked
        let place = try Place()
        let store = try place.sqlite()
        let people = MadeUpPeople.rows(count: 2000, municipality: Sample.city, firstNumber: 0, seed: 1).map(\.person)
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        let records = try await withThrowingTaskGroup(of: PersonRecord?.self) { group in
            for person in people { group.addTask { try await store.person(person.number, in: Sample.city) } }
            return try await group.reduce(into: [] as [PersonRecord]) { if let record = $1 { $0.append(record) } }
        }
        try await fill(lines / 3, of: records, store)
        let reader = try BareRegion(place.path(of: Sample.city), isNew: false)
        let count = try await verify(store)
        if stopwatch.isCounting { return [] }

        // Once each in turns, the best of both: a machine that others use slows single runs.
        var (whole, bare): ([Double], [Double]) = ([], [])
        for _ in 0..<3 {
            bare.append(try await seconds { try reader.hashLog() })
            whole.append(try await seconds { _ = try await verify(store) })
        }
        let (best, least) = (whole.min() ?? 0, bare.min() ?? 0)
        let verified = Figure(
            name: "log/verify", opsPerSecond: Stopwatch.rounded(Double(count) / best), p50Microseconds: 0,
            p99Microseconds: 0,
            baseline:
                "bare SQLite: the same lines and rows read, SHA-256 over each line and HMAC-SHA-512 over each row",
            baselineOpsPerSecond: Stopwatch.rounded(Double(count) / least), ratio: Stopwatch.rounded(least / best))
        let person = try Sample.value(people.last).number
        let searched = try await stopwatch.measure(
            "log/search",
            against: .work("bare SQLite: every line's detail is looked through") { try reader.lookThroughLog() }
        ) {
            var query = LogQuery()
            query.person = .found(.number(person))
            let page = try await store.searchLog(
                query, in: .region(Sample.city), for: "Measurement", after: 0, limit: 1000, now: Sample.now)
            guard !page.entries.isEmpty else { throw BenchError("no line was found") }
        }
        return [verified, searched]
    }

    /// Three lines a certificate: intent, signed, printed.
    private static func fill(_ certificates: Int, of people: [PersonRecord], _ store: SQLiteRecordStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for index in stride(from: caller, to: certificates, by: callers) {
                        // One a day of each.
                        let at = Sample.now + Double(index / people.count) * 86_400
                        let intent = try Sample.intent(
                            of: people[index % people.count], at: at, inquiry: "MH-\(index)")
                        let id = intent.certificateID
                        _ = try await store.record(intent, limit: DailyLimit(1_000_000))
                        _ = try await store.recordSigned(
                            id, in: Sample.city, codeHashes: [Sample.hash()], now: at)
                        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: at)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func verify(_ store: SQLiteRecordStore) async throws -> Int64 {
        let report = try await store.verify(.region(Sample.city), pins: [], everything: true)
        guard report.breaks.isEmpty, report.irregularities.isEmpty else { throw BenchError("a log is not sound") }
        return report.lines
    }

    private static func seconds(_ body: () async throws -> Void) async throws -> Double {
        let begun = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - begun) / .seconds(1)
    }
}
