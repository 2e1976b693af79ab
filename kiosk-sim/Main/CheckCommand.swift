import ArgumentParser
import CommandFrame
import Foundation
import Terminal

/// `kiosk-sim check-config`: whether a terminal can serve with its files.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks a terminal's configuration, and what it names, and ends. / 設定ファイルを検査する",
        discussion: """
            With --answer-key also whether the pinned answer key is that of a record system: HEX is what `vrs check-config` \
            says of its own. Exit status 0 good, 78 something is wrong.
            """)

    @Option(help: "The terminal's configuration.")
    var config = "terminal.yaml"
    @Option(help: ArgumentHelp("SHA-256 of the answer key of vrs.", valueName: "hex"))
    var answerKey: String?

    func run() throws {
        let configuration = try TerminalConfiguration(path: config)
        try configuration.check(answerKey: answerKey)
        for warning in configuration.warnings { print("warning / 注意: \(warning)") }
        if let key = configuration.answerKeyFingerprint { print("answer key / 応答鍵: SHA-256 \(key)") }
        print("\(config): good / 問題ありません")
    }
}
