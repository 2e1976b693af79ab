/// What an applicant's session asks of the other side: over TLS of a centre, or of a record system in the same process.
///
/// Each call asks once; ``RepeatPolicy`` says how often a session asks again.
package protocol ApplicantService: Sendable {
    /// A challenge for a request; valid three minutes from now.
    func challenge(for request: CertificateRequest, inquiry: InquiryNumber) async throws(ServiceFailure) -> [UInt8]
    /// Sends an application's bytes and gives the answer, which is still sealed; the page comes in `formats`.
    func send(
        application: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat>
    ) async throws(ServiceFailure) -> [UInt8]
    /// Reports an outcome's bytes; the same bytes again are accepted again.
    func report(outcome: [UInt8], inquiry: InquiryNumber) async throws(ServiceFailure)
}

/// Why something that was asked did not succeed.
package protocol SessionFailure: Error {
    /// Whether the very same request may succeed a little later.
    var isTransient: Bool { get }
}

/// Why a service gave no answer that can be used.
package enum ServiceFailure: SessionFailure, Hashable, Sendable {
    /// It refused, and said why, openly: the word of whoever answered. See ``openly``.
    case refused(ProblemCode)
    /// It could not be asked, or the connection broke. Never to be read as "no record".
    case unreachable
    /// What came back has another form.
    case unusable

    package var isTransient: Bool {
        switch self {
        case .refused(let code): code.isTransient
        case .unreachable: true
        case .unusable: false
        }
    }

    /// The same without what nobody may say openly: a refusal that tells of a person or a record is `vrs`'s alone, and
    /// travels sealed.
    package var openly: ServiceFailure {
        if case .refused(let code) = self, code.travelsSealed { return .unusable }
        return self
    }
}

/// Why an application got no certificate.
package enum ApplicationFailure: SessionFailure, Hashable, Sendable {
    /// `vrs` refused, in a sealed answer that this session opened.
    case refused(Refusal)
    /// No sealed answer came.
    case service(ServiceFailure)
    /// What came is not sealed to this session by `vrs`, or was changed on the way: any relay can cause it.
    case unopened(SealedAnswer.OpenError)

    package var isTransient: Bool {
        switch self {
        case .refused(let refusal): refusal.code.isTransient
        case .service(let failure): failure.isTransient
        case .unopened: false
        }
    }
}

/// How often, and with what pauses, a session asks the same thing again after a transient failure.
package struct RepeatPolicy: Sendable {
    /// The pause before the second attempt; each later one is twice as long.
    let firstPause: Duration
    /// No pause is longer.
    let maximumPause: Duration
    /// How many attempts are made in all.
    let maximumAttempts: Int
    /// After this much time no attempt is begun any more.
    let limit: Duration?

    /// Repeats with doubling pauses; without bounds of its own it repeats until the caller's time is up.
    package init(
        firstPause: Duration, maximumPause: Duration = .seconds(3600), maximumAttempts: Int = .max,
        limit: Duration? = nil
    ) {
        self.firstPause = firstPause
        self.maximumPause = maximumPause
        self.maximumAttempts = maximumAttempts
        self.limit = limit
    }

    /// Asks once.
    package static let once = RepeatPolicy(firstPause: .zero, maximumAttempts: 1)
    /// For an application: six attempts, within the time that the caller grants.
    package static let application = RepeatPolicy(firstPause: .milliseconds(250), maximumAttempts: 6)
    /// For an outcome: again and again, within the time that the caller grants.
    package static let outcome = RepeatPolicy(firstPause: .milliseconds(250), maximumPause: .seconds(4))

    /// Asks until there is an answer, a failure for good, or the policy's end; throws the last failure. A cancelled task
    /// begins no further attempt.
    ///
    /// - Parameters:
    ///   - onRepeat: called before each further attempt with its number, 2 for the second.
    ///   - isTransient: whether a failure may be none a little later.
    package func run<Value: Sendable, Failure: SessionFailure>(
        on clock: some Clock<Duration>, onRepeat: @Sendable (Int) async -> Void = { _ in },
        isTransient: @Sendable (Failure) -> Bool = { $0.isTransient },
        _ ask: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let start = clock.now
        var pause = firstPause
        var attempt = 1
        while true {
            let failure: Failure
            do throws(Failure) { return try await ask() } catch { failure = error }
            attempt += 1
            guard isTransient(failure), attempt <= maximumAttempts, !Task.isCancelled else { throw failure }
            if let limit, start.duration(to: clock.now) >= limit { throw failure }
            await onRepeat(attempt)
            try? await clock.sleep(for: pause)
            if Task.isCancelled { throw failure }
            pause = min(pause * 2, maximumPause)
        }
    }
}
