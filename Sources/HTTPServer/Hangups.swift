import CheckedConfiguration
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

/// How the last reading of a service's configuration, and of a list that is read all the time, ended: for the log, `/ready`
/// and a metric.
package final class Reloads: Sendable {
    private struct State {
        var isConfigurationWrong = false
        var isListWrong = false
        var hasFailed: Bool { isConfigurationWrong || isListWrong }
    }
    private let state = Mutex(State())
    private let meter: Meter

    package init(metrics: any MetricsFactory) {
        meter = Meter(label: "akashi_reload_failed", factory: metrics)
        meter.set(0)
    }

    /// What `/ready` tells until the configuration and the list were read again without a flaw.
    package var degraded: [String] { state.withLock { $0.hasFailed } ? ["reload.failed"] : [] }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            meter.set(state.hasFailed ? 1 : 0)
        }
    }

    /// Notes whether the list that is read all the time is right.
    package func listRead(isRight: Bool) { change { $0.isListWrong = !isRight } }

    /// Says what was wrong, and which changed keys wait for the next start.
    /// - Parameters:
    ///   - flaws: what was wrong; all else was taken.
    ///   - listFlaw: what was wrong with the list, which counts until ``listRead(isRight:)`` says otherwise.
    ///   - changed: the keys' paths that the file says otherwise than at the start, or whose files hold something else.
    ///   - isTaken: whether a key's new value is in use now.
    package func ended(
        flaws: [any Error], listFlaw: (any Error)? = nil, changed: [String], isTaken: (String) -> Bool, logger: Logger
    ) {
        change { $0.isConfigurationWrong = !flaws.isEmpty }
        let all = flaws + [listFlaw].compactMap { $0 }
        for flaw in all {
            // Somebody may be waiting for an authority or a client to be out.
            let isUnread = (flaw as? ConfigurationError)?.isOfWholeFile ?? false
            logger.error(
                isUnread
                    ? "file NOT read: nothing of it was taken, and whoever was to be out is still in / ファイルを読めず、何も反映していません。外すはずの相手もまだ入れます"
                    : "configuration not read again as a whole; what is wrong stays as it was, and who does not stand in a list any more is out / 設定の一部を読み直せません。誤りのある項目は前のまま、一覧にないものは外れます",
                metadata: ["cause": "\(flaw)"])
        }
        if all.isEmpty { Reloading.succeeded(logger: logger) }
        Reloading.waiting(changed.filter { !isTaken($0) }, logger: logger)
    }
}
