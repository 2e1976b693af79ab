import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import IssuerSupport
import PhoneApp
import SimulatedCard
import Synchronization
import TestSupport
import Vaccination

/// A mobile back end with a record system behind it, in one process: it answers as right ones do, and as a hostile one does if a
/// test asks for it.
final class TestWallet: Sendable {
    /// What is wrong with the statement of keys.
    enum StatementFlaw: Sendable, CaseIterable {
        case otherSigner, otherDay, garbage, absent
    }

    /// What whoever relays an answer does to it.
    enum Relay: Sendable, CaseIterable {
        /// It changes a byte.
        case rewritten
        /// It gives the answer of another municipality's application.
        case swapped
        /// It gives the answer to an application of an earlier session.
        case otherSession
        /// It seals an answer itself, by a key of its own.
        case otherKey
        /// It never gives any.
        case dropped
        /// It says openly what `vrs` alone may say.
        case openWord
        /// It gives more than an answer can have.
        case oversized
    }

    /// What is wrong with a certificate that `vrs` seals.
    enum Flaw: Sendable, CaseIterable {
        case otherName, otherBirthDate, otherMunicipality, otherKind, otherDoses, notSample, pageHash
        case codeOfAnother, codeNotInManifest, noCode, foreignIssuer, otherID, cardTwice
        case vdsncOfAnotherPassport, anotherPassport, noVDSNC, noRomaji
    }

    /// What it does in a test.
    struct Behaviour: Sendable {
        var statement: StatementFlaw?
        var relay: Relay?
        var flaw: Flaw?
        /// What `vrs` refuses with, sealed, by municipality.
        var refusals: [MunicipalityCode: Refusal] = [:]
        /// What is refused openly where a challenge is asked for.
        var challengeRefusals: [MunicipalityCode: ProblemCode] = [:]
        /// What an application is refused with openly.
        var openRefusal: ProblemCode?
        var closed: ProblemCode?
        var suspended: Set<MunicipalityCode> = []
        var elsewhere: Set<MunicipalityCode> = []
        /// How often a connection breaks after an application, and after an outcome, was taken.
        var brokenAnswers = 0
        var lostOutcomes = 0
        /// How often an outcome is said to be unknown before it is taken.
        var unknownOutcomes = 0
        /// Waits with answers until it is told to go on.
        var holdsAnswers = false
        /// By its clock.
        var now = PhoneWorld.now
        /// Takes applications of any device.
        var takesAnyDevice = false
        /// What enrolments are answered with.
        var certificate: [UInt8] = []
    }

    private struct State {
        var behaviour: Behaviour
        var sealed: [MunicipalityCode: [UInt8]] = [:]
        var challenges: UInt8 = 0
        var waiting = 0
    }

    private let world: PhoneWorld
    private let state: Mutex<State>
    private let checker: Result<CardChecker, any Error>

    init(_ world: PhoneWorld, _ behaviour: Behaviour) {
        self.world = world
        state = Mutex(State(behaviour: behaviour))
        checker = Result { CardChecker(authorities: try world.authority.authorities()) }
    }

    private var behaviour: Behaviour { state.withLock { $0.behaviour } }

    /// How many applications came whose answers may be held back.
    var waiting: Int { state.withLock { $0.waiting } }

    /// Goes on with answers that it held back.
    func release() { state.withLock { $0.behaviour.holdsAnswers = false } }

    private func take(_ count: WritableKeyPath<Behaviour, Int>) -> Bool {
        state.withLock { state in
            guard state.behaviour[keyPath: count] > 0 else { return false }
            state.behaviour[keyPath: count] -= 1
            return true
        }
    }

