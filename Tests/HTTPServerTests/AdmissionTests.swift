import Crypto
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import MutualTLS
import Signing
import Synchronization
import TestSupport
import Testing

/// Who speaks is judged at each request, on open and resumed connections too.
@Suite(.timeLimit(.minutes(2)))
struct AdmissionTests {
    private static func routes(_ router: Router<ServiceRequestContext>) {
        router.get("/who") { _, context in
            Response(ByteBuffer(string: try context.requiredPeer().commonName), mediaType: "text/plain")
        }
    }

    private func status(_ client: MutualTLSClient) async throws -> Int {
        try await client.send(.get, "/who", timeout: .seconds(20)).status
    }

    @Test func `a certificate that ends ends its open connection, and resumes none`() async throws {
        let clock = Mutex(Date.now)
        let now: @Sendable () -> Date = { clock.withLock { $0 } }
        try await Running.with(now: now, routes: Self.routes) { running in
            try await running.withClient { client in
                for _ in 0..<2 {
                    let answered = try await status(client)
                    #expect(answered == 200)
                }
                // For the handshake the certificate is as good as ever.
                // The certificate has ended, its authority not.
                clock.withLock { $0 += 400 * 86_400 }
                await #expect(throws: MutualTLSClient.Failure.connection) { _ = try await status(client) }
                await #expect(throws: MutualTLSClient.Failure.connection) { _ = try await status(client) }
            }
            #expect(running.metrics.text().contains("reason=\"certificate\"}"))
        }
    }

    @Test func `a resumed session is judged by the certificate in it, now`() async throws {
        let clock = Mutex(Date.now)
        let now: @Sendable () -> Date = { clock.withLock { $0 } }
        let folder = try TemporaryFolder()
        try await Running.with(now: now, routes: Self.routes) { running in
            let issued = try running.pki.clients.client(commonName: "C1", now: .now)
            try folder.write("client.pem", Data(issued.pem.utf8))
            let key = try #require(issued.key)
            try folder.write("client.key.pem", Data(key.pemRepresentation.utf8))
            /// Asks in a session that is kept in a file: a new one, or the one that is kept.
            func ask(_ session: String) async throws -> (output: String, isResumed: Bool) {
                let outcome = try await Program.run(
                    "openssl",
                    [
                        "s_client", "-connect", "127.0.0.1:\(running.port)", "-tls1_3", "-ign_eof",
                        "-cert", folder.file("client.pem"), "-key", folder.file("client.key.pem"),
                        session, folder.file("session"),
                    ], input: Data("GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
                return (outcome.output, outcome.output.contains("Reused, TLSv1.3"))
            }
            let first = try await ask("-sess_out")
            #expect(first.output.contains("200 OK") && !first.isResumed)
            let second = try await ask("-sess_in")
            #expect(second.output.contains("200 OK") && second.isResumed)
            // The certificate has ended, its authority not.
            clock.withLock { $0 += 400 * 86_400 }
            let late = try await ask("-sess_in")
            #expect(late.isResumed && !late.output.contains("HTTP/1.1"))
            #expect(running.metrics.text().contains("reason=\"certificate\"}"))
        }
    }

    /// Why a client is refused although its handshake is good.
    enum Refused: CaseIterable {
        case ended, notListed, oneConnectionTooMany
    }

    @Test(arguments: Refused.allCases)
    func `what a refused client sends right behind its handshake has no effect`(why: Refused) async throws {
        let folder = try TemporaryFolder()
        let effects = Mutex(0)
        let isRefusing = Mutex(false)
        let now: @Sendable () -> Date = {
            why == .ended && isRefusing.withLock { $0 } ? .now + 20 * 365 * 86_400 : .now
        }
        let admits: @Sendable (PeerCertificate) -> Bool = { _ in why != .notListed || !isRefusing.withLock { $0 } }
        let routes: (Router<ServiceRequestContext>) -> Void = { router in
            router.post("/change") { _, _ in
                effects.withLock { $0 += 1 }
                return Response(status: .noContent)
            }
            Self.routes(router)
        }
        try await Running.with(
            limits: .init(connectionsPerPeer: why == .oneConnectionTooMany ? 1 : 16), now: now, admits: admits,
            routes: routes
        ) { running in
            let issued = try running.pki.clients.client(commonName: "C1", now: .now)
            let identity = try #require(issued.identity)
            try folder.write("client.pem", Data(issued.pem.utf8))
            let key = try #require(issued.key)
            try folder.write("client.key.pem", Data(key.pemRepresentation.utf8))
            /// Sends the request with the end of the handshake, without waiting for anything.
            func change() async throws -> String {
                try await Program.run(
                    "openssl",
                    [
                        "s_client", "-connect", "127.0.0.1:\(running.port)", "-tls1_3", "-ign_eof",
                        "-cert", folder.file("client.pem"), "-key", folder.file("client.key.pem"),
                    ],
                    input: Data(
                        "POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                            .utf8)
                ).output
            }
            #expect(try await change().contains("204 No Content"))
            #expect(effects.withLock { $0 } == 1)
            isRefusing.withLock { $0 = true }
            // The one connection that there is a place for.
            let first = running.client(identity)
            if why == .oneConnectionTooMany { #expect(try await status(first) == 200) }
            for _ in 0..<5 { #expect(try await !change().contains("HTTP/1.1")) }
            try await first.shutdown()
            #expect(effects.withLock { $0 } == 1)
        }
    }

    @Test func `a certificate whose time has not come is refused`() async throws {
        try await Running.with(now: { .now - 20 * 365 * 86_400 }, routes: Self.routes) { running in
            try await running.withClient { client -> Void in
                await #expect(throws: MutualTLSClient.Failure.connection) { _ = try await status(client) }
            }
        }
    }

    @Test
    func `a client that is not taken any more loses its idle connection within a second or two, others keep theirs`()
        async throws
    {
        let removed = Mutex(false)
        let admits: @Sendable (PeerCertificate) -> Bool = { peer in
            peer.commonName != "T0001" || !removed.withLock { $0 }
        }
        try await Running.with(admits: admits, routes: Self.routes) { running in
            let other = try running.pki.client("T0002")
            let (first, second) = (running.client(try running.pki.client("T0001")), running.client(other))
            for client in [first, second] { #expect(try await status(client) == 200) }
            let open = "akashi_connections_open{entrance=\"test\"} "
            #expect(running.metrics.text().contains(open + "2.0"))
            removed.withLock { $0 = true }
            try await eventually("the connection is closed") { running.metrics.text().contains(open + "1.0") }
            #expect(try await status(second) == 200)
            await #expect(throws: MutualTLSClient.Failure.connection) { _ = try await status(first) }
            try await first.shutdown()
            try await second.shutdown()
        }
    }
}
