import ArgumentParser
import Checking
import Foundation

/// The time to judge validity by.
struct JudgingTime: ParsableArguments {
    @Option(help: ArgumentHelp("The time to judge validity by, RFC 3339; now if absent.", valueName: "time"))
    var at: Instant?

    var now: Date { at?.date ?? Date() }
}

extension Instant: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}
