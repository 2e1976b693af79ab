import CardChip
import Crypto
import Exchange
import Foundation
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
            let document = try await way(client)
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
        case CentreClient.Failure.refused(let code): Refusal(reason: code.rawValue)
        case CentreClient.Failure.unreachable: Refusal(reason: "centre.unreachable")
        case CentreClient.Failure.unusable: Refusal(reason: "centre.unusable")
        case let error as CardError: Refusal(reason: error.code)
        case is SealedAnswer.OpenError: Refusal(reason: "answer.not_for_this_session")
        default: Refusal(reason: "terminal.internal")
        }
    }

    private func way(_ client: CentreClient) async throws -> Document {
        let inquiry = InquiryNumber()
        if let closed = menu.closed { throw Refusal(reason: closed.rawValue) }
        guard let copies = Copies(1),
            menu.entries.contains(where: { $0.municipality.code == card.person.municipality })
        else { throw Refusal(reason: ProblemCode.municipalityNotParticipating.rawValue) }
        let request = CertificateRequest(municipality: card.person.municipality, kind: setting.kind, copies: copies)

        try await pause(0)
        let challenge = try await again { try await client.challenge(for: request, inquiry: inquiry) }
        if plan.stop == .afterChallenge { throw Refusal(reason: "load.stopped") }
        try await pause(1)
        let keys = SessionKeys()
        let (application, transcriptHash, attributes) = try sign(challenge, request, keys)
        try await pause(2)
        let answer = try await exchange(application, transcriptHash, keys, client, inquiry)
        let isHolders = try check(answer, request, attributes)

        let document = { (ending: String) in
            Document(
                id: answer.manifest.certificateID, municipality: request.municipality, isHolders: isHolders,
                ending: ending)
        }
        if plan.stop == .withoutOutcome { return document("unreported") }
        try await pause(3)
        let outcome = try Outcome(
            transcriptHash: transcriptHash, municipality: request.municipality,
            disposition: plan.isPrinted ? .printed : .aborted, keys: keys)
        for _ in 0..<(plan.repeatsOutcome ? 2 : 1) {
            try await again { try await client.report(outcome: outcome.bytes, inquiry: inquiry) }
        }
        return document(outcome.disposition.rawValue)
    }

    /// Presents the card with its real commands and has chip and terminal sign.
    private func sign(
        _ challenge: [UInt8], _ request: CertificateRequest, _ keys: SessionKeys
    ) throws -> (application: [UInt8], transcriptHash: [UInt8], attributes: CardAttributes) {
        guard let pin = PIN(digits: Array(LoadCard.pin.utf8)) else { throw Refusal(reason: "terminal.internal") }
        let chip = try CardSession(transport: InProcessTransport(card: SimulatedCard(file: card.file, persistTo: nil)))
        try chip.verify(pin)
        let files = try chip.readFiles()
        let draft = ApplicationDraft(
            challenge: challenge, keys: keys, terminalCertificateHash: identity.certificateHash, channel: .kiosk,
            request: request, files: files)
        let signature = try chip.authenticate(digest: draft.transcript)
        return (
            try draft.signed(chipSignature: signature, terminalKey: identity.key), draft.transcriptHash,
            try CardAttributes(parsing: files.attributes)
        )
    }

    /// Sends the application as often as the plan says; every answer must be the same certificate's.
    private func exchange(
        _ application: [UInt8], _ transcriptHash: [UInt8], _ keys: SessionKeys, _ client: CentreClient,
        _ inquiry: InquiryNumber
    ) async throws -> Answer {
        let open = { (sealed: [UInt8]) in
            try SealedAnswer.open(sealed, keys: keys, transcriptHash: transcriptHash, from: setting.answerKey)
        }
        if plan.stop == .whileApplying {
            try await breakOff(application, client, inquiry)
            throw Refusal(reason: "load.stopped")
        }
        var answers: [Answer]
        switch plan.sending {
        case .once: answers = [try open(try await send(application, client, inquiry))]
        case .again:
            answers = [try open(try await send(application, client, inquiry))]
            answers.append(try open(try await send(application, client, inquiry)))
        case .twiceAtOnce:
            let other = setting.client(identity)
            async let first = send(application, client, inquiry)
            async let second = send(application, other, inquiry)
            let sealed: [[UInt8]]
            do { sealed = [try await first, try await second] } catch {
                await other.shutdown()
                throw error
            }
            await other.shutdown()
            answers = try sealed.map(open)
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

    private func send(_ application: [UInt8], _ client: CentreClient, _ inquiry: InquiryNumber) async throws -> [UInt8]
    {
        try await again { try await client.send(application: application, inquiry: inquiry, formats: setting.formats) }
    }

    /// Cuts the connection a moment after the application went out.
    private func breakOff(_ application: [UInt8], _ client: CentreClient, _ inquiry: InquiryNumber) async throws {
        let sending = Task { _ = try? await client.send(application: application, inquiry: inquiry) }
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
            NameKey(manifest.name) == NameKey(card.person.holder.name) && manifest.birthDate == card.person.birthDate
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

    /// A disturbed run repeats what was only busy for a minute, as terminals do; an undisturbed one counts it.
    private func again<T>(_ ask: () async throws -> T) async throws -> T {
        guard setting.disturbances != nil else { return try await ask() }
        let end = ContinuousClock.now + .seconds(60)
        var pause = Duration.milliseconds(10)
        while ContinuousClock.now < end {
            do { return try await ask() } catch let failure as CentreClient.Failure where failure.isTransient {
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(320))
            }
        }
        return try await ask()
    }
}
