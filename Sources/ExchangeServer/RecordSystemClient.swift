package import Exchange
import Foundation
package import HTTPServer
package import HTTPTypes
package import Logging
import Metrics
package import MutualTLS
package import NIOCore

/// `vrs` as a relay uses it: the bytes go on as they came, a refusal comes back as its code, and everything else is "could
/// not be asked".
package struct RecordSystemClient: Sendable {
    private let client: MutualTLSClient
    private let metrics: PrometheusFactory
    private let logger: Logger
    private let heard: @Sendable () -> Void

    /// What the metrics of a relay count of `vrs`.
    package static let metricHelp = [
        "akashi_gate_fresh": "1 while the state of vrs is known, else 0.",
        "akashi_gate_lost": "1 while vrs does not answer for the access policy, else 0.",
        "akashi_upstream_duration": "Time that vrs took to answer.",
        "akashi_upstream_failures": "Requests to vrs without a usable answer, by why.",
    ]

    /// - Parameter heard: called whenever `vrs` answered, whatever it said.
    package init(
        client: MutualTLSClient, metrics: PrometheusFactory, logger: Logger, heard: @escaping @Sendable () -> Void
    ) {
        self.client = client
        self.heard = heard
        self.metrics = metrics
        self.logger = logger
    }

    /// Who asks, for the other side's logs and for those of this one.
    package struct Caller: Sendable {
        /// The session's number; `nil` where a request belongs to none.
        package let inquiry: InquiryNumber?
        /// The terminal's name; `nil` of a phone.
        package let terminal: String?

        /// A caller.
        package init(inquiry: InquiryNumber?, terminal: String? = nil) {
            (self.inquiry, self.terminal) = (inquiry, terminal)
        }

        fileprivate var headers: [HTTPField.Name: String] {
            var headers: [HTTPField.Name: String] = [:]
            headers[.inquiry] = inquiry?.text
            headers[.terminal] = terminal
            return headers
        }
    }

    /// The answer's body, once it has status and media type of the route and its form is right.
    ///
    /// - Parameters:
    ///   - body: the request's bytes, passed on as they came; `nil` for none.
    ///   - headers: what travels besides what the caller says of itself.
    ///   - isRight: whether an answer has its form.
    /// - Throws: an open refusal's code, or `upstream.unavailable`.
    package func ask(
        _ route: Route, _ caller: Caller, body: ByteBuffer? = nil, headers: [HTTPField.Name: String] = [:],
        timeout: Duration, isRight: (ByteBuffer) -> Bool
    ) async throws(ProblemCode) -> ByteBuffer {
        let response = try await send(route, caller, body: body, headers: headers, timeout: timeout)
        guard response.status == 200, response.mediaType == route.answer.mediaType, isRight(response.body) else {
            throw refusal(response, route, caller)
        }
        return response.body
    }

    /// Sends what is answered with nothing but that it was taken.
    package func report(
        _ route: Route, _ caller: Caller, body: ByteBuffer, timeout: Duration
    ) async throws(ProblemCode) {
        let response = try await send(route, caller, body: body, timeout: timeout)
        guard response.status == 204 || response.status == 200 else { throw refusal(response, route, caller) }
    }

    private func send(
        _ route: Route, _ caller: Caller, body: ByteBuffer?, headers: [HTTPField.Name: String] = [:], timeout: Duration
    ) async throws(ProblemCode) -> MutualTLSClient.Response {
        let start = ContinuousClock.now
        do {
            let response = try await client.send(
                route.method, route.path(), headers: caller.headers.merging(headers) { own, _ in own },
                body: body.map { ($0, route.request.mediaType) }, limit: route.answer.maximumBytes, timeout: timeout)
            heard()
            Metrics.Timer(label: "akashi_upstream_duration", dimensions: [("route", route.name)], factory: metrics)
                .recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
            return response
        } catch {
            failed(route, error.rawValue, caller)
            throw .upstreamUnavailable
        }
    }

    /// The code of a refusal, if it is one that we know and may know; anything else is no answer.
    private func refusal(_ response: MutualTLSClient.Response, _ route: Route, _ caller: Caller) -> ProblemCode {
        if response.status >= 400, let problem = response.problem, !problem.code.travelsSealed { return problem.code }
        failed(route, "unusable", caller)
        return .upstreamUnavailable
    }

    private func failed(_ route: Route, _ reason: String, _ caller: Caller) {
        Counter(
            label: "akashi_upstream_failures", dimensions: [("route", route.name), ("reason", reason)], factory: metrics
        )
        .increment()
        var line: Logger.Metadata = ["route": .string(route.name), "reason": .string(reason)]
        if let inquiry = caller.inquiry { line["inquiry"] = .string(inquiry.text) }
        if let terminal = caller.terminal { line["terminal"] = .string(terminal) }
        logger.warning("vrs could not be asked", metadata: line)
    }
}

extension ChallengeResponse {
    /// Whether bytes are a challenge as `vrs` gives it, 16 to 256 bytes.
    package static func isRight(_ body: ByteBuffer) -> Bool {
        let parsed = try? JSONDecoder().decode(ChallengeResponse.self, from: Data(body.readableBytesView))
        return parsed.map { (16...256).contains($0.challenge.count) } ?? false
    }
}
