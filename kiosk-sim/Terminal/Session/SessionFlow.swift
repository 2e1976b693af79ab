package import Exchange
package import Foundation
package import MutualTLS
package import Vaccination
import Waiting

/// What all sessions of a terminal share.
package struct SessionEnvironment: Sendable {
    package let centre: CentreClient
    package let identity: TLSIdentity
    /// What answers and pages are judged by.
    package let trust: TrustKeeper
    package let printer: Printer
    package let timeouts: Timeouts
    /// Where it is noted that the terminal is out of service; `nil` only in tests and load runs.
    package let marker: ServiceMarker?
    /// The text of a receipt; the terminal's language files have its words.
    package let receipt: @Sendable (Receipt) -> String
    /// What measures waits; tests have their own.
    package let clock: any Clock<Duration>
    /// The time of day, for the verifier.
    package let now: @Sendable () -> Date

    package init(
        centre: CentreClient, identity: TLSIdentity, trust: TrustKeeper, printer: Printer,
        timeouts: Timeouts = Timeouts(), marker: ServiceMarker? = nil,
        receipt: @escaping @Sendable (Receipt) -> String = { $0.plain },
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.centre = centre
        self.identity = identity
        self.trust = trust
        self.printer = printer
        self.timeouts = timeouts
        self.marker = marker
        self.receipt = receipt
        self.clock = clock
        self.now = now
    }
}

extension TLSIdentity {
    /// The terminal as the device of a person's session.
    package var device: ApplicantDevice { ApplicantDevice(certificateHash: certificateHash, key: key) }
}

/// What a receipt says; nothing of the person.
package struct Receipt: Hashable, Sendable {
    package let inquiry: InquiryNumber
    package let municipality: Municipality
    package let kind: CertificateKind
    package let copies: Int
    package let feeYen: Int
    package let at: Date
    package let isSample: Bool

    package init(
        inquiry: InquiryNumber, municipality: Municipality, kind: CertificateKind, copies: Int, feeYen: Int, at: Date,
        isSample: Bool
    ) {
        self.inquiry = inquiry
        self.municipality = municipality
        self.kind = kind
        self.copies = copies
        self.feeYen = feeYen
        self.at = at
        self.isSample = isSample
    }

    /// The sum in yen.
    package var sumYen: Int { copies * feeYen }

    /// A receipt without a language file.
    package var plain: String { "\(inquiry.text)\n\(kind.rawValue) \(copies) x \(feeYen) = \(sumYen) JPY\n" }
}

