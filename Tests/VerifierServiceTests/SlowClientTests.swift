import Foundation
import Logging
import NIOCore
import Synchronization
import Testing
import VerifierService

/// Clients that take their time, against a service in this process with short limits.
@Suite(.serialized)
struct SlowClientTests {
    /// Runs a service while something is done with its URL.
    private static func serving(
        _ change: (inout ConnectionLimits) -> Void, _ body: @Sendable @escaping (String) async throws -> Void
    ) async throws {
        let folder = try Folder()
        try folder.write("file.json", Data("{}".utf8))
        guard let address = ListenAddress("127.0.0.1:0") else { return }
        var service = try VerifierService(
            .publish(folder: folder.path, maximumAge: 60), at: address,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        change(&service.limits)
        let (urls, ready) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { [service] group in
            group.addTask { try await service.run { ready.yield($0) } }
            for await url in urls.prefix(1) { try await body(url) }
            group.cancelAll()
            while true {
                do { guard try await group.next() != nil else { break } } catch is CancellationError { continue }
            }
        }
    }

    private static let good = "GET /file.json HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `a connection that says nothing, or only half a header, or half a body, is closed`() async throws {
        try await Self.serving({
            $0.header = .milliseconds(300)
            $0.body = .milliseconds(300)
        }) { url in
            for beginning in [
                "", "GET /file.json HT", "GET /file.json HTTP/1.1\r\nHost: a\r\n",
                "POST /file.json HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345",
            ] {
                // Each byte comes in time for itself; the whole does not.
                let connection = try RawConnection(url)
                try connection.send(beginning)
                var sent = 0
                while sent < 100, connection.isOpen(waiting: 100) {
                    if !beginning.isEmpty, !beginning.hasPrefix("POST") { try? connection.send("x") }
                    sent += 1
                }
                #expect(sent < 100)
            }
            #expect(
                try RawConnection.ask(
                    url, Self.good.replacingOccurrences(of: "a\r\n\r\n", with: "a\r\nConnection: close\r\n\r\n")
                ).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `a connection between requests is kept for a while, then closed`() async throws {
        try await Self.serving({ $0.idle = .milliseconds(300) }) { url in
            let connection = try RawConnection(url)
            for _ in 0..<2 {
                try connection.send(Self.good)
                #expect(try connection.receive(until: "{}").hasPrefix("HTTP/1.1 200 "))
            }
            #expect(connection.closes(within: 60))
        }
    }

    @Test func `a client that asks before it sends a body is told to go on`() async throws {
        try await Self.serving({ _ in }) { url in
            let connection = try RawConnection(url)
            try connection.send(
                "POST /file.json HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try connection.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
        }
    }

    @Test func `a header that is too long, or no HTTP, ends the connection`() async throws {
        try await Self.serving({ _ in }) { url in
            let long = String(repeating: "a", count: 20_000)
            for request in ["GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n", "nonsense\r\n\r\n", "\u{16}\u{3}\u{1}"] {
                let connection = try RawConnection(url)
                try connection.send(request)
                if request.count > 3 { #expect(connection.closes(within: 60)) }
            }
        }
    }
}
