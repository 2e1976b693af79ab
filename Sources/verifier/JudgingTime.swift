import ArgumentParser
import Checking
import Foundation

/// The time to judge validity by.
struct JudgingTime: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The time to judge validity by, RFC 3339, with its offset from UTC; now if absent.", valueName: "time"))
    var at: Instant?

    var now: Date { at?.date ?? Date() }

    /// Refuses a time without an offset, as RFC 3339 section 5.6 does.
    ///
    /// - Parameter forProgram: whether a program reads the answer: it is told on standard error only, and the time is UTC.
    ///   The member states' examples of EU certificates give such times, and the tools that run them hand them on as they are.
    func check(forProgram: Bool = false) throws {
        guard let at, !at.hasOffset else { return }
        guard forProgram else {
            throw ValidationError(
                """
                --at has no offset, so it is no one moment; write Z (UTC) or +09:00 behind it. \
                / --at に時差がないため、時刻が定まりません。末尾に Z（UTC）または +09:00 を付けてください。
                """)
        }
        complain(
            "--at without an offset is taken as UTC; write Z or +09:00 behind it"
                + " / --at に時差がないため、UTCとして扱います。末尾に Z または +09:00 を付けてください")
    }
}

extension Instant: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}
