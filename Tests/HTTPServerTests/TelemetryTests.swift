import CheckedConfiguration
import Exchange
import Foundation
import FoundationNetworking
import HTTPServer
import ExchangeServer
import Hummingbird
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// Metrics are counted, bounded and written in Prometheus' form.
@Suite struct MetricsTests {
    @Test func `counters, gauges and histograms come out with their labels`() {
        let metrics = PrometheusFactory()
        Counter(label: "a.requests", dimensions: [("route", "/x\"y")], factory: metrics).increment(by: 3)
        Meter(label: "a_open", factory: metrics).set(2)
        for value in [7, 3] { Gauge(label: "a_level", factory: metrics).record(value) }
        let timer = Metrics.Timer(label: "a_wait", factory: metrics)
        timer.recordMilliseconds(4)
        timer.recordSeconds(60)
        let text = metrics.text()
        #expect(text.contains("# TYPE a_requests_total counter\na_requests_total{route=\"/x\\\"y\"} 3.0\n"))
        #expect(text.contains("# TYPE a_open gauge\na_open 2.0\n"))
        #expect(text.contains("# TYPE a_level gauge\na_level 3.0\n"))
        #expect(text.contains("a_wait_seconds_bucket{le=\"0.002\"} 0\n"))
        #expect(text.contains("a_wait_seconds_bucket{le=\"0.005\"} 1\n"))
        #expect(text.contains("a_wait_seconds_bucket{le=\"+Inf\"} 2\n"))
        #expect(text.contains("a_wait_seconds_count 2\n"))
    }

    @Test func `the same labels are the same series`() {
        let metrics = PrometheusFactory()
        for _ in 0..<5 { Counter(label: "a", dimensions: [("b", "c")], factory: metrics).increment() }
        #expect(metrics.text().contains("a_total{b=\"c\"} 5.0"))
    }

    @Test func `label values beyond the bound are counted together`() {
        let metrics = PrometheusFactory()
        for index in 0..<PrometheusFactory.maximumSeries + 50 {
            Counter(label: "a", dimensions: [("b", "\(index)")], factory: metrics).increment()
        }
        let lines = metrics.text().split(separator: "\n").filter { $0.hasPrefix("a_total{") }
        #expect(lines.count == PrometheusFactory.maximumSeries + 1)
        #expect(metrics.text().contains("a_total{b=\"other\"} 50.0"))
    }
}

/// What is asked for at `/metrics` and not counted as it happens.
@Suite struct FigureTests {
    @Test func `each metric has its help, if it is known, in one line`() {
        let metrics = PrometheusFactory(help: ["a_b": "Counts\na \\ thing."])
        Counter(label: "a.b", factory: metrics).increment()
        Meter(label: "other", factory: metrics).set(1)
        #expect(
            metrics.text()
                == "# HELP a_b_total Counts\\na \\\\ thing.\n# TYPE a_b_total counter\na_b_total 1.0\n"
                + "# TYPE other gauge\nother 1.0\n")
    }

    @Test func `the first of several ends is shown by the key that names it`() {
        let metrics = PrometheusFactory()
        let dates = [3, 2, 4].map { Date(timeIntervalSince1970: $0) }
        metrics.record(
            ValidityEnd.earliest(dates, .authority, "listen.a.clientAuthorities")
                + ValidityEnd.earliest([], .signer, "none"))
        let name = "akashi_valid_until_timestamp_seconds"
        #expect(
            metrics.text().split(separator: "\n").filter { $0.hasPrefix(name) }
                == ["\(name){kind=\"authority\",key=\"listen.a.clientAuthorities\"} 2.0"])
    }
}

/// Log lines are JSON objects.
@Suite struct LogTests {
    @Test func `quotes, control characters and other scripts survive`() throws {
        let lines = Lines()
        let message = "a \"quote\", a \\, a \n newline, \u{1} and 証明"
        lines.logger().info("\(message)", metadata: ["n": .stringConvertible(3), "k\"": "v\n"])
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}\n") && line.dropLast().firstIndex(of: "\n") == nil)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == message)
        #expect(object["n"] as? Int == 3)
        #expect(object["k\""] as? String == "v\n")
        #expect(object["level"] as? String == "info")
        #expect((object["time"] as? String)?.hasSuffix("Z") == true)
    }
}

