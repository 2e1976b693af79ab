package import Exchange
import Foundation
package import MutualTLS
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A centre, or a mobile back end, that does what a test says, so also what a right one never does: TLS 1.3 on a free port of
/// the loopback.
package final class TestCentre: Sendable {
    /// A request as it came.
    package struct Request: Sendable {
        package let method: String
        package let path: String
        package let inquiry: String?
        /// In which formats a page is asked for.
        package let pageFormats: String?
        package let body: [UInt8]
    }

    /// What is answered.
    package struct Response: Sendable {
        package var status: Int
        package var type: String
        package var body: [UInt8]

        package init(status: Int = 200, type: String = "application/json", body: [UInt8] = []) {
            self.status = status
            self.type = type
            self.body = body
        }

        /// A problem's details.
        package static func refused(_ code: ProblemCode, status: Int = 409) -> Response {
            let problem = Problem(code, status: status, inquiry: nil)
            return Response(
                status: status, type: Problem.mediaType, body: (try? Array(JSONEncoder().encode(problem))) ?? [])
        }
    }

    /// Answers a request; `nil`, or an error, closes the connection without a word.
    package typealias Handler = @Sendable (Request) async throws -> Response?

    private let channel: any NIOCore.Channel
    private let log: RequestLog
    /// Where terminals reach it.
    package let url: String

    /// Listens as `identity` for clients whom `clients` certified; without them for anybody, as phones are served.
    package static func start(
        _ identity: TLSIdentity, clients: CertificateAuthorities?, _ handler: @escaping Handler
    ) async throws -> TestCentre {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.source, privateKey: identity.keySource)
        tls.minimumTLSVersion = .tlsv13
        if let clients {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(clients.roots)
        }
        let context = try NIOSSLContext(configuration: tls)
        let log = RequestLog()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Connection(handler, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return TestCentre(channel, log)
    }

    private init(_ channel: any NIOCore.Channel, _ log: RequestLog) {
        self.channel = channel
        url = "https://127.0.0.1:\(channel.localAddress?.port ?? 0)"
        self.log = log
    }

    /// The requests of one route.
    package func asked(_ path: String) -> [Request] { log.all.filter { $0.path.hasPrefix(path) } }

    /// Closes its port.
    package func stop() async { try? await channel.close() }
}

/// The requests so far.
private final class RequestLog: Sendable {
    private let requests = Mutex<[TestCentre.Request]>([])
    var all: [TestCentre.Request] { requests.withLock { $0 } }
    func add(_ request: TestCentre.Request) { requests.withLock { $0.append(request) } }
}

/// One connection: gathers a request, has it answered, writes the answer.
private final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: TestCentre.Handler
    private let log: RequestLog
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ handler: @escaping TestCentre.Handler, _ log: RequestLog) {
        self.handler = handler
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head else { return }
            let request = TestCentre.Request(
                method: head.method.rawValue, path: head.uri, inquiry: head.headers.first(name: InquiryNumber.header),
                pageFormats: head.headers.first(name: PageFormat.header), body: body)
            log.add(request)
            let (handler, channel, loop) = (handler, context.channel, context.eventLoop)
            let bound = NIOLoopBound(self, eventLoop: loop)
            loop.makeFutureWithTask { try? await handler(request) }.whenSuccess { response in
                guard let response else { return channel.close(promise: nil) }
                bound.value.answer(response, channel)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ response: TestCentre.Response, _ channel: any NIOCore.Channel) {
        var headers = HTTPHeaders([("Content-Length", String(response.body.count))])
        if !response.body.isEmpty { headers.add(name: "Content-Type", value: response.type) }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status), headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body))), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }
}
