package import Exchange
package import HTTPServer
package import Hummingbird
package import MutualTLS
package import NIOCore

/// Refuses a request of nobody: each of these parties is known by its certificate, and every change names who made it. The
/// listener lets none through; should it ever, nothing is done in its name.
private struct PeerMiddleware: RouterMiddleware {
    typealias Context = ServiceRequestContext

    func handle(
        _ request: Request, context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        _ = try context.requiredPeer()
        return try await next(request, context)
    }
}

/// Reads the session's inquiry number, which all parties' logs share.
private struct InquiryMiddleware: RouterMiddleware {
    typealias Context = ServiceRequestContext

    func handle(
        _ request: Request, context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        if let text = request.headers[.inquiry] {
            guard let inquiry = InquiryNumber(text) else { throw ProblemCode.requestMalformed }
            context.notes.inquiry = inquiry
        }
        return try await next(request, context)
    }
}

extension Router<ServiceRequestContext> {
    /// A router for routes of ``Exchange`` at a listener whose clients have certificates: access log, problem details by ``ProblemCode``, inquiry numbers.
    package static func exchange(
        listener: String, quietRoutes: Set<String> = [], metrics: PrometheusFactory
    ) -> Router<ServiceRequestContext> {
        let router = service(listener: listener, problem: ProblemCode.self, quietRoutes: quietRoutes, metrics: metrics)
        router.add(middleware: PeerMiddleware())
        router.add(middleware: InquiryMiddleware())
        return router
    }

    /// A router for routes of ``Exchange`` at a listener whose clients nobody knows, with inquiry numbers; what clients are told
    /// is `problem`.
    package static func openExchange<Problem: ServiceProblem>(
        listener: String, problem: Problem.Type, quietRoutes: Set<String> = [], metrics: PrometheusFactory
    ) -> Router<ServiceRequestContext> {
        let router = service(listener: listener, problem: problem, quietRoutes: quietRoutes, metrics: metrics)
        router.add(middleware: InquiryMiddleware())
        return router
    }
}

extension Router<ServiceRequestContext> {
    /// Serves a route.
    package func on(
        _ route: Route, use handler: @escaping @Sendable (Request, ServiceRequestContext) async throws -> Response
    ) {
        on(RouterPath(route.template), method: route.method, use: handler)
    }
}

extension Query {
    /// A request's query, as the route describes it.
    package init(_ request: Request, of route: Route) throws(RequestFault) {
        try self.init(request, parameters: route.parameters)
    }

    /// The revision that a long poll knows already; `nil` if it knows none.
    package func after() throws(RequestFault) -> Int64? { try number(Route.after, in: 0...Int64.max) }
}

extension Request {
    /// The whole body, as the route describes it.
    package func body(of route: Route) async throws -> ByteBuffer {
        guard route.request != .none else { return try await body.collect(upTo: 0) }
        return try await body(route.request.mediaType, upTo: route.request.maximumBytes)
    }

    /// The body of a route that takes JSON.
    package func json<T: Decodable>(_ type: T.Type, of route: Route) async throws -> T {
        try await json(type, upTo: route.request.maximumBytes)
    }
}

extension Response {
    /// A route's answer.
    package init(_ bytes: ByteBuffer, of route: Route) { self.init(bytes, mediaType: route.answer.mediaType) }
}

extension RequestNotes {
    /// The enrolled terminal's id, such as `T0001`.
    package var terminal: String? {
        get { self["terminal"] }
        set { self["terminal"] = newValue }
    }

    /// The session's inquiry number.
    package var inquiry: InquiryNumber? {
        get { self["inquiry"].flatMap { InquiryNumber($0) } }
        set { self["inquiry"] = newValue?.text }
    }
}

extension ServiceRequestContext {
    /// The client's certificate; throws when the connection has none.
    package func requiredPeer() throws(ProblemCode) -> PeerCertificate {
        guard let peer else { throw .terminalUnknown }
        return peer
    }

    /// The session's inquiry number; throws when the request carried none.
    package func requiredInquiry() throws(ProblemCode) -> InquiryNumber {
        guard let inquiry = notes.inquiry else { throw .requestMalformed }
        return inquiry
    }
}

extension MutualTLSClient.Response {
    /// The refusal that the other service gave; `nil` when the body is no problem with a known code.
    package var problem: Problem? {
        guard mediaType == Problem.mediaType else { return nil }
        return Problem(parsing: Array(body.readableBytesView))
    }
}
