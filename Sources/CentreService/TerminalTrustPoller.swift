import Exchange
import Foundation
import HTTPServer
import Logging
import MutualTLS
import NIOCore
import ServiceLifecycle
import Synchronization

/// Keeps what terminals trust as `vrs` has it, to hand it on: one long poll after the other.
///
/// The centre holds no key to check it by, and need not: a terminal takes only what the publisher signed, and never an
/// older edition than it had.
package final class TerminalTrustPoller: Service {
    private let client: MutualTLSClient
    private let logger: Logger
    private let trust = Mutex<SignedTerminalTrust?>(nil)
    private let changed: @Sendable () -> Void

    /// For a poll that `vrs` holds until there is another edition.
    private static let pollTimeout: Duration = .seconds(40)
    /// Between two questions that were answered at once.
    private static let pause: Duration = .seconds(1)
    /// The same where nothing is published, or `vrs` does not know the question yet.
    private static let pauseWithout: Duration = .seconds(20)

    /// - Parameter changed: called behind each edition that was taken.
    init(client: MutualTLSClient, logger: Logger, changed: @escaping @Sendable () -> Void) {
        self.client = client
        self.logger = logger
        self.changed = changed
    }

    /// The edition to hand on; `nil` if none is published.
    var current: SignedTerminalTrust? { trust.withLock { $0 } }

    /// Polls until the service group stops.
    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let started = ContinuousClock.now
                let pause = await self.ask()
                // Whoever answers at once that there is nothing new is not asked without end.
                if ContinuousClock.now - started < pause { try await Task.sleep(for: pause) }
            }
        }
    }

    /// Asks once, and says how long to wait if the answer came at once.
    private func ask() async -> Duration {
        let route = CentreRoute.trust
        let known = current?.counter
        do {
            let response = try await client.send(
                route.method, route.path(after: known ?? 0), limit: route.answer.maximumBytes,
                timeout: Self.pollTimeout)
            guard response.status != 204 else { return Self.pauseWithout }
            guard response.status == 200,
                let signed = SignedTerminalTrust(parsing: Array(response.body.readableBytesView))
            else {
                logger.warning(
                    "terminal trust: unusable answer", metadata: ["status": .stringConvertible(response.status)])
                return Self.pauseWithout
            }
            // One of several instances may lag behind: what terminals would refuse is not handed on.
            guard signed.counter > known ?? 0 else { return Self.pause }
            trust.withLock { $0 = signed }
            changed()
            logger.notice("terminal trust", metadata: ["counter": "\(signed.counter)"])
            return .zero
        } catch {
            // The access policy's poller says that vrs is lost.
            if error == .tooLarge { logger.error("terminal trust: too large") }
            return Self.pause
        }
    }
}
