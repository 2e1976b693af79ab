import Credentials
import Foundation
import TestSupport
import Testing

/// The verifier's verdicts, and what it shows, are those of an independent reference (`Python/reference`, written from the
/// specifications) on structured mutants that are properly signed.
@Suite(.requires(.python(.interoperability)), .requires(.program("verifier")))
struct ComparisonTests {
    /// The formats whose disagreements fail, each with the kinds of mutants that are known to be judged wrong and wait to be
    /// mended: a renewed authority's older certificate, a signer in both parts of the trust folder, a file with one card
    /// twice whose doses are of one day. A format that is not here runs too, so that generator and reference stay whole.
    private static let compared: [Format: Set<String>] = [
        .shc: ["files"], .vdsnc: ["signers.by-renewed"], .dcc: ["signers.young"],
    ]

    /// How many mutants a format gets: 2,000, or what `AKASHI_MUTANTS` says (`make test-full` says 100,000).
    private static let mutants = ProcessInfo.processInfo.environment["AKASHI_MUTANTS"].flatMap { Int($0) } ?? 2_000

    private struct Report: Decodable {
        struct Disagreement: Decodable, CustomStringConvertible {
            let what: String, wanted: String, got: String, clause: String?, kinds: [String], text: String
            var description: String {
                "\(what): \(wanted) by the reference (\(clause ?? "valid")), \(got) by the verifier; "
                    + "\(kinds.joined(separator: ", "))\n\(text)"
            }
        }
        let count: Int, valid: Int, disagreements: [Disagreement]
    }

    @Test(arguments: Format.allCases)
    func `on signed mutants verdict and displayed fields are the reference's`(_ format: Format) throws {
        let seed = Seeded("mutants of \(format.rawValue)").seed
        let output = try Python.interoperability.run(
            "InteroperabilityTests/Python/compare.py",
            [format.rawValue, "\(Self.mutants)", "\(seed)", Programs.verifier])
        let report = try JSONDecoder().decode(Report.self, from: output)
        #expect(report.count == Self.mutants)
        // Neither all right nor all wrong: there is something to compare.
        #expect(report.valid > report.count / 10 && report.valid < report.count * 9 / 10)
        guard let waiting = Self.compared[format] else { return }
        let failures = report.disagreements.filter { waiting.isDisjoint(with: $0.kinds) }
        let shown = failures.prefix(10).map(\.description).joined(separator: "\n\n")
        #expect(failures.isEmpty, "seed \(seed), \(failures.count) disagreements:\n\(shown)")
    }
}
