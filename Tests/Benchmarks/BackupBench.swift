import Foundation
import Glibc
import RecordSupport
import Records
import Vaccination

/// Backups of one region beside a bare copy of its file: megabytes of the database a second.
enum BackupBench {
    private static let rounds = 3

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let asked = ProcessInfo.processInfo.environment["AKASHI_BENCH_PEOPLE"].flatMap { Int($0) } ?? 200_000
        let size = min(asked, 200_000)
        let place = try Place()
        let store = try place.sqlite()
        for first in stride(from: 0, to: size, by: 5000) {
            let people = MadeUpPeople.rows(
                count: min(5000, size - first), municipality: Sample.city, firstNumber: first, seed: 3
            ).map(\.person)
            _ = try await store.write(people, in: Sample.city, now: Sample.now)
        }
        await store.close()
        if stopwatch.isCounting { return [] }
        let path = place.path(of: Sample.city)
        var (full, incremental, bare): ([Double], [Double], [Double]) = ([], [], [])
        var megabytes = 0.0
        var written: Int64 = 0
        for round in 0..<rounds {
            // Of other keys each time: everything is written again.
            let vault = Vault(of: place)
            try? FileManager.default.removeItem(atPath: vault.folder)
            full.append(
                try await timed {
                    let report = try await vault.make([Sample.city])
                    megabytes = Double(report.bytes) / 1e6
                })
            bare.append(try await timed { try copy(path, to: place.folder + "/copy") })
            let store = try place.sqlite()
            // What a day brings: a thousand people all over the region.
            let news = (0..<1000).map { size + round * 1000 + $0 }
            let people = news.flatMap {
                MadeUpPeople.rows(count: 1, municipality: Sample.city, firstNumber: $0, seed: 3).map(\.person)
            }
            _ = try await store.write(people, in: Sample.city, now: Sample.now)
            await store.close()
            incremental.append(try await timed { written = try await vault.make([Sample.city]).written })
        }
        func figure(_ name: String, _ times: [Double], _ baseline: String) -> Figure {
            let (time, other) = (times.sorted()[rounds / 2], bare.sorted()[rounds / 2])
            return Figure(
                name: name, opsPerSecond: Stopwatch.rounded(megabytes / time),
                p50Microseconds: Stopwatch.rounded(time * 1e6),
                p99Microseconds: Stopwatch.rounded((times.max() ?? 0) * 1e6), baseline: baseline,
                baselineOpsPerSecond: Stopwatch.rounded(megabytes / other), ratio: Stopwatch.rounded(other / time))
        }
        return [
            figure(
                "backup/full", full,
                "megabytes of the database a second; its file of \(Int(megabytes)) MB copied and synchronised"),
            figure(
                "backup/incremental", incremental,
                "the same, a thousand people behind it: \(Int(Double(written) / 1e6)) MB written"),
        ]
    }

    private static func timed(_ body: () async throws -> Void) async throws -> Double {
        let begun = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - begun) / .seconds(1)
    }

    /// What `cp` does, and a wait for the disk.
    private static func copy(_ path: String, to copy: String) throws {
        let (from, to) = (open(path, O_RDONLY), open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0o600))
        defer {
            close(from)
            close(to)
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(from, &buffer, buffer.count)
            guard count > 0 else { break }
            guard write(to, buffer, count) == count else { throw BenchError("\(copy) cannot be written") }
        }
        guard from >= 0, fsync(to) == 0 else { throw BenchError("\(copy) cannot be written") }
    }
}
