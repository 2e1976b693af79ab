package import Logging
package import PKCS11
import Synchronization
import Waiting

/// Watches over the token that holds keys: whether it can be reached is known before somebody's certificate waits for it.
package final class TokenWatch: Sendable {
    private let token: Token?
    private let metrics: VRSMetrics
    private let logger: Logger
    private let wasLost = Mutex(false)

    /// How long the token may take to answer.
    static let limit = Duration.seconds(5)

    /// A watch over a token; without one it says that nothing is lost.
    package init(_ token: Token?, metrics: VRSMetrics, logger: Logger) {
        self.token = token
        self.metrics = metrics
        self.logger = logger
        if token != nil { metrics.token(isReachable: true) }
    }

    /// Whether keys in the token cannot be used now, as of the last call or look.
    package var isLost: Bool { token?.loss != nil || wasLost.withLock { $0 } }

    /// Asks the token, and tells when it is lost and when it is back.
    package func look() async {
        guard let token else { return }
        // A module may wait for its device for as long as it likes.
        let hasAnswered = (try? await withTimeLimit(Self.limit) { await token.look() }) != nil
        let loss = hasAnswered ? token.loss.map { "\($0)" } : "no answer within \(Self.limit)"
        let hasChanged = wasLost.withLock { wasLost in
            defer { wasLost = loss != nil }
            return wasLost != (loss != nil)
        }
        guard hasChanged else { return }
        metrics.token(isReachable: loss == nil)
        if let loss {
            logger.error("token lost", metadata: ["cause": "\(loss)"])
        } else {
            logger.notice("token back")
        }
    }
}
