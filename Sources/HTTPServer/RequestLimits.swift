import NIOCore
import NIOHTTP1
import NIOTLS

/// Fired by ``BytesWatch`` whenever plain bytes arrived.
private struct BytesArrived {}

/// Stands before the HTTP decoder and tells ``RequestLimits`` behind it that bytes arrived: the decoder itself is silent
/// until a header section is whole, which a slow client never lets it be.
final class BytesWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    init() {}

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(BytesArrived())
        context.fireChannelRead(data)
    }
}

/// Ends a connection whose client takes too long or sends what is no HTTP, and says why when a request waits for an
/// answer. Stands directly behind the HTTP decoder. Also tells a client that asks before it sends a body to go on
/// (RFC 9110 section 10.1.1).
final class RequestLimits: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase { case handshake, idle, header, body, answering }

    private let times: RequestTimes
    private let finalResponse: (RequestEnding) -> FinalResponse?
    private let admits: () -> Bool
    private let answers: (Bool) -> Void
    private let ended: (RequestEnding) -> Void
    private var phase: Phase
    private var unanswered = 0
    private var isAnswering = false
    private var isOver = false
    /// What comes behind a head that was refused is nobody's.
    private var isDropping = false
    private var endingAfterAnswer: RequestEnding?
    private var deadline: NIODeadline?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    /// - Parameters:
    ///   - hasHandshake: whether the connection begins with a TLS handshake.
    ///   - finalResponse: what is said to a client for an ending.
    ///   - admits: asked at each request whether its client is still taken.
    ///   - answers: called with whether a request has come, at least its header section, and is not answered.
    ///   - ended: called when a connection is ended.
    init(
        _ times: RequestTimes, hasHandshake: Bool, finalResponse: @escaping (RequestEnding) -> FinalResponse?,
        admits: @escaping () -> Bool = { true }, answers: @escaping (Bool) -> Void = { _ in },
        ended: @escaping (RequestEnding) -> Void = { _ in }
    ) {
        self.times = times
        self.finalResponse = finalResponse
        self.admits = admits
        self.answers = answers
        self.ended = ended
        phase = hasHandshake ? .handshake : .idle
    }

    func handlerAdded(context: ChannelHandlerContext) { enter(phase, context) }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
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
        if isDropping { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard admits() else {
                isDropping = true
                return end(.refusedClient, context)
            }
            guard Self.namesOneHost(head) else {
                isDropping = true
                if unanswered > 0 { endingAfterAnswer = .malformed } else { end(.malformed, context) }
                return
            }
            unanswered += 1
            enter(.body, context)
            // With an answer still to be written it may not stand in between.
            if unanswered == 1, head.version == .http1_1,
                head.headers.first(name: "expect")?.lowercased() == "100-continue"
            {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
        case .body: break
        case .end: enter(unanswered > 0 ? .answering : .idle, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isOver {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head): if head.status.code >= 200 { isAnswering = true }
        case .body: break
        case .end:
            isAnswering = false
            unanswered = max(0, unanswered - 1)
            // When the answer came before the body's end, the body's deadline goes on. An answer has ended when its last
            // byte was taken from us.
            if unanswered == 0, phase == .answering {
                let written = promise ?? context.eventLoop.makePromise(of: Void.self)
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                written.futureResult.whenComplete { _ in
                    let (limits, context) = bound.value
                    guard limits.unanswered == 0, limits.phase == .answering else { return }
                    limits.enter(.idle, context)
                    if let ending = limits.endingAfterAnswer { limits.end(ending, context) }
                }
                context.write(data, promise: written)
                return
            }
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that went away in the middle has only gone away.
        guard let error = error as? HTTPParserError, context.channel.isActive else {
            return context.fireErrorCaught(error)
        }
        let ending = error == .headerOverflow ? RequestEnding.headerTooLarge : .malformed
        // What comes behind a good request does not take its answer away.
        if phase == .answering { endingAfterAnswer = ending } else { end(ending, context) }
    }

    /// Whether a request names the host that it is for, once (RFC 9112 section 3.2): what two readers on the way could take
    /// for two hosts is nobody's request. HTTP/1.0 knows requests without one.
    private static func namesOneHost(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["host"].count
        return hosts == 1 || (hosts == 0 && head.version != .http1_1)
    }

    private func enter(_ phase: Phase, _ context: ChannelHandlerContext) {
        self.phase = phase
        switch phase {
        case .body, .answering: answers(true)
        case .handshake, .idle, .header: answers(false)
        }
        let wait: TimeAmount? =
            switch phase {
            case .handshake, .header: times.header
            case .body: times.body
            case .idle: times.idle
            case .answering: times.answer
            }
        deadline = wait.map { .now() + $0 }
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
        case .handshake: end(.handshakeTimeout, context)
        case .header: end(.headerTimeout, context)
        case .body: end(.bodyTimeout, context)
        case .answering: end(.answerTimeout, context)
        case .idle: end(.idle, context)
        }
    }

    private func end(_ ending: RequestEnding, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        stop()
        ended(ending)
        // A request waits when its header section is on its way, or its body is and nothing was answered yet.
        let isWaiting = phase == .body ? unanswered == 1 && !isAnswering : unanswered == 0 && phase != .handshake
        guard isWaiting, ending != .refusedClient, let response = finalResponse(ending) else {
            return context.close(promise: nil)
        }
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    private func stop() {
        timer?.task.cancel()
        timer = nil
        deadline = nil
    }
}
