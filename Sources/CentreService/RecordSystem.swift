import Exchange
import ExchangeServer
import HTTPTypes
import NIOCore

/// `vrs` as the centre uses it.
struct RecordSystem: Sendable {
    private let client: RecordSystemClient
    private let configuration: RecordSystemConfiguration

    init(client: RecordSystemClient, configuration: RecordSystemConfiguration) {
        (self.client, self.configuration) = (client, configuration)
    }

    /// Who asks, for the other side's logs.
    struct Caller {
        let inquiry: InquiryNumber
        let terminal: String
        /// The formats its page is wanted in, passed on as they came; `nil` for all.
        var pageFormats: String?

        fileprivate var named: RecordSystemClient.Caller { .init(inquiry: inquiry, terminal: terminal) }
    }

    /// A challenge as JSON; its form was checked.
    func challenge(for caller: Caller) async throws(ProblemCode) -> ByteBuffer {
        try await client.ask(
            CentreRoute.challenge, caller.named, timeout: configuration.challengeTimeout,
            isRight: ChallengeResponse.isRight)
    }

    /// The sealed answer to an application, which nobody here can read.
    func apply(_ application: ByteBuffer, for caller: Caller) async throws(ProblemCode) -> ByteBuffer {
        var headers: [HTTPField.Name: String] = [:]
        headers[.pageFormats] = caller.pageFormats
        return try await client.ask(
            CentreRoute.application, caller.named, body: application, headers: headers,
            timeout: configuration.applicationTimeout, isRight: { $0.readableBytes > 0 })
    }

    /// Reports an outcome.
    func report(_ outcome: ByteBuffer, for caller: Caller) async throws(ProblemCode) {
        try await client.report(
            CentreRoute.outcome, caller.named, body: outcome, timeout: configuration.applicationTimeout)
    }
}
