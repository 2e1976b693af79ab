import Attestation
import CardChip
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import Vaccination

/// What a phone can ask. Nothing reaches `vrs` that the access policy, a limit or a check here refuses.
final class PhoneRoutes: Sendable {
    /// What an operator may change while phones are served.
    struct Offer: Sendable {
        let configuration: WalletConfiguration
        let cards: CardChecker
        let kinds: [MunicipalityCode: Set<CertificateKind>]

        init(_ configuration: WalletConfiguration) {
            self.configuration = configuration
            cards = CardChecker(authorities: configuration.cards)
            kinds = configuration.participants.mapValues { Set($0.kinds) }
        }
    }

    private let offer: Mutex<Offer>
    let poller: AccessPolicyPoller<PhonePolicy>
    let recordSystem: PhoneRecordSystem
    let statements: KeyStatements
    let limits: NetworkLimits
    let interval: SetInterval
    private let slots: ApplicationSlots
    /// Of enrolments and of queries: whatever comes at once, a bounded part of it waits for `vrs`.
    let enrolmentSlots: ApplicationSlots
    private let querySlots: ApplicationSlots
    let menus = MenuBodies()
    let now: @Sendable () -> Date

    /// How many applications of one device are under way at once: one for each municipality of a presentation of the card.
    static let applicationsOfDevice = 8

    init(
        configuration: WalletConfiguration, poller: AccessPolicyPoller<PhonePolicy>, recordSystem: PhoneRecordSystem,
        slots: ApplicationSlots, now: @escaping @Sendable () -> Date
    ) {
        offer = Mutex(Offer(configuration))
        self.poller = poller
        self.recordSystem = recordSystem
        statements = KeyStatements(
            fetch: { () async throws(ProblemCode) in try await recordSystem.keys() }, now: now)
        limits = configuration.limits.buckets
        interval = SetInterval(configuration.currentInterval)
        self.slots = slots
        enrolmentSlots = Self.slots(configuration.enrolmentsAtOnce)
        querySlots = Self.slots(configuration.queriesAtOnce)
        self.now = now
    }

    /// So many at once, whoever they come from.
    private static func slots(_ count: Int) -> ApplicationSlots {
        ApplicationSlots(limit: count, each: count, refusal: .serviceBusy)
    }

    var current: Offer { offer.withLock { $0 } }

    /// Takes municipalities, hours, notices and authorities of another configuration from now on.
    func replace(_ configuration: WalletConfiguration) {
        let fresh = Offer(configuration)
        offer.withLock { $0 = fresh }
        poller.replace(configuration.hours)
    }

    func add(to router: Router<ServiceRequestContext>) {
        router.on(PhoneRoute.menu) { try await self.menu($0, $1) }
        router.on(PhoneRoute.keys) { try await self.keys($0, $1) }
        router.on(PhoneRoute.token) { try await self.token($0, $1) }
        router.on(PhoneRoute.enrolment) { try await self.enrolment($0, $1) }
        router.on(PhoneRoute.challenge) { try await self.challenge($0, $1) }
        router.on(PhoneRoute.application) { try await self.application($0, $1) }
        router.on(PhoneRoute.outcome) { try await self.outcome($0, $1) }
        router.on(PhoneRoute.current) { try await self.stillCurrent($0, $1) }
        router.on(PhoneRoute.revocation) { try await self.revocation($0, $1) }
    }

    private func keys(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        Response(ByteBuffer(bytes: try await statements.current().bytes), of: PhoneRoute.keys)
    }

