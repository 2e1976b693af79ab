import CheckedConfiguration
import Crypto
import Exchange
import ExchangeServer
import Foundation
import Glibc
import HTTPServer
import Hummingbird
import Logging
import MutualTLS
import NIOCore
import ServiceLifecycle
import Signing
import Synchronization
import TestSupport
import Testing

/// Certificates and authorities are replaced while a listener runs.
@Suite(.timeLimit(.minutes(2)))
struct ReplacementTests {
    private static func routes(_ router: Router<ServiceRequestContext>) {
        router.get("/who") { _, context in
            Response(ByteBuffer(string: try context.requiredPeer().commonName), mediaType: "text/plain")
        }
    }

    private func who(_ client: MutualTLSClient) async throws -> String {
        String(buffer: try await client.send(.get, "/who", timeout: .seconds(20)).body)
    }

    @Test func `a new connection is shown the new certificate, and an open one goes on`() async throws {
        let next = try IssuingAuthority.create(commonName: "next", now: .now)
        try await Running.with(routes: Self.routes) { running in
            let (old, new) = (running.client(try running.pki.client()), CertificateAuthorities([next.certificate]))
            #expect(try await who(old) == "C1")
            let identity = try #require(
                try next.server(commonName: "s", hosts: ["127.0.0.1"], now: .now).identity)
            try running.tls.replace(
                identity: identity, authorities: CertificateAuthorities([running.pki.clients.certificate]))
            #expect(try await who(old) == "C1")
            let fresh = running.client(try running.pki.client("C2"), authorities: new)
            #expect(try await who(fresh) == "C2")
            try await running.withClient { late in
                // Who trusts the old authority alone connects no more.
                await #expect(throws: MutualTLSClient.Failure.connection) { try await who(late) }
            }
            try await old.shutdown()
            try await fresh.shutdown()
        }
    }

    /// Asks over a session that it keeps (`-sess_out`) or takes up (`-sess_in`).
    private func resuming(
        _ running: Running, _ issued: IssuingAuthority.Issued
    ) throws -> (_ session: String) async throws -> String {
        let folder = try TemporaryFolder()
        try folder.write("client.pem", Data(issued.pem.utf8))
        try folder.write("client.key.pem", Data(try #require(issued.key).pemRepresentation.utf8))
        return { session in
            try await Program.run(
                "openssl",
                [
                    "s_client", "-connect", "127.0.0.1:\(running.port)", "-tls1_3", "-ign_eof",
                    "-cert", folder.file("client.pem"), "-key", folder.file("client.key.pem"),
                    session, folder.file("session"),
                ], input: Data("GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
            ).output
        }
    }

    @Test func `a session of before a replacement is not resumed`() async throws {
        try await Running.with(routes: Self.routes) { running in
            let ask = try resuming(running, try running.pki.clients.client(commonName: "C1", now: .now))
            _ = try await ask("-sess_out")
            let resumed = try await ask("-sess_in")
            #expect(resumed.contains("Reused, TLSv1.3") && resumed.contains("200 OK"))
            let authorities = CertificateAuthorities([running.pki.clients.certificate])
            try running.tls.replace(identity: try running.pki.server(), authorities: authorities)
            let anew = try await ask("-sess_in")
            #expect(!anew.contains("Reused, TLSv1.3") && anew.contains("200 OK"))
            // Whom nobody vouches for any more is refused whatever session it brings.
            let other = try IssuingAuthority.create(commonName: "other", now: .now)
            try running.tls.replace(
                identity: try running.pki.server(), authorities: CertificateAuthorities([other.certificate]))
            #expect(!(try await ask("-sess_in")).contains("HTTP/1.1"))
        }
    }

    @Test func `whom only a withdrawn authority vouched for is shut out on an open connection too, and others stay`()
        async throws
    {
        let other = try IssuingAuthority.create(commonName: "other", now: .now)
        try await Running.with(clientAuthorities: { [$0.clients, other] }, routes: Self.routes) { running in
            let gone = running.client(try running.pki.client("gone"))
            let kept = running.client(try running.pki.client("kept", by: other))
            #expect(try await who(gone) == "gone")
            #expect(try await who(kept) == "kept")
            try running.tls.replace(
                identity: try running.pki.server(), authorities: CertificateAuthorities([other.certificate]))
            await #expect(throws: MutualTLSClient.Failure.connection) { try await who(gone) }
            #expect(try await who(kept) == "kept")
            #expect(!running.metrics.text().contains("reason=\"certificate\"} 2"))
            try await gone.shutdown()
            try await kept.shutdown()
        }
    }

    @Test
    func `an authority's end is the end of open connections, and of sessions to resume, of those it alone vouched for`()
        async throws
    {
        let key = P256.Signing.PrivateKey()
        // What hangs below an authority may be said to last longer than it does.
        let lasting = try IssuingAuthority.create(commonName: "ending", now: .now, key: key)
        let ending = try IssuingAuthority.create(
            commonName: "ending", now: .now - 364 * 86_400, years: 1, key: key)
        let end = try #require(CertificateAuthorities([ending.certificate]).ends.first)
        let other = try IssuingAuthority.create(commonName: "other", now: .now)
        let time = Mutex(Date.now)
        try await Running.with(
            now: { time.withLock { $0 } }, clientAuthorities: { _ in [ending, other] }, routes: Self.routes
        ) { running in
            let gone = running.client(try running.pki.client("gone", by: lasting))
            let kept = running.client(try running.pki.client("kept", by: other))
            let ask = try resuming(running, try lasting.client(commonName: "C1", now: .now))
            #expect(try await who(gone) == "gone")
            #expect(try await who(kept) == "kept")
            _ = try await ask("-sess_out")
            #expect(try await ask("-sess_in").contains("Reused, TLSv1.3"))
            time.withLock { $0 = end + 1 }
            await #expect(throws: MutualTLSClient.Failure.connection) { try await who(gone) }
            #expect(try await who(kept) == "kept")
            #expect(!(try await ask("-sess_in")).contains("HTTP/1.1"))
            try await gone.shutdown()
            try await kept.shutdown()
        }
    }

    @Test func `a client shows another identity from its next request on`() async throws {
        try await Running.with(routes: Self.routes) { running in
            try await running.withClient { client in
                #expect(try await who(client) == "C1")
                client.replace(
                    identity: try running.pki.client("C2"),
                    authorities: CertificateAuthorities([running.pki.servers.certificate]))
                #expect(try await who(client) == "C2")
            }
        }
    }

    /// An address, and what is said of it; the port of the first is taken.
    @Test(
        arguments: [
            ("127.0.0.1", EADDRINUSE, "another program", "使用中"),
            ("192.0.2.1", EADDRNOTAVAIL, "this host does not have", "この機械にない"),
            ("no.such.host.invalid", nil, "no address of a host", "アドレスとして解釈できません"),
        ] as [(String, Int32?, String, String)])
    func `an address that cannot be listened on is named with its listener`(
        host: String, error: Int32?, english: String, japanese: String
    ) async throws {
        try await Running.with(routes: Self.routes) { running in
            let pki = running.pki
            let ready = ReadyLine(["second"]) { _ in }
            let listener = try mutualTLSListener(
                ListenerConfiguration(
                    name: "second", host: host, port: running.port, identity: try pki.server(),
                    clientAuthorities: CertificateAuthorities([pki.clients.certificate]), limits: ListenerLimits()),
                router: Router.exchange(listener: "second", metrics: running.metrics), problem: ProblemCode.self,
                ready: ready, metrics: running.metrics, logger: running.lines.logger(), now: { .now })
            let failure = await #expect(throws: ListenFailure.self) {
                try await ServiceGroup(configuration: .init(services: [listener], logger: running.lines.logger())).run()
            }
            #expect(failure == ListenFailure(listener: "second", host: host, port: running.port, error: error))
            #expect(failure?.exitStatus == .unavailable)
            #expect(failure?.description.contains("second") == true)
            #expect(failure?.english.contains("\(host):\(running.port)") == true)
            #expect(failure?.english.contains(english) == true && failure?.japanese.contains(japanese) == true)
        }
    }
}
