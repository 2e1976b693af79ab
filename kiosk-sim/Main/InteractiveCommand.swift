import ArgumentParser
import CLinux
import Exchange
import Foundation
import Glibc
import Terminal

/// `kiosk-sim --config terminal.yaml`: the interactive terminal.
struct InteractiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interactive", abstract: "Runs the interactive terminal.")

    @Option(help: "The terminal's configuration.")
    var config = "terminal.yaml"

    func run() async throws {
        // The path is read before the process closes itself to others of the same user, its own /proc entries included.
        let program = try Self.program()
        let memory = try MemoryProtection.begin()
        let configuration = try TerminalConfiguration(path: config)
        let texts = try configuration.languages.map { language throws(ConfigurationError) in try Texts(language) }
        let centre = CentreClient(configuration)
        let config = config
        let kiosk = Kiosk(configuration: configuration, texts: texts, centre: centre, memory: memory) {
            language, inquiry in
            await Self.session(program, config, language, inquiry)
        }
        let work = Task { await kiosk.run() }
        let signals = StopSignals { work.cancel() }
        let hadTerminal = await work.value
        signals.end()
        await centre.shutdown()
        guard hadTerminal else {
            Notice.say("kiosk-sim: standard input and output have to be a terminal (see kiosk-sim run for scripts)")
            throw ExitCode(2)
        }
    }

    private static func program() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { throw ValidationError("/proc/self/exe cannot be read") }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// One customer's process: it has the terminal until it ends, and takes everything it knew with it.
    private static func session(
        _ program: String, _ config: String, _ language: Language, _ inquiry: InquiryNumber
    ) async -> Int32 {
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

/// Ends the work on SIGTERM, SIGINT and SIGHUP in good order: screen restored, outcome reported.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    init(_ stop: @escaping @Sendable () -> Void) {
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: stop)
            source.resume()
            return source
        }
    }

    func end() { for source in sources { source.cancel() } }
}

/// A process that hangs is ended: nobody's data stay in it, and the terminal is put back.
enum Watchdog {
    static func start(after limit: Duration, _ first: @escaping @Sendable () -> Void) {
        let seconds = Double(limit.components.seconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { first() }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds + 60) {
            akashi_terminal_restore()
            _exit(SessionEnding.internal.exitCode)
        }
    }
}
