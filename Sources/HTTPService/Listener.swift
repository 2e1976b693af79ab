import Foundation
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
package import ServiceLifecycle
import UnixSignals
import Synchronization

/// Prints one line on standard output when all listeners are bound: `listening terminal=127.0.0.1:41234 …`.
package final class ReadyLine: Sendable {
    private struct State {
        var waiting: [String]
        var bound: [String: String] = [:]
        var continuations: [CheckedContinuation<[String: String], Never>] = []
    }
    private let state: Mutex<State>
    private let print: @Sendable (String) -> Void

    /// - Parameters:
    ///   - listeners: the listeners' names, in the order in which the line shows them.
    ///   - print: writes the line; standard output by default.
    package init(_ listeners: [String], print: @escaping @Sendable (String) -> Void = ReadyLine.standardOutput) {
        state = Mutex(State(waiting: listeners))
        self.print = print
    }

    /// Writes a line to standard output at once, also where that is a pipe.
    package static let standardOutput: @Sendable (String) -> Void = { line in
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    /// Every listener's `host:port`, once all are bound.
    package var addresses: [String: String] {
        get async {
            await withCheckedContinuation { continuation in
                let done = state.withLock { state -> [String: String]? in
                    guard state.bound.count < state.waiting.count else { return state.bound }
                    state.continuations.append(continuation)
                    return nil
                }
                if let done { continuation.resume(returning: done) }
            }
        }
    }

    func bound(_ name: String, _ address: SocketAddress?) {
        let place = "\(address?.ipAddress ?? "?"):\(address?.port ?? 0)"
        let complete = state.withLock { state -> State? in
            state.bound[name] = place
            guard state.bound.count == state.waiting.count else { return nil }
            defer { state.continuations = [] }
            return state
        }
        guard let complete else { return }
        let parts = complete.waiting.map { "\($0)=\(complete.bound[$0] ?? "?")" }
        print("listening " + parts.joined(separator: " "))
        for continuation in complete.continuations { continuation.resume(returning: complete.bound) }
    }
}

/// A TLS listener for a router: TLS 1.3 only, with a client certificate that the configured authorities vouch for.
///
/// A graceful stop closes idle connections and finishes the requests under way.
package func entrance(
    _ configuration: EntranceConfiguration, router: Router<ServiceRequestContext>, ready: ReadyLine,
    metrics: PrometheusFactory, logger: Logger
) throws -> Application<RouterResponder<ServiceRequestContext>> {
    var tls = TLSConfiguration.makeServerConfiguration(
        certificateChain: configuration.identity.source, privateKey: configuration.identity.keySource)
    tls.minimumTLSVersion = .tlsv13
    tls.certificateVerification = .noHostnameVerification
    tls.trustRoots = .certificates(configuration.clientAuthorities.roots)
    tls.shutdownTimeout = .seconds(1)
    return listener(
        configuration.name, host: configuration.host, port: configuration.port, limits: configuration.limits,
        context: try NIOSSLContext(configuration: tls), responder: router.buildResponder(), ready: ready,
        metrics: metrics, logger: logger)
}

/// A listener's application over TLS, or in the clear where there is no context.
func listener<Responder: HTTPResponder>(
    _ name: String, host: String, port: Int, limits: EntranceLimits, context: NIOSSLContext?, responder: Responder,
    ready: ReadyLine, metrics: PrometheusFactory, logger: Logger
) -> Application<Responder> where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    let connections = ConnectionRegistry(entrance: name, limits: limits, metrics: metrics)
    let server = HTTPServerBuilder { responder in
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 64)
        return EntranceChannel(
            base: HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder)),
            context: context, limits: limits, connections: connections)
    }
    return Application(
        responder: responder, server: server,
        configuration: .init(address: .hostname(host, port: port), serverName: nil, backlog: 1024),
        onServerRunning: { channel in ready.bound(name, channel.localAddress) },
        eventLoopGroupProvider: .singleton, logger: logger)
}

extension Router<ServiceRequestContext> {
    /// A router with the middleware that every entrance has: the access log outside, problem details inside.
    package static func service(
        entrance: String, quietRoutes: Set<String> = [], metrics: PrometheusFactory
    ) -> Router<ServiceRequestContext> {
        let router = Router(context: ServiceRequestContext.self)
        router.add(middleware: AccessLogMiddleware(entrance: entrance, quietRoutes: quietRoutes, metrics: metrics))
        router.add(middleware: ProblemMiddleware())
        return router
    }
}

/// Runs services until SIGTERM or SIGINT, then stops them in reverse order; what is not finished after `stopWithin` is
/// cancelled.
package func runServices(
    _ services: [any Service], stopWithin: Duration = .seconds(30), logger: Logger
) async throws {
    var configuration = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = stopWithin
    configuration.maximumCancellationDuration = .seconds(5)
    try await ServiceGroup(configuration: configuration).run()
}
