package import Foundation
package import Logging
package import Records
import ServiceLifecycle

/// Does a piece of work again and again until the service ends.
package struct Periodic: Service {
    private let interval: Duration
    private let work: @Sendable () async -> Void

    package init(every interval: Duration, _ work: @escaping @Sendable () async -> Void) {
        self.interval = interval
        self.work = work
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await work()
                try await Task.sleep(for: interval)
            }
        }
    }
}

/// Lets those who wait at the gate go as soon as the service begins to end.
package struct BoardCloser: Service {
    private let board: ControlBoard

    package init(board: ControlBoard) { self.board = board }

    package func run() async throws {
        try? await gracefulShutdown()
        board.close()
    }
}

/// Marks certificates that nobody reported on.
package struct UnreportedMarker: Sendable {
    private let store: any CertificateStore
    private let after: Double
    private let metrics: ServiceMetrics
    private let log: Logger
    private let clock: @Sendable () -> Date

    /// - Parameter seconds: how long after signing a report is waited for.
    package init(
        store: any CertificateStore, after seconds: Double, metrics: ServiceMetrics, log: Logger,
        clock: @escaping @Sendable () -> Date
    ) {
        self.store = store
        after = seconds
        self.metrics = metrics
        self.log = log
        self.clock = clock
    }

    /// Marks once; failures are logged, and tried again with the next call.
    package func mark() async {
        let now = clock()
        do {
            let count = try await store.markUnreported(olderThan: now.addingTimeInterval(-after), now: now)
            guard count > 0 else { return }
            metrics.unreported(count)
            log.warning("certificates without a report", metadata: ["count": "\(count)"])
        } catch {
            log.error("marking failed", metadata: ["cause": "\(Refusal.cause(of: error) ?? "")"])
        }
    }
}
