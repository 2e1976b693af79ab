import Exchange
import Foundation
import MutualTLS
import HTTPServer
import ExchangeServer
import Signing
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOSSL
import Synchronization
import TestSupport
import Testing

private struct Inside: Error, CustomStringConvertible {
    var description: String { "the name 見本 花子 and the number 123456789018" }
}

/// A listener lets in whom it should, as long as they behave.
@Suite(.timeLimit(.minutes(2)))
struct ListenerTests {
    private static func routes(_ router: Router<ServiceRequestContext>) {
        router.get("/who") { _, context in
            Response(ByteBuffer(string: try context.requiredPeer().commonName), mediaType: "text/plain")
        }
        router.post("/echo") { request, _ in
            Response(
                try await request.body("application/octet-stream", upTo: 1000), mediaType: "application/octet-stream")
        }
        router.get("/refused") { _, _ -> Response in throw ProblemCode.serviceClosed }
        router.get("/broken") { _, _ -> Response in throw Inside() }
        router.get("/person/{id}") { _, _ in Response(status: .noContent) }
    }

    @Test func `the client's certificate is its identity, on every request of a connection`() async throws {
        try await Running.with(routes: Self.routes) { running in
            for name in ["T0001", "T0002"] {
                try await running.withClient(try running.pki.client(name)) { client in
                    for _ in 0..<3 {
                        let response = try await client.send(.get, "/who", timeout: .seconds(5))
                        #expect(String(buffer: response.body) == name)
                    }
                }
            }
        }
    }