    /// Answers one request.
    func answer(_ request: TestCentre.Request) async -> TestCentre.Response? {
        switch (request.method, request.path.prefix { $0 != "?" }) {
        case ("GET", "/v1/menu"): return Self.json(menu)
        case ("GET", "/v1/keys"):
            guard let bytes = try? statement() else { return .refused(.upstreamUnavailable, status: 503) }
            return .init(type: KeyStatement.mediaType, body: bytes)
        case ("POST", "/v1/challenge"):
            guard let asked = try? JSONDecoder().decode(CertificateRequest.self, from: Data(request.body)) else {
                return .refused(.requestMalformed, status: 400)
            }
            if let code = behaviour.challengeRefusals[asked.municipality] { return .refused(code) }
            let number = state.withLock { state in
                state.challenges &+= 1
                return state.challenges
            }
            return Self.json(ChallengeResponse(challenge: Array(repeating: number, count: 53), validSeconds: 180))
        case ("POST", "/v1/application"): return await application(request)
        case ("POST", "/v1/enrolment/token"):
            return Self.json(DeviceToken(token: [UInt8](repeating: 3, count: 60), validSeconds: 600))
        case ("POST", "/v1/enrolment"):
            guard let certificate = try? certificate(for: request.body) else {
                return .refused(.requestMalformed, status: 400)
            }
            return Self.json(EnrolledDeviceAnswer(certificate: certificate, revocationCode: "0123-4567-89AB-CDEF"))
        case ("POST", "/v1/device/revocation"): return .init(status: 204)
        case ("POST", "/v1/current"):
            guard let query = CurrentQuery.Opened(opening: request.body, by: world.uploadKey),
                let reply = try? query.reply(.newerDoses)
            else { return .refused(.requestMalformed, status: 400) }
            return .init(type: CurrentQuery.replyMediaType, body: reply)
        case ("POST", "/v1/outcome"):
            if take(\.unknownOutcomes) { return .refused(.outcomeUnknown, status: 404) }
            return take(\.lostOutcomes) ? nil : .init(status: 204)
        default: return .refused(.requestUnknown, status: 404)
        }
    }

    /// The certificate that a test names, or where any device is taken one of the key that enrols.
    private func certificate(for enrolment: [UInt8]) throws -> [UInt8] {
        guard behaviour.takesAnyDevice else { return behaviour.certificate }
        let chain = Array(try JSONDecoder().decode(DeviceEnrolment.self, from: Data(enrolment)).attestation)
        return try PhoneWorld.certificate(attested: chain)
    }

    private static func json(_ value: some Encodable) -> TestCentre.Response {
        .init(body: (try? Array(JSONEncoder().encode(value))) ?? [])
    }

    private var menu: Menu? {
        ServiceHours(opens: 0, closes: 1440).flatMap { hours in
            Menu(
                revision: 1, closed: behaviour.closed,
                entries: world.municipalities.map { municipality in
                    Menu.Entry(
                        municipality: municipality, kinds: CertificateKind.allCases,
                        isSuspended: behaviour.suspended.contains(municipality.code),
                        isElsewhere: behaviour.elsewhere.contains(municipality.code))
                }, suspendedKinds: [], feeYen: 0, hours: hours, notices: [], isDevelopment: true)
        }
    }

    private func statement() throws -> [UInt8] {
        if behaviour.statement == .absent { throw TestFailure("no statement") }
        if behaviour.statement == .garbage { return [UInt8](repeating: 1, count: KeyStatement.encodedBytes) }
        let day: UInt64 = 86_400
        let begin = UInt64(behaviour.now.timeIntervalSince1970) - 60 - (behaviour.statement == .otherDay ? 2 * day : 0)
        let signer = behaviour.statement == .otherSigner ? P256.Signing.PrivateKey() : world.pinned
        return try some(
            KeyStatement(
                seconds: begin..<begin + day, uploadKey: world.uploadKey.publicKey,
                answerKey: world.answerKey.publicKey
            ) { Array(try signer.signature(for: $0).rawRepresentation) }
        ).bytes
    }

    // MARK: Applications

