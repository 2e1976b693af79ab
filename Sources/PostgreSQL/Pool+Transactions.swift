/// How a transaction is run.
package struct TransactionOptions: Sendable {
    /// How much it sees of others.
    package var isolation: Isolation
    /// How long it may take with all its repeats and the wait for a connection; the commit has a bound of its own.
    package var limit: Duration
    /// How often it is begun at most.
    package var attempts: Int
    /// Statements that are run first in it, in the same round trip as its begin and first statement: a role, a path.
    package var preamble: [Query]
    /// A question that has a row if, and only if, this write was committed. It is asked where a number does not tell: after
    /// a fail-over, and where the commit's answer was lost with everything else. Without it these are unknown.
    package var trace: Query?

    /// - Parameters:
    ///   - isolation: how much it sees of others.
    ///   - limit: how long it may take.
    ///   - attempts: how often it is begun at most.
    ///   - preamble: statements that are run first in it.
    ///   - trace: a question that has a row if, and only if, this write was committed.
    package init(
        isolation: Isolation = .readCommitted, limit: Duration = .seconds(10), attempts: Int = 6,
        preamble: [Query] = [], trace: Query? = nil
    ) {
        self.isolation = isolation
        self.limit = limit
        self.attempts = attempts
        self.preamble = preamble
        self.trace = trace
    }
}

extension Pool {
    /// Runs one statement by itself; at a server that takes writes it is a transaction of its own, and is not repeated.
    ///
    /// One that changes something is better given to ``write(_:_:)``: where this one's answer is lost, late or not waited for
    /// (`lost`, `timedOut`, `cancelled`), nothing says whether it was done.
    ///
    /// - Parameters:
    ///   - query: the statement.
    ///   - limit: how long it may take with the wait for a connection.
    @discardableResult
    package func query(_ query: Query, limit: Duration = .seconds(10)) async throws(DatabaseFailure) -> Rows {
        guard let rows = try await queries([query], limit: limit).first else { throw DatabaseFailure(.misuse) }
        return rows
    }

    /// Runs statements that only read in one round trip. They are one transaction, in which each sees what was committed
    /// before it.
    ///
    /// - Parameters:
    ///   - queries: the statements.
    ///   - limit: how long they may take with the wait for a connection.
    @discardableResult
    package func queries(_ queries: [Query], limit: Duration = .seconds(10)) async throws(DatabaseFailure) -> [Rows] {
        let deadline = ContinuousClock.now + limit
        let connection = try await acquire(until: deadline)
        let outcome = await connection.run(queries, until: deadline)
        await finish(connection, outcome.failure)
        return try outcome.all()
    }

    /// Gives a connection back after a failure or none; ends all where the server may be another by now.
    func finish(_ connection: Connection, _ failure: DatabaseFailure?) async {
        if let failure {
            if failure.endsConnection { await connection.close() }
            if failure.endsPool { await dropAll(since: connection) }
        }
        await release(connection)
    }

    /// Runs a closure of statements that only read, in a transaction that sees one state from first to last; repeated as a
    /// write is.
    @discardableResult
    package func read<Value: Sendable>(
        _ options: TransactionOptions = TransactionOptions(isolation: .repeatableRead),
        _ body: @Sendable (Transaction) async throws -> Value
    ) async throws -> Value {
        try await repeating(options) { deadline in
            let connection = try await self.acquire(until: deadline)
            let transaction = Transaction(
                connection, options.isolation, writes: false, preamble: options.preamble, until: deadline)
            do {
                let value = try await body(transaction)
                transaction.end()
                let end =
                    transaction.isBegun
                    ? await connection.run([Query("COMMIT")], until: deadline).failure : nil
                await self.finish(connection, end)
                if let failure = transaction.failure ?? end { throw failure }
                return .done(value)
            } catch {
                return try await self.undo(transaction, after: error)
            }
        }
    }

