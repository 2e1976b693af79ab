import ArgumentParser
import CommandFrame
import Exchange
import Scanning
import Terminal

/// `kiosk-sim scan-worker`: reads one page for the print guard of another process of this program. Nobody types it.
struct ScanWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan-worker", abstract: "Reads one page for this program itself.", shouldDisplay: false)

    @Argument(help: "The processor time it may take, in seconds.")
    var seconds: Int

    func validate() throws {
        guard (1...600).contains(seconds) else { throw ValidationError("seconds is 1 to 600.") }
    }

    func run() async throws {
        // A page is a person's: what holds for the session's memory holds here.
        _ = try MemoryProtection.begin()
        let isAnswered = await ScanWorker.run(seconds: seconds, maximumBytes: Answer.maximumPage) { page in
            MemoryProtection.lock(page)
        }
        guard isAnswered else { throw ExitCode.usage }
    }
}
