import CheckedConfiguration
import Exchange
import ExchangeServer
package import Foundation
package import HTTPServer
import Hummingbird
package import Logging
import MutualTLS
package import ServiceLifecycle

/// The certificate issuing centre, put together and ready to run: the same in a process of its own and inside a test.
package struct Centre: Sendable {
    /// Everything that runs, in the order in which it starts; it stops in reverse order, so that the listener is shut and
    /// empty before the way to `vrs` goes.
    package let services: [any Service]
    private let configuration: CentreConfiguration
    private let client: MutualTLSClient
    private let tls: ListenerTLS
    private let routes: TerminalRoutes

    /// The listeners' names in the order of the ready line.
    package static let listenerNames = ["terminal", "operations"]

    /// Puts a centre together.
    ///
    /// - Parameters:
    ///   - configuration: checked.
    ///   - ready: prints the ready line; it knows ``listenerNames``.
    ///   - metrics: counts everything.
    ///   - logger: for the access log and the service's own lines.
    ///   - now: the time of day.
    package static func build(
        _ configuration: CentreConfiguration, ready: ReadyLine, metrics: PrometheusFactory, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) throws -> Centre {
        let upstream = configuration.recordSystem
        let client = MutualTLSClient(
            baseURL: upstream.url, identity: upstream.identity, authorities: upstream.authorities,
            connections: upstream.connections)
        let poller = AccessPolicyPoller(
            client: client, configuration: upstream, hours: configuration.hours, now: now, metrics: metrics,
            logger: logger)
        let recordSystem = RecordSystem(
            client: client, configuration: upstream, metrics: metrics, logger: logger, heard: poller.heard)
        let router = Router.exchange(
            listener: "terminal", quietRoutes: [TerminalRoute.menu.template], metrics: metrics)
        let routes = TerminalRoutes(
            configuration: configuration, poller: poller, recordSystem: recordSystem, now: now)
        routes.add(to: router)
        let operations = operationsListener(
            configuration.operations, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger
        ) { !poller.isReached ? [ProblemCode.upstreamUnavailable.rawValue] : [] }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let tls = try configuration.terminal.tls()
        let terminal = try mutualTLSListener(
            configuration.terminal, tls: tls, router: router, problem: ProblemCode.self, ready: ready, metrics: metrics,
            logger: logger, now: now)
        return Centre(
            services: [client, poller, operations, terminal], configuration: configuration, client: client, tls: tls,
            routes: routes)
    }

    /// Takes what can be taken of a configuration while the service runs: certificates and authorities of the listener for
    /// terminals and of the way to `vrs`, municipalities, hours, fee, notices and card authorities. No connection is
    /// dropped but those of terminals whom nobody vouches for any more.
    package func reload(_ fresh: CentreConfiguration) throws {
        try tls.replace(identity: fresh.terminal.identity, authorities: fresh.terminal.clientAuthorities)
        client.replace(identity: fresh.recordSystem.identity, authorities: fresh.recordSystem.authorities)
        routes.replace(fresh)
    }

    /// Reads the configuration again as an operator asks for it; one that is wrong changes nothing.
    package func reload(reading read: () throws -> CentreConfiguration, logger: Logger) {
        do {
            let fresh = try read()
            try reload(fresh)
            for warning in fresh.warnings { logger.warning("\(warning)") }
            let changed = fresh.outline.flatMap { configuration.outline?.keysChanged(in: $0) } ?? []
            Reloading.succeeded(changed: changed, isTaken: Self.isReloaded, logger: logger)
        } catch {
            Reloading.failed(error, logger: logger)
        }
    }

    /// Whether a key's new value is taken without a new start.
    package static func isReloaded(_ key: String) -> Bool {
        key.wholeMatch(of: /(listen\.terminal|vrs)\.(certificate|key|clientAuthorities|authorities)(\[\d+\])?/) != nil
            || ["cards.", "notices", "municipalities", "service.hours", "service.feeYen"].contains(where: key.hasPrefix)
    }
}
