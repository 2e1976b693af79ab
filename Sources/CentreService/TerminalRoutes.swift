import CardChip
import Exchange
import Foundation
import HTTPServer
import ExchangeServer
import MutualTLS
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import Vaccination
import Waiting

/// What a terminal can ask of the centre. Nothing reaches `vrs` that the access policy or a check here refuses.
final class TerminalRoutes: Sendable {
    /// What an operator may change while terminals are served.
    private struct Offer: Sendable {
        let configuration: CentreConfiguration
        let checker: ApplicationChecker
        let kinds: [MunicipalityCode: Set<CertificateKind>]

        init(_ configuration: CentreConfiguration) {
            self.configuration = configuration
            checker = ApplicationChecker(cards: CardChecker(authorities: configuration.cards))
            kinds = configuration.participants.mapValues { Set($0.kinds) }
        }
    }

    private let offer: Mutex<Offer>
    private let poller: AccessPolicyPoller<AccessPolicy>
    private let trust: TerminalTrustPoller
    private let recordSystem: RecordSystem
    private let slots: ApplicationSlots
    private let menus = MenuBodies()
    private let now: @Sendable () -> Date

    /// How long a menu poll is held.
    private static let menuWait: Duration = .seconds(25)

    init(
        configuration: CentreConfiguration, poller: AccessPolicyPoller<AccessPolicy>, trust: TerminalTrustPoller,
        recordSystem: RecordSystem, slots: ApplicationSlots, now: @escaping @Sendable () -> Date
    ) {
        offer = Mutex(Offer(configuration))
        self.poller = poller
        self.trust = trust
        self.recordSystem = recordSystem
        self.now = now
        self.slots = slots
    }

    private var current: Offer { offer.withLock { $0 } }

    /// Takes municipalities, hours, fee, notices and card authorities of another configuration from now on.
    func replace(_ configuration: CentreConfiguration) {
        let fresh = Offer(configuration)
        offer.withLock { $0 = fresh }
        poller.replace(configuration.hours)
    }

    func add(to router: Router<ServiceRequestContext>) {
        router.on(TerminalRoute.menu) { try await self.menu($0, $1) }
        router.on(TerminalRoute.trust) { try await self.trust($0, $1) }
        router.on(TerminalRoute.challenge) { try await self.challenge($0, $1) }
        router.on(TerminalRoute.application) { try await self.application($0, $1) }
        router.on(TerminalRoute.outcome) { try await self.outcome($0, $1) }
    }

    private func menu(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let after = try Query(request, of: TerminalRoute.menu).after()
        _ = try currentMenu(context)
        if let after {
            // A graceful stop ends the wait; the terminal gets the menu as it is and asks elsewhere.
            await cancelWhenGracefulShutdown { [poller] in
                _ = await poller.revision.wait(atMost: Self.menuWait) { $0 == after }
            }
        }
        return Response(try currentMenu(context), of: TerminalRoute.menu)
    }

    /// Also for a terminal that may have no session now: it will have one later.
    private func trust(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        _ = try known(poller.current, context)
        guard let signed = trust.current else { return Response(status: .noContent) }
        return Response(ByteBuffer(bytes: signed.bytes), of: TerminalRoute.trust)
    }

    private func challenge(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        _ = try admitted(context)
        let wanted = try await request.json(CertificateRequest.self, of: TerminalRoute.challenge)
        let caller = try admitted(context, wanted)
        return Response(try await recordSystem.challenge(for: caller), of: TerminalRoute.challenge)
    }

    private func application(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        _ = try admitted(context)
        guard let formats = PageFormat.parse(request.headers[.pageFormats]) else { throw ProblemCode.requestMalformed }
        let peer = try context.requiredPeer()
        let bytes = try await request.body(of: TerminalRoute.application)
        let application = try Application(parsing: Array(bytes.readableBytesView))
        guard application.terminalCertificateHash == peer.hash else { throw ProblemCode.terminalMismatch }
        guard application.channel == .kiosk else { throw ProblemCode.requestMalformed }
        // The policy may have changed since the body began to arrive.
        var caller = try admitted(context, application.request)
        caller.pageFormats = PageFormat.value(formats)
        let answer = try await slots.withSlot(peer.hash) { [caller] in
            _ = try current.checker.check(application, terminalCertificateHash: peer.hash, terminalKey: peer.publicKey)
            // And since the signatures were checked, or a slot was waited for.
            _ = try admitted(context, application.request)
            return try await recordSystem.apply(bytes, for: caller)
        }
        return Response(answer, of: TerminalRoute.application)
    }

