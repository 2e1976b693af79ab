import Exchange
import Foundation
import MutualTLS
import HTTPServer
import ExchangeServer
import HTTPTypes
import Logging
import Metrics
import NIOCore

/// `vrs` as the centre uses it: the bytes go on as they came, a refusal comes back as its code, and everything else is
/// "could not be asked".
struct RecordSystem: Sendable {
    private let client: MutualTLSClient
    private let configuration: RecordSystemConfiguration
    private let metrics: PrometheusFactory
    private let logger: Logger
    private let heard: @Sendable () -> Void

    /// - Parameter heard: called whenever `vrs` answered, whatever it said.
    init(
        client: MutualTLSClient, configuration: RecordSystemConfiguration, metrics: PrometheusFactory, logger: Logger,
        heard: @escaping @Sendable () -> Void
    ) {
        self.client = client
        self.heard = heard
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
    }

    /// Who asks, for the other side's logs.
    struct Caller {
        let inquiry: InquiryNumber
        let terminal: String
        /// The formats its page is wanted in, passed on as they came; `nil` for all.
        var pageFormats: String?
    }

    /// A challenge as JSON; its form was checked.
    func challenge(for caller: Caller) async throws(ProblemCode) -> ByteBuffer {
        let route = CentreRoute.challenge
        let response = try await ask(route, caller, timeout: configuration.challengeTimeout)
        guard isAnswer(response, of: route),
            let parsed = try? JSONDecoder().decode(ChallengeResponse.self, from: Data(response.body.readableBytesView)),
            (16...256).contains(parsed.challenge.count)
        else { throw refusal(response, route, caller) }
        return response.body
    }

    /// The sealed answer to an application, which nobody here can read.
    func apply(_ application: ByteBuffer, for caller: Caller) async throws(ProblemCode) -> ByteBuffer {
        let route = CentreRoute.application
        let response = try await ask(route, caller, body: application, timeout: configuration.applicationTimeout)
        guard isAnswer(response, of: route), response.body.readableBytes > 0 else {
            throw refusal(response, route, caller)
        }
        return response.body
    }

    /// Reports an outcome.
    func report(_ outcome: ByteBuffer, for caller: Caller) async throws(ProblemCode) {
        let route = CentreRoute.outcome
        let response = try await ask(route, caller, body: outcome, timeout: configuration.applicationTimeout)
        guard response.status == 204 || response.status == 200 else { throw refusal(response, route, caller) }
    }

    private func isAnswer(_ response: MutualTLSClient.Response, of route: Route) -> Bool {
        response.status == 200 && response.mediaType == route.answer.mediaType
    }

    private func ask(
        _ route: Route, _ caller: Caller, body: ByteBuffer? = nil, timeout: Duration
    ) async throws(ProblemCode) -> MutualTLSClient.Response {
        let start = ContinuousClock.now
        var headers: [HTTPField.Name: String] = [.inquiry: caller.inquiry.text, .terminal: caller.terminal]
        headers[.pageFormats] = caller.pageFormats
        do {
            let response = try await client.send(
                route.method, route.path(), headers: headers, body: body.map { ($0, route.request.mediaType) },
                limit: route.answer.maximumBytes, timeout: timeout)
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
        logger.warning(
            "vrs could not be asked",
            metadata: [
                "route": .string(route.name), "reason": .string(reason), "inquiry": .string(caller.inquiry.text),
                "terminal": .string(caller.terminal),
            ])
    }
}