    private func challenge(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.challenge, context.network)
        _ = try admitted()
        let wanted = try await request.json(CertificateRequest.self, of: PhoneRoute.challenge)
        guard wanted.copies == .one else { throw ProblemCode.requestMalformed }
        let inquiry = try context.requiredInquiry()
        _ = try admitted(wanted)
        return Response(try await recordSystem.challenge(inquiry), of: PhoneRoute.challenge)
    }

    private func application(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.application, context.network)
        _ = try admitted()
        let inquiry = try context.requiredInquiry()
        let named = request.headers[.pageFormats]
        guard let formats = PageFormat.parse(named) else { throw ProblemCode.requestMalformed }
        let pageFormats = named.map { _ in PageFormat.value(formats) }
        let bytes = try await request.body(of: PhoneRoute.application)
        let application = try PhoneApplication(parsing: Array(bytes.readableBytesView))
        // The policy may have changed since the body began to arrive.
        let device = try device(of: application, try admitted(application.request))
        let answer = try await slots.withSlot(device.facts.keyHash) {
            do { _ = try device.proofKey.check(application.proof, of: application.proofMessage) } catch {
                throw ProblemCode.deviceProof
            }
            _ = try application.checkedChip(by: current.cards)
            try await statements.check(application.statement.hash)
            // And since the signatures were checked, or a slot was waited for.
            try self.judge(device, try admitted(application.request))
            return try await reportingUnknownStatements { () async throws(ProblemCode) in
                try await self.recordSystem.apply(bytes, inquiry, pageFormats: pageFormats)
            }
        }
        return Response(answer, of: PhoneRoute.application)
    }

    /// An outcome is taken also when the municipality or the service was suspended or closed meanwhile: what became of a
    /// certificate that was issued before must be known.
    private func outcome(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.outcome, context.network)
        let inquiry = try context.requiredInquiry()
        _ = try poller.current
        let bytes = try await request.body(of: PhoneRoute.outcome)
        let outcome = try Outcome(parsing: Array(bytes.readableBytesView))
        guard outcome.disposition != .printed else { throw ProblemCode.requestMalformed }
        guard current.configuration.participants[outcome.municipality] != nil else {
            throw ProblemCode.municipalityNotParticipating
        }
        try await recordSystem.report(bytes, inquiry)
        return Response(status: .noContent)
    }

    /// A query and its reply pass sealed, and leave at set instants whatever they say.
    private func stillCurrent(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.current, context.network)
        let reply = try await interval.answer {
            _ = try poller.current
            let bytes = try await request.body(of: PhoneRoute.current)
            guard let hash = CurrentQuery.Opened.statementHash(of: Array(bytes.readableBytesView)) else {
                throw ProblemCode.requestMalformed
            }
            return try await querySlots.withSlot([]) {
                try await statements.check(hash)
                return try await reportingUnknownStatements { () async throws(ProblemCode) in
                    try await self.recordSystem.current(bytes)
                }
            }
        }
        return Response(reply, of: PhoneRoute.current)
    }

    /// What `vrs` calls unknown is not handed on any more.
    private func reportingUnknownStatements<T>(
        _ ask: () async throws(ProblemCode) -> T
    ) async throws(ProblemCode) -> T {
        do { return try await ask() } catch {
            if error == .statementUnknown { await statements.forget() }
            throw error
        }
    }

    /// The policy by which a session may be held now, for this request if there is one already.
    func admitted(_ request: CertificateRequest? = nil) throws(ProblemCode) -> PhonePolicy {
        let policy = try poller.current
        let offer = current
        if let refusal = policy.refusal(isOpen: offer.configuration.hours.contains(now())) { throw refusal }
        let refusal = request.flatMap {
            policy.access.refusal(of: $0, by: .app, at: nil, participants: offer.kinds)
        }
        if let refusal { throw refusal }
        return policy
    }

    /// The device that an application comes from: its certificate is an authority's, valid now, and counts.
    private func device(
        of application: PhoneApplication, _ policy: PhonePolicy
    ) throws(ProblemCode) -> DeviceCertificate {
        guard
            let device = DeviceCertificate(
                der: application.deviceCertificate, issuedBy: current.configuration.devices, at: now())
        else { throw .deviceUnknown }
        if let refusal = policy.refusal(of: device.facts) { throw refusal }
        return device
    }

    /// The same of a device whose certificate was read before.
    private func judge(_ device: DeviceCertificate, _ policy: PhonePolicy) throws(ProblemCode) {
        guard device.isValid(at: now(), issuedBy: current.configuration.devices) else { throw .deviceUnknown }
        if let refusal = policy.refusal(of: device.facts) { throw refusal }
    }
}
