import Exchange
import ExchangeServer
import Foundation
import HTTPTypes
import NIOCore

/// `vrs` as the mobile back end uses it.
struct PhoneRecordSystem: Sendable {
    private let client: RecordSystemClient
    private let configuration: RecordSystemConfiguration

    init(client: RecordSystemClient, configuration: RecordSystemConfiguration) {
        (self.client, self.configuration) = (client, configuration)
    }

    private static let nobody = RecordSystemClient.Caller(inquiry: nil)

    /// The statements of keys, the present one first.
    func keys() async throws(ProblemCode) -> [KeyStatement] {
        let route = WalletRoute.keys
        let body = try await client.ask(route, Self.nobody, timeout: configuration.challengeTimeout) {
            (try? KeyStatement.statements(Array($0.readableBytesView))) != nil
        }
        guard let statements = try? KeyStatement.statements(Array(body.readableBytesView)) else {
            throw .upstreamUnavailable
        }
        return statements
    }

    /// A token for an enrolment, as JSON.
    func token() async throws(ProblemCode) -> ByteBuffer {
        try await client.ask(WalletRoute.token, Self.nobody, timeout: configuration.challengeTimeout) { body in
            (try? JSONDecoder().decode(DeviceToken.self, from: Data(body.readableBytesView))) != nil
        }
    }

    /// A device certificate with its revocation code, as JSON.
    func enrol(_ enrolment: ByteBuffer) async throws(ProblemCode) -> ByteBuffer {
        try await client.ask(
            WalletRoute.enrolment, Self.nobody, body: enrolment, timeout: configuration.applicationTimeout
        ) { body in
            (try? JSONDecoder().decode(EnrolledDeviceAnswer.self, from: Data(body.readableBytesView))) != nil
        }
    }

    /// A challenge as JSON.
    func challenge(_ inquiry: InquiryNumber) async throws(ProblemCode) -> ByteBuffer {
        try await client.ask(
            WalletRoute.challenge, .init(inquiry: inquiry), timeout: configuration.challengeTimeout,
            isRight: ChallengeResponse.isRight)
    }

    /// The sealed answer to an application, which nobody here can read.
    ///
    /// - Parameter pageFormats: passed on as they came; `nil` for no page.
    func apply(
        _ application: ByteBuffer, _ inquiry: InquiryNumber, pageFormats: String?
    ) async throws(ProblemCode) -> ByteBuffer {
        var headers: [HTTPField.Name: String] = [:]
        headers[.pageFormats] = pageFormats
        return try await client.ask(
            WalletRoute.application, .init(inquiry: inquiry), body: application, headers: headers,
            timeout: configuration.applicationTimeout, isRight: { $0.readableBytes > 0 })
    }

    /// Reports an outcome.
    func report(_ outcome: ByteBuffer, _ inquiry: InquiryNumber) async throws(ProblemCode) {
        try await client.report(
            WalletRoute.outcome, .init(inquiry: inquiry), body: outcome, timeout: configuration.applicationTimeout)
    }

    /// The sealed reply to a sealed query: of one size, whatever it says.
    func current(_ query: ByteBuffer) async throws(ProblemCode) -> ByteBuffer {
        try await client.ask(
            WalletRoute.current, Self.nobody, body: query, timeout: configuration.challengeTimeout,
            isRight: { $0.readableBytes == CurrentQuery.sealedReplyBytes })
    }

    /// Revokes a device by its holder's code.
    func revoke(_ revocation: ByteBuffer) async throws(ProblemCode) {
        try await client.report(
            WalletRoute.revocation, Self.nobody, body: revocation, timeout: configuration.challengeTimeout)
    }
}
