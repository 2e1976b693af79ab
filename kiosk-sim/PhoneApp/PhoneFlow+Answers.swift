import CardChip
import Exchange
import HolderGuard
import Waiting

extension PhoneFlow {
    /// Sends each application, looks at what came for it, and reports what became of that: one does not wait for another.
    func obtain(
        _ choices: [AskedChoice], _ presented: Presented, _ stated: StatedKeys
    ) async -> [PhoneResult] {
        await interface.reached(.send)
        let certificates = await withTaskGroup(of: (Int, Result<KeptCertificate, PhoneReason>).self) { group in
            for (index, application) in presented.applications.enumerated() {
                group.addTask { (index, await self.certificate(application, presented.attributes, stated)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return choices.enumerated().map { index, choice in
            PhoneResult(
                choice: choice.choice, inquiry: choice.inquiry,
                certificate: certificates[index] ?? .failure(.internal))
        }
    }

    private func certificate(
        _ application: Result<SignedApplication, PhoneReason>, _ attributes: CardAttributes?, _ stated: StatedKeys
    ) async -> Result<KeptCertificate, PhoneReason> {
        let sent: SignedApplication
        switch application {
        case .success(let application): sent = application
        case .failure(let reason): return .failure(reason)
        }
        guard let attributes, !Task.isCancelled else { return .failure(.cancelled) }
        let certificate: Result<KeptCertificate, PhoneReason>
        do throws(PhoneReason) {
            certificate = .success(try await kept(answer(to: sent, stated), sent.request, attributes))
        } catch { certificate = .failure(error) }
        await interface.reached(.outcome)
        await report(sent, (try? certificate.get()) == nil ? .aborted : .delivered)
        return certificate
    }

    /// The answer to an application, which is sent until there is one: the same bytes each time.
    private func answer(
        to application: SignedApplication, _ stated: StatedKeys
    ) async throws(PhoneReason) -> Answer {
        let result: Result<Answer, ApplicationFailure>
        do throws(TimeLimitReached) {
            result = try await withTimeLimit(environment.timeouts.answer, clock: environment.clock) { [environment] in
                do throws(ApplicationFailure) {
                    let answer = try await application.send(
                        to: environment.wallet, answeredBy: [stated.answerKey], formats: environment.formats,
                        repeating: .application, on: environment.clock)
                    return .success(answer)
                } catch { return .failure(error) }
            }
        } catch { throw Task.isCancelled ? .cancelled : .unreachable }
        do throws(ApplicationFailure) { return try result.get() } catch {
            throw Task.isCancelled ? .cancelled : PhoneReason(error)
        }
    }

    /// The certificate of an answer that is the card's holder's, once the phone keeps it.
    private func kept(
        _ answer: Answer, _ request: CertificateRequest, _ attributes: CardAttributes
    ) async throws(PhoneReason) -> KeptCertificate {
        await interface.reached(.guarding)
        let checked = environment.comparison.check(
            answer, request: request, holder: attributes, now: environment.now())
        if case .failure(let failure) = checked { throw .guarded(failure.findings) }
        guard let certificate = KeptCertificate(answer, request) else { throw .guarded([.codeMissing]) }
        guard !Task.isCancelled else { throw .cancelled }
        guard await interface.keep(certificate) else { throw Task.isCancelled ? .cancelled : .notKept }
        return certificate
    }

    /// Reports what became of a certificate, if an outcome is owed, until it is taken or time is up. It runs to its end also
    /// when the session is cancelled.
    private func report(_ application: SignedApplication, _ disposition: Outcome.Disposition) async {
        guard let outcome = try? application.takeOutcome(disposition) else { return }
        let environment = environment
        // What was not answered may still be on its way, and be unknown until it has arrived.
        let mayArrive = application.mayArrive
        await Task.detached {
            _ = try? await withTimeLimit(environment.timeouts.outcome, clock: environment.clock) {
                try? await outcome.report(
                    inquiry: application.inquiry, to: environment.wallet, repeating: .outcome, on: environment.clock,
                    mayArrive: mayArrive)
            }
        }.value
    }
}
