public import ArgumentParser
import CommandFrame
import Exchange
import Foundation
import LoadGenerator
public import Vaccination

/// `kiosk-sim load`: many sessions of distinct simulated cards from many terminals at once.
///
/// Each terminal has a certificate of its own and each session connections of its own, as at shops. Every document is
/// compared with the card that asked for it. The last line of output is one JSON object.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Runs sessions of distinct simulated cards from many terminals at once.",
        discussion: """
            The last line of output is {"sessions","issued","per_s","p50_ms","p99_ms","refused":{reason:count},"other_holder"}; \
            other_holder, the documents whose holder is not the card's, must be 0 (and the exit status is 1 otherwise).
            """)

    @Option(help: "How many terminals work at once, 1 to 4096.")
    var terminals = 64
    @OptionGroup var load: LoadOptions
    @Option(help: "The centre's address, https://HOST:PORT; without it the one of --config.")
    var centre: String?
    @Option(help: "A terminal's configuration: centre, authorities, pinned key and trust folder are taken from it.")
    var config = ".akashi/terminal.yaml"
    @Option(help: "The folder with a folder for each terminal: T0001/terminal.pem and terminal.key.pem.")
    var terminalKeys = ".akashi/keys/terminals"
    @Option(help: "Which certificate: domestic or overseas.")
    var kind = CertificateKind.domestic
    @Flag(name: .customLong("guard"), inversion: .prefixedNo, help: "Decode and check each page as before printing.")
    var isGuarded = true
    @Flag(help: "Ask for the page as PDF only, as for a printer that takes no picture; goes with --no-guard.")
    var pdfOnly = false
    @Flag(help: "Random pauses, sessions broken off, applications and outcomes sent twice, aborts.")
    var chaos = false
    @Option(help: "Repeats the disturbances of another run.")
    var seed: UInt64?
    @Flag(help: "Print a line for each certificate: issued ID MUNICIPALITY printed|aborted|unreported.")
    var list = false

    func validate() throws {
        guard (1...4096).contains(terminals) else {
            throw ValidationError("--terminals takes 1 to 4096 / --terminals は1〜4096です。")
        }
        guard !(pdfOnly && isGuarded) else {
            throw ValidationError(
                "--pdf-only goes with --no-guard: the guard reads both / --pdf-only には --no-guard も付けてください。")
        }
    }

    func run() async throws {
        let seed = seed ?? .random(in: 1 ... .max)
        if chaos { Notice.say("disturbances of seed \(seed) (repeat with --seed \(seed))") }
        let run = try LoadRun(
            LoadRun.Settings(
                terminals: terminals, sessions: load.sessions, centre: centre, configuration: config,
                terminalKeys: terminalKeys, cardAuthority: load.cardAuthority, cardList: load.cardList,
                keyPool: load.keyPool,
                kind: kind, isGuarded: isGuarded, formats: pdfOnly ? [.pdf] : Set(PageFormat.allCases),
                disturbances: chaos ? seed : nil, listsCertificates: list),
            note: Notice.say)
        Notice.say("\(load.sessions) sessions from \(terminals) terminals\(isGuarded ? "" : ", without print guard")")
        let report = try await run.run()
        print(report.line)
        if !report.isClean { throw ExitCode.no }
    }
}

extension CertificateKind: ExpressibleByArgument {}
