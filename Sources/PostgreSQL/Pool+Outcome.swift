/// How one attempt at a transaction ended.
enum Attempt<Value: Sendable>: Sendable {
    case done(Value)
    /// Nothing was done, and it may be begun again.
    case again(DatabaseFailure)
}

extension Pool {
    /// What became of a transaction.
    enum Fate: Sendable { case committed, aborted, unknown }

    /// Runs attempts until one is at its end, within the options' bounds.
    func repeating<Value: Sendable>(
        _ options: TransactionOptions,
        _ attempt: (ContinuousClock.Instant) async throws -> Attempt<Value>
    ) async throws -> Value {
        let deadline = ContinuousClock.now + options.limit
        var count = 0
        while true {
            count += 1
            let failure: DatabaseFailure
            do {
                switch try await attempt(deadline) {
                case .done(let value): return value
                case .again(let reason): failure = reason
                }
            } catch let error as DatabaseFailure where error.cause == .unreachable {
                failure = error
            }
            let pause = Self.pause(after: count)
            guard count < options.attempts, ContinuousClock.now + pause < deadline else { throw failure }
            self.count { $0.repeated += 1 }
            guard await poller.sleep(until: .now + pause) != .cancelled else { throw DatabaseFailure(.cancelled) }
        }
    }

    /// 10 ms, 20 ms … 640 ms, by half to the whole of it: who met does not meet again at once.
    static func pause(after attempts: Int) -> Duration {
        .milliseconds(10) * (1 << min(max(attempts - 1, 0), 6)) * Double.random(in: 0.5...1)
    }

    /// Asks what became of a transaction whose commit's answer was lost, at whichever server takes writes by then. The
    /// caller's cancellation does not end it: whoever asked for a write is told what became of it.
    func fate(
        of identity: TransactionIdentity?, _ options: TransactionOptions, until deadline: ContinuousClock.Instant
    ) async -> Fate {
        await Task {
            var count = 0
            while ContinuousClock.now < deadline {
                count += 1
                if let fate = await self.askedFate(of: identity, options, until: deadline) { return fate }
                _ = await self.poller.sleep(until: min(deadline, .now + Self.pause(after: count)))
            }
            return .unknown
        }.value
    }

    /// One question; `nil` where it is not settled yet, or there is no server to ask.
    private func askedFate(
        of identity: TransactionIdentity?, _ options: TransactionOptions, until deadline: ContinuousClock.Instant
    ) async -> Fate? {
        guard let connection = try? await acquire(until: deadline) else { return nil }
        let fate = await fate(of: identity, options, on: connection, until: deadline)
        await finish(connection, nil)
        return fate
    }

    private func fate(
        of identity: TransactionIdentity?, _ options: TransactionOptions, on connection: Connection,
        until deadline: ContinuousClock.Instant
    ) async -> Fate? {
        guard let identity else {
            // That there is no trace yet may mean that the transaction is still on its way.
            return await trace(options, on: connection, until: deadline) == true
                ? await replicated(on: connection) : nil
        }
        let now = await connection.run([TransactionIdentity.history], until: deadline)
        guard let rows = now.answers.first ?? nil,
            let timeline = try? rows.one().value(0, as: String.self)
        else { return nil }
        let isSameHistory = timeline == identity.timeline
        // In another history the same number may be another transaction's: the trace tells, and everything that this server
        // will ever have of the history before is there.
        if !isSameHistory, options.trace != nil {
            switch await trace(options, on: connection, until: deadline) {
            case true?: return await replicated(on: connection)
            case false?: return .aborted
            case nil: return nil
            }
        }
        let status = await connection.run(
            [Query("SELECT pg_xact_status($1)", .transaction(identity.transaction))], until: deadline)
        // A number that this server has not come to: the transaction never reached it.
        if status.failure?.sqlState?.code == "22023" { return isSameHistory ? .unknown : .aborted }
        guard let answer = status.answers.first ?? nil else { return nil }
        switch try? answer.one().value(0, as: String.self) {
        case "committed": return isSameHistory ? await replicated(on: connection) : .unknown
        case "aborted": return .aborted
        case "in progress": return isSameHistory ? nil : .unknown
        default: return .unknown
        }
    }

    /// Whether the write has left its trace; `nil` where nobody could tell.
    private func trace(
        _ options: TransactionOptions, on connection: Connection, until deadline: ContinuousClock.Instant
    ) async -> Bool? {
        guard let trace = options.trace else { return nil }
        let outcome = await connection.run(
            [Query("BEGIN READ ONLY")] + options.preamble + [trace, Query("COMMIT")], until: deadline)
        guard outcome.failure == nil, let rows = outcome.answers.dropLast().last ?? nil else { return nil }
        return rows.count > 0
    }

    /// That something is committed at this server does not say that its replica has it: the commit of a message behind it,
    /// which waits for the replica as every commit does, says so.
    private func replicated(on connection: Connection) async -> Fate {
        let outcome = await connection.run(
            [
                Query("BEGIN READ WRITE"), Query("SELECT 1 FROM pg_logical_emit_message(true, 'akashi', '')"),
                Query("COMMIT"),
            ], until: .now + settings.limits.committing, heedsCancellation: false)
        return outcome.failure == nil && !outcome.replicationWaitEnded ? .committed : .unknown
    }
}
