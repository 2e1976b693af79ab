import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A way to a service on which everything comes from one address of this machine, so that a test chooses whose address the service sees. Bytes
/// pass as they are, TLS and all.
package final class WayFromAddress: Sendable {
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Where clients reach it, `host:port`.
    package let address: String
    private let source: String
    private let target: (host: String, port: Int)
    private let sources = Mutex<[String]>([])

    /// The addresses from which the service was reached, one for each connection, as the system has them.
    package var used: [String] { sources.withLock { $0 } }

    /// Opens a way for as long as `body` runs.
    /// - Parameters:
    ///   - target: the service, `host:port`.
    ///   - source: an address of the loopback network.
    package static func use<T: Sendable>(
        to target: String, from source: String, _ body: (WayFromAddress) async throws -> T
    ) async throws -> T {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { Self.wrapped($0) }
        let parts = target.split(separator: ":")
        guard let own = server.channel.localAddress?.port, parts.count == 2, let port = Int(parts[1]) else {
            throw TestFailure("no way to \(target)")
        }
        let way = WayFromAddress("127.0.0.1:\(own)", from: source, to: (String(parts[0]), port))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await way.serve(server) }
            let result = try await body(way)
            group.cancelAll()
            return result
        }
    }

    private init(_ address: String, from source: String, to target: (String, Int)) {
        (self.address, self.source, self.target) = (address, source, target)
    }

    private static func wrapped(_ channel: any NIOCore.Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
    }

    private func serve(_ server: NIOAsyncChannel<Connection, Never>) async throws {
        try await server.executeThenClose { clients in
            try await withThrowingDiscardingTaskGroup { connections in
                for try await client in clients {
                    // A connection that breaks concerns its two ends alone.
                    connections.addTask { try? await self.relay(client) }
                }
            }
        }
    }

    private func relay(_ client: Connection) async throws {
        let service = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: source, port: 0))
            .connect(host: target.host, port: target.port) { Self.wrapped($0) }
        if let own = service.channel.localAddress?.ipAddress { sources.withLock { $0.append(own) } }
        try await client.executeThenClose { fromClient, toClient in
            try await service.executeThenClose { fromService, toService in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for try await bytes in fromClient { try await toService.write(bytes) } }
                    group.addTask { for try await bytes in fromService { try await toClient.write(bytes) } }
                    // What ends at one end ends at the other.
                    try await group.next()
                    group.cancelAll()
                }
            }
        }
    }
}
