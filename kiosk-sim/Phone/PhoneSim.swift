import ArgumentParser
import CommandFrame
import Exchange
import Glibc

/// A phone with the app: it enrols, reads a card and a passport, and keeps certificates.
@main
struct PhoneSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phone-sim",
        abstract: "A phone that asks for vaccination certificates and keeps them.",
        discussion: """
            Exit status: 0 good, 1 not every certificate came, 2 wrong arguments, 78 wrong configuration; of a presentation \
            that ended before anything was sent: 10 left, 12 refused, 13 card, 14 not reached, 18 anything else.
            """,
        version: ProgramVersion.text("phone-sim", formats: ["protocol": ExchangeFormat.described]),
        subcommands: [
            EnrolCommand.self, RunCommand.self, CurrentCommand.self, RevokeCommand.self, LoadCommand.self,
            QueriesCommand.self, PassportCommand.self, AttesterCommand.self, CheckCommand.self,
        ])

    static func main() async {
        // A service that goes away is an error to be told, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        await CommandFrame.run(Self.self)
    }
}
