import CardChip
import Exchange
import ExchangeServer
import Foundation
package import HTTPServer
package import Hummingbird
import Logging
import MutualTLS
import NIOCore
package import Records
import Vaccination

/// What operators' commands may ask. It listens apart from the centre, for certificates of an authority of its own.
package struct OperatorAPI: Sendable {
    /// What operators look at and change.
    package typealias Store = RegionStore & CertificateStore & LogStore & LogSearchStore & ControlStore & TerminalStore
        & StopListStore & ImportStore & DecisionStore & RetentionStore & VoucherStore

    let store: any Store
    let control: ControlStateCache
    let evidence: EvidenceGuard
    let readiness: Readiness
    let enrolment: TerminalEnrolment
    let imports: ImportRunner
    let metrics: VRSMetrics
    let now: @Sendable () -> Date
    private let logger: Logger
    /// Whether a municipality's pages have room for who issues.
    let issuerFits: @Sendable (BilingualText, MunicipalityCode) -> Bool
    /// A municipality's name in Japanese.
    let municipalityName: @Sendable (MunicipalityCode) -> String
    private let name: @Sendable (PeerCertificate) -> String?

    /// The operators' routes over the store and over what is kept of it in memory.
    /// - Parameters:
    ///   - maker: lays out the pages that a wording has to fit on.
    ///   - municipalities: those that are served.
    ///   - name: what the service's log calls an operator.
    init(
        store: any Store, control: ControlStateCache, evidence: EvidenceGuard, readiness: Readiness,
        enrolment: TerminalEnrolment, imports: ImportRunner, maker: CertificateMaker, municipalities: [Municipality],
        metrics: VRSMetrics, logger: Logger, now: @escaping @Sendable () -> Date,
        name: @escaping @Sendable (PeerCertificate) -> String?
    ) {
        self.name = name
        issuerFits = { maker.fits($0, in: $1) }
        let names = Dictionary(municipalities.map { ($0.code, $0.name) }) { first, _ in first }
        municipalityName = { names[$0] ?? "" }
        self.store = store
        self.control = control
        self.evidence = evidence
        self.readiness = readiness
        self.enrolment = enrolment
        self.imports = imports
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Adds the routes.
    package func add(to router: Router<ServiceRequestContext>) {
        addTerminals(to: router)
        addControl(to: router)
        addCertificates(to: router)
        addEvidence(to: router)
        addImports(to: router)
        addRegions(to: router)
        addVouchers(to: router)
    }

    // MARK: What every route does

    /// Adds one route, whose errors become what an operator is told.
    func on(
        _ route: Route, of router: Router<ServiceRequestContext>,
        _ body: @escaping @Sendable (Request, ServiceRequestContext) async throws -> Response
    ) {
        router.on(route) { request, context in
            do {
                return try await LogActor.$current.withValue(Self.certificate(context)) {
                    try await body(request, context)
                }
            } catch {
                guard let code = ProblemMapping.code(operating: error) else { throw error }
                if let error = error as? StoreError { logger.warning("store", metadata: ["cause": "\(error)"]) }
                throw code
            }
        }
    }

    /// Makes a change and answers only when every new request already sees it.
    func change(
        _ what: String, of subject: String, _ context: ServiceRequestContext, _ body: () async throws -> Void,
        answer: () throws -> Response = { Response(status: .noContent) }
    ) async throws -> Response {
        try await body()
        try await control.refresh()
        note(what, of: subject, context)
        return try answer()
    }

    /// SHA-256 of the operator's certificate: who made a change, in every log of it.
    private static func certificate(_ context: ServiceRequestContext) -> String? {
        context.peer.map { Hexadecimal.text($0.hash) }
    }

    /// What the list of clients calls the operator who asks.
    func operatorName(_ context: ServiceRequestContext) -> String? { context.peer.flatMap(name) }

    /// Says in the log who did what.
    func note(_ what: String, of subject: String, _ context: ServiceRequestContext) {
        logger.notice(
            "\(what)",
            metadata: [
                "subject": "\(subject)", "operator": "\(operatorName(context) ?? "")",
                "client": "\(Self.certificate(context) ?? "")",
            ])
    }

    // MARK: What stands in requests and answers

    static func municipality(_ context: ServiceRequestContext) throws(ProblemCode) -> MunicipalityCode {
        guard let text = context.parameters.get(OperatorRoute.municipality), let code = MunicipalityCode(text) else {
            throw .notFound
        }
        return code
    }

    static func body<T: Decodable>(_ type: T.Type, of request: Request) async throws -> T {
        let content = OperatorJSON.content
        let bytes = try await request.body(content.mediaType, upTo: content.maximumBytes)
        do {
            return try OperatorJSON.decode(type, from: Array(bytes.readableBytesView))
        } catch {
            throw ProblemCode.requestMalformed
        }
    }

    static func json(_ value: some Encodable) throws -> Response {
        Response(ByteBuffer(bytes: try OperatorJSON.encode(value)), mediaType: OperatorJSON.content.mediaType)
    }
}
