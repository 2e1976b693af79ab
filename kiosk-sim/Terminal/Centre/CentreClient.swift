import AsyncHTTPClient
package import Exchange
import Foundation
import Logging
package import NIOCore
import NIOHTTP1
package import NIOSSL

/// What a terminal asks the centre, over TLS 1.3 with its own certificate. It holds nothing of any person.
package struct CentreClient: Sendable {
    /// Why the centre gave no answer that can be used.
    package enum Failure: Error, Hashable, Sendable {
        /// It refused, and said why.
        case refused(ProblemCode)
        /// It could not be asked, or the connection broke. Never to be read as "no record".
        case unreachable
        /// What came back has another form.
        case unusable

        /// Whether the very same request may succeed a little later.
        package var isTransient: Bool {
            switch self {
            case .refused(let code): code.isTransient
            case .unreachable: true
            case .unusable: false
            }
        }
    }

    /// A route of the centre, for tests that disturb it.
    package enum Route: String, Hashable, Sendable {
        case menu, challenge, application, outcome
    }

    /// Called before a request goes out and after its response came in; what it throws counts as a broken connection.
    /// Only tests and the load tool set one.
    package typealias Disturbance = @Sendable (_ route: Route, _ isResponse: Bool) async throws -> Void

    private static let maximumMenuBytes = 4 << 20
    private static let maximumProblemBytes = 16_384

    private let base: String
    private let connections: Connections
    private let disturbance: Disturbance?

    /// A client for the centre at `url` (`https://host:port`).
    package init(
        url: String, authorities: [NIOSSLCertificate], identity: TerminalIdentity,
        group: any EventLoopGroup = HTTPClient.defaultEventLoopGroup, disturbance: Disturbance? = nil
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .certificates(authorities)
        tls.certificateChain = identity.certificates.map { .certificate($0) }
        tls.privateKey = .privateKey(identity.tlsKey)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(40)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        connections = Connections(HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration))
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.disturbance = disturbance
    }

    /// A client as a terminal's configuration says.
    package init(_ configuration: TerminalConfiguration) {
        self.init(url: configuration.centre, authorities: configuration.authorities, identity: configuration.identity)
    }

    /// Closes its connections; without it they are closed when the last copy of the client goes.
    package func shutdown() async { try? await connections.client.shutdown() }

    /// What the terminal may offer now; with `after`, waits up to 25 seconds for a revision later than that one.
    package func menu(after revision: Int64? = nil, inquiry: InquiryNumber? = nil) async throws(Failure) -> Menu {
        let path = "/v1/menu" + (revision.map { "?after=\($0)" } ?? "")
        let body = try await send(.menu, .GET, path, nil, inquiry, limit: Self.maximumMenuBytes)
        guard let menu = try? JSONDecoder().decode(Menu.self, from: Data(body)) else { throw .unusable }
        return menu
    }

    /// A challenge for a request; valid three minutes from now.
    package func challenge(for request: CertificateRequest, inquiry: InquiryNumber) async throws(Failure) -> [UInt8] {
        guard let json = try? JSONEncoder().encode(request) else { throw .unusable }
        let body = try await send(
            .challenge, .POST, "/v1/challenge", ("application/json", Array(json)), inquiry, limit: 4096)
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
            .application, .POST, "/v1/application", (Application.mediaType, application), inquiry,
            limit: SealedAnswer.maximumBytes, headers: [PageFormat.header: PageFormat.value(formats)])
    }

    /// Reports an outcome once.
    package func report(outcome: [UInt8], inquiry: InquiryNumber) async throws(Failure) {
        _ = try await send(.outcome, .POST, "/v1/outcome", (Outcome.mediaType, outcome), inquiry, limit: 4096)
    }

    private func send(
        _ route: Route, _ method: HTTPMethod, _ path: String, _ body: (type: String, bytes: [UInt8])?,
        _ inquiry: InquiryNumber?, limit: Int, headers: [String: String] = [:]
    ) async throws(Failure) -> [UInt8] {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let inquiry { request.headers.add(name: InquiryNumber.header, value: inquiry.text) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: body.type)
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let status: UInt
        let bytes: [UInt8]
        do {
            try await disturbance?(route, false)
            let response = try await connections.client.execute(request, timeout: .seconds(45))
            status = response.status.code
            let buffer = try await response.body.collect(upTo: status < 300 ? limit : Self.maximumProblemBytes)
            bytes = Array(buffer.readableBytesView)
            try await disturbance?(route, true)
        } catch {
            throw error is NIOTooManyBytesError ? .unusable : .unreachable
        }
        if (200..<300).contains(status) { return bytes }
        guard let problem = Problem(parsing: bytes) else { throw status >= 500 ? .unreachable : .unusable }
        throw .refused(problem.code)
    }
}

/// The connections of all copies of a client.
private final class Connections: Sendable {
    let client: HTTPClient

    init(_ client: HTTPClient) { self.client = client }

    // An HTTP client that is let go without an end of its own would end the process.
    deinit { client.shutdown().whenComplete { [client] _ in _ = client } }
}
