import Credentials
import Foundation
import TestSupport
import Testing

/// The verifier's verdicts, and what it shows, are those of an independent reference (`Python/reference`, written from the
/// specifications) on structured mutants that are properly signed.
@Suite(.requires(.python(.interoperability)), .requires(.program("verifier")))
struct ComparisonTests {
    /// How many mutants a format gets: 2,000, or what `AKASHI_MUTANTS` says (`make test-full` says 100,000).
    private static let mutants = ProcessInfo.processInfo.environment["AKASHI_MUTANTS"].flatMap { Int($0) } ?? 2_000

    /// How many of a hundred mutants may differ in what a clause leaves open; 1 to 2 do.
    private static let maximumOpen = 4

    /// How long one format may take: signing and judging a mutant in Python takes 1 to 2 ms when nothing else runs.
    private static let limit = Duration.seconds(900) + .milliseconds(50) * mutants

    private struct Report: Decodable {
        struct Disagreement: Decodable, CustomStringConvertible {
            let what: String, wanted: String, got: String, clause: String?, kinds: [String], text: String
            var description: String {
                "\(what): \(wanted) by the reference (\(clause ?? "valid")), \(got) by the verifier; "
                    + "\(kinds.joined(separator: ", "))\n\(text)"
            }
        }
        let count: Int, valid: Int, disagreements: [Disagreement]
        /// How many differences fall to a clause that leaves the matter to the reader.
        let open: [String: Int]
    }

    @Test(arguments: Format.allCases)
    func `on signed mutants verdict and displayed fields are the reference's`(_ format: Format) throws {
        let seed = Seeded("mutants of \(format.rawValue)").seed
        let output = try Python.interoperability.run(
            "InteroperabilityTests/Python/compare.py",
            [format.rawValue, "\(Self.mutants)", "\(seed)", Programs.verifier], within: Self.limit)
        let report = try JSONDecoder().decode(Report.self, from: output)
        #expect(report.count == Self.mutants)
        // Neither all right nor all wrong: there is something to compare.
        #expect(report.valid > report.count / 10 && report.valid < report.count * 9 / 10)
        // What is left to the reader is rare: a mistake cannot hide in it.
        let open = report.open.values.reduce(0, +)
        #expect(open * 100 <= report.count * Self.maximumOpen, "seed \(seed), \(open) left open: \(report.open)")
        let shown = report.disagreements.prefix(10).map(\.description).joined(separator: "\n\n")
        #expect(report.disagreements.isEmpty, "seed \(seed), \(report.disagreements.count) disagreements:\n\(shown)")
    }
}
