package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Waiting

/// How a service shows to whom started it that it is ready and that it still answers.
package struct Liveness: Sendable {
    /// Returns when the service accepts connections.
    let isUp: @Sendable () async throws -> Void
    /// Whether the service answers, found out within a time.
    package let answers: @Sendable (_ within: Duration) async -> Bool

    /// - Parameters:
    ///   - isUp: returns when the service accepts connections; throws if it never will.
    ///   - answers: whether it answers now, found out within a time.
    package init(
        isUp: @escaping @Sendable () async throws -> Void,
        answers: @escaping @Sendable (_ within: Duration) async -> Bool
    ) {
        self.isUp = isUp
        self.answers = answers
    }

    /// A service with an operations listener: it answers as long as every event loop takes work and `/health` is answered
    /// over a connection of its own.
    package static func operations(_ ready: ReadyLine) -> Liveness {
        Liveness {
            _ = try await ready.addresses
        } answers: { limit in
            guard let address = try? await ready.addresses["operations"] else { return false }
            guard await eventLoopsAnswer(within: limit / 2) else { return false }
            return await healthIsAnswered(at: address, within: limit / 2)
        }
    }

    /// A service whose only listener is everybody's: it answers as long as every event loop takes work. A connection of its
    /// own would stand in line with strangers', and a flood of those must not end the service.
    package static func eventLoops(_ ready: ReadyLine) -> Liveness {
        Liveness {
            _ = try await ready.addresses
        } answers: { limit in
            await eventLoopsAnswer(within: limit)
        }
    }
}

/// Whether every event loop of a group takes work, all within a time.
package func eventLoopsAnswer(
    _ group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, within limit: Duration
) async -> Bool {
    let loops = group.makeIterator().map { $0 }
    let answered = try? await withTimeLimit(limit) {
        for loop in loops {
            do { try await loop.submit {}.get() } catch { return false }
        }
        return true
    }
    return answered ?? false
}

/// Whether `GET /health` at an `ADDRESS:PORT` of this machine is answered with 200, within a time.
package func healthIsAnswered(at address: String, within limit: Duration) async -> Bool {
    guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else {
        return false
    }
    let host = String(address[..<colon])
    let answered = try? await withTimeLimit(limit) {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            return try await channel.executeThenClose { inbound, outbound in
                let request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                try await outbound.write(ByteBuffer(string: request))
                let good = "HTTP/1.1 200 "
                var text = ""
                for try await buffer in inbound {
                    text += String(buffer: buffer)
                    if text.utf8.count >= good.utf8.count { break }
                }
                return text.hasPrefix(good)
            }
        } catch {
            return false
        }
    }
    return answered ?? false
}

/// Tells the service manager when the service is ready, that it still answers, and that it stops.
///
/// It is the last service of its group, so that it is the first to hear of a stop.
package struct Supervision: Service {
    private let manager: ServiceManager
    private let liveness: Liveness
    private let logger: Logger

    /// - Parameters:
    ///   - manager: is told.
    ///   - liveness: how the service shows that it is ready and answers.
    package init(manager: ServiceManager, liveness: Liveness, logger: Logger) {
        self.manager = manager
        self.liveness = liveness
        self.logger = logger
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await liveness.isUp()
            manager.tell("READY=1")
            guard let watchdog = manager.watchdog else { return }
            // A quarter of the time: one question that is lost or late does not end the service.
            let pause = watchdog / 4
            while !Task.isCancelled {
                if await liveness.answers(pause) {
                    manager.tell("WATCHDOG=1")
                } else if !Task.isCancelled {
                    logger.error("the service does not answer itself / 自身の問い合わせに応答できません")
                }
                try await Task.sleep(for: pause)
            }
        }
        // A service that ends before its group does ends the group.
        try? await gracefulShutdown()
        manager.tell("STOPPING=1")
    }
}
