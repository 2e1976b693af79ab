import Credentials
import Foundation

/// `akashi-bench [SECONDS] [NAME…]`: one line of JSON a figure, each measured for a few seconds in turns with its
/// baseline. Names choose figures by their beginning; without one all are measured.
///
/// `akashi-bench rounds COUNT NAME…` does the work of the named figures COUNT times and measures nothing: for a profiler,
/// whose instruction counts compare only between equal amounts of work.
@main
struct Bench {
    static func main() async throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "codes" { return try await CodeFile.write(arguments.dropFirst()) }
        if arguments.first == "regions" { return try await RegionsBench.work(arguments.dropFirst()) }
        if arguments.first == "bare" { return try await BareSession.work(arguments.dropFirst()) }
        if arguments.first == "seeds" { return try await SeedFolder.write(arguments.dropFirst()) }
        let stopwatch: Stopwatch
        if arguments.first == "rounds" {
            guard arguments.count > 2, let rounds = Int(arguments[1]), (1...1_000_000).contains(rounds) else {
                throw BenchError("akashi-bench rounds COUNT NAME…, COUNT from 1 to 1000000")
            }
            arguments.removeFirst(2)
            stopwatch = Stopwatch(rounds: rounds)
        } else {
            let seconds = arguments.first.flatMap(Double.init)
            if seconds != nil { arguments.removeFirst() }
            stopwatch = Stopwatch(seconds: min(60, max(0.1, seconds ?? 3)))
        }
        let groups: [(name: String, run: (Stopwatch) async throws -> [Figure])] = [
            ("card/check", CardBench.run), ("passport/check", PassportBench.run),
            ("attestation/check", AttestationBench.run), ("code/v22", CodeBench.run),
            ("page/pdf", PageBench.run),
            ("scan/page", ScanBench.run), ("verify/shc", { try await CredentialBench.verify(.shc, $0) }),
            ("verify/vdsnc", { try await CredentialBench.verify(.vdsnc, $0) }),
            ("verify/dcc", { try await CredentialBench.verify(.dcc, $0) }), ("verify/dcc/cwt", PythonBench.run),
            ("issue/shc", CredentialBench.issueSmartHealthCard),
            ("issue/shc/checked", CredentialBench.issueSmartHealthCardChecked),
            ("issue/dcc", CredentialBench.issueDCC), ("issue/dcc/checked", CredentialBench.issueDCCChecked),
            ("sign/token", TokenBench.run),
            ("verify/batch", BatchBench.run), ("attack/verifier", AttackBench.verifier),
            ("attack/terminals", TerminalAttackBench.terminals),
            ("records/import", RecordsBench.run), ("records/import/kiosk", RecordsBench.besideImport),
            ("records/regions", RegionsBench.run), ("backup/full", BackupBench.run), ("log/verify", LogBench.run),
            ("store/claim", StoreBench.run), ("store/open/1700", StoreBench.open),
        ]
        for group in groups where arguments.isEmpty || arguments.contains(where: group.name.hasPrefix) {
            // Each line as soon as it is measured, also into a pipe.
            for figure in try await group.run(stopwatch) where !stopwatch.isCounting {
                FileHandle.standardOutput.write(Data((try figure.line() + "\n").utf8))
            }
        }
    }
}

/// Writes a line to standard error.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Why a figure could not be measured: the subject did something other than its work.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
