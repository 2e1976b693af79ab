import CPostgreSQL

/// Statements that were sent together, and what came back of them so far.
struct Flight {
    /// One command whose answer is awaited.
    enum Step {
        /// A statement is being prepared under a name.
        case preparing(StatementKey, name: String)
        /// A query, by its place among those that were sent, and whether it was prepared earlier.
        case query(Int, wasPrepared: Bool)
        /// A COPY was begun.
        case copying
    }

    var steps: [Step] = []
    private var index = 0
    /// The answers, by the queries' places.
    var answers: [Rows?]
    /// The first error, and the place of the query that had it.
    var failure: DatabaseFailure?
    var failedQuery: Int?
    /// Whether the server ended the connection.
    var isFatal = false
    /// Bytes read so far, as far as the kernel told of them.
    var bytes = 0
    /// Answers in a row that were none: more than libpq gives between two.
    private var nothings = 0

    /// Whether it is a COPY, which is outside of pipeline mode: its answers end without a Sync's.
    let isCopy: Bool

    init(queries: Int, isCopy: Bool = false) {
        answers = Array(repeating: nil, count: queries)
        self.isCopy = isCopy
        if isCopy { steps = [.copying] }
    }

    /// What libpq's answer means for the flight.
    enum Progress { case goesOn, landed, copying, isLost }

    /// Takes an answer in.
    mutating func take(_ result: ResultHandle?, _ prepared: (StatementKey, String) -> Void) -> Progress {
        guard let result else {
            // The end of a command's answers.
            if isCopy { return .landed }
            nothings += 1
            if nothings == 1, index < steps.count { index += 1 }
            return nothings > 2 ? .isLost : .goesOn
        }
        nothings = 0
        switch result.status {
        case PGRES_PIPELINE_SYNC: return .landed
        case PGRES_PIPELINE_ABORTED: return .goesOn
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            guard index < steps.count else { return .isLost }
            switch steps[index] {
            case .preparing(let key, let name): prepared(key, name)
            case .query(let query, _): answers[query] = Rows(result)
            case .copying: answers[0] = Rows(result)
            }
            return .goesOn
        case PGRES_COPY_IN:
            guard index < steps.count, case .copying = steps[index] else { return .isLost }
            return .copying
        case PGRES_FATAL_ERROR:
            isFatal = isFatal || result.isFatal
            if failure == nil { fail(result.failure) }
            return .goesOn
        default: return .isLost
        }
    }

    /// What the server answered to a statement, where it has: `nil` while it is on the way.
    private mutating func fail(_ said: DatabaseFailure) {
        failure = said
        guard index < steps.count else { return }
        switch steps[index] {
        case .query(let query, let wasPrepared):
            failedQuery = query
            // "cached plan must not change result type": the statement is prepared anew on another connection.
            if wasPrepared, said.sqlState?.code == "0A000" { failure = DatabaseFailure(.stale, said.sqlState) }
        case .preparing:
            // The query that it was prepared for comes next.
            if index + 1 < steps.count, case .query(let query, _) = steps[index + 1] { failedQuery = query }
        case .copying: failedQuery = 0
        }
    }
}

/// What became of statements that were sent together.
struct FlightOutcome: Sendable {
    /// The answers of those that were answered.
    let answers: [Rows?]
    /// The first error.
    let failure: DatabaseFailure?
    /// Which query had it, if it was a query's.
    let failedQuery: Int?
    /// Whether the server told that a commit among them is not known to be at its replica.
    let replicationWaitEnded: Bool

    init(
        answers: [Rows?] = [], failure: DatabaseFailure?, failedQuery: Int? = nil, replicationWaitEnded: Bool = false
    ) {
        self.answers = answers
        self.failure = failure
        self.failedQuery = failedQuery
        self.replicationWaitEnded = replicationWaitEnded
    }

    /// All answers, or the error.
    func all() throws(DatabaseFailure) -> [Rows] {
        if let failure { throw failure }
        var rows: [Rows] = []
        for answer in answers {
            guard let answer else { throw DatabaseFailure(.lost) }
            rows.append(answer)
        }
        return rows
    }
}
