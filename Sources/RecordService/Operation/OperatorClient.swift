package import Exchange
package import Foundation
import HTTPTypes
package import CheckedConfiguration
package import MutualTLS
import HTTPServer
import ExchangeServer
import NIOCore

/// Why an operator's command failed.
package enum OperatorFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The service refused it.
    case refused(ProblemCode)
    /// No usable answer came.
    case unreachable(String)

    package var description: String {
        switch self {
        case .refused(let code): "refused: \(code.rawValue)"
        case .unreachable(let why): "the record system could not be asked: \(why)"
        }
    }
}

/// Speaks to the inner entrance with the operator's certificate.
package struct OperatorClient: Sendable {
    /// A way to ask.
    package enum Method: Sendable { case get, post, delete }

    private let client: MutualTLSClient

    /// A client from an operator's configuration: `vrs`, `authorities`, `certificate` and `key`.
    ///
    /// Development certificates are accepted here: whether they open anything is the service's decision.
    package init(_ file: ConfigurationFile, now: Date) throws(ConfigurationError) {
        let root = file.root
        let url = try root.serviceURL("vrs")
        let authorities = try CertificateAuthorities(root, "authorities", development: true)
        let identity = try TLSIdentity(root, development: true, now: now)
        try root.refuseUnknownKeys()
        self.init(MutualTLSClient(baseURL: url, identity: identity, authorities: authorities))
    }

    /// A client over a connection to the inner entrance.
    package init(_ client: MutualTLSClient) { self.client = client }

    /// Closes the connections.
    package func shutdown() async throws { try await client.shutdown() }

    /// Asks and decodes the answer.
    package func ask<T: Decodable & Sendable>(
        _ type: T.Type, _ method: Method, _ path: String, body: (any Encodable & Sendable)? = nil
    ) async throws -> T {
        let bytes = try await send(method, path, body: body)
        guard let value = try? OperatorJSON.decode(type, from: bytes) else {
            throw OperatorFailure.unreachable("an answer of another form came")
        }
        return value
    }

    /// Asks, and gives the answer's bytes.
    @discardableResult
    package func send(_ method: Method, _ path: String, body: (any Encodable & Sendable)? = nil) async throws -> [UInt8]
    {
        let verb: HTTPRequest.Method =
            switch method {
            case .get: .get
            case .post: .post
            case .delete: .delete
            }
        let content = try body.map {
            (bytes: ByteBuffer(bytes: try OperatorJSON.encode($0)), mediaType: "application/json")
        }
        let response: MutualTLSClient.Response
        do {
            response = try await client.send(verb, path, body: content, limit: 16 << 20, timeout: .seconds(30))
        } catch {
            throw OperatorFailure.unreachable(error.rawValue)
        }
        guard (200..<300).contains(response.status) else {
            guard let problem = response.problem else { throw OperatorFailure.unreachable("status \(response.status)") }
            throw OperatorFailure.refused(problem.code)
        }
        return Array(response.body.readableBytesView)
    }
}