    /// An outcome is taken also when the terminal, the municipality or the service was suspended or closed meanwhile:
    /// what became of a page that was issued before must be known.
    private func outcome(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let inquiry = try context.requiredInquiry()
        let terminal = try known(poller.current, context)
        let bytes = try await request.body(of: TerminalRoute.outcome)
        let outcome = try Outcome(parsing: Array(bytes.readableBytesView))
        guard outcome.disposition != .delivered else { throw ProblemCode.requestMalformed }
        guard current.configuration.participants[outcome.municipality] != nil else {
            throw ProblemCode.municipalityNotParticipating
        }
        try await recordSystem.report(bytes, for: .init(inquiry: inquiry, terminal: terminal.id))
        return Response(status: .noContent)
    }

    /// The terminal by its certificate, known and not revoked.
    private func known(
        _ policy: AccessPolicy, _ context: ServiceRequestContext
    ) throws(ProblemCode) -> AccessState.Terminal {
        let terminal = try policy.terminal(context.requiredPeer().hash)
        context.notes.terminal = terminal.id
        return terminal
    }

    /// A terminal that may have a session now, for this request if there is one already: one decision by one policy.
    private func admitted(
        _ context: ServiceRequestContext, _ request: CertificateRequest? = nil
    ) throws(ProblemCode) -> RecordSystem.Caller {
        let policy = try poller.current
        let terminal = try known(policy, context)
        let offer = current
        let isOpen = offer.configuration.hours.contains(now())
        let refusal =
            request.map {
                policy.refusal(of: $0, by: .kiosk, at: terminal, isOpen: isOpen, participants: offer.kinds)
            }
            ?? policy.refusal(at: terminal, isOpen: isOpen)
        if let refusal { throw refusal }
        return RecordSystem.Caller(inquiry: try context.requiredInquiry(), terminal: terminal.id)
    }

    /// The menu as JSON for a terminal; the same bytes for all to whom the same applies.
    private func currentMenu(_ context: ServiceRequestContext) throws -> ByteBuffer {
        let revision = poller.revision.value
        let closed: ProblemCode?
        let policy = try? poller.current
        if let policy {
            let terminal = try known(policy, context)
            closed =
                poller.isReached
                ? policy.refusal(at: terminal, isOpen: current.configuration.hours.contains(now()))
                : .upstreamUnavailable
        } else {
            closed = .upstreamUnavailable
        }
        return try menus.body(revision, closed) { try menu(revision, policy, closed) }
    }

    private func menu(_ revision: Int64, _ policy: AccessPolicy?, _ closed: ProblemCode?) throws -> Menu {
        let configuration = current.configuration
        let entries = configuration.participants.values.compactMap { participant -> Menu.Entry? in
            let code = participant.municipality.code
            guard let policy else {
                return Menu.Entry(municipality: participant.municipality, kinds: participant.kinds, isSuspended: false)
            }
            // One that nobody gets into does not take part any more.
            if policy.isClosed(code) { return nil }
            return Menu.Entry(
                municipality: participant.municipality,
                kinds: participant.kinds.filter { policy.isOffered($0, in: code) },
                isSuspended: policy.municipalities.contains(code),
                isElsewhere: !policy.isOffered(by: .kiosk, in: code), desk: policy.offers[code]?.desk)
        }
        let menu = Menu(
            revision: revision, closed: closed, entries: entries.sorted { $0.municipality.code < $1.municipality.code },
            suspendedKinds: CertificateKind.allCases.filter { policy?.kinds.contains($0) ?? false },
            feeYen: configuration.feeYen, hours: configuration.hours, notices: configuration.notices,
            isDevelopment: configuration.isDevelopment, trust: trust.current?.counter)
        // The file's bounds are the menu's.
        guard let menu else { throw ProblemCode.internal }
        return menu
    }
}
