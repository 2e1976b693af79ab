import Foundation
import TestSupport
import Testing

/// Clients that take their time.
@Suite(.serialized, .requires(.program("verifier")))
struct SlowClientTests {
    private let folder: TemporaryFolder
    private let served: Served

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("public/file.json", Data("{}".utf8))
        served = try Served(["--public", folder.url("public").path, "--client-seconds", "1"])
    }

    private static let good = "GET /file.json HTTP/1.1\r\nHost: a\r\n\r\n"

    /// What a slow client begins with, and the status that it is told: none if it has asked nothing, and another than
    /// 408 if it is refused before its body is whole.
    private static let beginnings: [(text: String, status: Int?)] = [
        ("", nil), ("GET /file.jso", 408), ("GET /file.json HTTP/1.1\r\nHost: a\r\n", 408),
        ("POST /file.json HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n12345", 405),
    ]

    @Test(arguments: beginnings)
    func `a connection on which a request does not become whole in time is closed, and a client that asked is told`(
        _ beginning: String, _ status: Int?
    ) throws {
        let connection = try RawConnection(served.url)
        try connection.send(beginning)
        // Each byte comes in time for itself; the whole does not.
        var sent = 0
        var answer = ""
        while sent < 600, let more = connection.receive(waiting: 100) {
            answer += more
            if !beginning.isEmpty { try? connection.send("x") }
            sent += 1
        }
        #expect(sent < 600)
        #expect(answer.split(separator: " ").dropFirst().first.map(String.init) == status.map { String($0) })
        #expect(answer.contains("request.timed_out") == (status == 408))
        let good = Self.good.replacingOccurrences(of: "a\r\n\r\n", with: "a\r\nConnection: close\r\n\r\n")
        #expect(try RawConnection.ask(served.url, good).hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `a connection between requests is kept for a while, then closed`() throws {
        let connection = try RawConnection(served.url)
        for _ in 0..<2 {
            try connection.send(Self.good)
            #expect(try connection.receive(until: "{}").hasPrefix("HTTP/1.1 200 "))
        }
        #expect(connection.closes(within: 60))
    }

    @Test func `a client that asks before it sends a body is told to go on`() throws {
        let connection = try RawConnection(served.url)
        try connection.send("POST /file.json HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try connection.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
    }

    @Test func `a header that is too long, or no HTTP at all, is refused and ends the connection`() throws {
        let long = String(repeating: "a", count: 20_000)
        for (request, status, code) in [
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n", 431, "request.header_too_large"),
            ("nonsense\r\n\r\n", 400, "request.malformed"), ("\u{16}\u{3}\u{1}", 400, "request.malformed"),
        ] {
            let answer = try RawConnection.ask(served.url, request)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("\"\(code)\""), "\(answer.prefix(200))")
        }
        #expect(try served.stop() == 0)
    }
}
