import Metrics
import MutualTLS
import NIOCore
import Synchronization

/// Counts a listener's connections, in all, by address and by client certificate, and makes room among those that nobody
/// answers for.
///
/// A connection is a **stranger's** until its client has shown a certificate that the listener takes; without client
/// certificates it stays one. Strangers have a number of places of their own, in all and by address. When one too many
/// comes, the stranger's connection of that address (or, if all places are taken, of the address with the most) goes that
/// has waited longest without a whole request. So whoever opens connections and leaves them takes places from himself,
/// not from others; and whoever comes with a certificate keeps its place whatever strangers do.
final class ConnectionRegistry: Sendable {
    /// Why a connection was ended by the service.
    enum Ending: String, CaseIterable {
        case tooMany = "too_many"
        case tooManyOfAddress = "too_many_of_address"
        case tooManyOfPeer = "too_many_of_peer"
        case displaced
        case certificate
        case handshakeTimeout = "handshake_timeout"
        case headerTimeout = "header_timeout"
        case bodyTimeout = "body_timeout"
        case malformed
        case idle
    }

    /// One connection's number, never used again.
    typealias Ticket = UInt64

    private struct Stranger {
        let channel: any Channel
        let address: ClientAddress?
        /// Grows with the moment since when nothing whole was asked; `nil` while a request is answered.
        var waiting: UInt64?
    }

    private struct State {
        var next: UInt64 = 0
        var strangers: [Ticket: Stranger] = [:]
        var byAddress: [ClientAddress?: Set<Ticket>] = [:]
        var known: [Ticket: (channel: any Channel, peer: PeerCertificate)] = [:]
        var byPeer: [[UInt8]: Int] = [:]

        var open: Int { strangers.count + known.count }

        mutating func number() -> UInt64 {
            next += 1
            return next
        }

        mutating func remove(_ ticket: Ticket) -> Stranger? {
            guard let stranger = strangers.removeValue(forKey: ticket) else { return nil }
            byAddress[stranger.address]?.remove(ticket)
            if byAddress[stranger.address]?.isEmpty == true { byAddress[stranger.address] = nil }
            return stranger
        }

        /// Takes out the connection among some that has waited longest; `nil` if all of them are being answered.
        mutating func displace(among tickets: Set<Ticket>) -> Stranger? {
            let longest = tickets.compactMap { ticket in strangers[ticket]?.waiting.map { (ticket, $0) } }
                .min { $0.1 < $1.1 }
            return longest.flatMap { remove($0.0) }
        }
    }

    private let state = Mutex(State())
    private let limits: ListenerLimits
    /// The places of strangers, in all.
    private let places: Int
    private let endings: [Ending: Counter]
    private let gauge: Meter

    /// - Parameter knowsClients: whether clients show certificates.
    init(listener: String, limits: ListenerLimits, knowsClients: Bool, metrics: any MetricsFactory) {
        self.limits = limits
        places = knowsClients ? limits.handshakes : limits.connections
        endings = Dictionary(
            uniqueKeysWithValues: Ending.allCases.map { ending in
                let dimensions = [("entrance", listener), ("reason", ending.rawValue)]
                return (ending, Counter(label: "akashi_connections_ended", dimensions: dimensions, factory: metrics))
            })
        gauge = Meter(label: "akashi_connections_open", dimensions: [("entrance", listener)], factory: metrics)
    }

    /// Gives a new connection a stranger's place until it closes, another one's if need be; `nil` when there is none.
    func open(_ channel: any Channel) -> Ticket? {
        let address = ClientAddress(channel.remoteAddress)
        let (ticket, displaced, refusal) = state.withLock { state -> (Ticket?, Stranger?, Ending?) in
            var displaced: Stranger?
            let own = state.byAddress[address] ?? []
            if own.count >= limits.connectionsPerAddress {
                displaced = state.displace(among: own)
                guard displaced != nil else { return (nil, nil, .tooManyOfAddress) }
            } else if state.strangers.count >= places {
                let most = state.byAddress.values.max { $0.count < $1.count } ?? []
                displaced = state.displace(among: most)
                guard displaced != nil else { return (nil, nil, .tooMany) }
            }
            let ticket = state.number()
            state.strangers[ticket] = Stranger(channel: channel, address: address, waiting: ticket)
            state.byAddress[address, default: []].insert(ticket)
            return (ticket, displaced, nil)
        }
        if let displaced {
            count(.displaced)
            displaced.channel.close(promise: nil)
        }
        guard let ticket else {
            count(refusal ?? .tooMany)
            return nil
        }
        show()
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.remove(ticket) }
            self.show()
        }
        return ticket
    }

    /// Says whether a stranger's request is being answered, or the next one is waited for.
    func set(_ ticket: Ticket, isAnswered: Bool) {
        state.withLock { state in
            guard let stranger = state.strangers[ticket], (stranger.waiting == nil) != isAnswered else { return }
            let number = state.number()
            state.strangers[ticket]?.waiting = isAnswered ? nil : number
        }
    }

    /// Moves a connection from the strangers' places to those of a client's certificate until it closes; `false`, with the
    /// reason counted, when there is none left.
    func join(_ ticket: Ticket, _ peer: PeerCertificate, _ channel: any Channel) -> Bool {
        let refusal = state.withLock { state -> Ending? in
            let count = state.byPeer[peer.hash, default: 0]
            guard count < limits.connectionsPerPeer else { return .tooManyOfPeer }
            guard state.known.count < limits.connections else { return .tooMany }
            // Whoever was displaced meanwhile is about to be closed, and is no place's.
            guard state.remove(ticket) != nil else { return .displaced }
            state.byPeer[peer.hash] = count + 1
            state.known[ticket] = (channel, peer)
            return nil
        }
        if let refusal {
            if refusal != .displaced { count(refusal) }
            return false
        }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { state in
                state.known[ticket] = nil
                guard let count = state.byPeer[peer.hash], count > 1 else {
                    state.byPeer[peer.hash] = nil
                    return
                }
                state.byPeer[peer.hash] = count - 1
            }
            self.show()
        }
        return true
    }

    /// Closes the connections of clients that are not admitted any more.
    func closeRefused(_ admits: (PeerCertificate) -> Bool) {
        let known = state.withLock { Array($0.known.values) }
        for connection in known where !admits(connection.peer) {
            count(.certificate)
            connection.channel.close(promise: nil)
        }
    }

    private func show() { gauge.set(state.withLock { $0.open }) }

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
        case .refusedClient: count(Ending.certificate)
        }
    }

    /// Counts a connection that the service ended.
    func count(_ ending: Ending) { endings[ending]?.increment() }
}
