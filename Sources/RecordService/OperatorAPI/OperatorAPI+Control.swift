import Attestation
import CardChip
import Exchange
import HTTPServer
import Hummingbird
import Records
import Vaccination

extension OperatorAPI {
    func addControl(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.suspensions, of: router) { _, _ in
            let (missing, degraded) = (await readiness.missing(), readiness.restingRegions() + readiness.degraded())
            return try Self.json(
                SuspensionReport(
                    suspensions: control.snapshot.state.suspensions.map(\.text).sorted(),
                    issuingHalted: control.halted,
                    broken: control.snapshot.state.brokenRegions.sorted { $0.key < $1.key }.map(\.value),
                    // A halt has its reason.
                    missing: missing.filter { $0 != "issuing.halted" }, degraded: degraded))
        }
        on(OperatorRoute.suspend, of: router) { request, context in
            let scope = try await scope(of: request)
            return try await change("suspended", of: scope.text, context) {
                try await store.suspend(scope, now: now())
            }
        }
        on(OperatorRoute.resume, of: router) { request, context in
            let scope = try await scope(of: request)
            return try await change("resumed", of: scope.text, context) { try await store.resume(scope, now: now()) }
        }
        on(OperatorRoute.resumeIssuing, of: router) { _, context in
            let halt = control.halt
            // What evidence has stopped is not an operator's to clear, but a logged restore's.
            if halt?.isOfEvidence == true { throw ProblemCode.conflict }
            return try await change("issuing cleared", of: "issuing", context) {
                guard let halt else { return }
                // Halted for another reason meanwhile: nobody has looked at that.
                let goesOn = try await control.clear(halt, now: now())
                metrics.halted(control.halt != nil)
                if !goesOn { throw ProblemCode.conflict }
            }
        }
        on(OperatorRoute.stop, of: router) { request, context in
            let subject = try await Self.stopSubject(of: request)
            return try await change("stopped", of: subject.description, context) {
                try await store.stop(subject, now: now())
            }
        }
        on(OperatorRoute.unstop, of: router) { request, context in
            let subject = try await Self.stopSubject(of: request)
            return try await change("unstopped", of: subject.description, context) {
                try await store.unstop(subject, now: now())
            }
        }
    }

    /// What is to be suspended or resumed; a municipality or terminal that is not there is a slip worth telling.
    private func scope(of request: Request) async throws -> Suspension {
        let wanted = try await Self.body(SuspensionRequest.self, of: request)
        guard let scope = Suspension(wanted.scope) else { throw ProblemCode.requestMalformed }
        switch scope {
        case .municipality(let code):
            guard try await store.municipalities().contains(where: { $0.code == code }) else {
                throw ProblemCode.notFound
            }
        case .terminal(let id):
            guard try await store.control().terminals.contains(where: { $0.id == id }) else {
                throw ProblemCode.notFound
            }
        case .patchLevel(let month):
            // A month in which no device has its updates from stops none: a slip, too.
            guard DeviceRevocations.isMonth(month) else { throw ProblemCode.requestMalformed }
        case .everything, .kind, .channel, .device, .model, .appRelease: break
        }
        return scope
    }

    private static func stopSubject(of request: Request) async throws -> StopSubject {
        let wanted = try await body(StopRequest.self, of: request)
        switch (wanted.number, wanted.chipKeyHash) {
        case (let text?, nil):
            guard let number = IndividualNumber(text) else { throw ProblemCode.requestMalformed }
            return .number(number)
        case (nil, let text?):
            guard let hash = Hexadecimal.bytes(text.lowercased()), hash.count == 32 else {
                throw ProblemCode.requestMalformed
            }
            return .chipKey(hash: hash)
        default: throw ProblemCode.requestMalformed
        }
    }
}
