import ArgumentParser
import CLinux
import CommandFrame
import Exchange
import Foundation
import HTTPServer
import Logging
import Metrics
import WalletService

/// The mobile back end.
@main
struct WalletProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wallet",
        abstract:
            "The mobile back end: admits app instances and municipalities, checks chips' signatures, relays to vrs.",
        discussion: """
            電子交付の受付: アプリと市区町村を確認し、カードのICチップの署名を検証して、vrsへ取り次ぎます。

            Exit status: 0 done, 2 wrong usage, 69 an address cannot be listened on, 70 a fault of ours, 78 wrong \
            configuration.
            """,
        version: ProgramVersion.text("wallet", formats: ["protocol": ExchangeFormat.described]),
        subcommands: [Serve.self, CheckConfiguration.self])

    static func main() async { await CommandFrame.run(Self.self) }
}

struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (YAML). / 設定ファイル")
    var path: String

    @Flag(help: "Accept development keys, simulated cards and made-up devices. / 開発モード")
    var development = false

    /// The configuration, checked.
    func read() throws -> WalletConfiguration {
        try WalletConfiguration(path: path, development: development, now: .now)
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve until SIGTERM or SIGINT. / サービスを開始する",
        discussion: """
            SIGHUP has the configuration read again: certificates, authorities, municipalities, hours and notices are taken \
            without dropping a connection; what waits for the next start is said in the log. / \
            SIGHUPで証明書・認証局・市区町村・時間・お知らせを読み直します。
            """)
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        // Before anything is read, so that no change is missed.
        let hangups = await Hangups()
        let configuration = try options.read()
        let logger = JSONLogHandler.standardError("wallet")
        if options.development {
            logger.warning("development mode: not for real service / 開発モード: 本番では使わないでください")
        }
        // Pseudonyms pass through this memory: no core dump, and no swap if the limits allow it.
        if akashi_forbid_core_dumps() != 0 { logger.warning("core dumps cannot be forbidden / コアダンプを禁止できません") }
        if akashi_lock_all_memory() != 0 {
            logger.notice("memory is not kept out of swap: raise the limit memlock, or run without swap / スワップを防げません")
        }
        let metrics = PrometheusFactory(help: Wallet.metricHelp)
        MetricsSystem.bootstrap(metrics)
        let ready = ReadyLine(Wallet.listenerNames)
        let wallet = try Wallet.build(configuration, ready: ready, metrics: metrics, logger: logger, now: { .now })
        let reload = hangups.service { wallet.reload(logger: logger) }
        try await runServices([reload] + wallet.services, logger: logger, liveness: .operations(ready))
    }
}

struct CheckConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check the configuration and end. / 設定ファイルを検査する", aliases: ["check"])
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        for warning in try options.read().warnings { print("warning / 注意: \(warning)") }
        print("\(options.path): good / 問題ありません")
    }
}
