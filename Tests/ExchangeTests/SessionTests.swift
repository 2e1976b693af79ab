import Crypto
import Exchange
import Synchronization
import Testing

/// A service that answers as a test says, and keeps what it was asked.
private final class ScriptedService: ApplicantService {
    private let failures: Mutex<[ServiceFailure]>
    private let asked = Mutex<[[UInt8]]>([])
    private let answers: Mutex<[[UInt8]]>

    /// Fails so often, each time with the next failure, and answers from then on, the last answer again and again.
    init(_ failures: [ServiceFailure] = [], answers: [UInt8]...) {
        self.failures = Mutex(failures)
        self.answers = Mutex(answers)
    }

    /// The bodies that came, in order.
    var bodies: [[UInt8]] { asked.withLock { $0 } }

    private func ask(_ body: [UInt8]) throws(ServiceFailure) -> [UInt8] {
        asked.withLock { $0.append(body) }
        if let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
        return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
    }

    func challenge(for request: CertificateRequest, inquiry: InquiryNumber) async throws(ServiceFailure) -> [UInt8] {
        try ask([])
    }

    func send(
        application: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat>
    ) async throws(ServiceFailure) -> [UInt8] { try ask(application) }

    func report(outcome: [UInt8], inquiry: InquiryNumber) async throws(ServiceFailure) { _ = try ask(outcome) }
}

/// A clock that takes no time and remembers how long it was asked to sleep.
private final class PauseClock: Clock {
    struct Instant: InstantProtocol {
        var offset = Duration.zero
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }
    private let slept = Mutex<[Duration]>([])
    var pauses: [Duration] { slept.withLock { $0 } }
    var now: Instant { Instant(offset: pauses.reduce(.zero, +)) }
    let minimumResolution = Duration.zero

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let now = now
        slept.withLock { $0.append(now.duration(to: deadline)) }
    }
}

/// A session's steps, repeated when that may help, and its outcome.
@Suite struct SessionTests {
    private let sample: Sample
    private let clock = PauseClock()
    private let key = P256.KeyAgreement.PrivateKey()
    /// A sealed certificate.
    private let issued: [UInt8]

    init() throws {
        sample = try Sample()
        issued = try SealedAnswer.seal(AnswerTests().answer(for: sample.application), for: sample.application, by: key)
    }

    private func refused(_ code: ProblemCode, isOutcomeOwed: Bool = false) throws -> [UInt8] {
        try SealedAnswer.seal(Refusal(code, isOutcomeOwed: isOutcomeOwed), for: sample.application, by: key)
    }

    private func send(_ service: ScriptedService, _ policy: RepeatPolicy = .application) async -> ApplicationFailure? {
        do throws(ApplicationFailure) {
            _ = try await sample.signed.send(
                to: service, answeredBy: [key.publicKey], repeating: policy, on: clock)
            return nil
        } catch { return error }
    }

    @Test func `a transient failure is met with the same bytes, after pauses that double`() async {
        let service = ScriptedService([.unreachable, .refused(.serviceBusy), .unreachable], answers: issued)
        #expect(await send(service) == nil)
        #expect(service.bodies == Array(repeating: sample.signed.bytes, count: 4))
        #expect(clock.pauses == [.milliseconds(250), .milliseconds(500), .seconds(1)])
    }

    @Test func `an application is sent six times at most, and the last failure is the one that is told`() async {
        let service = ScriptedService(Array(repeating: .unreachable, count: 5) + [.refused(.upstreamUnavailable)])
        #expect(await send(service) == .service(.refused(.upstreamUnavailable)))
        #expect(service.bodies.count == 6)
    }

    @Test(arguments: [ServiceFailure.refused(.terminalSuspended), .refused(.challengeExpired), .unusable])
    func `a failure for good is not repeated`(_ failure: ServiceFailure) async {
        let service = ScriptedService([failure])
        #expect(await send(service) == .service(failure))
        #expect(service.bodies.count == 1)
        #expect(clock.pauses.isEmpty)
    }

    @Test func `pauses have a maximum, and after the policy's limit nothing is begun`() async {
        let policy = RepeatPolicy(
            firstPause: .seconds(1), maximumPause: .seconds(4), limit: .seconds(10))
        let service = ScriptedService(Array(repeating: .unreachable, count: 100))
        #expect(await send(service, policy) == .service(.unreachable))
        #expect(clock.pauses == [1, 2, 4, 4].map { .seconds($0) })
    }