    @Test func `no client certificate, one of another authority, and a server's certificate are refused`() async throws
    {
        try await Running.with(routes: Self.routes) { running in
            let stranger = try IssuingAuthority.create(commonName: "clients", now: .now)
            let issued = try running.pki.clients.server(commonName: "x", hosts: ["x"], now: .now)
            let asServer = try #require(issued.identity)
            for identity in [try running.pki.client(by: stranger), asServer] {
                try await running.withClient(identity) { client in
                    await #expect(throws: MutualTLSClient.Failure.connection) {
                        try await client.send(.get, "/who", timeout: .seconds(5))
                    }
                }
            }
            let raw = try await RawConnection.open(running, nil)
            #expect(try await raw.exchange(["GET /who HTTP/1.1\r\nHost: x\r\n\r\n"]) == "")
        }
    }

    @Test func `TLS 1.2 is refused`() async throws {
        try await Running.with(routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client(), maximum: .tlsv12)
            #expect(try await raw.exchange(["GET /who HTTP/1.1\r\nHost: x\r\n\r\n"]) == "")
            let now = try await RawConnection.open(running, try running.pki.client(), maximum: .tlsv13)
            let answer = try await now.exchange(["GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `the client refuses a server that its authority does not vouch for`() async throws {
        try await Running.with(routes: Self.routes) { running in
            let other = try IssuingAuthority.create(commonName: "servers", now: .now)
            let client = running.client(
                try running.pki.client(), authorities: CertificateAuthorities([other.certificate]))
            await #expect(throws: MutualTLSClient.Failure.connection) {
                try await client.send(.get, "/who", timeout: .seconds(5))
            }
            try await client.shutdown()
        }
    }

    @Test func `a refusal is problem details with the session's inquiry number`() async throws {
        try await Running.with(routes: Self.routes) { running in
            let inquiry = InquiryNumber()
            try await running.withClient { client in
                let response = try await client.send(
                    .get, "/refused", headers: [.inquiry: inquiry.text], timeout: .seconds(5))
                #expect(response.status == 503)
                #expect(response.problem == Problem(.serviceClosed, status: 503, inquiry: inquiry))
                let unknown = try await client.send(.get, "/nothing", timeout: .seconds(5))
                #expect(unknown.problem?.code == .requestUnknown)
                let method = try await client.send(.put, "/who", timeout: .seconds(5))
                #expect(method.problem?.code == .requestUnknown)
                let wrong = try await client.send(.get, "/who", headers: [.inquiry: "12345"], timeout: .seconds(5))
                #expect(wrong.problem?.code == .requestMalformed)
            }
        }
    }

    @Test func `an unexpected error says nothing of the inside, neither to the client nor to the log`()
        async throws
    {
        try await Running.with(routes: Self.routes) { running in
            try await running.withClient { client in
                let response = try await client.send(.get, "/broken", timeout: .seconds(5))
                #expect(response.status == 500)
                #expect(response.problem?.code == .internal)
                #expect(!String(buffer: response.body).contains("見本"))
            }
            #expect(running.lines.all.contains { $0.contains("unexpected error") })
            #expect(!running.lines.all.contains { $0.contains("見本") || $0.contains("123456789018") })
        }
    }

    @Test func `the access log is JSON, shows the route's template, and never path, query or header fields`()
        async throws
    {
        try await Running.with(routes: Self.routes) { running in
            let inquiry = InquiryNumber()
            try await running.withClient { client in
                _ = try await client.send(
                    .get, "/person/123456789018?name=mihon", headers: [.inquiry: inquiry.text, .userAgent: "a secret"],
                    timeout: .seconds(5))
            }
            let lines = running.lines.all
            for line in lines {
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            }
            let line = try #require(lines.first { $0.contains("\"message\":\"request\"") })
            #expect(line.contains("\"route\":\"/person/{id}\""))
            #expect(line.contains("\"status\":204"))
            #expect(line.contains(inquiry.text))
            #expect(!lines.contains { $0.contains("123456789018") || $0.contains("mihon") || $0.contains("a secret") })
            #expect(!running.metrics.text().contains("123456789018"))
        }
    }

    @Test func `a body of the route's limit is taken; one byte more, also without a length, is refused`()
        async throws
    {
        try await Running.with(routes: Self.routes) { running in
            try await running.withClient { client in
                for (count, status) in [(1000, 200), (1001, 413), (200_000, 413)] {
                    let body = ByteBuffer(repeating: 0x41, count: count)
                    let response = try await client.send(
                        .post, "/echo", body: (body, "application/octet-stream"), timeout: .seconds(5))
                    #expect(response.status == status, "\(count)")
                }
                let type = try await client.send(
                    .post, "/echo", body: (ByteBuffer(string: "x"), "text/plain"), timeout: .seconds(5))
                #expect(type.problem?.code == .requestMalformed)
            }
            let chunk = "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
            let raw = try await RawConnection.open(running, try running.pki.client())
            let answer = try await raw.exchange([
                "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n", chunk, "0\r\n\r\n",
            ])
            #expect(answer.hasPrefix("HTTP/1.1 413"))
        }
    }

    /// Each case drips for 20 s at least; only the one deadline that it is about is shorter.
    @Test(
        arguments: [
            (
                "header_timeout", 408, "GET /who HTTP/1.1\r\nHost: x\r\nX-A: ", "a",
                ListenerLimits(headerTimeout: .seconds(2))
            ),
            (
                "body_timeout", 408,
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: 900\r\n\r\n",
                "a", ListenerLimits(headerTimeout: .seconds(60), bodyTimeout: .milliseconds(500))
            ),
            ("idle", nil, "", "", ListenerLimits(headerTimeout: .seconds(60), idleTimeout: .milliseconds(500))),
        ] as [(String, Int?, String, String, ListenerLimits)])
    func `a client that sends its request too slowly is cut off, however steadily it sends, and told where it asked`(
        _ reason: String, _ status: Int?, _ first: String, _ piece: String, _ limits: ListenerLimits
    ) async throws {
        try await Running.with(limits: limits, routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client())
            let response = try #require(
                try await raw.finalResponse(after: first, repeating: piece, times: 400, pause: .milliseconds(50)))
            #expect(Self.refusal(response)?.status == status)
            #expect(Self.refusal(response)?.code == status.map { _ in .requestTimedOut })
            let counted = "akashi_connections_ended_total{entrance=\"test\",reason=\"\(reason)\"} 1.0"
            #expect(running.metrics.text().contains(counted))
        }
    }

    /// Problem details of an answer that ends its connection.
    private static func refusal(_ answer: String) -> Problem? {
        guard answer.lowercased().contains("\r\nconnection: close\r\n"),
            let body = answer.firstRange(of: "\r\n\r\n").map({ answer[$0.upperBound...] }),
            let problem = Problem(parsing: Array(body.utf8)), answer.hasPrefix("HTTP/1.1 \(problem.status) ")
        else { return nil }
        return problem
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET /who HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `what is no HTTP is refused with its reason, before any handler sees it`(_ request: String) async throws {
        try await Running.with(routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client())
            #expect(Self.refusal(try await raw.exchange([request]))?.code == .requestMalformed)
            #expect(running.metrics.text().contains("reason=\"malformed\"} 1.0"))
        }
    }

    @Test func `what comes behind a good request does not take its answer away`() async throws {
        try await Running.with(routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client())
            let answer = try await raw.exchange(["GET /who HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n"])
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            let second = try #require(answer.dropFirst().firstRange(of: "HTTP/1.1 "))
            #expect(Self.refusal(String(answer[second.lowerBound...]))?.code == .requestMalformed)
        }
    }

    @Test func `a header section beyond its limit is refused`() async throws {
        try await Running.with(limits: .init(headerBytes: 2048), routes: Self.routes) { running in
            let raw = try await RawConnection.open(running, try running.pki.client())
            let field = "X-A: " + String(repeating: "a", count: 1000) + "\r\n"
            let answer = try await raw.exchange(["GET /who HTTP/1.1\r\nHost: x\r\n", field, field, field, "\r\n"])
            #expect(Self.refusal(answer)?.code == .requestTooLarge)
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func `one client certificate takes so many connections and no more, and another is not affected`()
        async throws
    {
        try await Running.with(limits: .init(connectionsPerPeer: 2), routes: Self.routes) { running in
            let first = try running.pki.client("T0001")
            let request = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<3 {
                    let raw = try await RawConnection.open(running, first)
                    group.addTask { try await raw.exchange([request]) }
                }
                // The one too many ends at once; the others stay open until the stop below.
                let ended = try await group.next()
                #expect(ended == "")
                let other = try running.pki.client("T0002")
                let response = try await running.withClient(other) {
                    try await $0.send(.get, "/who", timeout: .seconds(5))
                }
                #expect(response.status == 200)
                await running.stop()
                var answered = 0
                for try await text in group where text.hasPrefix("HTTP/1.1 200") { answered += 1 }
                #expect(answered == 2)
            }
            #expect(running.metrics.text().contains("reason=\"too_many_of_peer\"} 1.0"))
        }
    }

    @Test func `more connections in all than allowed are closed at once, and places become free again`()
        async throws
    {
        try await Running.with(limits: .init(connections: 1), routes: Self.routes) { running in
            try await running.withClient { first in
                #expect(try await first.send(.get, "/who", timeout: .seconds(5)).status == 200)
                try await running.withClient { second in
                    await #expect(throws: MutualTLSClient.Failure.connection) {
                        try await second.send(.get, "/who", timeout: .seconds(5))
                    }
                }
            }
            try await eventually("a place is free again") {
                (try? await running.withClient { try await $0.send(.get, "/who", timeout: .seconds(5)) })?.status == 200
            }
        }
    }

    @Test func `a graceful stop finishes the request under way and takes no new one`() async throws {
        let (started, startedSignal) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        try await Running.with { router in
            router.get("/slow") { _, _ in
                startedSignal.yield()
                for await _ in released { break }
                return Response(ByteBuffer(string: "done"), mediaType: "text/plain")
            }
        } _: { running in
            try await running.withClient { client in
                async let answer = client.send(.get, "/slow", timeout: .seconds(20))
                for await _ in started { break }
                await running.stop()
                // The listener is gone as soon as a new connection is refused; the old request still waits.
                try await running.withClient { other in
                    try await eventually("a new connection is refused") {
                        do {
                            _ = try await other.send(.get, "/nothing", timeout: .seconds(2))
                            return false
                        } catch { return true }
                    }
                }
                release.yield()
                #expect(String(buffer: try await answer.body) == "done")
            }
        }
    }
}
