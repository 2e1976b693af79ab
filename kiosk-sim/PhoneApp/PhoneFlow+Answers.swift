import CardChip
import Exchange
import Foundation
import HolderGuard
import TravelDocument
import Vaccination
import Waiting

extension PhoneFlow {
    /// Sends each application, looks at what came for it, and reports what became of that: one does not wait for another.
    func obtain(
        _ choices: [AskedChoice], _ presented: Presented, _ stated: StatedKeys, _ passport: PassportFiles?
    ) async -> [PhoneResult] {
        await interface.reached(.send)
        let held = Held(attributes: presented.attributes, passportNumber: passport.flatMap(number))
        let certificates = await withTaskGroup(of: (Int, Result<KeptCertificate, PhoneReason>).self) { group in
            for (index, application) in presented.applications.enumerated() {
                group.addTask { (index, await self.certificate(application, held, stated)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return choices.enumerated().map { index, choice in
            PhoneResult(
                choice: choice.choice, inquiry: choice.inquiry,
                certificate: certificates[index] ?? .failure(.internal))
        }
    }

    /// What certificates are compared with.
    private struct Held {
        let attributes: CardAttributes?
        let passportNumber: String?
    }

    /// The number in the zone that was sent, as a record keeps it; `nil` if that is none.
    private func number(_ passport: PassportFiles) -> String? {
        guard let today = CalendarDate.inJapan(secondsSince1970: environment.now().timeIntervalSince1970) else {
            return nil
        }
        return (try? DataGroup1(parsing: passport.zone, today: today))?.zone.passport?.number
    }

    private func certificate(
        _ application: Result<SignedApplication, PhoneReason>, _ held: Held, _ stated: StatedKeys
    ) async -> Result<KeptCertificate, PhoneReason> {
        let sent: SignedApplication
        switch application {
        case .success(let application): sent = application
        case .failure(let reason): return .failure(reason)
        }
        guard let attributes = held.attributes, !Task.isCancelled else { return .failure(.cancelled) }
        let certificate: Result<KeptCertificate, PhoneReason>
        do throws(PhoneReason) {
            certificate = .success(
                try await kept(answer(to: sent, stated), sent.request, attributes, held.passportNumber))
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
        _ answer: Answer, _ request: CertificateRequest, _ attributes: CardAttributes, _ passportNumber: String?
    ) async throws(PhoneReason) -> KeptCertificate {
        await interface.reached(.guarding)
        let checked = environment.comparison.check(
            answer, request: request, holder: attributes, passportNumber: passportNumber, now: environment.now())
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
