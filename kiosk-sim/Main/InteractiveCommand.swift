import ArgumentParser
import CommandFrame
import Terminal
import TerminalConsole

/// `kiosk-sim --config terminal.yaml`: the interactive terminal.
struct InteractiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interactive", abstract: "Runs the interactive terminal.")

    @Option(help: "The terminal's configuration.")
    var config = "terminal.yaml"

    func run() async throws {
        // Before the process closes itself to others of the same user, its own /proc entries included.
        let process = try SessionProcess(config: config)
        let memory = try MemoryProtection.begin()
        let configuration = try TerminalConfiguration(path: config)
        try configuration.check()
        for warning in configuration.warnings { Notice.say("kiosk-sim: \(warning)") }
        let texts = try configuration.languages.map { try Texts($0) }
        let centre = CentreClient(configuration)
        let kiosk = Kiosk(
            Kiosk.Setting(configuration), texts: texts, centre: centre, trust: try Self.publishedTrust(configuration),
            memory: memory
        ) {
            language, inquiry in
            await process.run(language, inquiry)
        }
        let work = Task { await kiosk.run() }
        let signals = StopSignals { work.cancel() }
        let hadTerminal = await work.value
        signals.end()
        await centre.shutdown()
        guard hadTerminal else {
            throw WrongUse(
                "standard input and output have to be a terminal (see kiosk-sim run for scripts)",
                "標準入力と標準出力が端末でなければなりません（スクリプトには kiosk-sim run を使ってください）。")
        }
    }

    /// What is kept up between customers; this process looks at no page.
    private static func publishedTrust(_ configuration: TerminalConfiguration) throws -> TrustKeeper? {
        guard case .published = configuration.trust else { return nil }
        return try TrustKeeper(configuration, program: nil) { refusal in Prepared.notTaken(refusal) }
    }
}
