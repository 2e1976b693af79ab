import CardChip
package import Crypto
package import Exchange
package import Foundation
package import Logging
package import Records
import Synchronization
package import Vaccination

/// The process of one application from its bytes to the sealed answer.
///
/// Every refusal is a ``Exchange/ProblemCode``: thrown until the application has claimed its challenge, and sealed to its
/// session from then on, since then it may tell of a person. Logs say inquiry number, terminal, certificate and outcome,
/// never more.
package struct Issuing: Sendable {
    /// What an operator may set.
    package struct Settings: Sendable {
        /// The maximum of certificates of one person on one day.
        package let dailyLimit: DailyLimit
        /// How often the same application is answered again.
        package let redeliveries: Int
        /// A sealed refusal leaves at a multiple of this time after its application's arrival.
        package let refusalInterval: Duration
        /// The kinds that each municipality offers.
        package let kinds: [MunicipalityCode: Set<CertificateKind>]
        /// Called when an intent is durable and nothing was signed yet; for tests of what a crash leaves.
        package let afterIntent: (@Sendable () -> Void)?

        package init(
            dailyLimit: DailyLimit, redeliveries: Int = 5, refusalInterval: Duration = .milliseconds(250),
            kinds: [MunicipalityCode: Set<CertificateKind>], afterIntent: (@Sendable () -> Void)? = nil
        ) {
            self.dailyLimit = dailyLimit
            self.redeliveries = redeliveries
            self.refusalInterval = refusalInterval
            self.kinds = kinds
            self.afterIntent = afterIntent
        }
    }

    /// What issuing reads and writes.
    package typealias Store = PersonStore & ClaimStore & CertificateStore & StopListStore & LogStore & EvidenceStore
        & DeviceStore & AttemptStore

    let store: any Store
    let control: ControlStateCache
    private let challenges: ChallengeMaker
    private let token: TokenWatch?
    let checker: CurrentChecker
    let maker: CertificateMaker
    let sealingKey: P256.KeyAgreement.PrivateKey
    /// What is needed for phones; `nil` if they are not served.
    let phones: PhoneDesk?
    let settings: Settings
    let limiter: ConcurrencyLimiter
    let metrics: VRSMetrics
    let logger: Logger
    let now: @Sendable () -> Date

    package init(
        store: any Store, control: ControlStateCache, challenges: ChallengeMaker, token: TokenWatch? = nil,
        checker: ApplicationChecker, maker: CertificateMaker, sealingKey: P256.KeyAgreement.PrivateKey,
        phones: PhoneDesk? = nil, settings: Settings,
        limiter: ConcurrencyLimiter,
        metrics: VRSMetrics, logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.control = control
        self.challenges = challenges
        self.token = token
        self.checker = CurrentChecker(checker)
        self.maker = maker
        self.sealingKey = sealingKey
        self.phones = phones
        self.settings = settings
        self.limiter = limiter
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Accepts the cards of other authorities from now on.
    package func replace(_ checker: ApplicationChecker) { self.checker.replace(checker) }

    /// A new challenge; throws if nothing would be issued anyway.
    package func challenge() throws -> ChallengeResponse {
        if let refusal = control.policy.refusal(at: nil) { throw refusal }
        try refuseWithoutToken()
        metrics.challenge()
        return ChallengeResponse(
            challenge: try challenges.make(now: now(), incarnation: control.snapshot.state.incarnation),
            validSeconds: challenges.validSeconds)
    }

    /// The sealed answer to an application, which holds a certificate or a refusal; a thrown ``Exchange/ProblemCode`` if
    /// the application was not accepted.
    ///
    /// A refusal leaves only at a multiple of ``Settings/refusalInterval`` after the arrival, with nothing held meanwhile:
    /// how far the process came before it was refused is not to be read from a clock.
    package func issue(
        _ bytes: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat> = Set(PageFormat.allCases)
    ) async throws -> [UInt8] {
        try await answer(inquiry) { context in try await process(bytes, inquiry, formats, &context) }
    }

    /// What every application gets, whichever way it came.
    func answer(
        _ inquiry: InquiryNumber,
        _ process: @escaping @Sendable (inout IssuanceLogContext) async throws -> Reply
    ) async throws -> [UInt8] {
        let arrival = ContinuousClock.now
        var context = IssuanceLogContext(inquiry: inquiry)
        defer { metrics.underWay(limiter.underWay) }
        do {
            let reply = try await limiter.admit {
                metrics.underWay(limiter.underWay)
                return try await metrics.time(.whole) { try await process(&context) }
            }
            switch reply {
            case .issued(let sealed): return sealed
            case .refused(let sealed):
                let pause = RefusalInterval.pause(after: ContinuousClock.now - arrival, settings.refusalInterval)
                try? await Task.sleep(for: pause, tolerance: .zero)
                return sealed
            }
        } catch {
            await noteBreak(error)
            let code = ProblemMapping.code(issuing: error)
            metrics.refused(code)
            logger.info("refused", metadata: context.metadata(code: code, cause: ProblemMapping.cause(of: error)))
            throw code
        }
    }

    // The order is part of the security: nothing is stored before all signatures were found right, and nothing is signed
    // before the intent is durable.
    private func process(
        _ bytes: [UInt8], _ inquiry: InquiryNumber, _ formats: Set<PageFormat>, _ context: inout IssuanceLogContext
    ) async throws -> Reply {
        let now = now()
        guard let application = try? Application(parsing: bytes), application.channel == .kiosk else {
            throw ProblemCode.requestMalformed
        }
        let snapshot = control.snapshot
        let (terminal, certificate) = try snapshot.terminal(
            certificateHash: application.terminalCertificateHash, now: now)
        context.terminal = terminal.id
        // A few tenths of a millisecond, so done at once: behind the pages of others it would wait for tens of them.
        let verified = try await metrics.time(.check) {
            try checker.value.check(
                application, terminalCertificateHash: terminal.certificateHash, terminalKey: certificate.key)
        }
        guard let number = IndividualNumber(verified.card.individualNumber) else { throw ProblemCode.cardMalformed }

        return try await reply(
            to: .kiosk(application), of: verified.card, number, inquiry, formats, now, &context
        ) { challenge in
            try challenges.open(challenge, incarnation: control.snapshot.state.incarnation)
        }
    }

    /// Accepts an application whose signatures were found right, and answers it.
    /// - Parameters:
    ///   - passport: what a phone sent of one, or why it is not accepted.
    ///   - open: opens its challenge.
    func reply(
        to application: IncomingApplication, of card: VerifiedCard, _ number: IndividualNumber,
        passport: Result<PassportClaim?, ProblemCode> = .success(nil), _ inquiry: InquiryNumber,
        _ formats: Set<PageFormat>, _ now: Date, _ context: inout IssuanceLogContext,
        open: ([UInt8]) throws -> Challenge
    ) async throws -> Reply {
        let accepted = try await accept(application, now, open: open)
        do {
            let hasIntent = try await judge(accepted, application, number, card.chipKeyHash)
            let asked = Asked(
                application: application, card: card, number: number, passport: hasIntent ? nil : try passport.get(),
                inquiry: inquiry, now: now)
            let intent = try await intend(accepted.claim, hasIntent: hasIntent, asked, &context)
            settings.afterIntent?()
            return .issued(try await deliver(intent, to: application, formats, now, &context))
        } catch {
            // Whoever meets the break first is told what all others are.
            let found = await noteBreak(error, in: application.request.municipality)
            let cause: any Error = found.map { StoreError.broken($0) } ?? error
            return .refused(try await refuse(application, of: number, accepted.claim, because: cause, context))
        }
    }

    /// What an accepted application asks, with everything that was found of it.
    struct Asked: Sendable {
        let application: IncomingApplication
        let card: VerifiedCard
        let number: IndividualNumber
        let passport: PassportClaim?
        let inquiry: InquiryNumber
        let now: Date
    }

    /// What is stored is not what was written: the region stops with the first application that shows it.
    /// - Parameter region: whose records were asked, if any were.
    @discardableResult
    func noteBreak(_ error: any Error, in region: MunicipalityCode? = nil) async -> EvidenceBreak? {
        guard let error = error as? StoreError, let found = await broken(error, in: region) else { return nil }
        logger.critical("evidence broken", metadata: ["log": "\(found.log)", "cause": "\(found)"])
        metrics.found(found.kind.rawValue, by: .evidence)
        await control.noteBreak(found, now: now())
        metrics.brokenRegions(control.snapshot.state.brokenRegions.count)
        return found
    }

    /// What an error says is broken. What all regions share may have failed as well: only a region that cannot be read by
    /// itself is stopped by itself.
    private func broken(_ error: StoreError, in region: MunicipalityCode?) async -> EvidenceBreak? {
        if let found = error.found { return found }
        guard let region, let found = EvidenceBreak(error, in: region) else { return nil }
        do {
            _ = try await store.verify(.region(region), pins: [], everything: false)
            return nil
        } catch {
            return found
        }
    }

    /// What goes back to an application that has claimed its challenge; sealed in either case.
    enum Reply: Sendable { case issued([UInt8]), refused([UInt8]) }

    private struct Accepted {
        let claim: EarlierClaim
        let isRepeated: Bool
    }

    /// Claims the challenge, or finds the claim of an application that comes again. What is refused here is said openly:
    /// it concerns the terminal, the challenge, and what operators took out of service.
    private func accept(
        _ application: IncomingApplication, _ now: Date, open: ([UInt8]) throws -> Challenge
    ) async throws -> Accepted {
        try await metrics.time(.claim) {
            let hash = application.transcriptHash
            // The same application again is recognised before time is judged: the answer may have been lost on the way after
            // two minutes and fifty seconds.
            let earlier = try await store.findClaim(transcriptHash: hash, now: now)
            var expires = now
            if earlier == nil {
                let challenge = try open(application.challenge)
                try challenge.checkTime(now: now)
                expires = challenge.expires
            }
            // Looked up again: an operator may have acted while signatures were checked.
            try refuseWhatStopped(application)
            try refuseWithoutToken()
            if let earlier { return Accepted(claim: earlier, isRepeated: true) }

            guard let today = CalendarDate.inJapan(secondsSince1970: now.timeIntervalSince1970) else {
                throw ProblemCode.internal
            }
            var generator = SystemRandomNumberGenerator()
            let id = CertificateID(using: &generator)
            let outcome = try await store.claim(
                challengeHash: Array(SHA256.hash(data: application.challenge)), transcriptHash: hash,
                certificateID: id,
                issuedOn: today, expires: expires, now: now)
            switch outcome {
            case .fresh:
                return Accepted(claim: EarlierClaim(certificateID: id, issuedOn: today, at: now), isRepeated: false)
            case .repeated(let claim): return Accepted(claim: claim, isRepeated: true)
            case .used: throw ProblemCode.challengeUsed
            }
        }
    }

    /// Throws why an application may not go on, as it is known now.
    func refuseWhatStopped(_ application: IncomingApplication) throws(ProblemCode) {
        let policy = control.policy
        let terminal: AccessState.Terminal?
        switch application {
        case .kiosk(let application): terminal = try policy.terminal(application.terminalCertificateHash)
        case .phone(_, let facts):
            if let refusal = control.snapshot.phones.refusal(of: facts) { throw refusal }
            terminal = nil
        }
        let refusal = policy.refusal(
            of: application.request, by: application.channel, at: terminal, participants: settings.kinds)
        if let refusal { throw refusal }
    }

    /// Throws while the keys that would sign cannot be reached: nobody's challenge is to be used up for it.
    func refuseWithoutToken() throws(ProblemCode) {
        if token?.isLost == true { throw .upstreamUnavailable }
    }

    /// What may have changed since the application was accepted, and how often it may come. Returns whether an intent stands.
    private func judge(
        _ accepted: Accepted, _ application: IncomingApplication, _ number: IndividualNumber, _ chipKeyHash: [UInt8]
    ) async throws -> Bool {
        var hasIntent = false
        if let refusal = accepted.claim.refusal { throw KeptRefusal(refusal) }
        if accepted.isRepeated {
            let entry = try await store.certificate(
                accepted.claim.certificateID, in: application.request.municipality)
            hasIntent = entry != nil
            // Its session has ended, and has no use for another page.
            if let entry, [.printed, .voided].contains(entry.state) { throw ProblemCode.challengeUsed }
            let isCounted = try await store.countRepetition(
                transcriptHash: application.transcriptHash, limit: settings.redeliveries)
            guard isCounted else { throw ProblemCode.limitRedelivery }
        }
        if try await store.isStopped(number: number, chipKeyHash: chipKeyHash) { throw ProblemCode.cardStopped }
        return hasIntent
    }

    private func intend(
        _ claim: EarlierClaim, hasIntent: Bool, _ asked: Asked, _ context: inout IssuanceLogContext
    ) async throws -> Intent {
        // A record that is written while it is read is read again: most often a rotation of keys has passed over it.
        for _ in 0..<4 {
            if let intent = try await intent(claim, hasIntent: hasIntent, asked, &context) { return intent }
        }
        throw ProblemCode.serviceBusy
    }

    /// The intent as it is recorded; `nil` if the person's record was written since it was read.
    private func intent(
        _ claim: EarlierClaim, hasIntent: Bool, _ asked: Asked, _ context: inout IssuanceLogContext
    ) async throws -> Intent? {
        let (application, request) = (asked.application, asked.application.request)
        let person = try await metrics.time(.person) {
            try await store.person(asked.number, in: request.municipality)
        }
        guard var person else { throw ProblemCode.personNotFound }
        // Where an intent stands, it counts as it was written, whatever the record says by now.
        let content: IssueContent
        if hasIntent {
            content = IssueContent(vaccinee: person.vaccinee, doses: [], exceeds: false)
        } else {
            let holder = CardHolderClaim(asked.card)
            try Eligibility.compare(holder, with: person.vaccinee, beside: person.register?.otherNames ?? [])
            if let passport = asked.passport {
                // What would be issued is judged first: nothing is written into a record for who gets nothing.
                let told = try judge(passport, of: person, asked)
                let shown = try Eligibility.content(
                    of: person.showing(told), kind: request.kind, today: claim.issuedOn, by: application.channel)
                try await check(intent(claim, person, shown, asked))
                guard let fresh = try await note(told, passport, of: person, asked) else { return nil }
                person = fresh
            }
            content = try Eligibility.content(
                of: person, kind: request.kind, today: claim.issuedOn, by: application.channel)
        }
        let intent = intent(claim, person, content, asked)
        // What cannot be made is refused before it counts.
        if !hasIntent { try await check(intent) }
        context.certificate = intent.certificateID
        switch try await metrics.time(
            .intent, { try await store.record(intent, limit: settings.dailyLimit, of: person.version) })
        {
        case .recorded:
            // What stood there a moment ago has gone with a restore.
            guard !hasIntent else { throw ProblemCode.internal }
            return intent
        case .resumed(let stored):
            guard stored.personID == person.id else { throw ProblemCode.internal }
            return stored
        case .limitReached:
            context.certificate = nil
            throw ProblemCode.limitDaily
        case .recordChanged:
            context.certificate = nil
            return nil
        }
    }

    private func intent(
        _ claim: EarlierClaim, _ person: PersonRecord, _ content: IssueContent, _ asked: Asked
    ) -> Intent {
        let (application, request) = (asked.application, asked.application.request)
        return Intent(
            certificateID: claim.certificateID, municipality: request.municipality, kind: request.kind,
            channel: application.channel, copies: request.copies.count, personID: person.id,
            terminal: application.terminal, applicationHash: application.hash,
            transcriptHash: application.transcriptHash, sessionSigningKey: application.sessionSigningKey,
            inquiry: asked.inquiry.text, at: claim.at, issuedOn: claim.issuedOn, content: content)
    }

    /// Throws if what an intent would certify cannot be made.
    private func check(_ intent: Intent) async throws {
        let issuer = control.snapshot.state.settings[intent.municipality]?.issuer
        try await metrics.time(.fit) { try await limiter.run { [maker] in try maker.check(intent, by: issuer) } }
    }
}

/// What applications are checked with, which an operator may replace while others are under way.
final class CurrentChecker: Sendable {
    private let checker: Mutex<ApplicationChecker>

    init(_ checker: ApplicationChecker) { self.checker = Mutex(checker) }

    var value: ApplicationChecker { checker.withLock { $0 } }
    func replace(_ checker: ApplicationChecker) { self.checker.withLock { $0 = checker } }
}
