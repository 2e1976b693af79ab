import CLinux
import Glibc

/// The terminal this process runs in: raw mode on the alternate screen, so that nothing stays in the scroll-back.
///
/// Whatever way the process ends, the terminal is put back: by ``leave()``, or by the handlers of fatal signals.
struct TerminalDevice: Sendable {
    let input: Int32
    let output: Int32
    /// Whether another process of this program has the alternate screen already, and goes on with it afterwards.
    let isGuest: Bool

    // Alternate screen, cursor hidden, no line wrap; and back, with colours and cursor as they were.
    private static let guestEnterText = "\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    private static let guestLeaveText = "\u{1B}[0m\u{1B}[2J"
    private static let enterText = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    private static let leaveText = "\u{1B}[0m\u{1B}[2J\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    init(input: Int32 = 0, output: Int32 = 1, isGuest: Bool = false) {
        self.isGuest = isGuest
        self.input = input
        self.output = output
    }

    /// Whether both ends are terminals.
    var isTerminal: Bool { isatty(input) == 1 && isatty(output) == 1 }

    /// Takes the terminal over.
    func enter() -> Bool {
        guard akashi_terminal_raw(input, isGuest ? Self.guestLeaveText : Self.leaveText) == 0 else { return false }
        return write(isGuest ? Self.guestEnterText : Self.enterText)
    }

    /// Puts the terminal back.
    func leave() { akashi_terminal_restore() }

    /// Lets another process of this program have the terminal: the alternate screen stays, so that nothing else is seen
    /// in between.
    func handOver() { akashi_terminal_hand_over() }

    /// Columns and rows; 80 × 24 if the terminal does not say.
    var size: (width: Int, height: Int) {
        var (columns, rows): (Int32, Int32) = (0, 0)
        guard akashi_window_size(output, &columns, &rows) == 0, columns > 0, rows > 0 else { return (80, 24) }
        return (Int(columns), Int(rows))
    }

    @discardableResult
    func write(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(output, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
