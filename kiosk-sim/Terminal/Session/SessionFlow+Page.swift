import CardChip
import Exchange
import Foundation
import HolderGuard
import Vaccination
import Waiting

extension SessionFlow {
    // MARK: The answer

    /// Sends the application, opens the answer and has the print guard look at it.
    func obtain(_ card: CardResult, _ request: CertificateRequest) async throws(SessionEnding) -> GuardedPage {
        application = card.application
        await interface.reached(.application)
        let answer = try await send(card.application)

        await interface.reached(.answer)
        await interface.show(.opening)
        // In which forms the page comes is asked for outside what was signed: a form that is not there is the relay's doing,
        // not vrs's.
        guard !answer.pdf.isEmpty, !answer.png.isEmpty else { throw .unopened }
        lockInMemory(answer.pdf)
        lockInMemory(answer.png)

        await interface.reached(.check)
        await interface.show(.checking)
        guard let trust = environment.trust.current else { throw .unreachable }
        var result = try await check(answer, request, card, by: trust)
        // What only a signer that is not known yet can be the cause of, on a page that was made under a newer edition.
        if case .failure(let failure) = result, failure.findings == [.codeInvalid], let needed = answer.manifest.trust,
            environment.trust.lacks(needed)
        {
            _ = await refreshTrust { [environment] in !environment.trust.lacks(needed) }
            // A relay that holds it back ends this session alone.
            guard !environment.trust.lacks(needed), let newer = environment.trust.current else { throw .unopened }
            result = try await check(answer, request, card, by: newer)
        }
        switch result {
        case .success(let page): return page
        case .failure(let failure): throw outOfService(failure.findings)
        }
    }

    private func check(
        _ answer: Answer, _ request: CertificateRequest, _ card: CardResult, by trust: TrustKeeper.Trust
    ) async throws(SessionEnding) -> Result<GuardedPage, GuardFailure> {
        let (printGuard, now) = (trust.printGuard, environment.now())
        do {
            // The reading processes have limits of their own; a session that is told to stop does not wait for them.
            return try await withTimeLimit(.seconds(8 * PrintGuard.seconds + 10)) {
                await onThread { printGuard.check(answer, request: request, holder: card.attributes, now: now) }
            }
        } catch { throw .timedOut(.check) }
    }

    /// The ending of a page that is not this session's; noted before anything else happens, so that it outlasts the process.
    private func outOfService(_ findings: [GuardFinding]) -> SessionEnding {
        environment.marker?.set()
        return .outOfService(findings)
    }

    private func send(_ application: SignedApplication) async throws(SessionEnding) -> Answer {
        await interface.show(.sending)
        var result = try await attempt(application)
        // The key that seals answers may have changed since the session began: then the same bytes bring the answer again.
        if case .failure(.unopened(.notForThisSession)) = result {
            let before = environment.trust.current?.counter
            if await refreshTrust({ [environment] in environment.trust.current?.counter != before }) {
                result = try await attempt(application)
            }
        }
        switch result {
        case .success(let answer): return answer
        case .failure(.refused(let refusal)): throw .refused(refusal.code)
        case .failure(.service(let failure)): throw Self.ending(of: failure)
        // It is for this session and from the pinned key, and yet no answer: a person has to look.
        case .failure(.unopened(.unreadable)): throw outOfService([.content])
        // Somebody else's document, or a changed one: no more is known than that something lies between.
        case .failure(.unopened): throw .unopened
        }
    }

    private func attempt(
        _ application: SignedApplication
    ) async throws(SessionEnding) -> Result<Answer, ApplicationFailure> {
        let (environment, interface) = (environment, interface)
        let keys = environment.trust.current?.answerKeys ?? []
        do {
            return try await withTimeLimit(environment.timeouts.answer, clock: environment.clock) {
                do throws(ApplicationFailure) {
                    return .success(
                        try await application.send(
                            to: environment.centre, answeredBy: keys, repeating: .application,
                            on: environment.clock
                        ) { await interface.show(.sendingAgain($0)) })
                } catch { return .failure(error) }
            }
        } catch { throw .timedOut(.application) }
    }

    // MARK: Handing out

