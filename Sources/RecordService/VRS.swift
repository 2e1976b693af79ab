import CardChip
import Exchange
import ExchangeServer
package import Foundation
package import HTTPServer
package import Hummingbird
package import Logging
package import Records
package import ServiceLifecycle
import Signing
import Vaccination

/// The record system, put together and ready to run: the same in a process of its own and inside a test.
package struct VRS: Sendable {
    /// Issues.
    package let issuing: Issuing
    /// Takes reports.
    package let outcomes: Outcomes
    /// What operators have set.
    package let control: ControlStateCache
    /// Marks certificates without a report.
    package let unreported: UnreportedMarker
    /// Watches over the evidence.
    package let evidence: EvidenceGuard
    /// What the listeners show, and whose clients they take.
    let tls: (centre: ListenerTLS, inner: ListenerTLS, wallet: ListenerTLS?)
    private let centre: CentreAPI
    private let trust: PublishedTerminalTrust?
    private let wallet: WalletAPI?
    /// Gives devices their certificates; `nil` if phones are not served.
    package let enrolling: DeviceEnrolling?
    /// Says whether certificates are current; `nil` as well.
    package let current: CurrentAnswers?
    private let attestations: AttestationSource?
    private let operators: OperatorAPI
    private let imports: ImportRunner
    private let erasures: Erasures
    private let retention: Retention
    /// Closes what of regions' logs is no longer at hand.
    package let closer: LogCloser
    private let token: TokenWatch
    let configuration: VRSConfiguration
    private let readiness: Readiness
    private let ready: ReadyLine
    let metrics: PrometheusFactory
    /// What is in use of what a reload takes.
    let inUse: InUse<ReloadedParts>
    let reloads: Reloads
    private let figures: VRSMetrics
    private let logger: Logger
    let now: @Sendable () -> Date

    /// Builds the record system over a store.
    ///
    /// - Parameters:
    ///   - configuration: checked.
    ///   - store: of the configuration's regions.
    ///   - ready: prints the ready line; it knows the configuration's ``VRSListeners/names``.
    ///   - metrics: where everything is counted.
    ///   - logger: for the access log and the service's own lines.
    ///   - now: the service's own clock.
    ///   - afterIntent: see ``Issuing/Settings/afterIntent``.
    package static func build(
        _ configuration: VRSConfiguration, store: any RecordStore, ready: ReadyLine, metrics: PrometheusFactory,
        logger: Logger, now: @escaping @Sendable () -> Date, afterIntent: (@Sendable () -> Void)? = nil
    ) async throws -> VRS {
        for warning in configuration.warnings { logger.warning("\(warning)") }
        // Before anything is noted as used: terminals have to know what is signed and sealed here.
        let trust = configuration.publishedTerminalTrust()
        let edition = try trust?.begin()
        if edition?.isExportDue == true {
            logger.warning("\(TerminalTrustContent.exportIsDue)")
        }
        try await configuration.signers.note(in: store, now: now())
        let figures = VRSMetrics(factory: metrics)
        let control = try await ControlStateCache(
            store: store, authority: TerminalAuthority(configuration.terminalAuthorities))
        figures.halted(control.halted != nil)
        figures.underWay(0)
        figures.limits(applications: configuration.limits.applicationsUnderWay, regions: configuration.regions.count)
        metrics.record(configuration.validityEnds)
        let maker = try CertificateMaker(
            signers: configuration.signers, renderer: configuration.renderer, municipalities: configuration.regions,
            isDevelopment: configuration.isDevelopment, trust: edition?.counter)
        var challenges = configuration.challenges
        challenges.validSeconds = configuration.faults.challengeSeconds
        let limits = configuration.limits
        let token = TokenWatch(configuration.signers.token, metrics: figures, logger: logger)
        let desk = try configuration.phones?.desk(
            now: now(), applicationsUnderWay: configuration.limits.applicationsUnderWay)
        let issuing = Issuing(
            store: store, control: control, challenges: challenges, token: token,
            checker: ApplicationChecker(cards: CardChecker(authorities: configuration.cards)), maker: maker,
            sealingKey: configuration.sealingKey, phones: desk,
            settings: Issuing.Settings(
                dailyLimit: limits.perPersonAndDay, redeliveries: limits.redeliveries,
                refusalInterval: .milliseconds(limits.refusalIntervalMilliseconds), kinds: configuration.kinds,
                afterIntent: afterIntent),
            limiter: ConcurrencyLimiter(maximum: limits.applicationsUnderWay), metrics: figures, logger: logger,
            now: now)
        let outcomes = Outcomes(store: store, metrics: figures, logger: logger, now: now)
        let evidence = EvidenceGuard(
            store: store, control: control, key: configuration.rootKey, path: configuration.rootFile, metrics: figures,
            logger: logger, now: now)
        await evidence.start()
        let reloads = Reloads(metrics: metrics)
        let imports = ImportRunner(store: store, logger: logger, now: now)
        let closer = LogCloser(store: store, keeping: configuration.log.keeping, logger: logger, now: now)
        let readiness = Readiness(
            store: store, control: control, evidence: evidence, trust: trust, signers: configuration.signers,
            token: token, reloads: reloads, imports: imports, closer: closer, now: now)
        let attestations = configuration.phones.map {
            AttestationSource(policy: $0.attestation.policy, statusFile: $0.attestation.statusFile)
        }
        var (enrolling, current, wallet): (DeviceEnrolling?, CurrentAnswers?, WalletAPI?)
        if let phones = configuration.phones, let desk, let attestations {
            let (devices, answers) = (
                DeviceEnrolling(
                    store: store, control: control, masters: phones.masters, attestations: attestations,
                    authority: DeviceAuthority(issuer: phones.issuer, validDays: phones.validDays),
                    places: desk.enrolmentPlaces, metrics: figures, logger: logger, now: now),
                CurrentAnswers(store: store, desk: desk, metrics: figures, now: now)
            )
            wallet = WalletAPI(
                issuing: issuing, outcomes: outcomes, enrolling: devices, current: answers, control: control,
                wait: .seconds(limits.accessWaitSeconds))
            (enrolling, current) = (devices, answers)
        }
        let enrolment = TerminalEnrolment(
            authority: { control.authority }, issuing: configuration.terminalIssuing)
        return VRS(
            issuing: issuing, outcomes: outcomes, control: control,
            unreported: UnreportedMarker(
                store: store, after: Double(limits.unknownAfterSeconds), metrics: figures, logger: logger, now: now),
            evidence: evidence,
            tls: (
                try configuration.listeners.centre.tls(now: now), try configuration.listeners.inner.tls(now: now),
                try configuration.listeners.wallet?.tls(now: now)
            ),
            centre: CentreAPI(
                issuing: issuing, outcomes: outcomes, control: control, trust: trust,
                wait: .seconds(limits.accessWaitSeconds)),
            trust: trust, wallet: wallet, enrolling: enrolling, current: current, attestations: attestations,
            operators: OperatorAPI(
                store: store, control: control, evidence: evidence, readiness: readiness, enrolment: enrolment,
                imports: imports, maker: maker, municipalities: configuration.regions, metrics: figures, logger: logger,
                now: now,
                name: { configuration.clients.client($0, as: .operator)?.name }),
            imports: imports, erasures: Erasures(store: store, logger: logger, now: now),
            retention: Retention(store: store, logger: logger, now: now), closer: closer, token: token,
            configuration: configuration, readiness: readiness, ready: ready,
            metrics: metrics,
            inUse: InUse(ReloadedParts(configuration)), reloads: reloads, figures: figures,
            logger: logger, now: now)
    }

    /// What the service is not ready for, as stable codes; nothing if it is ready.
    package func notReady() async -> [String] { await readiness.missing() }

    /// The regions that issue nothing while the others go on: their files or their evidence are broken, or they cannot be
    /// written to.
    package func brokenRegions() -> [String] { readiness.brokenRegions() }

    /// What does not go as it should while the service goes on: ``brokenRegions()``, why an export for terminals is not
    /// handed on, and a configuration that was read again and is wrong.
    package func degraded() -> [String] { brokenRegions() + readiness.degraded() }

    /// Brings figures up to date that another process, or a look that is not repeated, may have changed.
    private func collect() {
        figures.halted(control.halted != nil)
        figures.brokenRegions(brokenRegions().count)
        if let root = evidence.root { figures.rootSigned(root.time) }
        if let times = configuration.backupTimes { figures.backup(last: times.last, due: times.due) }
    }

    /// The routes of the centre's listener.
    package func centreRouter() -> Router<ServiceRequestContext> {
        let router = Router.exchange(
            listener: "centre",
            quietRoutes: Set([CentreRoute.access, CentreRoute.alive, CentreRoute.trust].map(\.template)),
            metrics: metrics
        )
        centre.add(to: router)
        return router
    }

    /// The routes of the mobile back end's listener; `nil` if phones are not served.
    package func walletRouter() -> Router<ServiceRequestContext>? {
        guard let wallet else { return nil }
        let router = Router.exchange(
            listener: "wallet", quietRoutes: Set([WalletRoute.access, WalletRoute.alive].map(\.template)),
            metrics: metrics)
        wallet.add(to: router)
        return router
    }

    /// The routes of the operators' listener.
    package func operatorRouter() -> Router<ServiceRequestContext> {
        let router = Router.exchange(listener: "inner", metrics: metrics)
        operators.add(to: router)
        return router
    }

    /// Everything that runs while the service does, in the order in which it starts; it stops in reverse order.
    package func services() throws -> [any Service] {
        let (listeners, clients, trust, reloads) = (configuration.listeners, configuration.clients, trust, reloads)
        var services: [any Service] = [
            // First started and last stopped.
            LastRoot(evidence: evidence),
            Periodic(every: .seconds(configuration.limits.sweepSeconds)) {
                await unreported.mark()
                await erasures.carryOut()
                await evidence.sweep()
            },
            Periodic(every: .seconds(configuration.limits.verifySeconds), first: { await evidence.lookAtRegions() }) {
                await evidence.sweepEverything()
            },
            Periodic(every: .seconds(1)) {
                do {
                    let count = try clients.reload()
                    reloads.listRead(isRight: true)
                    if let count { logger.notice("clients", metadata: ["count": "\(count)"]) }
                } catch {
                    reloads.listRead(isRight: false)
                    // A place in the file and what is expected there.
                    logger.error("clients not read", metadata: ["cause": "\(error)"])
                }
            },
            Periodic(every: .seconds(LogCloser.interval)) { await closer.closeIfDue() },
            Periodic(every: .seconds(2)) { await token.look() },
            Imports(runner: imports),
            Periodic(every: .seconds(5)) { await retention.carryOut() },
            // An export is made by a command.
            Periodic(every: .seconds(1)) {
                do throws(PublishedTerminalTrust.Failure) {
                    if let counter = try trust?.reload() {
                        logger.notice("terminal trust", metadata: ["counter": "\(counter)"])
                    }
                } catch {
                    logger.error("terminal trust not taken", metadata: ["cause": "\(error.rawValue)"])
                }
            },
            // Another process may have changed the control state: an operator's tool beside this one.
            Periodic(every: .seconds(1)) {
                do {
                    try await control.refresh()
                } catch {
                    logger.error("control not read", metadata: ["cause": "\(ProblemMapping.cause(of: error) ?? "")"])
                }
            },
            operationsListener(
                listeners.operations, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger,
                program: "vrs", degraded: degraded, collect: collect
            ) {
                await notReady()
            },
            try mutualTLSListener(
                listeners.inner, tls: tls.inner, router: operatorRouter(), problem: ProblemCode.self, ready: ready,
                metrics: metrics,
                logger: logger, now: now, admits: { clients.client($0, as: .operator) != nil }),
            try mutualTLSListener(
                listeners.centre, tls: tls.centre, router: centreRouter(), problem: ProblemCode.self, ready: ready,
                metrics: metrics,
                logger: logger, now: now, admits: { clients.client($0, as: .centre) != nil }),
        ]
        services += try phoneServices()
        // Last started and first stopped: who waits for a change goes before the listeners close.
        services.append(ControlCloser(control: control, trust: trust))
        return services
    }

    /// What runs for phones alone.
    private func phoneServices() throws -> [any Service] {
        guard let listener = configuration.listeners.wallet, let tls = tls.wallet, let router = walletRouter(),
            let desk = issuing.phones
        else { return [] }
        let (clients, attestations, now, logger) = (configuration.clients, attestations, now, logger)
        return [
            Periodic(every: .seconds(60)) {
                desk.uploadKeys.sweep(now: now())
                if attestations?.reload() == false {
                    logger.error("attestation status not read")
                }
            },
            try mutualTLSListener(
                listener, tls: tls, router: router, problem: ProblemCode.self, ready: ready, metrics: metrics,
                logger: logger, now: now, admits: { clients.client($0, as: .wallet) != nil }),
        ]
    }
}

/// Does a piece of work again and again until the service ends.
private struct Periodic: Service {
    private let interval: Duration
    private let first: @Sendable () async -> Void
    private let work: @Sendable () async -> Void

    init(
        every interval: Duration, first: @escaping @Sendable () async -> Void = {},
        _ work: @escaping @Sendable () async -> Void
    ) {
        self.interval = interval
        self.first = first
        self.work = work
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            await first()
            while !Task.isCancelled {
                await work()
                try await Task.sleep(for: interval)
            }
        }
    }
}

/// Writes approved imports until the service ends.
private struct Imports: Service {
    let runner: ImportRunner

    func run() async throws {
        await cancelWhenGracefulShutdown { await runner.run() }
    }
}

/// Signs a root over all that was done until the service ended, so that a backup put back while it stands still is found.
private struct LastRoot: Service {
    let evidence: EvidenceGuard

    func run() async throws {
        try? await gracefulShutdown()
        await evidence.sign(lookingForRoom: false)
    }
}

/// Lets those who wait for a change go as soon as the service begins to end.
private struct ControlCloser: Service {
    let control: ControlStateCache
    let trust: PublishedTerminalTrust?

    func run() async throws {
        try? await gracefulShutdown()
        control.close()
        trust?.close()
    }
}
