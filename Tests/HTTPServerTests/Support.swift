import Crypto
import Exchange
import Foundation
import MutualTLS
import HTTPServer
import ExchangeServer
import Signing
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization
import Testing

/// Made-up authorities and identities.
struct PKI {
    let clients: IssuingAuthority
    let servers: IssuingAuthority

    init() throws {
        clients = try .create(commonName: "clients", now: .now)
        servers = try .create(commonName: "servers", now: .now)
    }

    func server() throws -> TLSIdentity {
        let issued = try servers.server(commonName: "s", hosts: ["127.0.0.1", "localhost"], now: .now)
        return try #require(issued.identity)
    }

    func client(_ name: String = "C1", by authority: IssuingAuthority? = nil) throws -> TLSIdentity {
        let issued = try (authority ?? clients).client(commonName: name, now: .now)
        return try #require(issued.identity)
    }
}

extension IssuingAuthority.Issued {
    var identity: TLSIdentity? { key.flatMap { TLSIdentity(chain: [certificate], key: $0) } }
}

/// Log lines, kept.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    func logger(_ level: Logger.Level = .trace) -> Logger {
        Logger(label: "test") { label in
            JSONLogHandler(label: label, level: level) { line in
                self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
    }
}

/// A running listener.
struct Running: Sendable {
    let pki: PKI
    let port: Int
    /// What it shows, and whose clients it takes.
    let tls: ListenerTLS
    let lines: Lines
    let metrics: PrometheusFactory
    let stop: @Sendable () async -> Void

    /// A client; shut it down after use.
    func client(_ identity: TLSIdentity, authorities: CertificateAuthorities? = nil) -> MutualTLSClient {
        MutualTLSClient(
            baseURL: "https://127.0.0.1:\(port)", identity: identity,
            authorities: authorities ?? CertificateAuthorities([pki.servers.certificate]))
    }

    @discardableResult
    func withClient<T>(_ identity: TLSIdentity? = nil, _ body: (MutualTLSClient) async throws -> T) async throws -> T {
        let client = client(try identity ?? pki.client())
        do {
            let value = try await body(client)
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Runs a listener with some routes while `body` runs.
    static func with(
        limits: ListenerLimits = .init(), now: @escaping @Sendable () -> Date = { .now },
        admits: @escaping @Sendable (PeerCertificate) -> Bool = { _ in true },
        clientAuthorities: (PKI) -> [IssuingAuthority] = { [$0.clients] },
        routes: (Router<ServiceRequestContext>) -> Void,
        _ body: @Sendable (Running) async throws -> Void
    ) async throws {
        let pki = try PKI()
        let lines = Lines()
        let metrics = PrometheusFactory()
        let ready = ReadyLine(["test"]) { _ in }
        let router = Router.exchange(listener: "test", metrics: metrics)
        routes(router)
        let configuration = ListenerConfiguration(
            name: "test", host: "127.0.0.1", port: 0, identity: try pki.server(),
            clientAuthorities: CertificateAuthorities(clientAuthorities(pki).map(\.certificate)), limits: limits)
        let tls = try configuration.tls(now: now)
        let application = try mutualTLSListener(
            configuration, tls: tls, router: router, problem: ProblemCode.self, ready: ready, metrics: metrics,
            logger: lines.logger(), now: now, admits: admits)
        let group = ServiceGroup(configuration: .init(services: [application], logger: lines.logger()))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { ready.end() }
                try await group.run()
            }
            let address = try #require(try await ready.addresses["test"])
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            let running = Running(pki: pki, port: port, tls: tls, lines: lines, metrics: metrics) {
                await group.triggerGracefulShutdown()
            }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(running)) } catch { outcome = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }
}

/// A TLS connection on which a test writes bytes as it likes.
struct RawConnection {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    static func open(_ running: Running, _ identity: TLSIdentity?, maximum: TLSVersion? = nil) async throws
        -> RawConnection
    {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        tls.maximumTLSVersion = maximum
        if let identity {
            tls.certificateChain = try identity.chain.map {
                .certificate(try NIOSSLCertificate(bytes: $0.der, format: .der))
            }
            tls.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(identity.key.derRepresentation), format: .der))
        }
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: running.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: nil))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return RawConnection(channel: channel)
    }

    /// Writes the pieces and returns what came until the other side closed.
    func exchange(_ pieces: [String]) async throws -> String {
        try await channel.executeThenClose { inbound, outbound in
            var text = ""
            do {
                for piece in pieces { try await outbound.write(ByteBuffer(string: piece)) }
                for try await buffer in inbound { text += String(buffer: buffer) }
            } catch {
                // The other side broke the connection off: what came before counts.
                return text
            }
            return text
        }
    }

    /// Writes a piece, then another one again and again with a pause, until the other side closes; gives what that side
    /// said, or `nil` if it did not close before `times` were written.
    func finalResponse(after first: String, repeating piece: String, times: Int, pause: Duration) async throws
        -> String?
    {
        try await channel.executeThenClose { inbound, outbound in
            var isCutOff = false
            do {
                if !first.isEmpty { try await outbound.write(ByteBuffer(string: first)) }
                for _ in 0..<times where !isCutOff {
                    try await Task.sleep(for: pause)
                    if !piece.isEmpty { try await outbound.write(ByteBuffer(string: piece)) }
                    isCutOff = !channel.channel.isActive
                }
            } catch {
                isCutOff = true
            }
            guard isCutOff else { return nil }
            var text = ""
            do { for try await buffer in inbound { text += String(buffer: buffer) } } catch { return text }
            return text
        }
    }
}