    @Test func `an outcome is owed once an application was sent, and given out once`() async throws {
        #expect(try sample.signed.takeOutcome(.aborted) == nil)
        #expect(await send(ScriptedService(answers: issued)) == nil)
        let outcome = try #require(try sample.signed.takeOutcome(.printed))
        #expect(outcome.disposition == .printed && outcome.transcriptHash == sample.application.transcriptHash)
        #expect(outcome.isSigned(by: sample.application.signingPublicKey))
        #expect(try sample.signed.takeOutcome(.aborted) == nil)
    }

    @Test func `an opened refusal for good owes no outcome`() async throws {
        let service = ScriptedService(answers: try refused(.personNotFound))
        #expect(await send(service) == .refused(Refusal(.personNotFound, isOutcomeOwed: false)))
        #expect(try sample.signed.takeOutcome(.aborted) == nil)
    }

    @Test func `an opened refusal of what was issued before owes its outcome`() async throws {
        let service = ScriptedService(answers: try refused(.limitRedelivery, isOutcomeOwed: true))
        #expect(await send(service) == .refused(Refusal(.limitRedelivery, isOutcomeOwed: true)))
        #expect(try sample.signed.takeOutcome(.aborted)?.disposition == .aborted)
    }

    @Test(arguments: [ServiceFailure.unreachable, .refused(.terminalSuspended), .refused(.challengeUsed), .unusable])
    func `whatever a relay says openly, an outcome is owed`(_ failure: ServiceFailure) async throws {
        #expect(await send(ScriptedService([failure]), .once) == .service(failure))
        #expect(try sample.signed.takeOutcome(.aborted)?.disposition == .aborted)
    }

    @Test(arguments: ProblemCode.allCases.filter(\.travelsSealed))
    func `a refusal about a person that stands openly is nobody's word`(_ code: ProblemCode) async throws {
        #expect(await send(ScriptedService([.refused(code)])) == .service(.unusable))
        #expect(try sample.signed.takeOutcome(.aborted) != nil)
        let service = ScriptedService([.refused(code)])
        await #expect(throws: ServiceFailure.unusable) {
            try await ApplicantSession.begin(
                device: ApplicantDevice(certificateHash: [], key: P256.Signing.PrivateKey()),
                request: sample.application.request, at: service, on: clock)
        }
    }

    @Test func `a sealed transient refusal is met with the same bytes again`() async throws {
        let service = ScriptedService(answers: try refused(.upstreamUnavailable), try refused(.internal), issued)
        #expect(await send(service) == nil)
        #expect(service.bodies == Array(repeating: sample.signed.bytes, count: 3))
    }

    @Test func `an answer that does not open ends the attempts, and owes an outcome`() async throws {
        var changed = issued
        changed[100] ^= 1
        let service = ScriptedService(answers: changed, issued)
        #expect(await send(service) == .unopened(.notForThisSession))
        #expect(service.bodies.count == 1)
        #expect(try sample.signed.takeOutcome(.aborted) != nil)
    }

    @Test func `an outcome that nobody knows is reported again only while its application may still arrive`()
        async throws
    {
        let outcome = try sample.signed.outcome(.aborted)
        #expect(await send(ScriptedService([.refused(.serviceClosed)])) != nil)
        #expect(!sample.signed.mayArrive)
        #expect(await send(ScriptedService([.unreachable]), .once) == .service(.unreachable))
        #expect(sample.signed.mayArrive)
        let refusals = Array(repeating: ServiceFailure.refused(.outcomeUnknown), count: 3)
        let patient = ScriptedService(refusals)
        try await outcome.report(
            inquiry: sample.signed.inquiry, to: patient, repeating: .outcome, on: clock, mayArrive: true)
        #expect(patient.bodies.count == 4)
        let other = ScriptedService(refusals)
        await #expect(throws: ServiceFailure.refused(.outcomeUnknown)) {
            try await outcome.report(inquiry: sample.signed.inquiry, to: other, repeating: .outcome, on: clock)
        }
        #expect(other.bodies.count == 1)
    }

    @Test func `an outcome is reported with the same bytes until it is taken`() async throws {
        let outcome = try sample.signed.outcome(.printed)
        let service = ScriptedService(Array(repeating: .unreachable, count: 7))
        try await outcome.report(inquiry: sample.signed.inquiry, to: service, repeating: .outcome, on: clock)
        #expect(service.bodies == Array(repeating: outcome.bytes, count: 8))
        #expect(clock.pauses == [250, 500, 1000, 2000, 4000, 4000, 4000].map { .milliseconds($0) })
    }
}
