import CardChip
import Exchange
import Foundation
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
        lockInMemory(answer.pdf)
        lockInMemory(answer.png)

        await interface.reached(.check)
        await interface.show(.checking)
        let (printGuard, now) = (environment.printGuard, environment.now())
        let result = await onThread {
            printGuard.check(answer, request: request, holder: card.attributes, now: now)
        }
        switch result {
        case .success(let page): return page
        case .failure(let failure): throw .outOfService(failure.findings)
        }
    }

    private func send(_ application: SignedApplication) async throws(SessionEnding) -> Answer {
        await interface.show(.sending)
        let (environment, interface) = (environment, interface)
        let result: Result<Answer, ApplicationFailure>
        do {
            result = try await withTimeLimit(environment.timeouts.answer, clock: environment.clock) {
                do throws(ApplicationFailure) {
                    return .success(
                        try await application.send(
                            to: environment.centre, answeredBy: environment.answerKey, repeating: .application,
                            on: environment.clock
                        ) { await interface.show(.sendingAgain($0)) })
                } catch { return .failure(error) }
            }
        } catch { throw .timedOut(.application) }
        switch result {
        case .success(let answer): return answer
        case .failure(.refused(let refusal)): throw .refused(refusal.code)
        case .failure(.service(let failure)): throw Self.ending(of: failure)
        // Somebody else's document, or a changed one: a person has to look why it came here.
        case .failure(.unopened): throw .outOfService([.answer])
        }
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
        let printer = environment.printer
        let failure: PrinterFailure?
        do {
            failure = try await withTimeLimit(environment.timeouts.printing, clock: environment.clock) {
                do throws(PrinterFailure) {
                    try await printer.print(job)
                    return nil
                } catch { return error }
            }
        } catch { throw .timedOut(.printing) }
        if let failure { throw .printer(failure) }

        // The paper is out: the outcome goes while the person takes it, and is what it is however the reminder ends.
        let reporting = Task { await self.report(.printed) }
        await interface.reached(.reminder)
        _ = try? await withTimeLimit(environment.timeouts.reminder, clock: environment.clock) { [interface] in
            await interface.remind()
        }
        await interface.show(.reporting)
        await reporting.value
    }

    // MARK: The outcome

    /// Reports what became of the page, if an outcome is owed, until it is taken or time is up.
    ///
    /// It runs to its end also when the session is cancelled: an outcome that is not reported leaves a certificate that
    /// people have to look at.
    func report(_ disposition: Outcome.Disposition) async {
        guard let application, let outcome = try? application.takeOutcome(disposition) else { return }
        await interface.reached(.outcome)
        let environment = environment
        await Task.detached {
            _ = try? await withTimeLimit(environment.timeouts.outcome, clock: environment.clock) {
                try? await outcome.report(
                    of: application.session, to: environment.centre, repeating: .outcome, on: environment.clock)
            }
        }.value
    }
}
