import CLinux
import Dispatch
import Glibc

/// A process that hangs is ended: nobody's data stay in it, and the terminal is put back.
package enum Watchdog {
    /// Calls `first` after `limit`, and ends the process a minute later.
    package static func start(after limit: Duration, _ first: @escaping @Sendable () -> Void) {
        let seconds = Double(limit.components.seconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { first() }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds + 60) {
            akashi_terminal_restore()
            _exit(SessionEnding.internal.exitCode)
        }
    }
}
