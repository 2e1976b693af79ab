import ArgumentParser
import CLinux
import Foundation
import Glibc
import CheckedConfiguration
import HTTPServer
import Logging
import RecordService
import Records
import Vaccination

/// `vrs serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the service. / サービスを起動する")

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let (configuration, listeners) = try await options.load()
        let level = try LogLevel.read(try ConfigurationFile(path: options.config).root)
        let log = JSONLogHandler.standardError("vrs", level: level)
        if configuration.isDevelopment {
            log.warning("DEVELOPMENT MODE: test keys and simulated cards are accepted / 開発モード（本番では使わないこと）")
        }
        // Keys and records pass through this memory.
        if akashi_forbid_core_dumps() != 0 { log.warning("core dumps cannot be forbidden / コアダンプを禁止できません") }
        let store = try SQLiteRecordStore(
            folder: configuration.recordFolder, keys: configuration.regionKeys, regions: configuration.regions,
            mayBegin: false)
        var afterIntent: (@Sendable () -> Void)?
        if configuration.faults.stopsAfterIntent { afterIntent = { _exit(70) } }
        let system = try await RecordSystem(configuration, store: store, log: log, afterIntent: afterIntent)
        let ready = ReadyLine(RecordSystem.listenerNames)
        try await runServices(try system.services(listeners, ready: ready), logger: log)
    }
}

/// `vrs check-config`
struct CheckConfiguration: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check a configuration, its keys and templates. / 設定を検査する")

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        let (configuration, _) = try await options.load()
        for warning in configuration.warnings { print(warning) }
        for region in configuration.regions { _ = try configuration.regionKeys.keys(for: region.code) }
        print("\(options.config): good, \(configuration.regions.count) regions / 問題ありません")
    }
}

/// The log's level in the configuration.
enum LogLevel {
    static func read(_ root: ConfigurationSection) throws(ConfigurationError) -> Logger.Level {
        guard let section = try root.optionalSection("log") else { return .info }
        let expected = Expectation("debug, info, notice, warning or error", "debug、info、notice、warning、error のどれか")
        return try section.value("level", expected, fallback: .info) { text in
            ["debug", "info", "notice", "warning", "error"].contains(text) ? Logger.Level(rawValue: text) : nil
        }
    }
}
