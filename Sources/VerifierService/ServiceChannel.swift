import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import RequestLimits

/// An accepted connection: TLS where there is a certificate, the limits on slow clients, then Hummingbird's HTTP/1.1.
struct ServiceChannel: ServerChildChannel {
    let base: HTTP1Channel
    let tls: NIOSSLContext?
    let limits: ConnectionLimits

    init(responder: @escaping HTTPChannelHandler.Responder, tls: NIOSSLContext?, limits: ConnectionLimits) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 64)
        base = HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder))
        self.tls = tls
        self.limits = limits
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        do {
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
            try channel.pipeline.syncOperations.addHandler(BytesWatch())
        } catch { return channel.eventLoop.makeFailedFuture(error) }
        return base.setup(channel: channel, logger: logger).flatMapThrowing { (http: HTTP1Channel.Value) in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let requests = RequestLimits(
                limits.times, hasHandshake: tls != nil, lastWord: { Problem(ending: $0).map(LastWord.init(problem:)) })
            try pipeline.addHandler(requests, position: .after(decoder))
            return http
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

extension LastWord {
    fileprivate init(problem: Problem) {
        self.init(
            status: problem.status.code, mediaType: "application/problem+json", body: ByteBuffer(bytes: problem.json))
    }
}
