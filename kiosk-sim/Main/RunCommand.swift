import ArgumentParser
import Exchange
import Foundation
import Glibc
import Terminal

/// `kiosk-sim run SCRIPT`: one session that a script answers, for tests.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs one session as a script says; one JSON line a step on standard output.",
        discussion: """
            Exit status 0 where the session ended as the script expects, 1 where not; with --plain the status of the ending \
            itself. The lines carry no personal data.
            """)

    @Argument(help: "The script (YAML).")
    var script: String
    @Option(help: "The terminal's configuration.")
    var config = "terminal.yaml"
    @Option(help: "A simulated card's file in place of the configuration's card.")
    var card: String?
    @Flag(help: "End with the session's own status, whatever the script expects.")
    var plain = false

    func run() async throws {
        let script = try Script(path: script)
        let prepared = try Prepared(config: config, language: script.language, card: card)
        Notice.memory(prepared.memory)
        Notice.refuseOutOfService(prepared.configuration)
        let inquiry = InquiryNumber()
        Self.write(#"{"inquiry":"\#(inquiry.text)"}"#)
        let interface = ScriptInterface(script, hand: prepared.slot.hand, write: Self.write)
        let flow = SessionFlow(prepared.environment, interface: interface, slot: prepared.slot, inquiry: inquiry)
        let work = Task { await flow.run() }
        let signals = StopSignals { work.cancel() }
        Watchdog.start(after: prepared.configuration.timeouts.session) { work.cancel() }
        let ending = await work.value
        signals.end()
        if plain { _exit(ending.exitCode) }
        guard ending.code == script.expected else {
            Notice.say("kiosk-sim run: ended with \(ending.code), expected \(script.expected)")
            _exit(SessionEnding.ExitCode.unexpected)
        }
        _exit(0)
    }

    /// A whole line at once, so that whoever reads along sees each step when it is reached.
    @Sendable static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
