import Exchange
import ExchangeServer
import HTTPServer
import Hummingbird
import Records
import Vaccination

extension OperatorAPI {
    func addCertificates(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.certificates, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let query = try Query(request, of: OperatorRoute.certificates)
            let text = query.text(OperatorRoute.state) ?? CertificateState.unknown.rawValue
            guard let state = CertificateState(rawValue: text) else { throw ProblemCode.requestMalformed }
            let limit = try Self.limit(query) ?? OperatorPage.certificates
            let last = try query.text(OperatorRoute.after).map { text throws(ProblemCode) in
                guard let id = CertificateID(text) else { throw .requestMalformed }
                return id
            }
            let entries = try await store.certificates(in: municipality, state: state, after: last, limit: limit)
            return try Self.json(entries.map(CertificateReport.init))
        }
        on(OperatorRoute.voidCertificate, of: router) { _, context in
            try await decide("voided", context) { id, municipality in
                try await store.void(id, in: municipality, now: now())
            }
        }
        on(OperatorRoute.revokeCertificate, of: router) { _, context in
            try await decide("revoked", context) { id, municipality in
                try await store.revoke(id, in: municipality, now: now())
            }
        }
        on(OperatorRoute.log, of: router) { request, context in
            let query = try Query(request, of: OperatorRoute.log)
            let after = try query.number(OperatorRoute.after, in: 0...Int64.max) ?? 0
            let limit = try Self.limit(query) ?? OperatorPage.lines
            let entries =
                context.parameters.get(OperatorRoute.municipality) == OperatorRoute.control
                ? try await store.controlLog(after: after, limit: limit)
                : try await store.log(in: try Self.municipality(context), after: after, limit: limit)
            return try Self.json(entries.map(LogReport.init))
        }
        on(OperatorRoute.searchLog, of: router) { request, context in
            guard let name = context.parameters.get(OperatorRoute.municipality), let log = LogName(name) else {
                throw ProblemCode.notFound
            }
            let wanted = try await Self.body(LogSearchRequest.self, of: request)
            guard let query = wanted.query, log != .control || query.person == nil else {
                throw ProblemCode.requestMalformed
            }
            let page = try await store.searchLog(
                query, in: log, for: wanted.purpose, after: wanted.after ?? 0,
                limit: wanted.limit ?? OperatorPage.lines, now: now())
            return try Self.json(LogSearchReport(page))
        }
    }

    func addEvidence(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.root, of: router) { _, _ in
            guard let root = evidence.root else { throw ProblemCode.notFound }
            return try Self.json(RootReport(root: root.text))
        }
        on(OperatorRoute.restored, of: router) { request, context in
            guard let name = context.parameters.get(OperatorRoute.municipality), let log = LogName(name) else {
                throw ProblemCode.notFound
            }
            let wanted = try await Self.body(RestoreRequest.self, of: request)
            return try await change("restored", of: "\(log)", context) {
                try await evidence.restored(log, reason: wanted.reason, asItIs: wanted.asItIs ?? false)
            }
        }
    }

    private static func limit(_ query: Query) throws(RequestFault) -> Int? {
        let sizes = OperatorPage.sizes
        return try query.number(OperatorRoute.limit, in: Int64(sizes.lowerBound)...Int64(sizes.upperBound)).map(
            Int.init)
    }

    /// An operator's decision on the certificate that the path names.
    private func decide(
        _ what: String, _ context: ServiceRequestContext,
        _ body: (CertificateID, MunicipalityCode) async throws -> StateTransition
    ) async throws -> Response {
        let municipality = try Self.municipality(context)
        guard let text = context.parameters.get(OperatorRoute.id), let id = CertificateID(text) else {
            throw ProblemCode.notFound
        }
        switch try await body(id, municipality) {
        case .changed: metrics.tookBack(what)
        case .repeated: break
        case .contradicts: throw ProblemCode.conflict
        case .unknownCertificate: throw ProblemCode.notFound
        }
        note(what, of: id.text, context)
        return Response(status: .noContent)
    }
}
