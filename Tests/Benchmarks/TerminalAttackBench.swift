import Exchange
import ExchangeServer
import Foundation
import Glibc
import HTTPServer
import HTTPTypes
import Hummingbird
import Logging
import MutualTLS
import NIOCore
import ServiceLifecycle
import Signing

/// A terminal's request over a new connection while somebody else holds thousands of connections open and says nothing,
/// beside the same at a listener that nobody attacks.
enum TerminalAttackBench {
    /// Idle connections that the attacker keeps trying to hold.
    private static let connections = 4000

    static func terminals(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let pki = try PKI()
        let (quiet, attacked) = (try await Target.start(pki), try await Target.start(pki))
        let attacker = Task.detached(priority: .background) {
            var sockets: [Int32] = []
            while !Task.isCancelled {
                for _ in 0..<100 { if let socket = Self.idleConnection(to: attacked.port) { sockets.append(socket) } }
                // The listener displaces all but a few hundred; the attacker begins again with as many.
                if sockets.count > Self.connections {
                    for socket in sockets.prefix(100) { close(socket) }
                    sockets.removeFirst(100)
                }
                try? await Task.sleep(for: .milliseconds(20))
            }
            for socket in sockets { close(socket) }
        }
        // As many as it wants to hold have come once.
        try await Task.sleep(for: .seconds(2))
        let figures = [
            try await stopwatch.measure(
                "attack/terminals",
                against: .work("the same at a listener that nobody attacks") { try await quiet.ask() }
            ) { try await attacked.ask() },
            try await stopwatch.measure(
                "attack/terminals/quiet", against: .work("the same") { try await quiet.ask() }
            ) { try await quiet.ask() },
        ]
        attacker.cancel()
        await attacker.value
        for target in [quiet, attacked] { try await target.stop() }
        return figures
    }

    /// A TCP connection from an address of its own that never says anything; `nil` if there was none to be had.
    private static func idleConnection(to port: Int) -> Int32? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return nil }
        func reached(_ host: String, _ port: Int, _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Bool
        {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
        guard reached("127.0.0.2", 0, bind), reached("127.0.0.1", port, connect) else {
            close(socket)
            return nil
        }
        return socket
    }
}

private struct PKI {
    let servers: IssuingAuthority
    let clients: IssuingAuthority

    init() throws {
        servers = try .create(commonName: "servers", now: .now)
        clients = try .create(commonName: "clients", now: .now)
    }

    static func identity(_ issued: IssuingAuthority.Issued) throws -> TLSIdentity {
        guard let identity = issued.key.flatMap({ TLSIdentity(chain: [issued.certificate], key: $0) }) else {
            throw BenchError("no identity was made")
        }
        return identity
    }
}

/// A listener as terminals have it, and a terminal of it.
private struct Target {
    let port: Int
    private let terminal: TLSIdentity
    private let authorities: CertificateAuthorities
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    static func start(_ pki: PKI) async throws -> Target {
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let (ready, metrics) = (ReadyLine(["terminal"]) { _ in }, PrometheusFactory())
        let router = Router<ServiceRequestContext>.exchange(listener: "terminal", metrics: metrics)
        router.get("/menu") { _, _ in Response(ByteBuffer(string: "{}"), mediaType: "application/json") }
        let listener = try mutualTLSListener(
            ListenerConfiguration(
                name: "terminal", host: "127.0.0.1", port: 0,
                identity: PKI.identity(pki.servers.server(commonName: "s", hosts: ["127.0.0.1"], now: .now)),
                clientAuthorities: CertificateAuthorities([pki.clients.certificate]), limits: ListenerLimits()),
            router: router, problem: ProblemCode.self, ready: ready, metrics: metrics, logger: logger, now: { .now })
        let group = ServiceGroup(configuration: .init(services: [listener], logger: logger))
        let task = Task {
            defer { ready.end() }
            try await group.run()
        }
        guard let port = try await ready.addresses["terminal"]?.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw BenchError("the listener has no port")
        }
        return Target(
            port: port, terminal: try PKI.identity(pki.clients.client(commonName: "T0001", now: .now)),
            authorities: CertificateAuthorities([pki.servers.certificate]), group: group, task: task)
    }

    /// One request over a new connection.
    func ask() async throws {
        let client = MutualTLSClient(
            baseURL: "https://127.0.0.1:\(port)", identity: terminal, authorities: authorities)
        let response = try? await client.send(.get, "/menu", timeout: .seconds(10))
        try await client.shutdown()
        guard response?.status == 200 else { throw BenchError("a terminal was shut out") }
    }

    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }
}
