import Exchange
import ExchangeServer
package import Foundation
package import HTTPServer
import Hummingbird
package import Logging
import Metrics
import MutualTLS
package import ServiceLifecycle

/// The mobile back end, put together and ready to run: the same in a process of its own and inside a test.
package struct Wallet: Sendable {
    /// Everything that runs, in the order in which it starts; it stops in reverse order, so that the listener is shut and
    /// empty before the way to `vrs` goes.
    package let services: [any Service]
    private let configuration: WalletConfiguration
    private let client: MutualTLSClient
    private let tls: ListenerTLS
    private let routes: PhoneRoutes
    private let metrics: PrometheusFactory
    /// What is in use of what a reload takes.
    private let inUse: InUse<WalletConfiguration>
    private let reloads: Reloads
    private let now: @Sendable () -> Date

    /// The listeners' names in the order of the ready line.
    package static let listenerNames = ["phone", "operations"]

    /// What its own metrics count.
    package static let metricHelp = [
        "akashi_applications_limit": "How many applications are taken at once.",
        "akashi_applications_under_way": "Applications now.",
    ].merging(RecordSystemClient.metricHelp) { own, _ in own }

    /// Puts a mobile back end together.
    ///
    /// - Parameters:
    ///   - configuration: checked.
    ///   - ready: prints the ready line; it knows ``listenerNames``.
    ///   - metrics: counts everything.
    ///   - logger: for the access log and the service's own lines.
    ///   - now: the time of day.
    package static func build(
        _ configuration: WalletConfiguration, ready: ReadyLine, metrics: PrometheusFactory, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) throws -> Wallet {
        let upstream = configuration.recordSystem
        let client = MutualTLSClient(
            baseURL: upstream.url, identity: upstream.identity, authorities: upstream.authorities,
            connections: upstream.connections)
        let poller = AccessPolicyPoller<PhonePolicy>(
            client: client, routes: .init(access: WalletRoute.access, alive: WalletRoute.alive),
            configuration: upstream, hours: configuration.hours, now: now, metrics: metrics, logger: logger)
        let recordSystem = PhoneRecordSystem(
            client: RecordSystemClient(client: client, metrics: metrics, logger: logger, heard: poller.heard),
            configuration: upstream)
        let router = Router.openExchange(
            listener: "phone", problem: PhoneProblem.self, quietRoutes: [PhoneRoute.menu.template], metrics: metrics)
        let slots = ApplicationSlots(
            limit: configuration.applicationsAtOnce, each: PhoneRoutes.applicationsOfDevice, refusal: .serviceBusy)
        let routes = PhoneRoutes(
            configuration: configuration, poller: poller, recordSystem: recordSystem, slots: slots, now: now)
        routes.add(to: router)
        metrics.record(validityEnds(configuration))
        Meter(label: "akashi_applications_limit", factory: metrics).set(configuration.applicationsAtOnce)
        let underWay = Meter(label: "akashi_applications_under_way", factory: metrics)
        let reloads = Reloads(metrics: metrics)
        let operations = operationsListener(
            configuration.operations, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger,
            program: "wallet", degraded: { reloads.degraded }, collect: { underWay.set(slots.taken) }
        ) { !poller.isReached ? [ProblemCode.upstreamUnavailable.rawValue] : [] }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let place = configuration.phone
        let tls = try ListenerTLS(identity: place.identity)
        let phone = listener(
            "phone", host: place.host, port: place.port, limits: place.limits, security: .tls(tls),
            responder: router.buildResponder(), problem: PhoneProblem.self, metrics: metrics, logger: logger,
            onBound: { ready.bound("phone", $0) })
        return Wallet(
            services: [client, poller, operations, phone], configuration: configuration, client: client, tls: tls,
            routes: routes, metrics: metrics, inUse: InUse(configuration), reloads: reloads, now: now)
    }

    private static func validityEnds(_ configuration: WalletConfiguration) -> [ValidityEnd] {
        let upstream = configuration.recordSystem
        return ValidityEnd.certificate(configuration.phone.identity, "listen.phone.certificate")
            + ValidityEnd.certificate(upstream.identity, "vrs.certificate")
            + ValidityEnd.authorities(upstream.authorities, "vrs.authorities")
            + ValidityEnd.authorities(configuration.deviceCertificates, "devices.authorities")
    }

    /// Reads the configuration's file again as an operator asks for it and takes what can be taken while the service runs, each
    /// part by itself. What is wrong is told and stays as it was. No connection is dropped.
    package func reload(logger: Logger) {
        reloads.readAgain(configuration, inUse, now: now(), isTaken: Self.isReloaded, logger: logger) { fresh in
            client.replace(identity: fresh.recordSystem.identity, authorities: fresh.recordSystem.authorities)
            routes.replace(fresh)
            metrics.record(Self.validityEnds(fresh))
            try tls.replace(identity: fresh.phone.identity)
        }
    }

    /// Whether a key's new value is taken without a new start.
    package static func isReloaded(_ key: String) -> Bool {
        key.wholeMatch(of: /(listen\.phone|vrs)\.(certificate|key|authorities)(\[\d+\])?/) != nil
            || ["cards.", "devices.", "notices", "municipalities", "service.hours"].contains(where: key.hasPrefix)
    }
}
