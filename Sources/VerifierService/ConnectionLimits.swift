import NIOCore
import NIOHTTP1
import NIOTLS

/// How long a client may take, and how many there may be.
struct ConnectionLimits: Sendable {
    /// The most connections at once; further ones wait to be accepted.
    let connections = 512
    /// The most bytes of all header fields of a request.
    let headerBytes = 16_384
    /// From a connection's beginning to the end of the TLS handshake, and from a request's first byte to the end of its
    /// header section.
    let header: TimeAmount
    /// From the end of the header section to the end of the body.
    let body: TimeAmount
    /// Between requests.
    let idle: TimeAmount
    /// From the end of the body to the end of the answer, with the client that reads it.
    let answer = TimeAmount.seconds(120)

    /// - Parameter seconds: how long a client may take to send a request's body.
    init(seconds: Int) {
        header = .seconds(Int64(min(seconds, 10)))
        body = .seconds(Int64(seconds))
        idle = .seconds(Int64(2 * seconds))
    }
}

/// Fired by ``BytesWatch`` whenever plain bytes arrived.
private struct BytesArrived {}

/// Stands before the HTTP decoder, which is silent until a header section is whole: a slow client never lets it be.
final class BytesWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(BytesArrived())
        context.fireChannelRead(data)
    }
}

/// Closes a connection whose client takes too long, and tells a client that asks before it sends a large body to go on.
final class SlowClients: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase { case idle, header, body, answer }

    private let limits: ConnectionLimits
    private var phase = Phase.header
    private var unanswered = 0
    private var timer: Scheduled<Void>?

    init(limits: ConnectionLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        // A new connection has as long for its handshake or first request as for a header section.
        enter(.header, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is BytesArrived: if phase == .idle { enter(.header, context) }
        case TLSUserEvent.handshakeCompleted(_): enter(.idle, context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            enter(.body, context)
            // RFC 9110 section 10.1.1; with an answer still to be written it may not stand in between.
            if unanswered == 1, head.version == .http1_1,
                head.headers.first(name: "expect")?.lowercased() == "100-continue"
            {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
        case .body: break
        case .end: enter(unanswered > 0 ? .answer : .idle, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered = max(0, unanswered - 1)
            // Where the answer came before the body's end, the body's deadline goes on. An answer has ended when its last
            // byte was taken from us.
            if unanswered == 0, phase == .answer {
                let written = promise ?? context.eventLoop.makePromise(of: Void.self)
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                written.futureResult.whenComplete { _ in
                    let (limits, context) = bound.value
                    if limits.unanswered == 0, limits.phase == .answer { limits.enter(.idle, context) }
                }
                context.write(data, promise: written)
                return
            }
        }
        context.write(data, promise: promise)
    }

    private func enter(_ phase: Phase, _ context: ChannelHandlerContext) {
        self.phase = phase
        timer?.cancel()
        let wait =
            switch phase {
            case .idle: limits.idle
            case .header: limits.header
            case .body: limits.body
            case .answer: limits.answer
            }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: wait) { context.close(promise: nil) }
    }
}