/// Problem details.
@Suite struct ProblemTests {
    @Test(arguments: ProblemCode.allCases)
    func `every code has an error status and survives the wire`(_ code: ProblemCode) async throws {
        #expect((400..<600).contains(code.status.code))
        let inquiry = InquiryNumber()
        let notes = RequestNotes()
        notes.inquiry = inquiry
        let response = try Response(code, notes: notes)
        #expect(response.status == code.status)
        #expect(response.headers[.contentType] == Problem.mediaType)
        let body = Mutex<[UInt8]>([])
        let writer = Collector { bytes in body.withLock { $0 += bytes } }
        try await response.body.write(writer)
        #expect(Problem(parsing: body.withLock { $0 }) == Problem(code, status: code.status.code, inquiry: inquiry))
        #expect((response.headers[.retryAfter] != nil) == code.isTransient)
    }

    @Test(arguments: ProblemCode.allCases.filter(\.travelsSealed))
    func `a refusal that travels sealed does not become problem details, whoever throws it`(
        _ code: ProblemCode
    ) async throws {
        let notes = RequestNotes()
        let response = try await answering(ProblemCode.self, notes: notes, logger: Logger(label: "test")) { throw code }
        #expect(response.status == .internalServerError)
        #expect(notes.code == ProblemCode.internal.rawValue)
    }

    @Test func `an unknown code, and anything larger than 16 KiB, is no problem that we know`() throws {
        let known = try JSONEncoder().encode(Problem(.serviceBusy, status: 503, inquiry: nil))
        #expect(Problem(parsing: Array(known)) != nil)
        let other = String(decoding: known, as: UTF8.self).replacing("\"service.busy\"", with: "\"service.new\"")
        #expect(Problem(parsing: Array(other.utf8)) == nil)
        #expect(Problem(parsing: Array(known) + [UInt8](repeating: 0x20, count: 16_384)) == nil)
    }

    @Test func `bad problem details never trap`() async throws {
        let sample = try JSONEncoder().encode(Problem(.cardStopped, status: 403, inquiry: InquiryNumber()))
        await BadInput.run("problem details", samples: [Array(sample)]) { _ = Problem(parsing: $0) }
    }
}

private struct Collector: ResponseBodyWriter {
    let take: @Sendable ([UInt8]) -> Void
    mutating func write(_ buffer: ByteBuffer) async throws { take(Array(buffer.readableBytesView)) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// The operations listener.
@Suite(.timeLimit(.minutes(1)))
struct OperationsTests {
    @Test(arguments: ["0.0.0.0", "192.0.2.1", "example"])
    func `the operations listener stays on loopback`(_ address: String) throws {
        let root = try ConfigurationFile(text: "address: \(address)\nport: 0", name: "test.yaml").root
        #expect(throws: ConfigurationError.self) { try OperationsConfiguration(root) }
    }

    @Test func `health, readiness and metrics are told on loopback; the ready line names the port`()
        async throws
    {
        let printed = Mutex<[String]>([])
        let ready = ReadyLine(["operations"]) { line in printed.withLock { $0.append(line) } }
        let metrics = PrometheusFactory()
        Counter(label: "something", factory: metrics).increment()
        let missing = Mutex<[String]>(["upstream.unavailable"])
        let lines = Lines()
        let listener = operationsListener(
            .init(host: "127.0.0.1", port: 0), problem: ProblemCode.self, ready: ready, metrics: metrics,
            logger: lines.logger(), program: "test"
        ) { missing.withLock { $0 } }
        let group = ServiceGroup(configuration: .init(services: [listener], logger: lines.logger()))
        async let run: Void = {
            defer { ready.end() }
            try await group.run()
        }()
        let address = try #require(try await ready.addresses["operations"])
        #expect(printed.withLock { $0 } == ["listening operations=\(address)"])
        func get(_ path: String) async throws -> (Int, String) {
            let url = try #require(URL(string: "http://\(address)\(path)"))
            let (data, response) = try await URLSession.shared.data(from: url)
            return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
        }
        #expect(try await get("/health") == (200, "{\"status\":\"ok\"}"))
        let notReady = try await get("/ready")
        #expect(notReady.0 == 503 && notReady.1.contains("upstream.unavailable"))
        missing.withLock { $0 = [] }
        #expect(try await get("/ready").0 == 200)
        #expect(try await get("/metrics").1.contains("something_total 1.0"))
        await group.triggerGracefulShutdown()
        try await run
    }
}