    /// Runs a closure of statements in a transaction that may write, and commits it.
    ///
    /// It is begun again after a conflict of serialisation, a deadlock, or a connection that was lost before COMMIT was sent,
    /// within the options' bounds, with growing random pauses. Where COMMIT's answer is lost, the next connection asks what
    /// became of it: a done write returns, one that is undone is begun again.
    ///
    /// - Parameters:
    ///   - options: how.
    ///   - body: the statements. It may run several times, and so leaves nothing behind but in the database. When it throws,
    ///     nothing was done.
    /// - Throws: what the closure throws, or a ``DatabaseFailure``. Of the class `unknown`, nobody could tell; with every
    ///   other nothing was done.
    @discardableResult
    package func write<Value: Sendable>(
        _ options: TransactionOptions = TransactionOptions(),
        _ body: @Sendable (Transaction) async throws -> Value
    ) async throws -> Value {
        try await repeating(options) { deadline in
            let connection = try await self.acquire(until: deadline)
            let transaction = Transaction(
                connection, options.isolation, writes: true, preamble: options.preamble, until: deadline)
            let value: Value
            do {
                value = try await body(transaction)
                if let failure = transaction.failure { throw failure }
                try Task.checkCancellation()
            } catch {
                return try await self.undo(transaction, after: error)
            }
            guard transaction.isBegun else {
                await self.finish(connection, nil)
                return .done(value)
            }
            let end = await connection.run(
                [Query("COMMIT")], until: .now + self.settings.limits.committing, heedsCancellation: false)
            return try await self.concluded(transaction, end, options, tag: end.answers.last ?? nil, value)
        }
    }

    /// Runs statements in a transaction in one round trip, from its begin to its commit.
    ///
    /// As ``write(_:_:)``, but for one thing: where the connection is lost, the transaction's number may be lost with the
    /// commit's answer. Only ``TransactionOptions/trace`` tells then what became of it; without it, it is unknown.
    ///
    /// - Parameters:
    ///   - options: how.
    ///   - queries: the statements; after an error in one nothing is done.
    /// - Returns: their answers.
    @discardableResult
    package func write(
        _ options: TransactionOptions = TransactionOptions(), _ queries: [Query]
    ) async throws -> [Rows] {
        try await repeating(options) { deadline in
            let connection = try await self.acquire(until: deadline)
            let transaction = Transaction(
                connection, options.isolation, writes: true, preamble: options.preamble, until: deadline)
            // Once it is sent it may be committed: nobody cancels it any more.
            guard !Task.isCancelled else {
                return try await self.undo(transaction, after: DatabaseFailure(.cancelled))
            }
            let outcome = await transaction.run(queries, last: [Query("COMMIT")], heedsCancellation: false)
            let rows = outcome.answers.dropLast().compactMap { $0 }
            return try await self.concluded(transaction, outcome, options, tag: outcome.answers.last ?? nil, rows)
        }
    }

    /// Rolls back, and says whether to begin again.
    private func undo<Value>(_ transaction: Transaction, after error: any Error) async throws -> Attempt<Value> {
        transaction.end()
        // An error of the closure's own may come of one of the database's.
        let failure = error as? DatabaseFailure ?? transaction.failure
        await finish(transaction.connection, failure)
        guard let failure, failure.repeats else {
            throw error is CancellationError ? DatabaseFailure(.cancelled) : error
        }
        return .again(failure)
    }

    /// What COMMIT's end means.
    private func concluded<Value>(
        _ transaction: Transaction, _ end: FlightOutcome, _ options: TransactionOptions, tag: Rows?, _ value: Value
    ) async throws -> Attempt<Value> {
        transaction.end()
        let connection = transaction.connection
        let isOpen = await connection.isOpen
        // The commit's own answer counts, even if the connection ended after it.
        if let tag, end.failure == nil || !isOpen {
            await finish(connection, isOpen ? nil : DatabaseFailure(.lost))
            guard tag.tag == "COMMIT" else { throw transaction.failure ?? DatabaseFailure(.misuse) }
            guard !end.replicationWaitEnded else {
                count { $0.unknown += 1 }
                throw DatabaseFailure(.notReplicated)
            }
            return .done(value)
        }
        let failure = end.failure ?? DatabaseFailure(.lost)
        if isOpen, failure.cause != .outcome {
            // The server refused it and went on: nothing was done.
            await finish(connection, failure)
            guard failure.repeats else { throw failure }
            return .again(failure)
        }
        await connection.close()
        await finish(connection, DatabaseFailure(.lost))
        count { $0.asked += 1 }
        switch await fate(of: transaction.identity, options, until: .now + settings.limits.committing) {
        case .committed: return .done(value)
        case .aborted: return .again(failure.repeats ? failure : DatabaseFailure(.lost))
        case .unknown:
            count { $0.unknown += 1 }
            throw DatabaseFailure(.outcome)
        }
    }
}
