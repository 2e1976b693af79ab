import ExchangeServer
import HTTPServer
import HTTPTypes
import Hummingbird
import MutualTLS
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// TCP connections that say nothing more than a test lets them say.
private struct Strangers {
    let channels: [any Channel]

    static func open(_ count: Int, at port: Int, from address: String = "127.0.0.1", saying bytes: String = "")
        async throws
        -> Strangers
    {
        var channels: [any Channel] = []
        for _ in 0..<count {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(to: SocketAddress(ipAddress: address, port: 0)).connect(host: "127.0.0.1", port: port).get()
            if !bytes.isEmpty { try? await channel.writeAndFlush(ByteBuffer(string: bytes)) }
            channels.append(channel)
        }
        return Strangers(channels: channels)
    }

    /// How many of them the other side has not ended.
    var open: Int { channels.count(where: \.isActive) }

    func close() async { for channel in channels { try? await channel.close() } }
}

/// Whoever opens connections and leaves them takes places from himself, not from others.
@Suite(.timeLimit(.minutes(2)))
struct ConnectionLimitTests {
    private static func routes(_ router: Router<ServiceRequestContext>) {
        router.get("/who") { _, context in
            Response(ByteBuffer(string: try context.requiredPeer().commonName), mediaType: "text/plain")
        }
    }

    private func answers(_ running: Running) async throws -> Int {
        try await running.withClient { try await $0.send(.get, "/who", timeout: .seconds(5)).status }
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.2"])
    func `bare TCP connections, many times as many as there are places, shut no client out`(
        _ address: String
    ) async throws {
        let limits = ListenerLimits(connections: 8, handshakes: 16, connectionsPerAddress: 8)
        try await Running.with(limits: limits, routes: Self.routes) { running in
            let strangers = try await Strangers.open(200, at: running.port, from: address)
            for _ in 0..<3 { #expect(try await answers(running) == 200) }
            try await eventually("the rest is ended") { strangers.open <= 8 }
            #expect(
                running.metrics.text().contains(
                    "akashi_connections_ended_total{entrance=\"test\",reason=\"displaced\"}"))
            await strangers.close()
        }
    }

    @Test func `connections from many addresses leave room for one more`() async throws {
        let limits = ListenerLimits(connections: 8, handshakes: 16, connectionsPerAddress: 8)
        try await Running.with(limits: limits, routes: Self.routes) { running in
            var strangers: [Strangers] = []
            for last in 2...9 {
                strangers.append(try await Strangers.open(8, at: running.port, from: "127.0.0.\(last)"))
            }
            #expect(try await answers(running) == 200)
            try await eventually("the rest is ended") { strangers.reduce(0) { $0 + $1.open } <= 16 }
            for each in strangers { await each.close() }
        }
    }

    @Test func `a client that is known keeps its idle connection, whatever strangers do`() async throws {
        let limits = ListenerLimits(connections: 2, handshakes: 4, connectionsPerAddress: 4)
        try await Running.with(limits: limits, routes: Self.routes) { running in
            let known = try await RawConnection.open(running, try running.pki.client())
            async let said = known.exchange(["GET /who HTTP/1.1\r\nHost: x\r\n\r\n"])
            try await eventually("an answer") { running.lines.all.contains { $0.contains("\"route\":\"/who\"") } }
            let strangers = try await Strangers.open(50, at: running.port)
            #expect(try await answers(running) == 200)
            let isOpen = running.metrics.text().contains("reason=\"displaced\"}")
            #expect(isOpen)
            await strangers.close()
            await running.stop()
            #expect(try await said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `places of closed connections become free`() async throws {
        let limits = ListenerLimits(handshakes: 4, connectionsPerAddress: 4)
        try await Running.with(limits: limits, routes: Self.routes) { running in
            for _ in 0..<5 {
                let strangers = try await Strangers.open(4, at: running.port)
                await strangers.close()
                try await eventually("no connection") {
                    running.metrics.text().contains("akashi_connections_open{entrance=\"test\"} 0.0")
                }
            }
            #expect(!running.metrics.text().contains("reason=\"displaced\"} 1.0"))
        }
    }

    // MARK: The host that a request names

    @Test(arguments: ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n", "host: a\r\nHOST: a\r\n"])
    func `a request with no host, or two, is refused before any handler sees it`(_ hosts: String) async throws {
        try await Running.with(routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client())
            let answer = try await raw.exchange(["GET /who HTTP/1.1\r\n\(hosts)\r\n"])
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("request.malformed"))
            #expect(!running.lines.all.contains { $0.contains("\"route\":\"/who\"") })
        }
    }

    @Test func `a second request without a host ends the connection behind the first one's answer`() async throws {
        try await Running.with(routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client())
            let answer = try await raw.exchange(["GET /who HTTP/1.1\r\nHost: x\r\n\r\nGET /who HTTP/1.1\r\n\r\n"])
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 400 "))
        }
    }
}
