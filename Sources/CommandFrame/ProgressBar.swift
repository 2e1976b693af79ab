import Foundation
import Synchronization

/// How far a command is that a person waits for, on the line where they look: nothing where standard error is no terminal.
package final class ProgressBar: Sendable {
    private static let width = 40

    private let isShown: Bool
    private let last = Mutex("")

    /// A bar that shows nothing yet.
    package init() { isShown = isatty(STDERR_FILENO) == 1 }

    /// What is done, and which share of it, 0 to 1.
    package func show(_ name: String, _ share: Double) {
        guard isShown else { return }
        let line = Self.line(name, share)
        let isNews = last.withLock { last in
            defer { last = line }
            return last != line
        }
        if isNews { FileHandle.standardError.write(Data("\r\(line)".utf8)) }
    }

    /// Takes it away, for what is said next.
    package func clear() {
        guard isShown else { return }
        last.withLock { $0 = "" }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    /// The line, without an end.
    package static func line(_ name: String, _ share: Double) -> String {
        let share = min(max(share.isNaN ? 0 : share, 0), 1)
        let done = Int(share * Double(width))
        let bar = String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
        return "\(name) \(bar) \(Int(share * 100)) %"
    }
}
