import ArgumentParser
import CommandFrame
import Scanning

/// `verifier scan-worker`: reads one picture or PDF for another process of this program. Nobody types it.
struct ServeScanWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan-worker", abstract: "Reads one picture for this program itself.", shouldDisplay: false)

    @Argument(help: "The processor time it may take, in seconds.")
    var seconds: Int

    func validate() throws {
        guard (1...600).contains(seconds) else { throw ValidationError("seconds is 1 to 600.") }
    }

    func run() async throws {
        guard await ScanWorker.run(seconds: seconds) else { throw ExitCode.usage }
    }
}
