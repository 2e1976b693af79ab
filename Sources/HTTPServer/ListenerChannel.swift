import HummingbirdCore
import Logging
import MutualTLS
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// One accepted connection: the HTTP channel, and what its handshake found out.
struct ListenerConnection: ServerChildChannelValue {
    let http: HTTP1Channel.Value
    let state: ConnectionState

    var channel: any Channel { http.channel }
}

/// Sets an accepted connection up: the overall limit, TLS and the client's certificate as far as the listener has them, the
/// deadlines, then Hummingbird's own HTTP/1.1 channel.
struct ListenerChannel: ServerChildChannel {
    let base: HTTP1Channel
    let security: ListenerSecurity
    let limits: ListenerLimits
    let connections: ConnectionRegistry
    /// Whether a client is taken, now; judged behind each handshake and at each request.
    let admits: @Sendable (PeerCertificate) -> Bool
    let finalResponse: @Sendable (RequestEnding) -> FinalResponse?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<ListenerConnection> {
        let state = ConnectionState(network: ClientAddress(channel.remoteAddress)?.network)
        guard let ticket = connections.open(channel) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ListenerError.tooManyConnections)
        }
        // Where clients are known by their certificates, nobody is anybody without one.
        let isOpen = if case .mutualTLS = security { false } else { true }
        do { try addHandshake(to: channel, state, ticket) } catch { return channel.eventLoop.makeFailedFuture(error) }
        return base.setup(channel: channel, logger: logger).flatMapThrowing { (http: HTTP1Channel.Value) in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let requests = RequestLimits(
                limits.times, hasHandshake: !security.isPlain, finalResponse: finalResponse,
                admits: { [admits] in state.peer.map(admits) ?? isOpen },
                answers: { [connections] in connections.set(ticket, isAnswered: $0) }, ended: connections.count)
            try pipeline.addHandler(requests, position: .after(decoder))
            return ListenerConnection(http: http, state: state)
        }
    }

    private func addHandshake(
        to channel: any Channel, _ state: ConnectionState, _ ticket: ConnectionRegistry.Ticket
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls = security.tls {
            let handshake = tls.handshake
            try pipeline.addHandler(NIOSSLServerHandler(context: handshake.context))
            if security.knowsClients {
                try pipeline.addHandler(
                    PeerHandler(state: state, connections: connections, ticket: ticket) { [admits] peer in
                        tls.vouch(for: peer, since: handshake.number)
                        return admits(peer)
                    })
            }
        }
        try pipeline.addHandler(BytesWatch())
    }

    func handle(value: ListenerConnection, logger: Logger) async {
        await ConnectionState.$current.withValue(value.state) {
            await base.handle(value: value.http, logger: logger)
        }
    }
}

/// Why a connection ended before a request.
enum ListenerError: Error {
    case tooManyConnections
}

/// Takes the client's certificate from the finished handshake and counts the connection with it.
final class PeerHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let state: ConnectionState
    private let connections: ConnectionRegistry
    private let ticket: ConnectionRegistry.Ticket
    private let admits: @Sendable (PeerCertificate) -> Bool
    private var isAdmitted = false

    init(
        state: ConnectionState, connections: ConnectionRegistry, ticket: ConnectionRegistry.Ticket,
        admits: @escaping @Sendable (PeerCertificate) -> Bool
    ) {
        self.state = state
        self.connections = connections
        self.ticket = ticket
        self.admits = admits
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(_) = event {
            let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            // In a resumed session the certificate is the one of its full handshake, whose time nobody has looked at since.
            guard let der = try? handler?.peerCertificate?.toDERBytes(), let peer = PeerCertificate(der: der),
                admits(peer)
            else {
                connections.count(.certificate)
                context.close(promise: nil)
                return
            }
            guard connections.join(ticket, peer, context.channel) else {
                context.close(promise: nil)
                return
            }
            state.peer = peer
            isAdmitted = true
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// A refused client's connection takes a moment to close, and what it sent right behind its handshake is decrypted
    /// meanwhile: it goes no further.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAdmitted else { return }
        context.fireChannelRead(data)
    }
}
