import PostgreSQL
import Synchronization
import TestSupport
import Testing

/// What others tell.
@Suite(.requires(.postgres)) struct ListenerTests {
    private final class Heard: Sendable {
        private let state = Mutex<[Listener.Event]>([])
        var events: [Listener.Event] { state.withLock { $0 } }
        func add(_ event: Listener.Event) { state.withLock { $0.append(event) } }
    }

    @Test func `what is told is heard, and after a loss one is told to look by oneself`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool()
        let listener = try Listener(database.settings(), channels: ["changes", "Other \"one\""])
        let heard = Heard()
        let listening = Task { await listener.run { heard.add($0) } }
        try await eventually("it listens") { heard.events == [.listening] }
        try await pool.query(Query("SELECT pg_notify('changes', $1)", .text("証 1")))
        try await pool.query(Query("SELECT pg_notify('Other \"one\"', '')"))
        let first: [Listener.Event] = [
            .listening, .notification(channel: "changes", payload: "証 1"),
            .notification(channel: "Other \"one\"", payload: ""),
        ]
        try await eventually("both are heard") { heard.events == first }
        try await database.sql(
            """
            SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
                WHERE query LIKE 'LISTEN%' AND datname = current_database()
            """)
        try await eventually("it is back") { heard.events == first + [.listening] }
        try await pool.query(Query("SELECT pg_notify('changes', 'again')"))
        try await eventually("it hears again") {
            heard.events.last == .notification(channel: "changes", payload: "again")
        }
        listening.cancel()
        await listening.value
        await pool.close()
    }

    @Test func `a thousand that are told at once are all heard, in their order`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool()
        // A silence so short that it is asked for between them.
        let listener = try Listener(database.settings(), channels: ["changes"], check: .milliseconds(1))
        let heard = Heard()
        let listening = Task { await listener.run { heard.add($0) } }
        try await eventually("it listens") { heard.events == [.listening] }
        for number in 0..<20 {
            try await pool.query(
                Query(
                    "SELECT pg_notify('changes', n::text) FROM generate_series($1, $2) n", .int8(Int64(number * 50)),
                    .int8(Int64(number * 50 + 49))))
        }
        try await eventually("all are heard") { heard.events.count == 1001 }
        #expect(
            heard.events.dropFirst() == (0..<1000).map { .notification(channel: "changes", payload: "\($0)") }[...])
        listening.cancel()
        await listening.value
        await pool.close()
    }

    @Test(arguments: [[], [""], [String(repeating: "x", count: 64)]])
    func `what is no channel is refused`(channels: [String]) async throws {
        let settings = try await TestDatabase().settings()
        #expect(throws: DatabaseFailure(.misuse)) { try Listener(settings, channels: channels) }
    }
}
