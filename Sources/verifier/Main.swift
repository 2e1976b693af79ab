import ArgumentParser
import Foundation

/// `verifier`: checks vaccination certificates offline.
struct VerifierCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verifier",
        abstract: "Checks vaccination certificates offline. 接種証明書をオフラインで確認します。",
        subcommands: [Check.self, Inspect.self, Trust.self, Serve.self, ServeScanWorker.self])
}

@main
enum Main {
    static func main() async {
        do {
            let parsed = try await VerifierCommand.asyncParseAsRoot()
            if var command = parsed as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = parsed
                try command.run()
            }
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch {
            // Help and version are asked for; everything else is a wrong use.
            let asked = VerifierCommand.exitCode(for: error) == .success
            let text = VerifierCommand.fullMessage(for: error)
            if asked { print(text) } else { complain(text) }
            exit(asked ? 0 : 2)
        }
    }
}

/// Writes a line to standard error.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// This program itself, for the processes that read pictures.
enum Program {
    static let path =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}
