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
        let response = try await ask(
            "challenge", caller, body: nil, limit: 4096, timeout: configuration.challengeTimeout)
        guard response.status == 200, response.mediaType == "application/json",
            let parsed = try? JSONDecoder().decode(ChallengeResponse.self, from: Data(response.body.readableBytesView)),
            (16...256).contains(parsed.challenge.count)
        else { throw refusal(response, "challenge", caller) }
        return response.body
    }

    /// The sealed answer to an application, which nobody here can read.
    func apply(_ application: ByteBuffer, for caller: Caller) async throws(ProblemCode) -> ByteBuffer {
        let response = try await ask(
            "application", caller, body: (application, Application.mediaType), limit: SealedAnswer.maximumBytes,
            timeout: configuration.applicationTimeout)
        guard response.status == 200, response.mediaType == SealedAnswer.mediaType, response.body.readableBytes > 0
        else {
            throw refusal(response, "application", caller)
        }
        return response.body
    }

    /// Reports an outcome.
    func report(_ outcome: ByteBuffer, for caller: Caller) async throws(ProblemCode) {
        let response = try await ask(
            "outcome", caller, body: (outcome, Outcome.mediaType), limit: 16_384,
            timeout: configuration.applicationTimeout)
        guard response.status == 204 || response.status == 200 else { throw refusal(response, "outcome", caller) }
    }

    private func ask(
        _ route: String, _ caller: Caller, body: (bytes: ByteBuffer, mediaType: String)?, limit: Int, timeout: Duration
    ) async throws(ProblemCode) -> MutualTLSClient.Response {
        let start = ContinuousClock.now
        var headers: [HTTPField.Name: String] = [.inquiry: caller.inquiry.text, .terminal: caller.terminal]
        headers[.pageFormats] = caller.pageFormats
        do {
            let response = try await client.send(
                .post, "/centre/v1/\(route)", headers: headers, body: body, limit: limit, timeout: timeout)
            heard()
            Metrics.Timer(label: "akashi_upstream_duration", dimensions: [("route", route)], factory: metrics)
                .recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
            return response
        } catch {
            failed(route, error.rawValue, caller)
            throw .upstreamUnavailable
        }
    }

    /// The code of a refusal, where it is one that we know; anything else is no answer.
    private func refusal(_ response: MutualTLSClient.Response, _ route: String, _ caller: Caller) -> ProblemCode {
        if response.status >= 400, let problem = response.problem { return problem.code }
        failed(route, "unusable", caller)
        return .upstreamUnavailable
    }

    private func failed(_ route: String, _ reason: String, _ caller: Caller) {
        Counter(
            label: "akashi_upstream_failures", dimensions: [("route", route), ("reason", reason)], factory: metrics
        )
        .increment()
        logger.warning(
            "vrs could not be asked",
            metadata: [
                "route": .string(route), "reason": .string(reason), "inquiry": .string(caller.inquiry.text),
                "terminal": .string(caller.terminal),
            ])
    }
}
