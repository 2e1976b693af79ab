import Exchange
import Foundation
import Synchronization

/// The statements of keys that `vrs` gave: the last one, to hand it on while it holds, and those that phones may still work by, also those
/// that another instance, or this program before it was started anew, has handed on.
actor KeyStatements {
    private let fetch: @Sendable () async throws(ProblemCode) -> [KeyStatement]
    private let now: @Sendable () -> Date
    private var last: (statement: KeyStatement, at: ContinuousClock.Instant)?
    /// Until when each statement may be named, by its SHA-256.
    private var known: [[UInt8]: Date] = [:]
    private var asking: Task<KeyStatement, any Error>?

    /// How long a statement is handed on before `vrs` is asked whether there is another.
    private static let fresh: Duration = .seconds(60)
    /// How often `vrs` is asked at most because somebody names one that is not known.
    private static let pause: Duration = .seconds(1)
    /// `vrs` opens what was sealed for a statement for so long behind its end, in seconds: a session takes its time.
    private static let grace: TimeInterval = 900

    /// - Parameter fetch: asks `vrs`: the present statement first, then those before it that are still worked by.
    init(fetch: @escaping @Sendable () async throws(ProblemCode) -> [KeyStatement], now: @escaping @Sendable () -> Date)
    {
        (self.fetch, self.now) = (fetch, now)
    }

    /// The statement to hand on; never one that has ended. One that still holds is given also while `vrs` cannot be asked.
    func current() async throws -> KeyStatement {
        if let last, last.statement.notAfter > now() {
            if .now - last.at < Self.fresh { return last.statement }
            return (try? await asked()) ?? last.statement
        }
        return try await asked()
    }

    /// Throws unless `vrs` gave the statement with this SHA-256; it is asked for its present one if that may be it.
    func check(_ hash: [UInt8]) async throws {
        if isKnown(hash) { return }
        if let last, .now - last.at < Self.pause { throw ProblemCode.statementUnknown }
        _ = try await asked()
        guard isKnown(hash) else { throw ProblemCode.statementUnknown }
    }

    /// `vrs` does not know a statement any more that is known here: it has others.
    func forget() {
        last = nil
        known = [:]
    }

    private func isKnown(_ hash: [UInt8]) -> Bool { known[hash].map { $0 > now() } ?? false }

    /// Asks `vrs`, once for all who wait; what it gave is known before any of them goes on.
    private func asked() async throws -> KeyStatement {
        if let asking { return try await asking.value }
        let task = Task {
            defer { asking = nil }
            return try take(try await fetch())
        }
        asking = task
        return try await task.value
    }

    private func take(_ statements: [KeyStatement]) throws(ProblemCode) -> KeyStatement {
        let now = now()
        guard let present = statements.first, present.notAfter > now else { throw .upstreamUnavailable }
        last = (present, .now)
        for statement in statements { known[statement.hash] = statement.notAfter.addingTimeInterval(Self.grace) }
        known = known.filter { $0.value > now }
        return present
    }
}
