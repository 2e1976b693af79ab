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

    /// The listeners' names in the order of the ready line.
    package static let listenerNames = ["terminal", "operations"]

    /// What its own metrics count.
    package static let metricHelp = [
        "akashi_applications_limit": "How many applications are taken at once.",
        "akashi_applications_under_way": "Applications now.",
        "akashi_gate_fresh": "1 while the state of vrs is known, else 0.",
        "akashi_gate_lost": "1 while vrs does not answer for the access policy, else 0.",
        "akashi_upstream_duration": "Time that vrs took to answer.",
        "akashi_upstream_failures": "Requests to vrs without a usable answer, by why.",
    ]

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
            listener: "terminal", quietRoutes: Set([TerminalRoute.menu, TerminalRoute.trust].map(\.template)),
            metrics: metrics)
        let trust = TerminalTrustPoller(client: client, logger: logger, changed: poller.showAgain)
        let slots = ApplicationSlots(limit: configuration.applicationsAtOnce)
        TerminalRoutes(
            configuration: configuration, poller: poller, trust: trust, recordSystem: recordSystem, slots: slots,
            now: now
        ).add(to: router)
        metrics.record(
            ValidityEnd.listener(configuration.terminal) + ValidityEnd.certificate(upstream.identity, "vrs.certificate")
                + ValidityEnd.authorities(upstream.authorities, "vrs.authorities"))
        Meter(label: "akashi_applications_limit", factory: metrics).set(configuration.applicationsAtOnce)
        let underWay = Meter(label: "akashi_applications_under_way", factory: metrics)
        let operations = operationsListener(
            configuration.operations, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger,
            program: "centre", collect: { underWay.set(slots.taken) }
        ) { !poller.isReached ? [ProblemCode.upstreamUnavailable.rawValue] : [] }
        let terminal = try mutualTLSListener(
            configuration.terminal, router: router, problem: ProblemCode.self, ready: ready, metrics: metrics,
            logger: logger, now: now)
        return Centre(services: [client, poller, trust, operations, terminal])
    }
}
