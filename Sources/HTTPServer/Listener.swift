package import Foundation
package import Hummingbird
import HummingbirdCore
package import Logging
package import Metrics
package import MutualTLS
package import NIOCore
import NIOPosix
import NIOSSL

/// How a listener's connections are protected.
package enum ListenerSecurity: Sendable {
    /// Not at all: for this machine only, or behind something that does it.
    case plain
    /// TLS with the server's certificate.
    case tls(ListenerTLS)
    /// TLS with a client certificate, by which each request knows its peer.
    case mutualTLS(ListenerTLS)

    /// Whether bytes travel as they are.
    package var isPlain: Bool { tls == nil }

    /// Whether clients show certificates.
    var knowsClients: Bool { if case .mutualTLS = self { true } else { false } }

    var tls: ListenerTLS? {
        switch self {
        case .plain: nil
        case .tls(let tls), .mutualTLS(let tls): tls
        }
    }
}

/// A listener's application: connections are counted and bounded, slow or broken requests are refused with their reason.
///
/// A graceful stop closes idle connections and finishes the requests under way.
///
/// - Parameters:
///   - name: its name in metrics.
///   - problem: what its clients are told refusals as.
///   - admits: whether a client with a certificate is taken, now: judged behind each handshake, resumed ones too, at each
///     request, and once a second of open connections, which are closed if it is not.
///   - onBound: called with the address as soon as connections are accepted.
package func listener<Responder: HTTPResponder, Problem: ServiceProblem>(
    _ name: String, host: String, port: Int, limits: ListenerLimits, security: ListenerSecurity, responder: Responder,
    problem: Problem.Type, metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger,
    admits: @escaping @Sendable (PeerCertificate) -> Bool = { _ in true },
    onBound: @escaping @Sendable (SocketAddress?) -> Void
) -> ListeningService where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    let isBound = ListeningService.Flag()
    let connections = ConnectionRegistry(
        listener: name, limits: limits, knowsClients: security.knowsClients, metrics: metrics)
    let server = HTTPServerBuilder { responder in
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 64)
        return ListenerChannel(
            base: HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder)),
            security: security, limits: limits, connections: connections, admits: admits,
            finalResponse: { FinalResponse($0, as: Problem.self) })
    }
    let application = Application(
        responder: responder, server: server,
        configuration: .init(
            address: .hostname(host, port: port), serverName: nil, backlog: limits.backlog,
            availableConnectionsDelegate: limits.whenFull == .wait
                ? MaximumAvailableConnections(limits.connections) : nil),
        onServerRunning: { channel in
            isBound.set()
            onBound(channel.localAddress)
            guard security.knowsClients else { return }
            let watch = channel.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                connections.closeRefused(admits)
            }
            channel.closeFuture.whenComplete { _ in watch.cancel() }
        }, eventLoopGroupProvider: .singleton,
        logger: logger)
    return ListeningService(name: name, host: host, port: port, isBound: isBound, application: application)
}

/// A listener for a router: TLS 1.3 only, with a client certificate that the configured authorities vouch for and that is
/// valid at each request.
///
/// - Parameters:
///   - tls: the configuration's certificate and authorities, where they are to be replaced while it runs.
///   - now: by what the validity of clients' certificates is judged.
///   - admits: what else a client must be, now.
package func mutualTLSListener<Problem: ServiceProblem>(
    _ configuration: ListenerConfiguration, tls: ListenerTLS? = nil, router: Router<ServiceRequestContext>,
    problem: Problem.Type, ready: ReadyLine, metrics: PrometheusFactory, logger: Logger,
    now: @escaping @Sendable () -> Date, admits: @escaping @Sendable (PeerCertificate) -> Bool = { _ in true }
) throws -> ListeningService {
    let tls = try tls ?? configuration.tls(now: now)
    return listener(
        configuration.name, host: configuration.host, port: configuration.port, limits: configuration.limits,
        security: .mutualTLS(tls), responder: router.buildResponder(),
        problem: problem, metrics: metrics, logger: logger,
        admits: { $0.isValid(at: now()) && tls.isVouchedFor($0) && admits($0) },
        onBound: { ready.bound(configuration.name, $0) })
}

extension Router<ServiceRequestContext> {
    /// A router with the middleware that every listener has: the access log outside, problem details inside.
    package static func service<Problem: ServiceProblem>(
        listener: String, problem: Problem.Type, quietRoutes: Set<String> = [], metrics: PrometheusFactory
    ) -> Router<ServiceRequestContext> {
        let router = Router(context: ServiceRequestContext.self)
        router.add(middleware: AccessLogMiddleware(listener: listener, quietRoutes: quietRoutes, metrics: metrics))
        router.add(middleware: ProblemMiddleware<Problem>())
        return router
    }
}
