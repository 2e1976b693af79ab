import ArgumentParser
import CLinux
import CentreService
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
        discussion: "証明書交付センター: 端末と市区町村を確認し、カードの署名を検証して、vrsへ取り次ぎます。",
        subcommands: [Serve.self, Check.self])
}

struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (YAML). / 設定ファイル")
    var path: String

    @Flag(help: "Accept development keys and simulated cards; every page bears 見本 SAMPLE. / 開発モード")
    var development = false

    /// The configuration; ends with a message and the exit status 2 if it is wrong.
    func read() throws -> CentreConfiguration {
        do {
            return try CentreConfiguration(path: path, development: development, now: .now)
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
            throw ExitCode(2)
        }
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve until SIGTERM or SIGINT. / サービスを開始する")
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.read()
        let logger = JSONLogHandler.standardError("centre")
        if options.development {
            logger.warning("development mode: not for real service / 開発モード: 本番では使わないでください")
        }
        protectMemory(logger)
        let metrics = PrometheusFactory(help: Centre.metricHelp)
        MetricsSystem.bootstrap(metrics)
        let ready = ReadyLine(Centre.listenerNames)
        let centre = try Centre.build(configuration, ready: ready, metrics: metrics, logger: logger, now: { .now })
        try await runServices(centre.services, logger: logger, liveness: .operations(ready))
    }

    /// Applications pass through this memory: no core dump, and no swap if the limits allow it.
    private func protectMemory(_ logger: Logger) {
        if akashi_forbid_core_dumps() != 0 { logger.warning("core dumps cannot be forbidden / コアダンプを禁止できません") }
        if akashi_lock_all_memory() != 0 {
            logger.notice("memory is not kept out of swap: raise the limit memlock, or run without swap / スワップを防げません")
        }
    }
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check the configuration and end. / 設定ファイルを検査する")
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        _ = try options.read()
        print("\(options.path): ok")
    }
}
