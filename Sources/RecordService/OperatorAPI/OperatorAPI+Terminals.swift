import CardChip
import Exchange
import HTTPServer
import Hummingbird
import Records

extension OperatorAPI {
    func addTerminals(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.terminals, of: router) { _, _ in
            let state = control.snapshot.state
            return try Self.json(state.terminals.map { Self.report($0, state) })
        }
        on(OperatorRoute.enrol, of: router) { request, context in
            let wanted = try await Self.body(EnrolmentRequest.self, of: request)
            guard let id = wanted.id, let shop = wanted.shop else { throw ProblemCode.requestMalformed }
            let now = now()
            let certificate = try enrolment.certificate(for: wanted, id: id, now: now)
            guard
                let terminal = EnrolledTerminal(
                    id: id, shop: shop, certificateHash: certificate.hash, certificateDER: certificate.der,
                    notAfter: certificate.notAfter, enrolledAt: now)
            else { throw ProblemCode.requestMalformed }
            return try await change("terminal enrolled", of: id, context) {
                try await store.enrol(terminal, now: now)
            } answer: {
                try Self.json(Self.report(terminal, control.snapshot.state, pem: certificate.pem))
            }
        }
        on(OperatorRoute.renew, of: router) { request, context in
            let id = try Self.terminalID(context)
            let wanted = try await Self.body(EnrolmentRequest.self, of: request)
            let now = now()
            let certificate = try enrolment.certificate(for: wanted, id: id, now: now)
            return try await change("terminal renewed", of: id, context) {
                try await store.renew(
                    terminal: id, certificateHash: certificate.hash, certificateDER: certificate.der,
                    notAfter: certificate.notAfter, now: now)
            } answer: {
                let state = control.snapshot.state
                guard let terminal = state.terminals.first(where: { $0.id == id }) else { throw ProblemCode.notFound }
                return try Self.json(Self.report(terminal, state, pem: certificate.pem))
            }
        }
        on(OperatorRoute.revokeTerminal, of: router) { _, context in
            let id = try Self.terminalID(context)
            return try await change("terminal revoked", of: id, context) {
                try await store.revoke(terminal: id, now: now())
            }
        }
    }

    private static func terminalID(_ context: ServiceRequestContext) throws(ProblemCode) -> String {
        guard let id = context.parameters.get(OperatorRoute.id), EnrolledTerminal.isID(id) else { throw .notFound }
        return id
    }

    private static func report(_ terminal: EnrolledTerminal, _ state: ControlState, pem: String? = nil)
        -> TerminalReport
    {
        TerminalReport(
            id: terminal.id, shop: terminal.shop, certificateHash: Hexadecimal.text(terminal.certificateHash),
            notAfter: terminal.notAfter, status: terminal.status,
            isSuspended: state.suspensions.contains(.terminal(terminal.id)), certificate: pem)
    }
}
