package import Exchange
import Foundation
import HTTPTypes
package import MutualTLS
import NIOCore

/// What a phone asks of the mobile back end, over TLS 1.3 without a certificate of its own. It holds nothing of any person.
package struct WalletClient: ApplicantService {
    private let client: MutualTLSClient

    /// A client for the mobile back end at `url` (`https://host:port`), for whom nobody but `authorities` vouches.
    package init(url: String, authorities: CertificateAuthorities) {
        client = MutualTLSClient(
            baseURL: url.hasSuffix("/") ? String(url.dropLast()) : url, identity: nil, authorities: authorities,
            connections: 8, connectTimeout: .seconds(5), readTimeout: .seconds(40), retriesConnecting: true)
    }

    /// Closes its connections; without it they are closed when the last copy of the client goes.
    package func shutdown() async { try? await client.shutdown() }

    /// What the app may offer now; with `after`, waits for a revision later than that one.
    package func menu(after revision: Int64? = nil) async throws(ServiceFailure) -> Menu {
        try Self.decoded(await send(PhoneRoute.menu, path: PhoneRoute.menu.path(after: revision)))
    }

    /// The day's keys, as they came: whose they are is not checked.
    package func keys() async throws(ServiceFailure) -> KeyStatement {
        let bytes = try await send(PhoneRoute.keys)
        do { return try KeyStatement(parsing: bytes) } catch { throw .unusable }
    }

    /// A token that one enrolment uses up.
    package func token() async throws(ServiceFailure) -> DeviceToken {
        try Self.decoded(await send(PhoneRoute.token))
    }

    /// Enrols a device; the same enrolment again gives the same answer.
    package func enrol(_ enrolment: DeviceEnrolment) async throws(ServiceFailure) -> EnrolledDeviceAnswer {
        // Each time the same bytes, so that whoever answers can know an enrolment again.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let json = try? encoder.encode(enrolment) else { throw .unusable }
        return try Self.decoded(await send(PhoneRoute.enrolment, Array(json)))
    }

    /// Revokes a device by its code.
    package func revoke(_ revocation: DeviceRevocation) async throws(ServiceFailure) {
        guard let json = try? JSONEncoder().encode(revocation) else { throw .unusable }
        _ = try await send(PhoneRoute.revocation, Array(json))
    }

    /// Asks with a token whether its certificate is still current.
    ///
    /// - Parameter stated: the day's keys, which the caller has checked.
    package func current(token: [UInt8], by stated: StatedKeys) async throws(ServiceFailure) -> CurrentAnswer {
        guard let query = try? CurrentQuery.seal(token: token, to: stated) else { throw .unusable }
        guard let answer = query.answer(in: try await send(PhoneRoute.current, query.bytes)) else { throw .unusable }
        return answer
    }

    /// A challenge for a request; valid three minutes from now.
    package func challenge(
        for request: CertificateRequest, inquiry: InquiryNumber
    ) async throws(ServiceFailure) -> [UInt8] {
        guard let json = try? JSONEncoder().encode(request) else { throw .unusable }
        let response: ChallengeResponse = try Self.decoded(
            await send(PhoneRoute.challenge, Array(json), inquiry: inquiry))
        guard (16...256).contains(response.challenge.count) else { throw .unusable }
        return Array(response.challenge)
    }

    /// Sends an application once; the answer is still sealed. A page is made in no other formats than these.
    package func send(
        application: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat>
    ) async throws(ServiceFailure) -> [UInt8] {
        // For a phone no header means no page.
        let headers: [HTTPField.Name: String] = formats.isEmpty ? [:] : [.pageFormats: PageFormat.value(formats)]
        return try await send(PhoneRoute.application, application, inquiry: inquiry, headers: headers)
    }

    /// Reports an outcome once.
    package func report(outcome: [UInt8], inquiry: InquiryNumber) async throws(ServiceFailure) {
        _ = try await send(PhoneRoute.outcome, outcome, inquiry: inquiry)
    }

    private static func decoded<Value: Decodable>(_ bytes: [UInt8]) throws(ServiceFailure) -> Value {
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else { throw .unusable }
        return value
    }

    private func send(
        _ route: Route, _ body: [UInt8]? = nil, path: String? = nil, inquiry: InquiryNumber? = nil,
        headers: [HTTPField.Name: String] = [:]
    ) async throws(ServiceFailure) -> [UInt8] {
        var headers = headers
        headers[.inquiry] = inquiry?.text
        let response: MutualTLSClient.Response
        do {
            response = try await client.send(
                route.method, path ?? route.path(), headers: headers,
                body: body.map { (ByteBuffer(bytes: $0), route.request.mediaType) }, limit: route.answer.maximumBytes,
                timeout: .seconds(45))
        } catch { throw error == .tooLarge ? .unusable : .unreachable }
        let bytes = Array(response.body.readableBytesView)
        if (200..<300).contains(response.status) { return bytes }
        guard let problem = Problem(parsing: bytes) else { throw response.status >= 500 ? .unreachable : .unusable }
        throw ServiceFailure.refused(problem.code).openly
    }
}
