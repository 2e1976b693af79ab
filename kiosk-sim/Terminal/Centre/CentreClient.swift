package import Exchange
import Foundation
import HTTPTypes
package import MutualTLS
import NIOCore

/// What a terminal asks the centre, over TLS 1.3 with its own certificate. It holds nothing of any person.
package struct CentreClient: ApplicantService {
    /// Why the centre gave no answer that can be used.
    package typealias Failure = ServiceFailure

    /// Called before a request goes out and after its response came in; what it throws counts as a broken connection.
    /// Only tests and the load tool set one.
    package typealias Disturbance = @Sendable (_ route: Route, _ isResponse: Bool) async throws -> Void

    private let client: MutualTLSClient
    private let disturbance: Disturbance?

    /// A client for the centre at `url` (`https://host:port`).
    package init(
        url: String, authorities: CertificateAuthorities, identity: TLSIdentity, disturbance: Disturbance? = nil
    ) {
        client = MutualTLSClient(
            baseURL: url.hasSuffix("/") ? String(url.dropLast()) : url, identity: identity, authorities: authorities,
            connections: 8, connectTimeout: .seconds(5), readTimeout: .seconds(40), retriesConnecting: true)
        self.disturbance = disturbance
    }

    /// A client as a terminal's configuration says.
    package init(_ configuration: TerminalConfiguration) {
        self.init(url: configuration.centre, authorities: configuration.authorities, identity: configuration.identity)
    }

    /// Closes its connections; without it they are closed when the last copy of the client goes.
    package func shutdown() async { try? await client.shutdown() }

    /// What the terminal may offer now; with `after`, waits up to 25 seconds for a revision later than that one.
    package func menu(after revision: Int64? = nil, inquiry: InquiryNumber? = nil) async throws(Failure) -> Menu {
        let route = TerminalRoute.menu
        let body = try await send(route, path: route.path(after: revision), inquiry: inquiry)
        guard let menu = try? JSONDecoder().decode(Menu.self, from: Data(body)) else { throw .unusable }
        return menu
    }

    /// What terminals trust, still to be verified; nothing where none is published.
    package func trust() async throws(Failure) -> [UInt8] { try await send(TerminalRoute.trust, inquiry: nil) }

    /// A challenge for a request; valid three minutes from now.
    package func challenge(for request: CertificateRequest, inquiry: InquiryNumber) async throws(Failure) -> [UInt8] {
        guard let json = try? JSONEncoder().encode(request) else { throw .unusable }
        let body = try await send(TerminalRoute.challenge, Array(json), inquiry: inquiry)
        guard let response = try? JSONDecoder().decode(ChallengeResponse.self, from: Data(body)),
            (16...256).contains(response.challenge.count)
        else { throw .unusable }
        return Array(response.challenge)
    }

    /// Sends an application once; the answer is still sealed. The page comes in `formats`.
    package func send(
        application: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat> = Set(PageFormat.allCases)
    ) async throws(Failure) -> [UInt8] {
        try await send(
            TerminalRoute.application, application, inquiry: inquiry,
            headers: [.pageFormats: PageFormat.value(formats)])
    }

    /// Reports an outcome once.
    package func report(outcome: [UInt8], inquiry: InquiryNumber) async throws(Failure) {
        _ = try await send(TerminalRoute.outcome, outcome, inquiry: inquiry)
    }

    private func send(
        _ route: Route, _ body: [UInt8]? = nil, path: String? = nil, inquiry: InquiryNumber?,
        headers: [HTTPField.Name: String] = [:]
    ) async throws(Failure) -> [UInt8] {
        var headers = headers
        headers[.inquiry] = inquiry?.text
        let response: MutualTLSClient.Response
        do {
            try await disturbance?(route, false)
            response = try await client.send(
                route.method, path ?? route.path(), headers: headers,
                body: body.map { (ByteBuffer(bytes: $0), route.request.mediaType) }, limit: route.answer.maximumBytes,
                timeout: .seconds(45))
            try await disturbance?(route, true)
        } catch {
            throw error as? MutualTLSClient.Failure == .tooLarge ? .unusable : .unreachable
        }
        let bytes = Array(response.body.readableBytesView)
        if (200..<300).contains(response.status) { return bytes }
        guard let problem = Problem(parsing: bytes) else { throw response.status >= 500 ? .unreachable : .unusable }
        throw ServiceFailure.refused(problem.code).openly
    }
}
