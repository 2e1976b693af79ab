import ArgumentParser
import CommandFrame
import Checking
import Credentials
import Foundation
import TrustFolder

/// `verifier check`: exit 0 valid, 1 not valid, 2 unreadable or wrong usage.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks certificates. 証明書を確認します。",
        discussion: """
            FILE is a text file with one code's text a line, a .smart-health-card file, a picture (PNG or JPEG), a PDF, \
            or - for standard input. Several lines or files may be the parts of one SMART Health Card.

            Exit status: 0 all valid, 1 something is not valid, 2 something cannot be read, or wrong usage.
            """)

    @Option(help: ArgumentHelp("Whom to trust: the trust folder.", valueName: "dir"))
    var trust = "keys/trust"

    @OptionGroup var time: JudgingTime

    @Flag(help: "One JSON object a certificate.")
    var json = false

    @Flag(help: "One code's text a line on standard input, one JSON line out each, on all cores.")
    var batch = false

    @Flag(help: "With --batch: only counts and rate.")
    var summary = false

    @Argument(help: ArgumentHelp("What to check.", valueName: "file"))
    var files: [String] = []

    func validate() throws {
        try time.check(forProgram: json)
        guard batch || !files.isEmpty else {
            throw ValidationError("Give at least one FILE, or - for standard input. / ファイルを指定してください（標準入力は - ）。")
        }
        guard !batch || files.isEmpty else {
            throw ValidationError("--batch reads standard input and takes no FILE. / --batch は標準入力を読みます。ファイルは指定できません。")
        }
        guard batch || !summary else {
            throw ValidationError("--summary goes with --batch. / --summary は --batch と使ってください。")
        }
    }

    func run() async throws {
        let store: TrustStore
        do { store = TrustStore(files: try TrustFolder.read(trust)) } catch {
            complain(
                """
                \(trust): 信頼リストを読めません。--trust で場所を指定してください。
                \(trust): the trust folder cannot be read (\(error.code)). Name one with --trust DIR.
                """)
            throw ExitCode.usage
        }
        for refusal in store.refused {
            complain("\(trust)/\(refusal.path): 使いません / not used (\(refusal.code))")
        }
        let verifier = Verifier(trust: store)
        let now = time.now
        if batch {
            let counts = await Batch(verifier: verifier, now: now, summaryOnly: summary).run(
                from: .standardInput, to: .standardOutput)
            if counts.checked == 0 { throw ExitCode.usage }
            if counts.valid < counts.checked { throw ExitCode.no }
        } else {
            try check(verifier, now)
        }
    }

    private func check(_ verifier: Verifier, _ now: Date) throws {
        var groups: [[String]] = []
        var unreadable = false
        for file in files {
            do { groups += try CodeFile.groups(file, program: Program.path) } catch {
                unreadable = true
                complain(error.explanation(file))
            }
        }
        let verdicts = verifier.check(groups: groups, at: now)
        let report = VerdictReport(colours: isatty(1) == 1)
        for verdict in verdicts { print(json ? verdict.json() : report.text(verdict)) }
        if unreadable || verdicts.isEmpty { throw ExitCode.usage }
        if !verdicts.allSatisfy(\.isValid) { throw ExitCode.no }
    }
}
