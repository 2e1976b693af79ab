import HTTPTypes
package import Hummingbird
import Logging
import Metrics

/// Writes one line a request and counts it: listener, method, route template, status, duration, refusal code, and the
/// fields that a handler noted. Never a query, a header field, a body, or anything of a person.
package struct AccessLogMiddleware: RouterMiddleware {
    package typealias Context = ServiceRequestContext

    private let listener: String
    private let metrics: PrometheusFactory
    private let quietRoutes: Set<String>

    /// - Parameters:
    ///   - listener: the listener's name.
    ///   - quietRoutes: route templates whose answered requests are logged at debug level only, such as long polls.
    ///   - metrics: where requests are counted.
    package init(listener: String, quietRoutes: Set<String> = [], metrics: PrometheusFactory) {
        self.listener = listener
        self.quietRoutes = quietRoutes
        self.metrics = metrics
    }

    package func handle(
        _ request: Request, context: ServiceRequestContext,
        next: (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = ContinuousClock.now - start
        let route = context.endpointPath ?? "none"
        record(route, request, response, context, elapsed)
        let quiet = context.notes.code == nil && quietRoutes.contains(route)
        context.logger.log(
            level: quiet ? .debug : .info, "request", metadata: line(route, request, response, context, elapsed))
        return response
    }

    private func line(
        _ route: String, _ request: Request, _ response: Response, _ context: ServiceRequestContext, _ elapsed: Duration
    ) -> Logger.Metadata {
        var line: Logger.Metadata = [
            "entrance": .string(listener), "method": .string(known(request.method)), "route": .string(route),
            "status": .stringConvertible(response.status.code),
            "ms": .stringConvertible(Double((elapsed / .microseconds(100)).rounded()) / 10),
        ]
        for (field, value) in context.notes.fields { line[field] = .string(value) }
        if let code = context.notes.code { line["code"] = .string(code) }
        return line
    }

    private func record(
        _ route: String, _ request: Request, _ response: Response, _ context: ServiceRequestContext, _ elapsed: Duration
    ) {
        let place = [("entrance", listener), ("method", known(request.method)), ("route", route)]
        let code = context.notes.code ?? (response.status.code < 400 ? "ok" : "other")
        Counter(label: "akashi_requests", dimensions: place + [("code", code)], factory: metrics).increment()
        Metrics.Timer(label: "akashi_request_duration", dimensions: place, factory: metrics).recordNanoseconds(
            Int64(elapsed / .nanoseconds(1)))
    }

    // A method is a token of the client's choice: only the usual ones are shown.
    private func known(_ method: HTTPRequest.Method) -> String {
        let usual: [HTTPRequest.Method] = [.get, .post, .put, .delete, .head, .options, .patch]
        return usual.contains(method) ? method.rawValue : "other"
    }
}
