import ArgumentParser
import CommandFrame
import Exchange
import Foundation
import Glibc
import Terminal

/// The shop's terminal: interactive, by script, with simulated cards, and many of it at once.
@main
struct KioskSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kiosk-sim",
        abstract: "The shop's terminal that asks for vaccination certificates and prints them.",
        discussion: """
            Without a subcommand it runs the interactive terminal. Exit status: 0 good, 1 not as a script expects, 2 \
            wrong arguments, 78 wrong configuration; of a session: 10 left, 11 timed out, 12 refused, 13 card, 14 centre not reached, \
            15 printer, 16 out of service until a person has looked, 17 stopped, 18 internal, \
            19 an answer that does not open. SIGHUP ends it as SIGTERM does: it says that the screen is gone.
            """,
        version: ProgramVersion.text("kiosk-sim", formats: ["protocol": ExchangeFormat.described]),
        subcommands: [
            InteractiveCommand.self, RunCommand.self, CheckCommand.self, SessionCommand.self, CardCommand.self,
            LoadCommand.self, ScanWorkerCommand.self,
        ],
        defaultSubcommand: InteractiveCommand.self)

    /// Starts this program again with the runtime's backtraces off: what they print of a crashed process could be a
    /// person's. The runtime reads the setting before `main`.
    private static func withoutBacktraces() {
        guard getenv("SWIFT_BACKTRACE") == nil else { return }
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
        _ = ArgumentVector.with(CommandLine.arguments) { execv("/proc/self/exe", $0) }
    }

    static func main() async {
        // A printer or centre that goes away is an error to be told, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        withoutBacktraces()
        await CommandFrame.run(Self.self)
    }
}
