import CLinux
import Dispatch
package import Exchange
import Glibc
package import Terminal

/// Starts this program once more for one customer's session: the new process has the terminal until it ends, and takes
/// everything it knew with it.
package struct SessionProcess: Sendable {
    /// Why no session can be started: `/proc/self/exe` cannot be read.
    package struct NoProgram: Error, CustomStringConvertible {
        package var description: String { "/proc/self/exe cannot be read" }
    }

    private let program: String
    private let config: String

    /// Finds this program's file; `config` is the path of the terminal's configuration.
    package init(config: String) throws(NoProgram) {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { throw NoProgram() }
        program = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
