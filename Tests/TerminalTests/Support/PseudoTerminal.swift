import Foundation
import Glibc
import Synchronization

/// Both ends of a pseudo-terminal: a test's hands and eyes at an interactive session.
final class PseudoTerminal: Sendable {
    let near: Int32
    let far: Int32
    private let seen = Mutex<[UInt8]>([])

    init() throws {
        // What grantpt, unlockpt and ptsname do on Linux (pty(7), ioctl_tty(2)): Swift does not see those.
        near = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (lock, number): (Int32, UInt32) = (0, 0)
        guard near >= 0, ioctl(near, 0x4004_5431, &lock) == 0, ioctl(near, 0x8004_5430, &number) == 0 else {
            throw TestFault()
        }
        far = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard far >= 0 else { throw TestFault() }
        let thread = Thread { [self] in read() }
        thread.start()
    }

    /// Everything the terminal was sent so far.
    var output: String { String(decoding: seen.withLock { $0 }, as: UTF8.self) }

    /// Whether the terminal is in its ordinary mode: lines and echo.
    var isOrdinary: Bool {
        var mode = termios()
        return tcgetattr(far, &mode) == 0 && mode.c_lflag & tcflag_t(ICANON) != 0 && mode.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Waits until a text is on the way to the screen that was not there before, and then presses keys.
    func press(_ keys: String, at text: String, patience: Duration = .seconds(60)) async throws {
        try await appear(text, patience: patience)
        try await press(keys)
    }

    /// What is drawn from now on until a text is shown and nothing more comes.
    func settled(showing text: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let before = output
            try await Task.sleep(for: .milliseconds(300))
            if before.contains(text), before == output { return before }
        }
        throw Missing(text: text, shown: String(output.suffix(3000)))
    }

    /// Presses keys.
    func press(_ keys: String) async throws {
        // Questions forget what was pressed before they were asked: a person sees the screen first, too.
        try await Task.sleep(for: .milliseconds(150))
        let bytes = Array(keys.utf8)
        guard write(near, bytes, bytes.count) == bytes.count else { throw TestFault() }
    }

    /// Waits until a text appears, and forgets everything up to there.
    func appear(_ text: String, patience: Duration = .seconds(60)) async throws {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            let isThere = seen.withLock { seen in
                guard let range = seen.firstRange(of: Array(text.utf8)) else { return false }
                seen.removeSubrange(..<range.upperBound)
                return true
            }
            if isThere { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Missing(text: text, shown: String(output.suffix(3000)))
    }

    /// What did not appear.
    struct Missing: Error {
        let text: String
        /// What was drawn since the last text that did appear.
        let shown: String
    }

    func close() { Glibc.close(far) }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(near, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            seen.withLock { $0.append(contentsOf: buffer[..<count]) }
        }
        Glibc.close(near)
    }
}
