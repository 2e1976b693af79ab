import CLinux
import Dispatch
package import Exchange
import Glibc
package import Terminal

/// Starts this program once more for one customer's session: the new process has the terminal until it ends, and takes
/// everything it knew with it.
package struct SessionProcess: Sendable {
    private let program: String
    private let config: String

    /// Finds this program's file; `config` is the path of the terminal's configuration.
    package init(config: String) throws(ThisProgram.Missing) {
        program = try ThisProgram.path()
        self.config = config
    }

    /// Runs one session and gives its process's exit code; cancelling ends the process in good order.
    package func run(_ language: Language, _ inquiry: InquiryNumber) async -> Int32 {
        let arguments = [
            program, "session", "--config", config, "--language", language.rawValue, "--inquiry", inquiry.text,
        ]
        var process: pid_t = 0
        guard ArgumentVector.with(arguments, { akashi_spawn(program, $0, -1, 0, &process) }) == 0 else {
            return SessionEnding.internal.exitCode
        }
        let child = process
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(returning: akashi_wait(child)) }
            }
        } onCancel: {
            kill(child, SIGTERM)
        }
    }
}
