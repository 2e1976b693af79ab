import CardChip
import CheckedConfiguration
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import SimulatedCard
import Synchronization
import Terminal
import Vaccination

/// A terminal with everything around it: card, centre, issuer, printer.
struct TestWorld: Sendable {
    static let pin = "1234"
    static let municipality = Municipality(
        code: code("990019"), prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon-ken", nameEnglish: "Mihon-shi")

    /// What the centre does in a test.
    struct Behaviour: Sendable {
        var flaw: TestIssuer.Flaw?
        /// What `vrs` refuses the application with, sealed.
        var refusal: Refusal?
        /// What somebody in between says openly in place of an answer.
        var openRefusal: ProblemCode?
        /// How often the connection breaks after the application was taken.
        var brokenAnswers = 0
        /// How often the centre is busy before it answers.
        var busy = 0
        /// Answers with what was sealed for another session.
        var replaced = false
        var closed: ProblemCode?
        var neverAnswers = false
        /// Why the service is closed from the second menu on.
        var closedLater: ProblemCode?
        /// The menu's bytes in place of the ordinary ones.
        var menu: [UInt8]?
        var outcomesLost = 0
        /// How often an outcome is said to be unknown before it is taken.
        var outcomesUnknown = 0
        /// Answers with more bytes than an answer can have.
        var oversized = false
        /// What terminals trust, as the centre hands it on; the menu names it only if it says so.
        var trust: [UInt8]?
        var menuNamesTrust = true
        /// The edition that the answer was made under.
        var madeUnder: Int64?
    }

    let pki: TestPKI
    let issuer: TestIssuer
    let card: SimulatedCardFile
    let person: TestIssuer.Person

    /// Keys and card are made once for all tests.
    static let shared: Result<TestWorld, any Error> = Result { try TestWorld() }

    private init() throws {
        pki = try TestPKI()
        issuer = try TestIssuer(municipality: Self.municipality)
        let birthDate = try TestIssuer.some(BirthDate(iso: "1985-04-01"))
        person = TestIssuer.Person(name: "見本\u{3000}花子", birthDate: birthDate)
        card = try SimulatedCardFile.make(
            holder: CardHolder(
                individualNumber: "999900000011", name: person.name, address: "見本県見本市中央町２－２－２",
                birthDate: birthDate.digits, sexDigit: 2), pin: Self.pin, authority: .create())
    }

    static func code(_ digits: String) -> MunicipalityCode {
        guard let code = MunicipalityCode(digits) else { fatalFixture(digits) }
        return code
    }

    private static func fatalFixture(_ text: String) -> Never { preconditionFailure("no municipality code: \(text)") }

    /// The card's attributes as the terminal reads them.
    var attributes: CardAttributes {
        get throws { try CardAttributes(parsing: try TestIssuer.some(card.files[0x0002])) }
    }

    func request(_ kind: CertificateKind = .domestic, copies: Int = 1) throws -> CertificateRequest {
        CertificateRequest(
            municipality: Self.municipality.code, kind: kind, copies: try TestIssuer.some(Copies(copies)))
    }

    /// A script's text for a good session, with other lines added.
    func script(_ lines: String...) throws -> Script {
        var text = "municipality: \"990019\"\nkind: domestic\n"
        if !lines.contains(where: { $0.hasPrefix("pins:") }) { text += "pins: [\"\(Self.pin)\"]\n" }
        return try Script(ConfigurationFile(text: text + lines.joined(separator: "\n"), name: "test"))
    }

    /// How a session went.
    struct Course: Sendable {
        let ending: SessionEnding
        let steps: [String]
        let jobs: [PrintJob]
        let outcomes: [Outcome]
        let applications: [[UInt8]]
        let challenges: Int
        let inquiries: Set<String>
        let lines: [String]
    }

    /// Runs one session of a script against a centre of its own.
    func run(
        _ script: Script, _ behaviour: Behaviour = Behaviour(), timeouts: Timeouts = Timeouts(),
        card: SimulatedCardFile? = nil,
        chip: (any SimulatedChip)? = nil, clock: any Clock<Duration> = ContinuousClock(),
        printer: Printer? = nil, marker: ServiceMarker? = nil, scanProgram: String? = nil,
        trust: TrustKeeper? = nil,
        during: (@Sendable (CardHand) async -> Void)? = nil,
        connect: (@Sendable () throws(CardTransportError) -> any CardTransport)? = nil,
        line: (@Sendable (String) -> Void)? = nil
    ) async throws -> Course {
        let (centre, environment, jobs) = try await surroundings(
            behaviour, timeouts: timeouts, clock: clock, printer: printer, marker: marker, scanProgram: scanProgram,
            trust: trust)
        let lines = Mutex<[String]>([])
        let hand = CardHand()
        let chip = chip ?? SimulatedCard(file: card ?? self.card, persistTo: nil)
        let slot = CardSlot.simulated(hand: hand) { () throws(CardTransportError) -> any CardTransport in
            if let connect { return try connect() }
            return InProcessTransport(card: chip)
        }
        let interface = ScriptInterface(script, hand: hand) { text in
            lines.withLock { $0.append(text) }
            line?(text)
        }
        let flow = SessionFlow(environment, interface: interface, slot: slot)
        let beside = Task { await during?(hand) }
        let ending = await flow.run()
        beside.cancel()
        await environment.centre.shutdown()
        await centre.stop()
        let all = lines.withLock { $0 }
        return Course(
            ending: ending,
            steps: all.compactMap { $0.split(separator: "\"").dropFirst(3).first.map(String.init) }
                .filter { SessionStep(rawValue: $0) != nil },
            jobs: jobs.all,
            outcomes: try centre.asked("/v1/outcome").map { try Outcome(parsing: $0.body) },
            applications: centre.asked("/v1/application").map(\.body), challenges: centre.asked("/v1/challenge").count,
            inquiries: Set(centre.asked("/v1/").compactMap(\.inquiry)), lines: all)
    }

    /// A centre of a test's own, and a terminal's environment with it.
    func surroundings(
        _ behaviour: Behaviour, timeouts: Timeouts = Timeouts(), clock: any Clock<Duration> = ContinuousClock(),
        printer: Printer? = nil, marker: ServiceMarker? = nil, scanProgram: String? = nil, trust: TrustKeeper? = nil,
        receipt: @escaping @Sendable (Receipt) -> String = { $0.plain }
    ) async throws -> (TestCentre, SessionEnvironment, PrintedJobs) {
        let state = Mutex((broken: behaviour.brokenAnswers, busy: behaviour.busy, lost: behaviour.outcomesLost))
        let unknown = Mutex(behaviour.outcomesUnknown)
        let menus = Counter()
        let centre = try await TestCentre.start(pki.identity("centre"), clients: pki.authority) { request in
            await answer(
                request, behaviour,
                takeBroken: { state.withLock { $0.broken > 0 ? ($0.broken -= 1, true).1 : false } },
                takeBusy: { state.withLock { $0.busy > 0 ? ($0.busy -= 1, true).1 : false } },
                takeLost: { state.withLock { $0.lost > 0 ? ($0.lost -= 1, true).1 : false } },
                isLater: { menus.next() > 1 },
                takeUnknown: { unknown.withLock { $0 > 0 ? ($0 -= 1, true).1 : false } })
        }
        let identity = try pki.identity("T0001")
        let jobs = PrintedJobs()
        let environment = SessionEnvironment(
            centre: CentreClient(url: centre.url, authorities: pki.authority, identity: identity), identity: identity,
            trust: trust
                ?? TrustKeeper(
                    answerKeys: [issuer.sealing.publicKey],
                    printGuard: PrintGuard(trust: issuer.trust(), isDevelopment: true, program: scanProgram)),
            printer: printer
                ?? Printer { job in
                    jobs.add(job)
                    return .printed
                }, timeouts: timeouts, marker: marker,
            receipt: receipt, clock: clock)
        return (centre, environment, jobs)
    }

    private func answer(
        _ request: TestCentre.Request, _ behaviour: Behaviour, takeBroken: () -> Bool, takeBusy: () -> Bool,
        takeLost: () -> Bool, isLater: () -> Bool, takeUnknown: () -> Bool
    ) async -> TestCentre.Response? {
        // Who knows a menu asks for the next one in a query.
        let path = request.path.prefix { $0 != "?" }
        switch (request.method, path) {
        case ("GET", "/v1/menu"):
            let menu = Menu(
                revision: 1, closed: isLater() ? behaviour.closedLater ?? behaviour.closed : behaviour.closed,
                entries: [
                    Menu.Entry(municipality: Self.municipality, kinds: CertificateKind.allCases, isSuspended: false)
                ], suspendedKinds: [], feeYen: 120, hours: Self.always, notices: [], isDevelopment: true,
                trust: behaviour.menuNamesTrust
                    ? behaviour.trust.flatMap { SignedTerminalTrust(parsing: $0)?.counter } : nil)
            return TestCentre.Response(body: behaviour.menu ?? (try? Array(JSONEncoder().encode(menu))) ?? [])
        case ("GET", "/v1/trust"):
            guard let trust = behaviour.trust else { return TestCentre.Response(status: 204) }
            return TestCentre.Response(type: SignedTerminalTrust.mediaType, body: trust)
        case ("POST", "/v1/challenge"):
            let response = ChallengeResponse(challenge: [UInt8](repeating: 7, count: 64), validSeconds: 180)
            return TestCentre.Response(body: (try? Array(JSONEncoder().encode(response))) ?? [])
        case ("POST", "/v1/application"):
            if behaviour.neverAnswers {
                try? await Task.sleep(for: .seconds(60))
                return nil
            }
            if takeBroken() { return nil }
            if takeBusy() { return .refused(.serviceBusy, status: 503) }
            if let refusal = behaviour.openRefusal { return .refused(refusal) }
            if behaviour.oversized {
                let bytes = [UInt8](repeating: 0, count: SealedAnswer.maximumBytes + 1)
                return TestCentre.Response(type: SealedAnswer.mediaType, body: bytes)
            }
            return try? await TestCentre.Response(type: SealedAnswer.mediaType, body: seal(request.body, behaviour))
        case ("POST", "/v1/outcome"):
            if takeUnknown() { return .refused(.outcomeUnknown, status: 404) }
            return takeLost() ? nil : TestCentre.Response(status: 204)
        default: return .refused(.requestUnknown, status: 404)
        }
    }

    private func seal(_ body: [UInt8], _ behaviour: Behaviour) async throws -> [UInt8] {
        let application = try Application(parsing: body)
        if let refusal = behaviour.refusal {
            return try SealedAnswer.seal(refusal, for: application, by: issuer.sealing)
        }
        let answer = try await issuer.answer(
            application.request, for: person, flaw: behaviour.flaw, trust: behaviour.madeUnder)
        guard behaviour.replaced else { return try SealedAnswer.seal(answer, for: application, by: issuer.sealing) }
        // Sealed to another session's keys: what a mix-up between two terminals would deliver.
        let device = ApplicantDevice(
            channel: .kiosk, certificateHash: application.terminalCertificateHash,
            sign: { _ in application.terminalSignature })
        let session = ApplicantSession(
            device: device, request: application.request, challenge: application.challenge)
        let other = try Application(
            parsing: session.draft(application.files).signed(chipSignature: application.chipSignature).bytes)
        return try SealedAnswer.seal(answer, for: other, by: issuer.sealing)
    }

    static let always: ServiceHours = {
        guard let hours = ServiceHours(opens: 0, closes: 1440) else { fatalFixture("hours") }
        return hours
    }()
}

/// What a test's printer printed.
final class PrintedJobs: Sendable {
    private let jobs = Mutex<[PrintJob]>([])
    var all: [PrintJob] { jobs.withLock { $0 } }
    func add(_ job: PrintJob) { jobs.withLock { $0.append(job) } }
}
