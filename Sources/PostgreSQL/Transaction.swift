import Synchronization

/// How much transactions see of each other (PostgreSQL 15, 13.2).
package enum Isolation: String, Hashable, Sendable {
    /// Each statement sees what was committed before it.
    case readCommitted = "READ COMMITTED"
    /// All statements see one state.
    case repeatableRead = "REPEATABLE READ"
    /// As if one came after the other; a transaction that cannot be placed so is repeated.
    case serializable = "SERIALIZABLE"
}

/// A transaction that is under way: what its closure may do.
///
/// It is begun with its first statement, in one round trip. One statement at a time; after the closure's end it does
/// nothing any more.
package final class Transaction: Sendable {
    let connection: Connection
    let deadline: ContinuousClock.Instant
    private let opening: [Query]
    /// Where in the opening the transaction's own number is asked for, if it is.
    private let identifying: Int?

    private struct State {
        var isBegun = false
        var hasEnded = false
        var failure: DatabaseFailure?
        var identity: TransactionIdentity?
    }
    private let state = Mutex(State())

    init(
        _ connection: Connection, _ isolation: Isolation, writes: Bool, preamble: [Query],
        until deadline: ContinuousClock.Instant
    ) {
        self.connection = connection
        self.deadline = deadline
        let begin = Query("BEGIN ISOLATION LEVEL \(isolation.rawValue) \(writes ? "READ WRITE" : "READ ONLY")")
        opening = writes ? [begin, TransactionIdentity.query] + preamble : [begin] + preamble
        identifying = writes ? 1 : nil
    }

    /// The first error of its statements: it cannot be committed then.
    var failure: DatabaseFailure? { state.withLock { $0.failure } }
    /// Its number, once the server has said it.
    var identity: TransactionIdentity? { state.withLock { $0.identity } }
    var isBegun: Bool { state.withLock { $0.isBegun } }

    /// Notes that it cannot be committed.
    func note(_ failure: DatabaseFailure) {
        state.withLock { state in if state.failure == nil { state.failure = failure } }
    }

    /// Nothing is taken from the closure any more.
    func end() { state.withLock { $0.hasEnded = true } }

    /// Runs a statement.
    @discardableResult
    package func query(_ query: Query) async throws(DatabaseFailure) -> Rows {
        guard let rows = try await queries([query]).first else { throw DatabaseFailure(.misuse) }
        return rows
    }

    /// Runs a statement.
    ///
    /// - Parameters:
    ///   - text: the statement.
    ///   - values: its values.
    @discardableResult
    package func query(_ text: String, _ values: Parameter...) async throws(DatabaseFailure) -> Rows {
        try await query(Query(text, values))
    }

    /// Runs statements in one round trip: after an error in one, those behind it are not run.
    @discardableResult
    package func queries(_ queries: [Query]) async throws(DatabaseFailure) -> [Rows] {
        try await run(queries, last: [], heedsCancellation: true).all()
    }

    /// Runs statements with what begins the transaction, if it is not begun, before them and `last` behind them.
    func run(_ queries: [Query], last: [Query], heedsCancellation: Bool) async -> FlightOutcome {
        let (first, earlier) = state.withLock { state -> (Bool, DatabaseFailure?) in
            if state.hasEnded { return (false, DatabaseFailure(.misuse)) }
            defer { state.isBegun = true }
            return (!state.isBegun, nil)
        }
        if let earlier { return FlightOutcome(failure: earlier) }
        let opening = first ? opening : []
        let outcome = await connection.run(
            opening + queries + last, until: deadline, heedsCancellation: heedsCancellation)
        var failure = outcome.failure
        // A replica refuses to begin what writes with a code that says little (0A000).
        if first, identifying != nil, outcome.failedQuery == 0, failure?.sqlState?.code == "0A000" {
            failure = DatabaseFailure(.readOnly, failure?.sqlState)
        }
        let identity =
            first
            ? identifying.flatMap { outcome.answers.indices.contains($0) ? outcome.answers[$0] : nil }.flatMap {
                try? TransactionIdentity($0)
            } : nil
        state.withLock { state in
            if let identity { state.identity = identity }
            if state.failure == nil { state.failure = failure }
        }
        return FlightOutcome(
            answers: Array(outcome.answers.dropFirst(opening.count)), failure: failure,
            failedQuery: outcome.failedQuery)
    }
}

/// What a transaction is known by when its commit's answer was lost: its number, and the history of the server that gave it.
struct TransactionIdentity: Hashable, Sendable {
    let transaction: TransactionID
    /// The timeline, which each fail-over raises: the same number may mean another transaction in the next.
    let timeline: String

    /// Gives the transaction its number, and says both.
    static let query = Query(
        "SELECT pg_current_xact_id(), substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)")

    /// Says the timeline alone, and gives no number: it might be the very one that is asked for.
    static let history = Query("SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)")

    init(_ rows: Rows) throws(DatabaseFailure) {
        let row = try rows.one()
        transaction = try row.value(0)
        timeline = try row.value(1)
    }
}