    /// Contents, payment, printing, reminder.
    func hand(
        out page: GuardedPage, _ request: CertificateRequest, _ menu: Menu, _ entry: Menu.Entry
    ) async throws(SessionEnding) {
        await interface.reached(.contents)
        guard case .chosen = try await reply(at: .contents, { [interface] in await interface.contents(of: page) })
        else {
            throw .left(.contents)
        }
        try await refuseWhatStopped(request)
        let receipt = Receipt(
            inquiry: inquiry, municipality: entry.municipality, kind: request.kind, copies: request.copies.count,
            feeYen: menu.feeYen, at: environment.now(), isSample: page.manifest.isSample)
        await interface.reached(.payment)
        guard
            case .chosen = try await reply(
                at: .payment, { [interface] in await interface.payment(yen: receipt.sumYen) })
        else { throw .left(.payment) }

        await interface.reached(.printing)
        await interface.show(.printing)
        let job = PrintJob(
            inquiry: inquiry.text, copies: request.copies.count, pdf: page.pdf, png: page.png,
            receipt: environment.receipt(receipt))
        guard !Task.isCancelled else { throw .timedOut(.printing) }
        paper = .unknown
        let (result, isInTime) = await print(job)
        paper = result
        switch result {
        case .printed: break
        case .notPrinted(let failure): throw .printer(failure)
        case .unknown: throw isInTime ? .printer(.unknown) : .timedOut(.printing)
        }

        // The paper is out: the outcome goes while the person takes it, and is what it is however the reminder ends.
        let reporting = Task { await self.report(.printed) }
        await interface.reached(.reminder)
        _ = try? await withTimeLimit(environment.timeouts.reminder, clock: environment.clock) { [interface] in
            await interface.remind()
        }
        await interface.show(.reporting)
        await reporting.value
    }

    /// Refuses what was halted or suspended since the session began: it is not handed out. A centre that cannot be asked now
    /// is no reason to keep a right page back, and neither is the end of the hours of service.
    private func refuseWhatStopped(_ request: CertificateRequest) async throws(SessionEnding) {
        await interface.show(.checking)
        let now = try? await ask(centre: .payment, within: environment.timeouts.challenge) { [environment, inquiry] in
            try await environment.centre.menu(inquiry: inquiry)
        }
        guard let menu = now else { return }
        if let closed = menu.closed, [.serviceHalted, .serviceSuspended, .terminalSuspended].contains(closed) {
            throw .refused(closed)
        }
        if menu.suspendedKinds.contains(request.kind) { throw .refused(.kindSuspended) }
        guard let entry = menu.entries.first(where: { $0.municipality.code == request.municipality }) else {
            throw .refused(.municipalityNotParticipating)
        }
        if entry.isSuspended { throw .refused(.municipalitySuspended) }
        if entry.isElsewhere { throw .refused(.channelNotOffered) }
        if !entry.kinds.contains(request.kind) { throw .refused(.kindNotOffered) }
    }

    /// Prints, and gives what is known of the page at its end; at the end of its time, or of the session's, the printing is
    /// stopped, and may still say what became of it.
    private func print(_ job: PrintJob) async -> (result: PrintResult, isInTime: Bool) {
        let printer = environment.printer
        let printing = Task { await printer.print(job) }
        let inTime = try? await withTimeLimit(environment.timeouts.printing, clock: environment.clock) {
            await printing.value
        }
        if let inTime { return (inTime, true) }
        printing.cancel()
        // Also when the session is cancelled: what the printer has said by now counts.
        let last = await Task.detached {
            try? await withTimeLimit(Printer.lastWord) { await printing.value }
        }.value
        return (last ?? .unknown, false)
    }

    // MARK: The outcome

    /// Reports what is known to have become of the page. What cannot be known is not reported: `vrs` lists the certificate
    /// for people to look at.
    func report() async {
        switch paper {
        case .printed: await report(.printed)
        case .notPrinted, nil: await report(.aborted)
        case .unknown: break
        }
    }

    /// Reports what became of the page, if an outcome is owed, until it is taken or time is up.
    ///
    /// It runs to its end also when the session is cancelled: an outcome that is not reported leaves a certificate that
    /// people have to look at.
    func report(_ disposition: Outcome.Disposition) async {
        guard let application, let outcome = try? application.takeOutcome(disposition) else { return }
        await interface.reached(.outcome)
        let environment = environment
        // What was not answered may still be on its way, and be unknown until it has arrived.
        let mayArrive = application.mayArrive
        await Task.detached {
            _ = try? await withTimeLimit(environment.timeouts.outcome, clock: environment.clock) {
                try? await outcome.report(
                    inquiry: application.inquiry, to: environment.centre, repeating: .outcome, on: environment.clock,
                    mayArrive: mayArrive)
            }
        }.value
    }
}
