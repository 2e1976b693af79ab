import CLinux
import Foundation
import HTTPServer
import Logging
import Records

extension VRS {
    /// Serves until SIGTERM or SIGINT; SIGHUP has the configuration read again.
    /// - Parameters:
    ///   - path: the configuration's file, which is read now and for each SIGHUP.
    ///   - development: whether development material is accepted.
    ///   - stopsAfterIntent: ends the process at once, if the configuration's fault point asks for it.
    package static func serve(
        path: String, development: Bool, stopsAfterIntent: @escaping @Sendable () -> Void
    ) async throws {
        // Before anything is read, so that no change is missed.
        let hangups = await Hangups()
        let configuration = try await VRSConfiguration(path: path, development: development, now: Date())
        let logger = JSONLogHandler.standardError("vrs", level: configuration.logLevel)
        if configuration.isDevelopment {
            logger.warning("DEVELOPMENT MODE: test keys and simulated cards are accepted / 開発モード（本番では使わないこと）")
        }
        // Keys and records pass through this memory.
        if akashi_forbid_core_dumps() != 0 { logger.warning("core dumps cannot be forbidden / コアダンプを禁止できません") }
        let ready = ReadyLine(configuration.listeners.names)
        let store = try configuration.openStore(mayBegin: false)
        let vrs = try await build(
            configuration, store: store, ready: ready,
            metrics: PrometheusFactory(help: VRSMetrics.help), logger: logger, now: { Date() },
            afterIntent: configuration.faults.stopsAfterIntent ? stopsAfterIntent : nil)
        let reload = hangups.service { await vrs.reload(logger: logger) }
        try await runServices([reload] + vrs.services(), logger: logger, liveness: .operations(ready))
        await store.close()
    }
}
