import NIOCore
import NIOPosix

/// A printer's raw port: takes what comes over TCP and keeps it for the test.
package struct PrinterPort: Sendable {
    /// The port on 127.0.0.1.
    package let port: Int
    private let channel: any NIOCore.Channel
    private let receiving: Task<[[UInt8]], Never>

    /// Listens on a free port.
    package static func open() async throws -> PrinterPort {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let receiving = Task {
            let jobs = try? await server.executeThenClose { connections in
                var jobs: [[UInt8]] = []
                do {
                    for try await connection in connections {
                        jobs.append(
                            try await connection.executeThenClose { inbound, _ in
                                var job: [UInt8] = []
                                for try await bytes in inbound { job += Array(buffer: bytes) }
                                return job
                            })
                    }
                } catch {
                    return jobs
                }
                return jobs
            }
            return jobs ?? []
        }
        return PrinterPort(port: server.channel.localAddress?.port ?? 0, channel: server.channel, receiving: receiving)
    }

    /// Closes the port and gives every job that came, in order.
    package func close() async -> [[UInt8]] {
        try? await channel.close()
        return await receiving.value
    }
}
