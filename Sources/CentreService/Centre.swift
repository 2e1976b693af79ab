import Exchange
import ExchangeServer
package import Foundation
package import HTTPServer
import Hummingbird
package import Logging
import Metrics
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
    private let metrics: PrometheusFactory
    /// What is in use of what a reload takes.
    private let inUse: InUse<CentreConfiguration>
    private let reloads: Reloads
    private let now: @Sendable () -> Date

    /// The listeners' names in the order of the ready line.
    package static let listenerNames = ["terminal", "operations"]

    /// What its own metrics count.
    package static let metricHelp = [
        "akashi_applications_limit": "How many applications are taken at once.",
        "akashi_applications_under_way": "Applications now.",
    ].merging(RecordSystemClient.metricHelp) { own, _ in own }

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
        let poller = AccessPolicyPoller<AccessPolicy>(
            client: client, routes: .init(access: CentreRoute.access, alive: CentreRoute.alive),
            configuration: upstream, hours: configuration.hours, now: now, metrics: metrics,
            logger: logger)
        let recordSystem = RecordSystem(
            client: RecordSystemClient(client: client, metrics: metrics, logger: logger, heard: poller.heard),
            configuration: upstream)
        let router = Router.exchange(
            listener: "terminal", quietRoutes: Set([TerminalRoute.menu, TerminalRoute.trust].map(\.template)),
            metrics: metrics)
        let trust = TerminalTrustPoller(client: client, logger: logger, changed: poller.showAgain)
        let slots = ApplicationSlots(
            limit: configuration.applicationsAtOnce, each: 1, refusal: .terminalBusy)
        let routes = TerminalRoutes(
            configuration: configuration, poller: poller, trust: trust, recordSystem: recordSystem, slots: slots,
            now: now)
        routes.add(to: router)
        metrics.record(Self.validityEnds(configuration))
        Meter(label: "akashi_applications_limit", factory: metrics).set(configuration.applicationsAtOnce)
        let underWay = Meter(label: "akashi_applications_under_way", factory: metrics)
        let reloads = Reloads(metrics: metrics)
        let operations = operationsListener(
            configuration.operations, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger,
            program: "centre", degraded: { reloads.degraded }, collect: { underWay.set(slots.taken) }
        ) { !poller.isReached ? [ProblemCode.upstreamUnavailable.rawValue] : [] }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let tls = try configuration.terminal.tls(now: now)
        let terminal = try mutualTLSListener(
            configuration.terminal, tls: tls, router: router, problem: ProblemCode.self, ready: ready, metrics: metrics,
            logger: logger, now: now)
        return Centre(
            services: [client, poller, trust, operations, terminal], configuration: configuration, client: client,
            tls: tls, routes: routes, metrics: metrics, inUse: InUse(configuration), reloads: reloads, now: now)
    }

    private static func validityEnds(_ configuration: CentreConfiguration) -> [ValidityEnd] {
        let upstream = configuration.recordSystem
        return ValidityEnd.listener(configuration.terminal)
            + ValidityEnd.certificate(upstream.identity, "vrs.certificate")
            + ValidityEnd.authorities(upstream.authorities, "vrs.authorities")
    }

    /// Reads the configuration's file again as an operator asks for it and takes what can be taken while the service runs:
    /// certificates and authorities of the listener for terminals and of the way to `vrs`, municipalities, hours, fee, notices
    /// and card authorities, each by itself. What is wrong is told and stays as it was. No connection is dropped but those
    /// of terminals whom nobody vouches for any more.
    package func reload(logger: Logger) {
        reloads.readAgain(configuration, inUse, now: now(), isTaken: Self.isReloaded, logger: logger) { fresh in
            client.replace(identity: fresh.recordSystem.identity, authorities: fresh.recordSystem.authorities)
            routes.replace(fresh)
            metrics.record(Self.validityEnds(fresh))
            try tls.replace(identity: fresh.terminal.identity, authorities: fresh.terminal.clientAuthorities)
        }
    }

    /// Whether a key's new value is taken without a new start.
    package static func isReloaded(_ key: String) -> Bool {
        key.wholeMatch(of: /(listen\.terminal|vrs)\.(certificate|key|clientAuthorities|authorities)(\[\d+\])?/) != nil
            || ["cards.", "notices", "municipalities", "service.hours", "service.feeYen"].contains(where: key.hasPrefix)
    }
}