/// One customer's session from the menu to the outcome, apart from any screen.
///
/// Each step begins only when the one before it is finished, and a step that does not end in its time ends the session.
/// Nothing of a session outlives ``run()`` but its ending.
package actor SessionFlow {
    let environment: SessionEnvironment
    let interface: any SessionInterface
    let inquiry: InquiryNumber
    let worker: CardWorker
    let hand: CardHand?

    /// What was sent, or is about to be: it knows whether an outcome is owed.
    var application: SignedApplication?
    /// What is known of the page; `nil` before it is given to the printer.
    var paper: PrintResult?

    package init(
        _ environment: SessionEnvironment, interface: any SessionInterface, slot: CardSlot,
        inquiry: InquiryNumber = InquiryNumber()
    ) {
        self.environment = environment
        self.interface = interface
        self.inquiry = inquiry
        worker = CardWorker(slot: slot)
        hand = slot.hand
    }

    /// Runs the session; returns when the last screen was left. Cancelling its task ends it and reports the outcome.
    package func run() async -> SessionEnding {
        var ending: SessionEnding
        do throws(SessionEnding) {
            let (request, menu, entry) = try await choose()
            let card = try await read(for: request)
            let page = try await obtain(card, request)
            try await hand(out: page, request, menu, entry)
            ending = .printed
        } catch {
            ending = error
            switch error {
            case .timedOut, .printer: if Task.isCancelled { ending = .interrupted }
            default: break
            }
        }
        await letGo()
        await report()
        application = nil
        await interface.reached(.end)
        _ = try? await withTimeLimit(environment.timeouts.reminder, clock: environment.clock) { [interface, ending] in
            await interface.end(ending)
        }
        return ending
    }

    /// Lets go of the card; a chip or reader that hangs in a command holds nobody.
    func letGo() async {
        await Task.detached { [worker] in
            _ = try? await withTimeLimit(.seconds(1)) { await worker.release() }
        }.value
    }

    // MARK: Choosing

    /// Menu, municipality, kind, copies, consent: nothing was read from any card yet.
    private func choose() async throws(SessionEnding) -> (CertificateRequest, Menu, Menu.Entry) {
        await interface.reached(.menu)
        await interface.show(.menu)
        let menu = try await ask(centre: .menu, within: environment.timeouts.challenge) { [environment, inquiry] in
            try await environment.centre.menu(inquiry: inquiry)
        }
        if let closed = menu.closed { throw .refused(closed) }
        guard menu.hours.contains(environment.now()) else { throw .refused(.serviceClosed) }
        if environment.trust.lacks(menu.trust) { _ = await refreshTrust { true } }
        // Without any trust no answer could be taken: nothing is asked for either.
        guard environment.trust.current != nil else { throw .unreachable }

        var step = SessionStep.municipality
        var entry: Menu.Entry?
        var kind: CertificateKind?
        var copies: Copies?
        while true {
            switch (step, entry, kind, copies) {
            case (.kind, let chosen?, _, _):
                kind = try await question(.kind, orBackTo: .municipality, &step, next: .copies) { [interface] in
                    await interface.kind(of: chosen, menu: menu)
                }
                if let kind, menu.suspendedKinds.contains(kind) { throw .refused(.kindSuspended) }
                if let kind, !chosen.kinds.contains(kind) { throw .refused(.kindNotOffered) }
            case (.copies, _, _?, _):
                copies = try await question(.copies, orBackTo: .kind, &step, next: .consent) { [interface] in
                    await interface.copies(menu: menu)
                }
            case (.consent, let chosen?, let kind?, let copies?):
                let request = CertificateRequest(municipality: chosen.municipality.code, kind: kind, copies: copies)
                let agreed: Void? = try await question(.consent, orBackTo: .copies, &step, next: .card) { [interface] in
                    await interface.consent(to: request, at: chosen, menu: menu)
                }
                if agreed != nil { return (request, menu, chosen) }
            default:
                entry = try await question(.municipality, orBackTo: nil, &step, next: .kind) { [interface] in
                    await interface.municipality(of: menu)
                }
                if let entry, !menu.entries.contains(entry) { throw .refused(.municipalityNotParticipating) }
                if let entry, entry.isSuspended { throw .refused(.municipalitySuspended) }
                if let entry, entry.isElsewhere { throw .refused(.channelNotOffered) }
            }
        }
    }

    /// Asks one question; `nil` if the person goes back, and then `step` is the one before.
    private func question<Value: Sendable>(
        _ this: SessionStep, orBackTo earlier: SessionStep?, _ step: inout SessionStep, next: SessionStep,
        _ ask: @escaping @Sendable () async -> Reply<Value>
    ) async throws(SessionEnding) -> Value? {
        await interface.reached(this)
        switch try await reply(at: this, ask) {
        case .chosen(let value):
            step = next
            return value
        case .back:
            guard let earlier else { throw .left(this) }
            step = earlier
            return nil
        case .cancel: throw .left(this)
        }
    }

    /// The person's reply, unless nothing is done for too long.
    func reply<Value: Sendable>(
        at step: SessionStep, _ ask: @escaping @Sendable () async -> Reply<Value>
    ) async throws(SessionEnding) -> Reply<Value> {
        do {
            return try await answered(within: environment.timeouts.inactivity, environment.clock, interface, ask)
        } catch { throw .timedOut(step) }
    }

    /// A question to the centre that is asked once.
    func ask<Value: Sendable>(
        centre step: SessionStep, within limit: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws(SessionEnding) -> Value {
        let result: Result<Value, any Error>
        do {
            result = try await withTimeLimit(limit, clock: environment.clock) {
                do { return .success(try await body()) } catch { return .failure(error) }
            }
        } catch { throw .timedOut(step) }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw Self.ending(of: error)
        }
    }

    /// How long an edition is waited for that is on its way from `vrs` to the centre.
    private static let trustWait: Duration = .seconds(6)

    /// Fetches what terminals trust until it is enough, for some seconds at most. Returns whether it is.
    func refreshTrust(_ isEnough: @escaping @Sendable () -> Bool) async -> Bool {
        guard environment.trust.isPublished else { return false }
        _ = try? await withTimeLimit(Self.trustWait, clock: environment.clock) { [environment] in
            while !Task.isCancelled {
                await environment.trust.refresh(from: environment.centre)
                if isEnough() { return }
                try? await environment.clock.sleep(for: .milliseconds(500))
            }
        }
        return isEnough()
    }

    static func ending(of error: any Error) -> SessionEnding {
        switch error as? ServiceFailure {
        case .refused(let code): .refused(code)
        case .unreachable: .unreachable
        case .unusable: .unusable
        case nil: .internal
        }
    }
}
