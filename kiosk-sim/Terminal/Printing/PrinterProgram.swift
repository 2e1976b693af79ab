import CLinux
import Foundation
import Glibc
import Synchronization
import Waiting

/// A printer's program that was started, until it has ended.
final class PrinterProgram: Sendable {
    private struct State {
        var isReaped = false
    }

    private let process: pid_t
    private let state = Mutex(State())
    /// The exit code, or 128 + the signal that ended it; `nil` while it runs.
    private let status = Watched<Int32?>(nil)

    /// Starts a program with a descriptor as its standard input, which the caller closes; `nil` if it cannot be started.
    init?(_ arguments: [String], input: Int32) {
        var started: pid_t = 0
        guard let name = arguments.first,
            ArgumentVector.with(arguments, { akashi_spawn(name, $0, input, 1, &started) }) == 0
        else { return nil }
        let process = started
        self.process = process
        // A thread of its own: however long the program takes to end, it leaves no zombie and holds nobody.
        Thread.detachNewThread { [self] in
            _ = akashi_await_end(process)
            // Its number is free for others only here, where nobody can signal it any more.
            let code = state.withLock { state in
                state.isReaped = true
                return akashi_wait(process)
            }
            status.update { $0 = code }
        }
    }

    /// Kills it and what it started, as far as they are still of its process group.
    func kill() {
        state.withLock { state in
            if !state.isReaped { _ = Glibc.kill(-process, SIGKILL) }
        }
    }

    /// Waits for its end; `nil` if the task is cancelled and the program, which is killed then, does not even end a second
    /// later.
    func ended() async -> Int32? {
        await status.wait { $0 == nil }
        guard Task.isCancelled else { return status.value }
        kill()
        // The task is cancelled, and would not wait any more.
        return await Task.detached { [status] in await status.wait(atMost: .seconds(1)) { $0 == nil } }.value
    }
}
