import ArgumentParser
import CLinux
import CentreService
import CommandFrame
import Exchange
import Foundation
import HTTPServer
import Logging
import Metrics

/// The certificate issuing centre.
@main
struct CentreProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "centre",
        abstract:
            "The certificate issuing centre: admits terminals and municipalities, checks card data, relays to vrs.",
        discussion: """
            証明書交付センター: 端末と市区町村を確認し、カードの署名を検証して、vrsへ取り次ぎます。

            Exit status: 0 done, 2 wrong usage, 69 an address cannot be listened on, 70 a fault of ours, 78 wrong \
            configuration.
            """,
        version: ProgramVersion.text("centre", formats: ["protocol": ExchangeFormat.described]),
        subcommands: [Serve.self, CheckConfiguration.self])

    static func main() async { await CommandFrame.run(Self.self) }
}

struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (YAML). / 設定ファイル")
    var path: String

    @Flag(help: "Accept development keys and simulated cards; every page bears 見本 SAMPLE. / 開発モード")
    var development = false
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve until SIGTERM or SIGINT. / サービスを開始する",
        discussion: """
            SIGHUP has the configuration read again: certificates, authorities, municipalities, hours, fee and notices are \
            taken without dropping a connection; what waits for the next start is said in the log. / \
            SIGHUPで証明書・認証局・市区町村・時間・手数料・お知らせを読み直します。
            """)
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        // Before anything is read, so that no change is missed.
        let hangups = await Hangups()
        let (path, development) = (options.path, options.development)
        let configuration = try CentreConfiguration(path: path, development: development, now: .now)
        let logger = JSONLogHandler.standardError("centre")
        if development {
            logger.warning("development mode: not for real service / 開発モード: 本番では使わないでください")
        }
        protectMemory(logger)
        let metrics = PrometheusFactory(help: Centre.metricHelp)
        MetricsSystem.bootstrap(metrics)
        let ready = ReadyLine(Centre.listenerNames)
        let centre = try Centre.build(configuration, ready: ready, metrics: metrics, logger: logger, now: { .now })
        let reload = hangups.service { centre.reload(logger: logger) }
        try await runServices([reload] + centre.services, logger: logger, liveness: .operations(ready))
    }

    /// Applications pass through this memory: no core dump, and no swap if the limits allow it.
    private func protectMemory(_ logger: Logger) {
        if akashi_forbid_core_dumps() != 0 { logger.warning("core dumps cannot be forbidden / コアダンプを禁止できません") }
        if akashi_lock_all_memory() != 0 {
            logger.notice("memory is not kept out of swap: raise the limit memlock, or run without swap / スワップを防げません")
        }
    }
}

struct CheckConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check the configuration and end. / 設定ファイルを検査する", aliases: ["check"])
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try CentreConfiguration(
            path: options.path, development: options.development, now: .now)
        for warning in configuration.warnings { print("warning / 注意: \(warning)") }
        print("\(options.path): good / 問題ありません")
    }
}
