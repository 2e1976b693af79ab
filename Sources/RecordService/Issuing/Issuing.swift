import CardChip
package import Crypto
package import Exchange
package import Foundation
package import Logging
package import Records
package import Vaccination

/// The process of one application from its bytes to the sealed answer.
///
/// Every refusal is a ``Exchange/ProblemCode``. Logs say inquiry number, terminal, certificate and outcome, never more.
package struct Issuing: Sendable {
    /// What an operator may set.
    package struct Settings: Sendable {
        /// The maximum of certificates of one person on one day.
        package let dailyLimit: DailyLimit
        /// The kinds that each municipality offers.
        package let kinds: [MunicipalityCode: Set<CertificateKind>]
        /// Called when an intent is durable and nothing was signed yet; for tests of what a crash leaves.
        package let afterIntent: (@Sendable () -> Void)?

        package init(
            dailyLimit: DailyLimit, kinds: [MunicipalityCode: Set<CertificateKind>],
            afterIntent: (@Sendable () -> Void)? = nil
        ) {
            self.dailyLimit = dailyLimit
            self.kinds = kinds
            self.afterIntent = afterIntent
        }
    }

    /// What issuing reads and writes.
    package typealias Store = PersonStore & ClaimStore & CertificateStore & StopListStore

    private let store: any Store
    private let control: ControlStateCache
    private let challenges: ChallengeMaker
    private let checker: ApplicationChecker
    private let maker: CertificateMaker
    private let sealingKey: P256.KeyAgreement.PrivateKey
    private let settings: Settings
    private let limiter: ConcurrencyLimiter
    private let metrics: VRSMetrics
    private let logger: Logger
    private let now: @Sendable () -> Date

    package init(
        store: any Store, control: ControlStateCache, challenges: ChallengeMaker, checker: ApplicationChecker,
        maker: CertificateMaker, sealingKey: P256.KeyAgreement.PrivateKey, settings: Settings,
        limiter: ConcurrencyLimiter,
        metrics: VRSMetrics, logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.control = control
        self.challenges = challenges
        self.checker = checker
        self.maker = maker
        self.sealingKey = sealingKey
        self.settings = settings
        self.limiter = limiter
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// A new challenge; throws if nothing would be issued anyway.
    package func challenge() throws -> ChallengeResponse {
        if let refusal = control.policy.refusal(at: nil) { throw refusal }
        metrics.challenge()
        return ChallengeResponse(challenge: try challenges.make(now: now()), validSeconds: challenges.validSeconds)
    }

    /// The sealed answer to an application, or a thrown ``Exchange/ProblemCode``.
    package func issue(
        _ bytes: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat> = Set(PageFormat.allCases)
    ) async throws -> [UInt8] {
        var context = IssuanceLogContext(inquiry: inquiry)
        defer { metrics.underWay(limiter.underWay) }
        do {
            let answer = try await limiter.admit {
                metrics.underWay(limiter.underWay)
                return try await metrics.time(.whole) { try await process(bytes, inquiry, formats, &context) }
            }
            return answer
        } catch {
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
    ) async throws -> [UInt8] {
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
            try checker.check(
                application, terminalCertificateHash: terminal.certificateHash, terminalKey: certificate.key)
        }
        guard let number = IndividualNumber(verified.card.individualNumber) else { throw ProblemCode.cardMalformed }

        let claim = try await accept(application, number, verified.card.chipKeyHash, now)
        let intent = try await intend(claim, verified, number, inquiry, now, &context)
        settings.afterIntent?()
        return try await deliver(intent, to: application, formats, now, &context)
    }

    private func accept(
        _ application: Application, _ number: IndividualNumber, _ chipKeyHash: [UInt8], _ now: Date
    ) async throws -> EarlierClaim {
        try await metrics.time(.claim) {
            let hash = application.hash
            // The same bytes again are recognised before time is judged: the answer may have been lost on the way after
            // two minutes and fifty seconds.
            let earlier = try await store.findClaim(applicationHash: hash, now: now)
            var expires = now
            if earlier == nil {
                let challenge = try challenges.open(application.challenge)
                try challenge.checkTime(now: now)
                expires = challenge.expires
            }
            if try await store.isStopped(number: number, chipKeyHash: chipKeyHash) { throw ProblemCode.cardStopped }
            // Looked up again: an operator may have acted while signatures were checked.
            let policy = control.policy
            let terminal = try policy.terminal(application.terminalCertificateHash)
            if let refusal = policy.refusal(of: application.request, at: terminal, offers: settings.kinds) {
                throw refusal
            }
            if let earlier { return earlier }

            guard let today = CalendarDate.inJapan(secondsSince1970: now.timeIntervalSince1970) else {
                throw ProblemCode.internal
            }
            var generator = SystemRandomNumberGenerator()
            let id = CertificateID(using: &generator)
            let outcome = try await store.claim(
                challengeHash: Array(SHA256.hash(data: application.challenge)), applicationHash: hash,
                certificateID: id,
                issuedOn: today, expires: expires, now: now)
            switch outcome {
            case .fresh: return EarlierClaim(certificateID: id, issuedOn: today, at: now)
            case .repeated(let claim): return claim
            case .used: throw ProblemCode.challengeUsed
            }
        }
    }

    private func intend(
        _ claim: EarlierClaim, _ verified: VerifiedApplication, _ number: IndividualNumber, _ inquiry: InquiryNumber,
        _ now: Date, _ context: inout IssuanceLogContext
    ) async throws -> Intent {
        let application = verified.application
        let request = application.request
        let person = try await metrics.time(.person) { try await store.person(number, in: request.municipality) }
        guard let person else { throw ProblemCode.personNotFound }
        try Eligibility.compare(CardHolderClaim(verified.card), with: person.vaccinee)
        let content = try Eligibility.content(of: person, kind: request.kind, today: claim.issuedOn)
        let intent = Intent(
            certificateID: claim.certificateID, municipality: request.municipality, kind: request.kind,
            copies: request.copies.count, personID: person.id,
            terminal: Hexadecimal.text(application.terminalCertificateHash), applicationHash: application.hash,
            transcriptHash: application.transcriptHash,
            sessionSigningKey: Array(application.signingPublicKey.x963Representation), inquiry: inquiry.text,
            at: claim.at, issuedOn: claim.issuedOn, content: content)
        context.certificate = intent.certificateID
        switch try await metrics.time(.intent, { try await store.record(intent, limit: settings.dailyLimit) }) {
        case .recorded: return intent
        case .resumed(let stored): return stored
        case .limitReached:
            context.certificate = nil
            throw ProblemCode.limitDaily
        }
    }

    private func deliver(
        _ intent: Intent, to application: Application, _ formats: Set<PageFormat>, _ now: Date,
        _ context: inout IssuanceLogContext
    ) async throws -> [UInt8] {
        let made: MadeCertificate
        do {
            made = try await maker.make(
                intent, request: application.request, formats: formats, now: now, limiter: limiter, metrics: metrics)
        } catch let failure as SelfCheckFailure {
            logger.critical("issuing halted", metadata: context.metadata(code: .serviceHalted, cause: failure.reason))
            metrics.halted(true)
            try await control.halt(failure.reason, now: now)
            throw ProblemCode.serviceHalted
        }
        let recorded = try await metrics.time(.result) {
            try await store.recordSigned(
                intent.certificateID, in: intent.municipality, codeHashes: made.codeHashes,
                revocable: made.revocable, now: now)
        }
        switch recorded {
        case .changed: break
        case .repeated: context.isRedelivery = true
        // Voided in between: this session is over, its certificate must not come back to life.
        case .contradicts: throw ProblemCode.challengeUsed
        case .unknownCertificate: throw ProblemCode.internal
        }
        let sealed = try await metrics.time(.seal) {
            try SealedAnswer.seal(made.answer, for: application, by: sealingKey)
        }
        metrics.issued(intent.kind, redelivery: context.isRedelivery)
        logger.info("issued", metadata: context.metadata())
        return sealed
    }
}
