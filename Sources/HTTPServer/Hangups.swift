package import Logging
package import Metrics
package import ServiceLifecycle
import Synchronization
import UnixSignals

/// The signal SIGHUP, by which an operator has a service read its files again. From the making of this on it ends the
/// process no more, and none that comes is lost.
package struct Hangups: Sendable {
    private let signals: UnixSignalsSequence

    package init() async { signals = await UnixSignalsSequence(trapping: .sighup) }

    /// A service that calls `reload` for each signal, one after the other, until the others stop.
    package func service(_ reload: @escaping @Sendable () async -> Void) -> any Service {
        Watch(signals: signals, reload: reload)
    }

    private struct Watch: Service {
        let signals: UnixSignalsSequence
        let reload: @Sendable () async -> Void

        func run() async throws {
            await cancelWhenGracefulShutdown {
                for await _ in signals { await reload() }
                // The sequence ends with the task alone.
            }
        }
    }
}

/// What is said of files that were read again.
package enum Reloading {
    /// Says that all was taken.
    package static func succeeded(logger: Logger) { logger.notice("configuration read again / 設定を読み直しました") }

    /// Says which keys wait for the next start.
    fileprivate static func waiting(_ keys: [String], logger: Logger) {
        guard !keys.isEmpty else { return }
        logger.warning(
            "these keys are taken at the next start only / 次の項目は再起動するまで反映されません",
            metadata: ["keys": .string(keys.joined(separator: " "))])
    }

    /// Says why nothing was taken.
    package static func failed(_ error: any Error, logger: Logger) {
        logger.error(
            "configuration not read again; what was read before stays in use / 設定を読み直せません。前の設定のまま続けます",
            metadata: ["cause": "\(error)"])
    }
}

/// How the last reading of a service's configuration ended: for the log, `/ready` and a metric.
package final class Reloads: Sendable {
    private let hasFailed = Mutex(false)
    private let meter: Meter

    package init(metrics: any MetricsFactory) {
        meter = Meter(label: "akashi_reload_failed", factory: metrics)
        meter.set(0)
    }

    /// What `/ready` tells until the configuration was read again without a flaw.
    package var degraded: [String] { hasFailed.withLock { $0 } ? ["reload.failed"] : [] }

    /// Says what was wrong, and which changed keys wait for the next start.
    /// - Parameters:
    ///   - flaws: what was wrong; all else was taken.
    ///   - changed: the keys' paths that the file says otherwise than at the start, or whose files hold something else.
    ///   - isTaken: whether a key's new value is in use now.
    package func ended(flaws: [any Error], changed: [String], isTaken: (String) -> Bool, logger: Logger) {
        hasFailed.withLock { $0 = !flaws.isEmpty }
        meter.set(flaws.isEmpty ? 0 : 1)
        for flaw in flaws {
            logger.error(
                "configuration not read again as a whole; what is wrong stays as it was, and who was taken out is out / 設定の一部を読み直せません。誤りのある項目は前のまま、外したものは外れます",
                metadata: ["cause": "\(flaw)"])
        }
        if flaws.isEmpty { Reloading.succeeded(logger: logger) }
        Reloading.waiting(changed.filter { !isTaken($0) }, logger: logger)
    }
}
