import Foundation
import GRDBSQLite
import RecordSupport
import Records
import Vaccination

/// A region as it grows to a large city's size by imports, and what finding somebody in it takes.
///
/// People and doses are made up: one to seven doses each, a quarter of the people with a passport.
enum RecordsBench {
    /// How many people are there at each look, and what the look is called.
    private static let sizes = [(10_000, "10k"), (100_000, "100k"), (1_000_000, "1m")]
    /// How many people one transaction of the baseline takes: what the pace of an import comes to here.
    private static let batch = 256

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        // A smaller region for who only wants to see whether it works.
        let maximum = ProcessInfo.processInfo.environment["AKASHI_BENCH_PEOPLE"].flatMap { Int($0) } ?? 1_000_000
        let place = try Place()
        let store = try place.sqlite()
        var figures: [Figure] = []
        var there = 0
        for (size, name) in sizes where size <= maximum && !(stopwatch.isCounting && size > 10_000) {
            let file = "\(place.folder)/people.csv"
            let rows = try write(there..<size, to: file)
            let before = there == 0 ? (bytes: 0, doses: 0) : try BareRegion.size(place.path(of: Sample.city))
            let begun = ContinuousClock.now
            try await load(file, into: store)
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            let peak = try peakKiB()
            if size == sizes.filter({ $0.0 <= maximum }).last?.0 {
                let bare = try BareRegion.fill(
                    from: place.path(of: Sample.city), behind: Int64(there), in: place.folder, batch)
                figures.append(
                    Figure(
                        name: "records/import", opsPerSecond: Stopwatch.rounded(Double(rows) / seconds),
                        p50Microseconds: 0, p99Microseconds: 0,
                        baseline: "bare SQLite: the same rows sealed already, in the same tables and transactions",
                        baselineOpsPerSecond: Stopwatch.rounded(Double(rows) / bare),
                        ratio: Stopwatch.rounded(bare / seconds), peakKiB: peak))
                figures.append(
                    try bytes(place.path(of: Sample.city), since: before, beside: "\(place.folder)/bare.sqlite"))
            }
            there = size
            let reader = try BareRegion(place.path(of: Sample.city), isNew: false)
            figures.append(
                try await stopwatch.measure(
                    "records/lookup/\(name)",
                    against: .work("bare SQLite: one person's rows by the person's number in the file") {
                        try reader.read(Int64.random(in: 1...Int64(size)))
                    }
                ) {
                    let number = try Sample.value(
                        MadeUpPeople.rows(
                            count: 1, municipality: Sample.city, firstNumber: Int.random(in: 0..<size), seed: 3
                        ).first
                    ).person.number
                    _ = try Sample.value(try await store.person(number, in: Sample.city))
                })
            if size == sizes.filter({ $0.0 <= maximum }).last?.0 {
                figures.append(try await search(among: size, reader, store, stopwatch))
            }
        }
        return figures
    }

    /// What a dose takes on the disk, with its person and all indexes, of what one import has added. `ops_per_s` is doses a
    /// megabyte.
    private static func bytes(
        _ path: String, since before: (bytes: Int, doses: Int), beside bare: String
    ) throws -> Figure {
        let (now, other) = (try BareRegion.size(path), try BareRegion.size(bare))
        let doses = Double(now.doses - before.doses)
        guard doses > 0, now.doses - before.doses == other.doses else { throw BenchError("doses are missing") }
        let (ours, theirs) = (Double(now.bytes - before.bytes) / doses, Double(other.bytes) / doses)
        return Figure(
            name: "records/bytes", opsPerSecond: Stopwatch.rounded(1e6 / ours), p50Microseconds: 0, p99Microseconds: 0,
            baseline:
                "doses a megabyte; bare SQLite with the same rows: \(Int(ours)) bytes a dose beside \(Int(theirs))",
            baselineOpsPerSecond: Stopwatch.rounded(1e6 / theirs), ratio: Stopwatch.rounded(theirs / ours))
    }

    /// A person by name, birth date and sex; every search is in the log before it is answered.
    private static func search(
        among size: Int, _ reader: BareRegion, _ store: SQLiteRecordStore, _ stopwatch: Stopwatch
    ) async throws -> Figure {
        try await stopwatch.measure(
            "records/search",
            against: .work("bare SQLite: one person's rows by the person's number in the file, and a line committed") {
                try reader.read(Int64.random(in: 1...Int64(size)))
                try reader.note()
            }
        ) {
            let person = try Sample.value(
                MadeUpPeople.rows(
                    count: 1, municipality: Sample.city, firstNumber: Int.random(in: 0..<size), seed: 3
                ).first
            ).person.vaccinee
            let found = try await store.find(
                .name(person.name, birthDate: person.birthDate, sex: person.sex), for: "Measurement", in: Sample.city,
                now: Sample.now)
            guard case .people(let people) = found, !people.isEmpty else { throw BenchError("nobody was found") }
        }
    }

    /// What a session writes and reads while an import is written beside it, and without.
    static func besideImport(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let place = try Place()
        let store = try place.sqlite()
        let (first, second) = ("\(place.folder)/first.csv", "\(place.folder)/second.csv")
        _ = try write(0..<2000, to: first)
        try await load(first, into: store)
        let people = MadeUpPeople.rows(count: 2000, municipality: Sample.city, firstNumber: 0, seed: 3).map(\.person)
        if stopwatch.isCounting { return [] }
        let quiet = try await sessions(of: people, store) { $0 < 1000 }
        _ = try write(2000..<30_000, to: second)
        let importing = Task { try await load(second, into: store, sharing: true) }
        var isOver: Bool { get async throws { try await store.imports(in: Sample.city).first?.state == .applied } }
        while try await store.imports(in: Sample.city).first?.state != .applying {
            try await Task.sleep(for: .milliseconds(5))
        }
        let during = try await sessions(of: people, store) { _ in try await !isOver }
        try await importing.value
        func quantile(_ share: Double, _ times: [Double]) -> Double {
            times[min(times.count - 1, Int(share * Double(times.count)))]
        }
        func rate(_ times: [Double]) -> Double { Double(times.count) * 1e6 / times.reduce(0, +) }
        return [
            Figure(
                name: "records/import/kiosk", opsPerSecond: Stopwatch.rounded(rate(during)),
                p50Microseconds: Stopwatch.rounded(quantile(0.5, during)),
                p99Microseconds: Stopwatch.rounded(quantile(0.99, during)),
                baseline: "p99 of the same writes and reads without an import: \(Int(quantile(0.99, quiet))) µs",
                baselineOpsPerSecond: Stopwatch.rounded(rate(quiet)),
                ratio: Stopwatch.rounded(quantile(0.99, quiet) / quantile(0.99, during)))
        ]
    }

    /// The times of one session after the other in microseconds, the shortest first.
    private static func sessions(
        of people: [NewPerson], _ store: SQLiteRecordStore, while goesOn: (Int) async throws -> Bool
    ) async throws -> [Double] {
        var times: [Double] = []
        while try await goesOn(times.count) {
            let begun = ContinuousClock.now
            try await StoreBench.session(of: people[times.count % people.count], store)
            times.append((ContinuousClock.now - begun) / .microseconds(1))
        }
        guard times.count >= 100 else { throw BenchError("an import was over before a hundred sessions were") }
        return times.sorted()
    }

    /// Writes a file of people, a few at a time.
    private static func write(_ range: Range<Int>, to path: String) throws -> Int {
        guard FileManager.default.createFile(atPath: path, contents: Data(PeopleCSV.encode([]))),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw BenchError("\(path) cannot be written") }
        defer { try? handle.close() }
        try handle.seekToEnd()
        let header = PeopleCSV.encode([]).count
        var count = 0
        for first in stride(from: range.lowerBound, to: range.upperBound, by: 1000) {
            let rows = MadeUpPeople.rows(
                count: min(1000, range.upperBound - first), municipality: Sample.city, firstNumber: first, seed: 3)
            try handle.write(contentsOf: Data(PeopleCSV.encode(rows).dropFirst(header)))
            count += rows.count
        }
        return count
    }

    /// A file's whole way: read, approved, written.
    /// - Parameter sharing: whether others have their turn between two transactions, as in the service.
    private static func load(_ path: String, into store: SQLiteRecordStore, sharing: Bool = false) async throws {
        guard let source = ImportSource.plain(path), let file = PeopleFile(source, encoding: .utf8, region: Sample.city)
        else {
            throw BenchError("\(path) cannot be read")
        }
        let staged = try await store.stage(
            try Sample.value(ImportOrigin(medium: "MADE-UP", purpose: "Measurement")), as: .addition, in: Sample.city,
            maximumRefused: 0, now: Sample.now, next: { try file.next() })
        for name in ["a", "b"] {
            _ = try await store.approve(staged.number, by: name, in: Sample.city, now: Sample.now)
        }
        var (report, pace) = (staged, ImportPace())
        repeat {
            let begun = ContinuousClock.now
            let before = report.counts.applied
            report = try await store.apply(staged.number, in: Sample.city, limit: pace.people, now: Sample.now)
            let time = ContinuousClock.now - begun
            pace.took(time, writing: report.counts.applied - before)
            if sharing { try await Task.sleep(for: time / 4) }
        } while report.state == .applying
        guard report.state == .applied else { throw BenchError("an import was not applied") }
    }

    /// The most memory that this process has held.
    private static func peakKiB() throws -> Int? {
        try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }.flatMap { Int($0.filter(\.isNumber)) }
    }
}
