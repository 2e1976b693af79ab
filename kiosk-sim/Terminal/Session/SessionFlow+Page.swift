import CardChip
import Exchange
import Foundation
import Vaccination
import Waiting

extension SessionFlow {
    // MARK: The answer

    /// Sends the application, opens the answer and has the print guard look at it.
    func obtain(_ card: CardResult, _ request: CertificateRequest) async throws(SessionEnding) -> GuardedPage {
        guard let underWay else { throw .internal }
        await interface.reached(.application)
        let sealed = try await send(card.application)

        await interface.reached(.answer)
        await interface.show(.opening)
        let answer: Answer
        do {
            answer = try SealedAnswer.open(
                sealed, keys: underWay.keys, transcriptHash: underWay.transcriptHash, from: environment.answerKey)
        } catch {
            // Somebody else's document, or a changed one: a person has to look why it came here.
            throw .outOfService([.answer])
        }
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

    /// Sends the same bytes until they are answered or refused for good: `vrs` knows them again by their hash.
    private func send(_ application: [UInt8]) async throws(SessionEnding) -> [UInt8] {
        await interface.show(.sending)
        let (environment, interface, inquiry) = (environment, interface, inquiry)
        let result: Result<[UInt8], CentreClient.Failure>
        do {
            result = try await withTimeLimit(environment.timeouts.answer, clock: environment.clock) {
                var pause = Duration.milliseconds(250)
                var attempt = 1
                while true {
                    let failure: CentreClient.Failure
                    do throws(CentreClient.Failure) {
                        return .success(try await environment.centre.send(application: application, inquiry: inquiry))
                    } catch { failure = error }
                    attempt += 1
                    guard failure.isTransient, attempt <= 6, !Task.isCancelled else { return .failure(failure) }
                    await interface.show(.sendingAgain(attempt))
                    try? await environment.clock.sleep(for: pause)
                    pause = pause * 2
                }
            }
        } catch { throw .timedOut(.application) }
        switch result {
        case .success(let sealed): return sealed
        case .failure(let failure):
            // A refusal for good means that there is no certificate, and so no outcome to report.
            if !failure.isTransient { underWay = nil }
            throw Self.ending(of: failure)
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

    /// Reports what became of the page, signed by the session's key, and again until it is taken or time is up.
    ///
    /// It runs to its end also where the session is cancelled: an outcome that is not reported leaves a certificate that
    /// people have to look at.
    func report(_ disposition: Outcome.Disposition) async {
        guard let underWay, !isReported else { return }
        isReported = true
        await interface.reached(.outcome)
        guard
            let outcome = try? Outcome(
                transcriptHash: underWay.transcriptHash, municipality: underWay.request.municipality,
                disposition: disposition, keys: underWay.keys)
        else { return }
        let (environment, inquiry) = (environment, inquiry)
        await Task.detached {
            _ = try? await withTimeLimit(environment.timeouts.outcome, clock: environment.clock) {
                var pause = Duration.milliseconds(250)
                while !Task.isCancelled {
                    do throws(CentreClient.Failure) {
                        return try await environment.centre.report(outcome: outcome.bytes, inquiry: inquiry)
                    } catch {
                        guard error.isTransient else { return }
                    }
                    try? await environment.clock.sleep(for: pause)
                    pause = min(pause * 2, .seconds(4))
                }
            }
        }.value
    }
}
