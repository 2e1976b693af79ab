import NIOCore
import NIOHTTP1
import NIOTLS

/// Fired by ``RequestBytesWatch`` whenever plain bytes arrived.
private struct RequestBytesArrived {}

/// Stands before the HTTP decoder and tells ``RequestDeadlines`` behind it that bytes arrived: the decoder itself is
/// silent until a header section is whole, which a slow client never lets it be.
final class RequestBytesWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(RequestBytesArrived())
        context.fireChannelRead(data)
    }
}

/// Ends a connection whose client takes too long: for the handshake, a header section, a body, or between requests.
/// While a request is being answered there is no deadline; the handler has its own.
final class RequestDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase { case handshake, idle, header, body, answering }

    private let limits: EntranceLimits
    private let connections: ConnectionRegistry
    private var phase: Phase
    private var unanswered = 0
    private var deadline: NIODeadline?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    init(limits: EntranceLimits, hasHandshake: Bool, connections: ConnectionRegistry) {
        self.limits = limits
        self.connections = connections
        phase = hasHandshake ? .handshake : .idle
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(phase, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is RequestBytesArrived: if phase == .idle { enter(.header, context) }
        case TLSUserEvent.handshakeCompleted(_): enter(.idle, context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            enter(.body, context)
        case .body: break
        case .end: enter(unanswered > 0 ? .answering : .idle, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered = max(0, unanswered - 1)
            // Where the answer came before the body's end, the deadline of the body goes on.
            if unanswered == 0, phase == .answering { enter(.idle, context) }
        }
        context.write(data, promise: promise)
    }

    private func enter(_ phase: Phase, _ context: ChannelHandlerContext) {
        self.phase = phase
        let wait: Duration? =
            switch phase {
            case .handshake, .header: limits.headerTimeout
            case .body: limits.bodyTimeout
            case .idle: limits.idleTimeout
            case .answering: nil
            }
        deadline = wait.map { .now() + TimeAmount($0) }
        guard let deadline else { return }
        if let timer, timer.at <= deadline { return }
        timer?.task.cancel()
        schedule(at: deadline, context)
    }

    private func schedule(at deadline: NIODeadline, _ context: ChannelHandlerContext) {
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.fire(context) }
        timer = (deadline, task)
    }

    private func fire(_ context: ChannelHandlerContext) {
        timer = nil
        guard let deadline else { return }
        guard deadline <= .now() else { return schedule(at: deadline, context) }
        switch phase {
        case .handshake: connections.count(.handshakeTimeout)
        case .header: connections.count(.headerTimeout)
        case .body: connections.count(.bodyTimeout)
        case .idle: connections.count(.idle)
        case .answering: return
        }
        context.close(promise: nil)
    }

    private func stop() {
        timer?.task.cancel()
        timer = nil
        deadline = nil
    }
}