    private func application(_ request: TestCentre.Request) async -> TestCentre.Response? {
        if let code = behaviour.openRefusal { return .refused(code) }
        do {
            let application = try PhoneApplication(parsing: request.body)
            guard application.request.copies == .one, isProved(application) else { return .refused(.deviceProof) }
            let opened: OpenedApplication
            do {
                opened = try application.checkedChip(by: checker.get()).opened(by: world.uploadKey)
            } catch { return .refused(.filesInvalid) }
            let sealed = try await seal(opened, isPaged: request.pageFormats != nil)
            state.withLock { $0.waiting += 1 }
            while behaviour.holdsAnswers { try await Task.sleep(for: .milliseconds(5)) }
            if take(\.brokenAnswers) { return nil }
            return try await relayed(sealed, application)
        } catch { return .refused(.requestMalformed, status: 400) }
    }

    private func isProved(_ application: PhoneApplication) -> Bool {
        if behaviour.takesAnyDevice { return true }
        guard let proof = try? P256.Signing.ECDSASignature(derRepresentation: application.proof) else { return false }
        return world.deviceKey.publicKey.isValidSignature(
            proof, for: SHA256.hash(data: application.proofMessage))
    }

    private func seal(_ opened: OpenedApplication, isPaged: Bool) async throws -> [UInt8] {
        let application = opened.application
        if let refusal = behaviour.refusals[application.request.municipality] {
            return try SealedAnswer.seal(.refused(refusal), for: application, by: world.answerKey)
        }
        let answer = try await TestCertificates(world, behaviour.flaw).answer(opened, isPaged: isPaged)
        return try SealedAnswer.seal(.issued(answer), for: application, by: world.answerKey)
    }

    private func relayed(_ sealed: [UInt8], _ application: PhoneApplication) async throws -> TestCentre.Response? {
        var bytes = sealed
        switch behaviour.relay {
        case nil: break
        case .rewritten: bytes[bytes.count / 2] ^= 1
        case .swapped:
            let own = application.request.municipality
            state.withLock { $0.sealed[own] = sealed }
            var other: [UInt8]?
            while other == nil {
                other = state.withLock { state in state.sealed.first { $0.key != own }?.value }
                if other == nil { try await Task.sleep(for: .milliseconds(5)) }
            }
            bytes = try some(other)
        case .otherSession:
            // The same in everything but the session's keys.
            bytes = try SealedAnswer.seal(
                .refused(Refusal(.personNotFound, isOutcomeOwed: false)), for: try otherSession(application),
                by: world.answerKey)
        case .otherKey:
            bytes = try SealedAnswer.seal(
                .refused(Refusal(.personNotFound, isOutcomeOwed: false)), for: application,
                by: P256.KeyAgreement.PrivateKey())
        case .dropped: return nil
        case .openWord: return .refused(.personNotFound)
        case .oversized: bytes = [UInt8](repeating: 0, count: SealedAnswer.maximumBytes + 1)
        }
        return .init(type: PhoneAnswer.mediaType, body: bytes)
    }

    private func otherSession(_ application: PhoneApplication) throws -> PhoneApplication {
        let stated = try some(
            application.statement.keys(statedBy: [world.pinned.publicKey], at: PhoneWorld.now))
        let session = try some(
            PhoneSession(
                device: PhoneDevice(certificate: application.deviceCertificate) { _ in [] },
                request: application.request, challenge: application.challenge, stated: stated))
        let card = try CustomerCard(world.card, pin: PhoneWorld.pin).present()
        let passport =
            application.request.kind == .overseas
            ? PassportFiles(zone: [UInt8](repeating: 1, count: PassportFiles.zoneLength), securityObject: []) : nil
        let draft = try some(session.draft(card.files, passport: passport))
        return try PhoneApplication(
            parsing: draft.signed(
                chipSignature: card.chip.authenticate(digest: draft.transcript), proof: application.proof
            ).bytes)
    }
}
