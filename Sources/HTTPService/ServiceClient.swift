import AsyncHTTPClient
package import Exchange
import Foundation
package import HTTPTypes
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// A client of one of our services: TLS 1.3 with a client certificate, the server's authority pinned, connections kept
/// open, everything with a deadline and a bound.
package final class ServiceClient: Service {
    /// What came back.
    package struct Response: Sendable {
        /// The status code.
        package let status: Int
        /// The media type, lower case, without parameters.
        package let mediaType: String?
        /// The body.
        package let body: ByteBuffer

        /// The refusal that the other service gave; `nil` where the body is no problem with a known code.
        package var problem: Problem? {
            guard mediaType == Problem.mediaType else { return nil }
            return Problem(parsing: Array(body.readableBytesView))
        }
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

    private let client: HTTPClient
    private let baseURL: String

    /// - Parameters:
    ///   - baseURL: `https://host:port`.
    ///   - identity: who we are.
    ///   - authorities: who vouches for the server; nobody else does.
    ///   - connections: the most connections at once.
    ///   - connectTimeout: for TCP and TLS together.
    package init(
        baseURL: String, identity: TLSIdentity, authorities: CertificateAuthorities, connections: Int = 64,
        connectTimeout: Duration = .seconds(3)
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.certificateChain = identity.source
        tls.privateKey = identity.keySource
        tls.trustRoots = .certificates(authorities.roots)
        tls.certificateVerification = .fullVerification
        tls.shutdownTimeout = .seconds(1)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(connectTimeout), read: .seconds(60)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        // Shorter than the server's idle limit, so that no request goes out on a connection that is just being closed.
        configuration.connectionPool.idleTimeout = .seconds(45)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
        self.baseURL = baseURL
    }

    /// Sends a request and waits for the whole response.
    ///
    /// - Parameters:
    ///   - path: begins with a slash; the caller escapes what stands in it.
    ///   - body: its bytes and media type.
    ///   - limit: the most bytes of the response's body.
    ///   - timeout: for everything, until the body's last byte.
    package func send(
        _ method: HTTPRequest.Method, _ path: String, headers: [HTTPField.Name: String] = [:],
        body: (bytes: ByteBuffer, mediaType: String)? = nil, limit: Int = 1 << 20, timeout: Duration
    ) async throws(Failure) -> Response {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = .init(rawValue: method.rawValue)
        for (name, value) in headers { request.headers.add(name: name.rawName, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: body.mediaType)
            request.body = .bytes(body.bytes)
        }
        let prepared = request
        do {
            return try await withDeadline(timeout) {
                let response = try await self.client.execute(prepared, deadline: .now() + TimeAmount(timeout))
                let body = try await response.body.collect(upTo: limit)
                let type = response.headers.first(name: "content-type")
                return Response(
                    status: Int(response.status.code),
                    mediaType: type?.split(separator: ";").first.map { $0.lowercased() }, body: body)
            }
        } catch {
            throw Self.failure(error)
        }
    }

    /// Closes the connections when the service group stops; until then does nothing.
    package func run() async throws {
        try? await gracefulShutdown()
        try await shutdown()
    }

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
        case let failure as Failure: failure
        default: .connection
        }
    }
}

/// Runs an operation that is cancelled when the time is up; throws ``ServiceClient/Failure/timeout`` then.
private func withDeadline<T: Sendable>(_ time: Duration, _ operation: @escaping @Sendable () async throws -> T)
    async throws -> T
{
    try await withThrowingTaskGroup(of: T.self) { group in
        group.addTask(operation: operation)
        group.addTask {
            try await Task.sleep(for: time)
            throw ServiceClient.Failure.timeout
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw ServiceClient.Failure.cancelled }
        return first
    }
}
