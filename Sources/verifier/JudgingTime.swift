import ArgumentParser
import Checking
import Foundation

/// The time to judge validity by.
struct JudgingTime: ParsableArguments {
    @Option(help: ArgumentHelp("The time to judge validity by, RFC 3339; now if absent.", valueName: "time"))
    var at: Instant?

    var now: Date { at?.date ?? Date() }

    // Not refused: member states' own examples of EU certificates give such times, and mean UTC.
    func validate() {
        guard let at, !at.hasOffset else { return }
        complain(
            "--at without an offset is taken as UTC; write Z or +09:00 behind it"
                + " / --at に時差がないため、UTCとして扱います。末尾に Z または +09:00 を付けてください")
    }
}

extension Instant: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}
