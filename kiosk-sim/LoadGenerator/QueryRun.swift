package import Exchange
import Foundation
package import MutualTLS
import NIOCore
import Synchronization

/// Many queries at once whether certificates are still current, over connections that are kept.
///
/// The queries are sealed beforehand and sent again in turn, so that what is measured is who answers; each reply is opened.
package final class QueryRun: Sendable {
    /// Who is asked.
    package enum Door: Sendable {
        /// The mobile back end, as a phone asks: `https://HOST:PORT`.
        case wallet(String)
        /// The record system, as a mobile back end does: `https://HOST:PORT`, and whose certificate is shown.
        case recordSystem(String, TLSIdentity)
    }

    /// How many queries each connection has.
    private static let queriesEach = 4
    private let connections: [[CurrentQuery.Sent]]
    private let client: MutualTLSClient
    private let route: Route
    private let report = Mutex(QueryReport())

    /// Seals the queries.
    ///
    /// - Parameters:
    ///   - tokens: at least one; a token is asked with a few times in ten minutes, and no more than `vrs` allows if there are
    ///     a quarter as many tokens as connections.
    ///   - connections: how many, each with one query under way.
    package init(
        tokens: [[UInt8]], stated: StatedKeys, door: Door, authorities: CertificateAuthorities, connections: Int
    ) throws {
        guard !tokens.isEmpty, connections > 0 else { throw LoadError("no tokens to ask with") }
        self.connections = try (0..<connections).map { connection in
            try (0..<Self.queriesEach).map { index in
                let token = tokens[(connection * Self.queriesEach + index) % tokens.count]
                guard let query = try CurrentQuery.seal(token: token, to: stated) else {
                    throw LoadError("a token is too long")
                }
                return query
            }
        }
        let (url, identity): (String, TLSIdentity?)
        switch door {
        case .wallet(let address): (url, identity, route) = (address, nil, PhoneRoute.current)
        case .recordSystem(let address, let own): (url, identity, route) = (address, own, WalletRoute.current)
        }
        client = MutualTLSClient(
            baseURL: url.hasSuffix("/") ? String(url.dropLast()) : url, identity: identity, authorities: authorities,
            connections: connections, connectTimeout: .seconds(10))
    }

    /// Asks for this long; what is under way then is waited for. A first query a connection is not counted: it connects.
    package func run(for duration: Duration) async -> QueryReport {
        await withTaskGroup(of: Void.self) { group in
            for queries in connections { group.addTask { _ = await self.ask(queries[0]) } }
        }
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for queries in connections {
                group.addTask { await self.work(queries, until: start.advanced(by: duration)) }
            }
        }
        let wall = ContinuousClock.now - start
        try? await client.shutdown()
        return report.withLock { report in
            report.wall = wall
            return report
        }
    }

    private func work(_ queries: [CurrentQuery.Sent], until end: ContinuousClock.Instant) async {
        var times: [(String, Duration)] = []
        var index = 0
        while ContinuousClock.now < end {
            let begun = ContinuousClock.now
            let answer = await ask(queries[index % queries.count])
            times.append((answer, ContinuousClock.now - begun))
            index += 1
        }
        report.withLock { report in for (answer, time) in times { report.count(answer, took: time) } }
    }

    /// What was said: the answer's name, or why there is none.
    private func ask(_ query: CurrentQuery.Sent) async -> String {
        let response: MutualTLSClient.Response
        do {
            response = try await client.send(
                route.method, route.path(), body: (ByteBuffer(bytes: query.bytes), route.request.mediaType),
                limit: route.answer.maximumBytes, timeout: .seconds(30))
        } catch { return error.rawValue }
        let bytes = Array(response.body.readableBytesView)
        guard (200..<300).contains(response.status) else {
            return Problem(parsing: bytes)?.code.rawValue ?? "status \(response.status)"
        }
        return query.answer(in: bytes).map { "\($0)" } ?? "unreadable"
    }
}

/// What was said to the queries of a run, added up while they end.
package struct QueryReport: Sendable {
    private var answers: [String: Int] = [:]
    private var times = LoadTimes()
    var wall = Duration.zero

    mutating func count(_ answer: String, took duration: Duration) {
        answers[answer, default: 0] += 1
        times.append(duration)
    }

    private var current: Int { answers["\(CurrentAnswer.current)"] ?? 0 }

    /// Whether something was asked, and every answer was that the certificate is current.
    package var isClean: Bool { times.count > 0 && current == times.count }

    /// The one line that scripts read: `{"queries","current","per_s","p50_ms","p99_ms","answers":{answer:count}}`.
    package var line: String {
        """
        {"queries":\(times.count),"current":\(current),\(times.figures(within: wall)),"answers":{\(LoadTimes.counts(answers))}}
        """
    }
}
