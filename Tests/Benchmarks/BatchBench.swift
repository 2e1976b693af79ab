import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Synchronization

/// `verifier check --batch` as a program, over different codes of all formats.
enum BatchBench {
    /// How many codes a run checks, and how many the one whose memory it is compared with.
    private static let many = 100_000
    private static let few = 10_000
    private static let runs = 3

    private struct Summary: Decodable {
        let checked: Int
        let valid: Int
        let per_s: Double
        let peak_kib: Int?
    }

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-bench-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await CodeFile.write(to: folder.path, count: many, Format.allCases)
        let whole = folder.appendingPathComponent("codes.txt")
        let part = folder.appendingPathComponent("part.txt")
        let lines = try Data(contentsOf: whole).split(separator: 0x0A, maxSplits: few)
        try Data(lines.prefix(few).joined(separator: [0x0A])).write(to: part)

        var one: [Double] = []
        var all: [Double] = []
        var bareOne: [Double] = []
        var bareAll: [Double] = []
        var peak = 0
        // In turns: a machine that others use as well slows both alike.
        for _ in 0..<runs {
            one.append(try check(whole, in: folder, count: many, cores: try firstCore()).per_s)
            let summary = try check(whole, in: folder, count: many)
            all.append(summary.per_s)
            peak = max(peak, summary.peak_kib ?? 0)
            bareOne.append(try bare(threads: 1, seconds: stopwatch.seconds))
            bareAll.append(try bare(threads: ProcessInfo.processInfo.activeProcessorCount, seconds: stopwatch.seconds))
        }
        let small = try check(part, in: folder, count: few)
        one.sort()
        all.sort()
        bareOne.sort()
        bareAll.sort()
        return [
            Figure(
                name: "verify/batch", opsPerSecond: all[runs / 2],
                p50Microseconds: Stopwatch.rounded(1e6 / all[runs / 2]),
                p99Microseconds: Stopwatch.rounded(1e6 / all[0]), baseline: "the same \(many) codes on one core",
                baselineOpsPerSecond: one[runs / 2], ratio: Stopwatch.rounded(all[runs / 2] / one[runs / 2]),
                peakKiB: peak,
                baselinePeakKiB: small.peak_kib),
            // What the machine itself gives for its further cores: no program can do better than this.
            Figure(
                name: "verify/batch/machine", opsPerSecond: Stopwatch.rounded(bareAll[runs / 2]),
                p50Microseconds: Stopwatch.rounded(1e6 / bareAll[runs / 2]),
                p99Microseconds: Stopwatch.rounded(1e6 / bareAll[0]),
                baseline: "bare P-256 verifications by one thread, against one thread a core",
                baselineOpsPerSecond: Stopwatch.rounded(bareOne[runs / 2]),
                ratio: Stopwatch.rounded(bareAll[runs / 2] / bareOne[runs / 2])),
        ]
    }

    /// Bare verifications a second of several threads that share nothing.
    private static func bare(threads: Int, seconds: Double) throws -> Double {
        let done = Mutex(0)
        let clock = ContinuousClock()
        let start = clock.now
        let end = start.advanced(by: .seconds(seconds))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let key = P256.Signing.PrivateKey()
            let digest = SHA256.hash(data: Array("a message of some length".utf8))
            guard let signature = try? key.signature(for: digest) else { return }
            var count = 0
            while clock.now < end {
                for _ in 0..<100 where key.publicKey.isValidSignature(signature, for: digest) { count += 1 }
            }
            done.withLock { $0 += count }
        }
        let count = done.withLock { $0 }
        guard count > 0 else { throw BenchError("no bare verification") }
        return Double(count) / ((clock.now - start) / .seconds(1))
    }

    private static func check(_ codes: URL, in folder: URL, count: Int, cores: String? = nil) throws -> Summary {
        let process = Process()
        let verifier = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("verifier").path
        let arguments = [
            verifier, "check", "--batch", "--summary", "--trust", folder.path + "/trust", "--at",
            SampleIssuers.now.formatted(.iso8601),
        ]
        process.executableURL = URL(fileURLWithPath: cores == nil ? verifier : "/usr/bin/taskset")
        process.arguments = cores.map { ["-c", $0] + arguments } ?? Array(arguments.dropFirst())
        process.standardInput = try FileHandle(forReadingFrom: codes)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let summary = try? JSONDecoder().decode(Summary.self, from: text),
            summary.checked == count, summary.valid == count
        else { throw BenchError("verifier check --batch: exit \(process.terminationStatus)") }
        return summary
    }

    /// The first core that this process may use.
    private static func firstCore() throws -> String {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") }),
            let core = line.split(whereSeparator: { !$0.isNumber }).first
        else { throw BenchError("which cores may be used is not known") }
        return String(core)
    }
}
