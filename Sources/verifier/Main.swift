import ArgumentParser
import CommandFrame
import Foundation

/// `verifier`: checks vaccination certificates offline.
@main
struct VerifierCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verifier",
        abstract: "Checks vaccination certificates offline. 接種証明書をオフラインで確認します。",
        discussion: """
            Exit status: 0 valid or done, 1 not valid or refused, 2 unreadable or wrong usage; of serve and check-config also \
            69 an address cannot be listened on, 78 a file or folder that an option names cannot be used.
            """,
        version: ProgramVersion.text("verifier", formats: ["formats": "shc, vdsnc, dcc"]),
        subcommands: [
            Check.self, Inspect.self, Trust.self, Serve.self, CheckConfiguration.self, ServeScanWorker.self,
        ])

    static func main() async { await CommandFrame.run(Self.self) }
}

/// Writes a line to standard error.
func complain(_ text: String) { CommandFrame.say(text) }

/// This program itself, for the processes that read pictures.
enum Program {
    static let path =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}
