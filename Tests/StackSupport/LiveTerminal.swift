import AsyncHTTPClient
import CardChip
package import Crypto
package import Exchange
package import ExchangeSupport
import Foundation
import NIOCore
import NIOHTTP1
package import NIOSSL
package import SimulatedCard
import TestSupport
import Vaccination

/// What a service answered.
package struct Reply: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// The code of a refusal.
    package var code: ProblemCode? { Problem(parsing: body)?.code }
}

/// A client of a service with a certificate of its own; each request over a connection of its own if asked.
package struct TLSClient: Sendable {
    package let base: String
    package let configuration: TLSConfiguration

    package init(base: String, authority: String, certificate: String, key: String) throws {
        self.base = base
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.trustRoots = .file(authority)
        configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        self.configuration = configuration
    }

    /// A client without a certificate, as phones are.
    package init(base: String, authority: String) {
        self.base = base
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.trustRoots = .file(authority)
        self.configuration = configuration
    }

    /// Sends one request over a new connection and closes it.
    package func send(
        _ method: String, _ path: String, body: [UInt8]? = nil, type: String = "application/json",
        headers: [String: String] = [:]
    ) async throws -> Reply {
        try await connected { client in
            var request = HTTPClientRequest(url: base + path)
            request.method = .RAW(value: method)
            if let body {
                request.body = .bytes(ByteBuffer(bytes: body))
                request.headers.add(name: "Content-Type", value: type)
            }
            for (name, value) in headers { request.headers.add(name: name, value: value) }
            let response = try await client.execute(request, timeout: .seconds(60))
            let bytes = try await response.body.collect(upTo: SealedAnswer.maximumBytes + 1)
            return Reply(status: Int(response.status.code), body: Array(buffer: bytes))
        }
    }

    private func connected<T>(_ body: (HTTPClient) async throws -> T) async throws -> T {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: configuration))
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

/// A terminal at a started centre, made of the same parts as the real one, that can be made to do what the real one
/// never does.
package struct LiveTerminal: Sendable {
    package let client: TLSClient
    package let terminal: TestTerminal
    package let inquiry = InquiryNumber()

    package init(_ id: String, base: String, authority: String, certificate: String, key: String) throws {
        client = try TLSClient(base: base, authority: authority, certificate: certificate, key: key)
        terminal = try TestTerminal(id, certificateFile: certificate, keyFile: key)
    }

    private var headers: [String: String] { [InquiryNumber.header: inquiry.text] }

    /// The menu as the centre tells it; the next one behind a revision, as soon as there is one.
    package func menu(after revision: Int64? = nil) async throws -> Menu {
        let path = revision.map { "/v1/menu?after=\($0)" } ?? "/v1/menu"
        let reply = try await client.send("GET", path, headers: headers)
        guard reply.status == 200 else { throw TestFailure("menu: \(reply.status) \(reply.code?.rawValue ?? "")") }
        return try JSONDecoder().decode(Menu.self, from: Data(reply.body))
    }

    /// Asks for a challenge.
    package func requestChallenge(_ request: CertificateRequest) async throws -> Reply {
        try await client.send("POST", "/v1/challenge", body: Array(try JSONEncoder().encode(request)), headers: headers)
    }

    /// A challenge; throws if it is refused.
    package func challenge(_ request: CertificateRequest) async throws -> [UInt8] {
        let reply = try await requestChallenge(request)
        guard reply.status == 200 else { throw TestFailure("challenge: \(reply.status) \(reply.code?.rawValue ?? "")") }
        return Array(try JSONDecoder().decode(ChallengeResponse.self, from: Data(reply.body)).challenge)
    }

    /// Sends an application's bytes.
    package func apply(_ application: [UInt8]) async throws -> Reply {
        try await client.send(
            "POST", "/v1/application", body: application, type: Application.mediaType, headers: headers)
    }

    /// Sends an outcome's bytes.
    package func report(_ outcome: [UInt8]) async throws -> Reply {
        try await client.send("POST", "/v1/outcome", body: outcome, type: Outcome.mediaType, headers: headers)
    }

    /// A session with a challenge.
    package func session(_ request: CertificateRequest, challenge: [UInt8]) -> ApplicantSession {
        ApplicantSession(device: terminal.device(), request: request, challenge: challenge, inquiry: inquiry)
    }

    /// Everything of one session up to its application, ready to send or to be spoilt.
    package func prepare(_ request: CertificateRequest, card: CustomerCard, challenge: [UInt8]? = nil) async throws
        -> PreparedSession
    {
        let fresh = try await self.challenge(request)
        let presented = try card.present()
        let draft = session(request, challenge: challenge ?? fresh).draft(presented.files)
        let chip = try presented.chip.authenticate(digest: draft.transcript)
        return PreparedSession(
            terminal: self, draft: draft, chipSignature: chip, signed: try draft.signed(chipSignature: chip))
    }
}

/// A session whose application is signed and not sent.
package struct PreparedSession: Sendable {
    package let terminal: LiveTerminal
    package let draft: ApplicationDraft
    package let chipSignature: [UInt8]
    package let signed: SignedApplication
    package var request: CertificateRequest { signed.request }
    package var application: [UInt8] { signed.bytes }

    /// Sends the application and opens its answer; throws when it is refused.
    package func answer(from sender: P256.KeyAgreement.PublicKey) async throws -> Answer {
        let reply = try await terminal.apply(application)
        guard reply.status == 200 else {
            throw TestFailure("application: \(reply.status) \(reply.code?.rawValue ?? "")")
        }
        guard case .issued(let answer) = try signed.open(reply.body, from: sender) else {
            throw TestFailure("refused")
        }
        return answer
    }

    /// The session's outcome, signed.
    package func outcome(_ disposition: Outcome.Disposition, signedBy other: SessionKeys? = nil) throws -> [UInt8] {
        guard let other else { return try signed.outcome(disposition).bytes }
        return try Outcome(
            transcriptHash: signed.transcriptHash, municipality: request.municipality, disposition: disposition,
            keys: other
        ).bytes
    }
}
