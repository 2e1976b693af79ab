import ArgumentParser
import CommandFrame
import Exchange
import Foundation
import Glibc
import Terminal
import TerminalConsole

/// `kiosk-sim session`: one customer's session in this process's terminal; the interactive terminal starts it.
struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "One customer's session; started by the interactive terminal.",
        shouldDisplay: false)

    @Option(help: "The terminal's configuration.")
    var config: String
    @Option(help: "The customer's language.")
    var language: Language
    @Option(help: "The session's inquiry number.")
    var inquiry: String

    func run() async throws {
        guard let inquiry = InquiryNumber(inquiry) else {
            throw WrongUse(
                "--inquiry has another form: it comes from the terminal itself", "--inquiry の形式が違います。この値は端末自身が渡します。")
        }
        let prepared = try Prepared(config: config, language: language)
        Notice.refuseOutOfService(prepared.configuration)
        Self.silenceTerminal()
        let work = Task {
            await CustomerSession.run(
                prepared.environment, slot: prepared.slot, texts: prepared.texts, inquiry: inquiry,
                isDevelopment: prepared.configuration.isDevelopment, isGuest: true)
        }
        let signals = StopSignals { work.cancel() }
        // Without the terminal's own process nobody would take over after this session.
        let parent = getppid()
        let orphanage = Task {
            while getppid() == parent, !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
            work.cancel()
        }
        Watchdog.start(after: prepared.configuration.timeouts.session) { work.cancel() }
        let ending = await work.value
        orphanage.cancel()
        signals.end()
        guard let ending else { throw ExitCode.usage }
        // Nobody is left to take the alternate screen back.
        if getppid() != parent { FileHandle.standardOutput.write(Data("\u{1B}[?25h\u{1B}[?1049l".utf8)) }
        // At once, without what libraries do at an orderly end: memory goes back to the system as it is.
        _exit(ending.exitCode)
    }

    /// What libraries and the runtime write to standard error would stand on the customer's screen.
    private static func silenceTerminal() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        guard null >= 0 else { return }
        dup2(null, STDERR_FILENO)
        close(null)
    }
}
