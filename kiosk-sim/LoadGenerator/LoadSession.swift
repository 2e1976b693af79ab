import CardChip
import Crypto
import Exchange
import Foundation
import HolderGuard
import MutualTLS
import SimulatedCard
import Terminal
import Vaccination

/// What all sessions of a load run share.
struct LoadSetting: Sendable {
    let centre: String
    let authorities: CertificateAuthorities
    let answerKey: P256.KeyAgreement.PublicKey
    let kind: CertificateKind
    /// In which formats the page is asked for.
    let formats: Set<PageFormat>
    /// The seed of the sessions' disturbances; `nil` for none.
    let disturbances: UInt64?
    /// Checks the page as a terminal does before it prints; `nil` leaves that out.
    let printGuard: PrintGuard?

    func plan(of session: Int) -> SessionPlan {
        disturbances.map { .disturbed(session: session, seed: $0) } ?? .undisturbed
    }

    func client(_ identity: TLSIdentity) -> CentreClient {
        CentreClient(url: centre, authorities: authorities, identity: identity)
    }
}

/// One customer's session of a load run, the whole way, over connections of its own.
struct LoadSession: Sendable {
    let setting: LoadSetting
    let identity: TLSIdentity
    let menu: Menu
    let card: LoadCard
    let plan: SessionPlan

    /// A certificate that came, and whose it was.
    struct Document: Sendable {
        let id: CertificateID
        let municipality: MunicipalityCode
        let isHolders: Bool
        /// `printed`, `aborted` or `unreported`.
        let ending: String
    }

    /// Why a session has no document.
    struct Refusal: Error { let reason: String }

    /// Runs the session; every connection of it is closed at the end.
    func run() async throws -> Document {
        let client = setting.client(identity)
        do {
            let document = try await document(client)
            await client.shutdown()
            return document
        } catch {
            await client.shutdown()
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ error: any Error) -> Refusal {
        switch error {
        case let refusal as Refusal: refusal
        case ServiceFailure.refused(let code): Refusal(reason: code.rawValue)
        case ServiceFailure.unreachable: Refusal(reason: "centre.unreachable")
        case ServiceFailure.unusable: Refusal(reason: "centre.unusable")
        case let error as CardError: Refusal(reason: error.code)
        case ApplicationFailure.refused(let refusal): Refusal(reason: refusal.code.rawValue)
        case ApplicationFailure.service(let failure): Self.refusal(failure)
        case ApplicationFailure.unopened: Refusal(reason: "answer.not_for_this_session")
        default: Refusal(reason: "terminal.internal")
        }
    }

    private func document(_ client: CentreClient) async throws -> Document {
        if let closed = menu.closed { throw Refusal(reason: closed.rawValue) }
        guard let copies = Copies(1),
            menu.entries.contains(where: { $0.municipality.code == card.person.municipality })
        else { throw Refusal(reason: ProblemCode.municipalityNotParticipating.rawValue) }
        let request = CertificateRequest(municipality: card.person.municipality, kind: setting.kind, copies: copies)

        try await pause(0)
        let session = try await ApplicantSession.begin(
            device: identity.device, request: request, at: client, repeating: repeating)
        if plan.stop == .afterChallenge { throw Refusal(reason: "load.stopped") }
        try await pause(1)
        let presented = try card.card.present()
        let attributes = try CardAttributes(parsing: presented.files.attributes)
        let draft = session.draft(presented.files)
        let application = try draft.signed(chipSignature: try presented.chip.authenticate(digest: draft.transcript))
        try await pause(2)
        let answer = try await exchange(application, client)
        let isHolders = try check(answer, request, attributes)

        let document = { (ending: String) in
            Document(
                id: answer.manifest.certificateID, municipality: request.municipality, isHolders: isHolders,
                ending: ending)
        }
        if plan.stop == .withoutOutcome { return document("unreported") }
        try await pause(3)
        let outcome = try application.outcome(plan.isPrinted ? .printed : .aborted)
        for _ in 0..<(plan.repeatsOutcome ? 2 : 1) {
            try await outcome.report(inquiry: session.inquiry, to: client, repeating: repeating, on: ContinuousClock())
        }
        return document(outcome.disposition.rawValue)
    }

    /// A disturbed run repeats what was only busy for a minute, as terminals do; an undisturbed one counts it.
    private var repeating: RepeatPolicy {
        setting.disturbances == nil
            ? .once
            : RepeatPolicy(
                firstPause: .milliseconds(10), maximumPause: .milliseconds(320), limit: .seconds(60))
    }

    /// Sends the application as often as the plan says; every answer must be the same certificate's.
    private func exchange(_ application: SignedApplication, _ client: CentreClient) async throws -> Answer {
        if plan.stop == .whileApplying {
            try await breakOff(application, client)
            throw Refusal(reason: "load.stopped")
        }
        var answers: [Answer]
        switch plan.sending {
        case .once: answers = [try await send(application, client)]
        case .again: answers = [try await send(application, client), try await send(application, client)]
        case .twiceAtOnce:
            let other = setting.client(identity)
            async let first = send(application, client)
            async let second = send(application, other)
            do { answers = [try await first, try await second] } catch {
                await other.shutdown()
                throw error
            }
            await other.shutdown()
        }
        // Signed anew, so that codes and pages differ; what they say must not.
        guard let answer = answers.first,
            answers.allSatisfy({ other in
                let (a, b) = (other.manifest, answer.manifest)
                return (a.certificateID, a.issuedOn, a.doses, a.name) == (b.certificateID, b.issuedOn, b.doses, b.name)
            })
        else { throw Refusal(reason: "load.redelivery_differs") }
        return answer
    }

    private func send(_ application: SignedApplication, _ client: CentreClient) async throws -> Answer {
        try await application.send(
            to: client, answeredBy: [setting.answerKey], formats: setting.formats, repeating: repeating,
            on: ContinuousClock())
    }

    /// Cuts the connection a moment after the application went out.
    private func breakOff(_ application: SignedApplication, _ client: CentreClient) async throws {
        let sending = Task { [setting] in
            _ = try? await application.send(
                to: client, answeredBy: [setting.answerKey], repeating: .once, on: ContinuousClock())
        }
        try await Task.sleep(for: plan.pauses.first { $0 > .zero } ?? .milliseconds(5))
        sending.cancel()
        await sending.value
    }

    /// Whether the document is the card holder's, by its manifest, and with the print guard by its page and code.
    private func check(_ answer: Answer, _ request: CertificateRequest, _ attributes: CardAttributes) throws -> Bool {
        let manifest = answer.manifest
        guard manifest.municipality == request.municipality, manifest.kind == request.kind else {
            throw Refusal(reason: "load.other_request")
        }
        let isHolders =
            CardName(card.person.holder.name).mayBe(manifest.name) && manifest.birthDate == card.person.birthDate
        guard let printGuard = setting.printGuard else { return isHolders }
        switch printGuard.check(answer, request: request, holder: attributes, now: Date()) {
        case .success: return isHolders
        case .failure(let failure):
            if failure.findings.contains(where: { [GuardFinding.name, .birthDate, .romajiName].contains($0) }) {
                return false
            }
            throw Refusal(reason: failure.findings.first?.rawValue ?? "guard")
        }
    }

    private func pause(_ index: Int) async throws {
        if plan.pauses[index] > .zero { try await Task.sleep(for: plan.pauses[index]) }
    }
}
