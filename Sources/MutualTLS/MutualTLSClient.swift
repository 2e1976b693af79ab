import AsyncHTTPClient
import Foundation
import Synchronization
package import HTTPTypes
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Waiting

/// A client of one of our services: TLS 1.3 with a client certificate, for phones without one, the server's authority pinned,
/// connections kept open, everything with a deadline and a bound.
package final class MutualTLSClient: Service {
    /// What came back.
    package struct Response: Sendable {
        /// The status code.
        package let status: Int
        /// The media type, lower case, without parameters.
        package let mediaType: String?
        /// The body.
        package let body: ByteBuffer
    }

    /// Why no response came.
    package enum Failure: String, Error, Sendable {
        /// Connecting or TLS failed, or the connection broke.
        case connection = "connection"
        /// The deadline passed.
        case timeout = "timeout"
        /// The body was larger than allowed.
        case tooLarge = "too_large"
        /// The task was cancelled.
        case cancelled = "cancelled"
    }

    /// Bodies of problem details are small; nobody reads more of a refusal.
    private static let maximumRefusalBytes = 16_384

    private let client: HTTPClient
    private let baseURL: String
    /// What new connections are made with if it is not what the client began with.
    private let replaced = Mutex<TLSConfiguration?>(nil)

    /// - Parameters:
    ///   - baseURL: `https://host:port`.
    ///   - identity: who we are; `nil` for a phone, which shows no certificate.
    ///   - authorities: who vouches for the server; nobody else does.
    ///   - connections: the most connections at once.
    ///   - connectTimeout: for TCP and TLS together.
    ///   - readTimeout: the maximum of silence while a response is waited for.
    ///   - retriesConnecting: whether a request waits within `connectTimeout` for a service that refuses connections, as
    ///     one that is being started again does.
    package init(
        baseURL: String, identity: TLSIdentity?, authorities: CertificateAuthorities, connections: Int = 64,
        connectTimeout: Duration = .seconds(3), readTimeout: Duration = .seconds(60), retriesConnecting: Bool = false
    ) {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: Self.tls(identity, authorities), redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(connectTimeout), read: TimeAmount(readTimeout)),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        // Shorter than the server's idle limit, so that no request goes out on a connection that is just being closed.
        configuration.connectionPool.idleTimeout = .seconds(45)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = retriesConnecting
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
        self.baseURL = baseURL
    }

    private static func tls(_ identity: TLSIdentity?, _ authorities: CertificateAuthorities) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        if let identity {
            tls.certificateChain = identity.source
            tls.privateKey = identity.keySource
        }
        tls.trustRoots = .certificates(authorities.roots)
        tls.certificateVerification = .fullVerification
        tls.shutdownTimeout = .seconds(1)
        return tls
    }

    /// Who we are and who vouches for the server, from the next request on: none goes out on a connection made before.
    /// What is under way there is finished.
    package func replace(identity: TLSIdentity, authorities: CertificateAuthorities) {
        let tls = Self.tls(identity, authorities)
        replaced.withLock { $0 = tls }
    }

    /// Sends a request and waits for the whole response.
    ///
    /// - Parameters:
    ///   - path: begins with a slash; the caller escapes what stands in it.
    ///   - body: its bytes and media type.
    ///   - limit: the maximum of bytes of a successful response's body; any other's has at most 16 KiB.
    ///   - timeout: for everything, until the body's last byte.
    package func send(
        _ method: HTTPRequest.Method, _ path: String, headers: [HTTPField.Name: String] = [:],
        body: (bytes: ByteBuffer, mediaType: String)? = nil, limit: Int = 1 << 20, timeout: Duration
    ) async throws(Failure) -> Response {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = .init(rawValue: method.rawValue)
        request.tlsConfiguration = replaced.withLock { $0 }
        for (name, value) in headers { request.headers.add(name: name.rawName, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: body.mediaType)
            request.body = .bytes(body.bytes)
        }
        let prepared = request
        let result: Result<Response, any Error>
        do {
            result = try await withTimeLimit(timeout) { await self.answer(prepared, limit: limit, timeout: timeout) }
        } catch {
            throw Task.isCancelled ? .cancelled : .timeout
        }
        do { return try result.get() } catch { throw Self.failure(error) }
    }

    private func answer(
        _ request: HTTPClientRequest, limit: Int, timeout: Duration
    ) async -> Result<Response, any Error> {
        do {
            let response = try await client.execute(request, deadline: .now() + TimeAmount(timeout))
            let isSuccess = (200..<300).contains(response.status.code)
            let body = try await response.body.collect(upTo: isSuccess ? limit : Self.maximumRefusalBytes)
            let type = response.headers.first(name: "content-type")
            return .success(
                Response(
                    status: Int(response.status.code),
                    mediaType: type?.split(separator: ";").first.map { $0.lowercased() }, body: body))
        } catch {
            return .failure(error)
        }
    }

    /// Closes the connections when the service group stops; until then does nothing.
    package func run() async throws {
        try? await gracefulShutdown()
        try await shutdown()
    }

    // An HTTP client that is let go without an end of its own would end the process.
    deinit { client.shutdown().whenComplete { [client] _ in _ = client } }

    /// Closes the connections; for programs that run no service group.
    package func shutdown() async throws { try await client.shutdown() }

    private static func failure(_ error: any Error) -> Failure {
        switch error {
        case is NIOTooManyBytesError: .tooLarge
        case is CancellationError: Task.isCancelled ? .cancelled : .timeout
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout: .timeout
            case .cancelled: Task.isCancelled ? .cancelled : .timeout
            default: .connection
            }
        default: .connection
        }
    }
}
