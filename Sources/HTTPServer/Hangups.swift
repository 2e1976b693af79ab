package import Logging
package import ServiceLifecycle
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
    /// Says that what can be taken while a service runs was taken, and which changed keys wait for its next start.
    /// - Parameters:
    ///   - changed: the keys' paths that the file says otherwise than at the start.
    ///   - isTaken: whether a key's new value is in use now.
    package static func succeeded(changed: [String], isTaken: (String) -> Bool, logger: Logger) {
        logger.notice("configuration read again / 設定を読み直しました")
        let waiting = changed.filter { !isTaken($0) }
        guard !waiting.isEmpty else { return }
        logger.warning(
            "these keys are taken at the next start only / 次の項目は再起動するまで反映されません",
            metadata: ["keys": .string(waiting.joined(separator: " "))])
    }

    /// Says why nothing was taken.
    package static func failed(_ error: any Error, logger: Logger) {
        logger.error(
            "configuration not read again; what was read before stays in use / 設定を読み直せません。前の設定のまま続けます",
            metadata: ["cause": "\(error)"])
    }
}
