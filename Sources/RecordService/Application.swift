import MutualTLS
import CardChip
import Exchange
package import Foundation
package import CheckedConfiguration
package import HTTPServer
import ExchangeServer
package import Hummingbird
package import Logging
package import Records
package import ServiceLifecycle

/// The listeners of the record system, each for its own clients.
package struct ServiceListeners: Sendable {
    /// For the certificate issuing centre.
    package let centre: ListenerConfiguration
    /// For operators.
    package let inner: ListenerConfiguration
    /// For the machine's own supervisor.
    package let operations: OperationsConfiguration

    package init(centre: ListenerConfiguration, inner: ListenerConfiguration, operations: OperationsConfiguration) {
        self.centre = centre
        self.inner = inner
        self.operations = operations
    }

    /// The listeners that the section `listen` names. The two entrances must not trust the same authority: a centre's
    /// certificate would open the inner side.
    package init(_ root: ConfigurationSection, development: Bool, now: Date) throws(ConfigurationError) {
        let listen = try root.section("listen")
        let innerSection = try listen.section("inner")
        // One centre's certificate carries every terminal's session: the limit for a peer is the centre's whole pool.
        centre = try ListenerConfiguration(
            try listen.section("centre"), name: "centre", development: development, now: now,
            defaults: ListenerLimits(connectionsPerPeer: 512))
        inner = try ListenerConfiguration(innerSection, name: "inner", development: development, now: now)
        operations = try OperationsConfiguration(try listen.section("operations"))
        let shared = Set(centre.clientAuthorities.certificates).intersection(inner.clientAuthorities.certificates)
        guard shared.isEmpty else {
            throw innerSection.error(
                "clientAuthorities", "the centre's entrance trusts the same authority; each entrance needs its own",
                "センター用の入口と同じ認証局です。入口ごとに別の認証局を指定してください。")
        }
    }
}

/// The record system, put together and ready to run: the same in a process of its own and inside a test.
package struct RecordSystem: Sendable {
    /// Issues.
    package let issuing: Issuing
    /// Takes reports.
    package let outcomes: Outcomes
    /// What operators have set.
    package let board: ControlBoard
    /// Marks certificates without a report.
    package let unreported: UnreportedMarker
    /// What the metrics listener shows.
    package let prometheus: PrometheusFactory
    private let configuration: ServiceConfiguration
    private let store: any RecordStore
    private let metrics: ServiceMetrics
    private let log: Logger
    private let clock: @Sendable () -> Date

    /// A record system over a store.
    /// - Parameters:
    ///   - afterIntent: see ``Issuing/Settings/afterIntent``.
    ///   - clock: the service's own clock.
    package init(
        _ configuration: ServiceConfiguration, store: any RecordStore, log: Logger,
        afterIntent: (@Sendable () -> Void)? = nil, clock: @escaping @Sendable () -> Date = { Date() }
    ) async throws {
        self.configuration = configuration
        self.store = store
        self.log = log
        self.clock = clock
        prometheus = PrometheusFactory()
        metrics = ServiceMetrics(factory: prometheus)
        board = try await ControlBoard(store: store, authority: configuration.terminalAuthority)
        metrics.halted(board.halted != nil)
        let maker = try CertificateMaker(
            signers: configuration.signers, renderer: configuration.renderer, municipalities: configuration.regions,
            isDevelopment: configuration.isDevelopment)
        for warning in configuration.warnings { log.warning("\(warning)") }
        var challenges = configuration.challenges
        challenges.validSeconds = configuration.faults.challengeSeconds
        issuing = Issuing(
            store: store, board: board, challenges: challenges,
            checker: ApplicationChecker(cards: CardChecker(authorities: configuration.cards)), maker: maker,
            sealingKey: configuration.sealingKey,
            settings: Issuing.Settings(
                dailyLimit: configuration.limits.perPersonAndDay, kinds: configuration.kinds, afterIntent: afterIntent),
            pool: WorkPool(limit: configuration.limits.applicationsUnderWay), metrics: metrics, log: log, clock: clock)
        outcomes = Outcomes(store: store, metrics: metrics, log: log, clock: clock)
        unreported = UnreportedMarker(
            store: store, after: configuration.limits.unknownAfter, metrics: metrics, log: log, clock: clock)
    }

    /// The routes of the centre's entrance.
    package func centreRouter() -> Router<ServiceRequestContext> {
        let router = Router.exchange(
            listener: "centre", quietRoutes: [CentreRoute.access.template], metrics: prometheus)
        CentreEntrance(issuing: issuing, outcomes: outcomes, board: board, gateWait: configuration.limits.gateWait)
            .addRoutes(to: router)
        return router
    }

    /// The routes of the inner entrance.
    package func innerRouter() -> Router<ServiceRequestContext> {
        let router = Router.exchange(listener: "inner", metrics: prometheus)
        InnerEntrance(
            store: store, board: board,
            enrolment: TerminalEnrolment(
                authority: configuration.terminalAuthority, issuing: configuration.terminalIssuing),
            metrics: metrics, log: log, clock: clock
        ).addRoutes(to: router)
        return router
    }

    /// What the service is not ready for, as stable codes; nothing where it is ready.
    package func notReady() async -> [String] {
        do {
            _ = try await store.controlRevision()
        } catch {
            return ["store.unavailable"]
        }
        return (board.halted == nil ? [] : ["issuing.halted"]) + configuration.signers.outOfDate(at: clock())
    }

    /// Everything that runs while the service does, for a service group.
    package func services(_ listeners: ServiceListeners, ready: ReadyLine) throws -> [any Service] {
        [
            Periodic(every: configuration.limits.sweep) { await unreported.mark() },
            // Another process may have changed the control state: an operator's tool beside this one.
            Periodic(every: .seconds(1)) {
                do {
                    try await board.refresh()
                } catch {
                    log.error("control not read", metadata: ["cause": "\(Refusal.cause(of: error) ?? "")"])
                }
            },
            operationsListener(
                listeners.operations, problem: ProblemCode.self, ready: ready, metrics: prometheus, logger: log
            ) {
                await notReady()
            },
            try mutualTLSListener(
                listeners.inner, router: innerRouter(), problem: ProblemCode.self, ready: ready, metrics: prometheus,
                logger: log),
            try mutualTLSListener(
                listeners.centre, router: centreRouter(), problem: ProblemCode.self, ready: ready, metrics: prometheus,
                logger: log),
            // Last started and first stopped: who waits at the gate goes before the entrances close.
            BoardCloser(board: board),
        ]
    }

    /// The listeners' names in the order of the ready line.
    package static let listenerNames = ["centre", "inner", "operations"]
}
