import CardChip
import Exchange
package import Foundation
import MutualTLS
package import HTTPServer
package import Hummingbird
package import Logging
import NIOCore
package import Records
import Vaccination

/// What operators' commands may ask. It listens apart from the centre's entrance, for certificates of its own authority.
package struct InnerEntrance: Sendable {
    private let store: any RecordStore
    private let board: ControlBoard
    private let enrolment: TerminalEnrolment
    private let metrics: ServiceMetrics
    private let log: Logger
    private let clock: @Sendable () -> Date

    package init(
        store: any RecordStore, board: ControlBoard, enrolment: TerminalEnrolment, metrics: ServiceMetrics, log: Logger,
        clock: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.board = board
        self.enrolment = enrolment
        self.metrics = metrics
        self.log = log
        self.clock = clock
    }

    /// Adds the routes.
    package func addRoutes(to router: Router<ServiceRequestContext>) {
        addTerminals(router)
        addControl(router)
        addCertificates(router)
    }

    private func addTerminals(_ router: Router<ServiceRequestContext>) {
        router.get("/inner/v1/terminals") { _, _ in
            let state = board.snapshot.state
            return try Self.json(state.terminals.map { Self.report($0, state) })
        }
        router.post("/inner/v1/terminals") { request, context in
            let wanted = try await Self.body(EnrolmentRequest.self, request)
            guard let id = wanted.id, let shop = wanted.shop else { throw ProblemCode.requestMalformed }
            let now = clock()
            let certificate = try enrolment.certificate(for: wanted, id: id, now: now)
            guard
                let terminal = EnrolledTerminal(
                    id: id, shop: shop, certificateHash: certificate.hash, certificateDER: certificate.der,
                    notAfter: certificate.notAfter, enrolledAt: now)
            else { throw ProblemCode.requestMalformed }
            return try await change("terminal enrolled", id, context) {
                try await store.enrol(terminal, now: now)
            } answer: {
                try Self.json(Self.report(terminal, board.snapshot.state, pem: certificate.pem))
            }
        }
        router.post("/inner/v1/terminals/:id/renew") { request, context in
            let id = try Self.id(context)
            let wanted = try await Self.body(EnrolmentRequest.self, request)
            let now = clock()
            let certificate = try enrolment.certificate(for: wanted, id: id, now: now)
            return try await change("terminal renewed", id, context) {
                try await store.renew(
                    terminal: id, certificateHash: certificate.hash, certificateDER: certificate.der,
                    notAfter: certificate.notAfter, now: now)
            } answer: {
                let state = board.snapshot.state
                guard let terminal = state.terminals.first(where: { $0.id == id }) else { throw ProblemCode.notFound }
                return try Self.json(Self.report(terminal, state, pem: certificate.pem))
            }
        }
        router.post("/inner/v1/terminals/:id/revoke") { _, context in
            let id = try Self.id(context)
            return try await change("terminal revoked", id, context) {
                try await store.revoke(terminal: id, now: clock())
            }
        }
    }

    private func addControl(_ router: Router<ServiceRequestContext>) {
        router.get("/inner/v1/suspensions") { _, _ in
            try Self.json(
                SuspensionReport(
                    suspensions: board.snapshot.state.suspensions.map(\.text).sorted(), issuingHalted: board.halted))
        }
        router.post("/inner/v1/suspensions") { request, context in
            let scope = try await Self.scope(request, store)
            return try await change("suspended", scope.text, context) { try await store.suspend(scope, now: clock()) }
        }
        router.delete("/inner/v1/suspensions") { request, context in
            let scope = try await Self.scope(request, store)
            return try await change("resumed", scope.text, context) { try await store.resume(scope, now: clock()) }
        }
        router.post("/inner/v1/issuing/resume") { _, context in
            try await change("issuing cleared", "issuing", context) {
                try await board.clearHalt(now: clock())
                metrics.halted(false)
            }
        }
        router.post("/inner/v1/stop-list") { request, context in
            try await stop(try await Self.body(StopRequest.self, request), isStopped: true, context)
        }
        router.delete("/inner/v1/stop-list") { request, context in
            try await stop(try await Self.body(StopRequest.self, request), isStopped: false, context)
        }
    }

    private func addCertificates(_ router: Router<ServiceRequestContext>) {
        router.get("/inner/v1/certificates/:municipality") { request, context in
            let municipality = try Self.municipality(context)
            let query = try Query(request, parameters: ["state", "limit"])
            guard let state = CertificateState(rawValue: query.text("state") ?? "unknown") else {
                throw ProblemCode.requestMalformed
            }
            let limit = Int(try query.number("limit", in: 1...1000) ?? 100)
            return try await stored {
                let entries = try await store.certificates(in: municipality, state: state, limit: limit)
                return try Self.json(entries.map(CertificateReport.init))
            }
        }
        router.post("/inner/v1/certificates/:municipality/:id/void") { _, context in
            try await decide("voided", context) { id, municipality in
                try await store.void(id, in: municipality, now: clock())
            }
        }
        router.post("/inner/v1/certificates/:municipality/:id/revoke") { _, context in
            try await decide("revoked", context) { id, municipality in
                try await store.revoke(id, in: municipality, now: clock())
            }
        }
        router.get("/inner/v1/log/:municipality") { request, context in
            let query = try Query(request, parameters: ["after", "limit"])
            let after = try query.number("after", in: 0...Int64.max) ?? 0
            let limit = Int(try query.number("limit", in: 1...1000) ?? 1000)
            return try await stored {
                let entries =
                    context.parameters.get("municipality") == "control"
                    ? try await store.controlLog(after: after, limit: limit)
                    : try await store.log(in: try Self.municipality(context), after: after, limit: limit)
                return try Self.json(entries.map(LogReport.init))
            }
        }
    }

    /// An operator's decision on the certificate that the path names.
    private func decide(
        _ what: String, _ context: ServiceRequestContext,
        _ body: (CertificateID, MunicipalityCode) async throws -> StateTransition
    ) async throws -> Response {
        let municipality = try Self.municipality(context)
        guard let text = context.parameters.get("id"), let id = CertificateID(text) else { throw ProblemCode.notFound }
        return try await stored {
            switch try await body(id, municipality) {
            case .changed, .repeated: break
            case .contradicts: throw ProblemCode.conflict
            case .unknownCertificate: throw ProblemCode.notFound
            }
            log.notice("\(what)", metadata: Self.metadata(id.text, context))
            return Response(status: .noContent)
        }
    }

    private func stop(
        _ wanted: StopRequest, isStopped: Bool, _ context: ServiceRequestContext
    ) async throws -> Response {
        let now = clock()
        let subject: StopSubject
        switch (wanted.number, wanted.chipKeyHash) {
        case (let text?, nil):
            guard let number = IndividualNumber(text) else { throw ProblemCode.requestMalformed }
            subject = .number(number)
        case (nil, let text?):
            guard let hash = Hexadecimal.bytes(text.lowercased()), hash.count == 32 else {
                throw ProblemCode.requestMalformed
            }
            subject = .chipKey(hash: hash)
        default: throw ProblemCode.requestMalformed
        }
        return try await change(isStopped ? "stopped" : "unstopped", subject.description, context) {
            if isStopped {
                try await store.stop(subject, now: now)
            } else {
                try await store.unstop(subject, now: now)
            }
        }
    }

    /// Makes a change and answers only when every new request already sees it.
    private func change(
        _ what: String, _ subject: String, _ context: ServiceRequestContext, _ body: () async throws -> Void,
        answer: () throws -> Response = { Response(status: .noContent) }
    ) async throws -> Response {
        try await stored {
            try await body()
            try await board.refresh()
            log.notice("\(what)", metadata: Self.metadata(subject, context))
            return try answer()
        }
    }

    /// An operator is told a store's refusal as such.
    private func stored(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as StoreError {
            log.warning("store", metadata: ["cause": "\(error.description)"])
            switch error {
            case .notFound(), .unknownRegion(): throw ProblemCode.notFound
            case .conflict(): throw ProblemCode.conflict
            case .invalid(): throw ProblemCode.requestMalformed
            default: throw Refusal.code(of: error)
            }
        }
    }

    private static func metadata(_ subject: String, _ context: ServiceRequestContext) -> Logger.Metadata {
        ["subject": "\(subject)", "operator": "\(context.peer?.commonName ?? "")"]
    }

    private static func id(_ context: ServiceRequestContext) throws(ProblemCode) -> String {
        guard let id = context.parameters.get("id"), EnrolledTerminal.isID(id) else { throw .notFound }
        return id
    }

    private static func municipality(_ context: ServiceRequestContext) throws(ProblemCode) -> MunicipalityCode {
        guard let text = context.parameters.get("municipality"), let code = MunicipalityCode(text) else {
            throw .notFound
        }
        return code
    }

    /// What is to be suspended or resumed; a municipality or terminal that is not there is a slip worth telling.
    private static func scope(_ request: Request, _ store: any RegionStore & ControlStore) async throws -> Suspension {
        let wanted = try await body(SuspensionRequest.self, request)
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
        case .everything, .kind: break
        }
        return scope
    }

    private static func report(_ terminal: EnrolledTerminal, _ state: ControlState, pem: String? = nil)
        -> TerminalReport
    {
        TerminalReport(
            id: terminal.id, shop: terminal.shop, certificateHash: Hexadecimal.text(terminal.certificateHash),
            notAfter: terminal.notAfter, status: terminal.status,
            isSuspended: state.suspensions.contains(.terminal(terminal.id)), certificate: pem)
    }

    private static func body<T: Decodable>(_ type: T.Type, _ request: Request) async throws -> T {
        let bytes = try await request.body("application/json", upTo: OperatorJSON.maximumBytes)
        do {
            return try OperatorJSON.decode(type, from: Array(bytes.readableBytesView))
        } catch {
            throw ProblemCode.requestMalformed
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        Response(ByteBuffer(bytes: try OperatorJSON.encode(value)), mediaType: "application/json")
    }
}
