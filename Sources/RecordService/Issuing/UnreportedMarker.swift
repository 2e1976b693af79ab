package import Foundation
package import Logging
package import Records

/// Marks certificates that nobody reported on.
package struct UnreportedMarker: Sendable {
    private let store: any CertificateStore
    private let after: Double
    private let metrics: VRSMetrics
    private let logger: Logger
    private let now: @Sendable () -> Date

    /// - Parameter seconds: how long after signing a report is waited for.
    package init(
        store: any CertificateStore, after seconds: Double, metrics: VRSMetrics, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        after = seconds
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Marks once; failures are logged, and tried again with the next call.
    package func mark() async {
        let now = now()
        do {
            let count = try await store.markUnreported(olderThan: now.addingTimeInterval(-after), now: now)
            guard count > 0 else { return }
            metrics.unreported(count)
            logger.warning("certificates without a report", metadata: ["count": "\(count)"])
        } catch {
            logger.error("marking failed", metadata: ["cause": "\(ProblemMapping.cause(of: error) ?? "")"])
        }
    }
}
