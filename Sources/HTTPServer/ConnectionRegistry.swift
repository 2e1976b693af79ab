import Metrics
import NIOCore
import Synchronization

/// Counts a listener's connections, in all and by client certificate.
final class ConnectionRegistry: Sendable {
    /// Why a connection was ended by the service.
    enum Ending: String, CaseIterable {
        case tooMany = "too_many"
        case tooManyOfPeer = "too_many_of_peer"
        case certificate
        case handshakeTimeout = "handshake_timeout"
        case headerTimeout = "header_timeout"
        case bodyTimeout = "body_timeout"
        case malformed
        case idle
    }

    private struct State {
        var open = 0
        var byPeer: [[UInt8]: Int] = [:]
    }

    private let state = Mutex(State())
    private let limits: ListenerLimits
    private let endings: [Ending: Counter]
    private let gauge: Meter

    init(listener: String, limits: ListenerLimits, metrics: any MetricsFactory) {
        self.limits = limits
        endings = Dictionary(
            uniqueKeysWithValues: Ending.allCases.map { ending in
                let dimensions = [("entrance", listener), ("reason", ending.rawValue)]
                return (ending, Counter(label: "akashi_connections_ended", dimensions: dimensions, factory: metrics))
            })
        gauge = Meter(label: "akashi_connections_open", dimensions: [("entrance", listener)], factory: metrics)
    }

    /// Counts a connection until it closes; `false` when there are too many.
    func open(_ channel: any Channel) -> Bool {
        let count = state.withLock { state -> Int? in
            guard limits.whenFull == .wait || state.open < limits.connections else { return nil }
            state.open += 1
            return state.open
        }
        guard let count else {
            self.count(.tooMany)
            return false
        }
        gauge.set(count)
        channel.closeFuture.whenComplete { _ in
            self.gauge.set(
                self.state.withLock { state in
                    state.open -= 1
                    return state.open
                })
        }
        return true
    }

    /// Counts a connection for a client's certificate until it closes; `false` when that client has too many.
    func join(peer: [UInt8], _ channel: any Channel) -> Bool {
        let joined = state.withLock { state in
            let count = state.byPeer[peer, default: 0]
            guard count < limits.connectionsPerPeer else { return false }
            state.byPeer[peer] = count + 1
            return true
        }
        guard joined else { return false }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { state in
                guard let count = state.byPeer[peer], count > 1 else {
                    state.byPeer[peer] = nil
                    return
                }
                state.byPeer[peer] = count - 1
            }
        }
        return true
    }

    /// Counts a connection that was ended for what its client did or did not do.
    func count(_ ending: RequestEnding) {
        switch ending {
        case .handshakeTimeout: count(Ending.handshakeTimeout)
        case .headerTimeout: count(Ending.headerTimeout)
        case .bodyTimeout: count(Ending.bodyTimeout)
        case .malformed, .headerTooLarge: count(Ending.malformed)
        // Handlers have limits of their own.
        case .answerTimeout: break
        case .idle: count(Ending.idle)
        }
    }

    /// Counts a connection that the service ended.
    func count(_ ending: Ending) { endings[ending]?.increment() }
}
