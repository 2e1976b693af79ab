import GRDB
import Synchronization

/// Commits the writes of many callers together, so that one wait for the disk serves them all.
///
/// Writes that arrive while a commit waits for the disk form the next transaction; those that a long write gives way to
/// (``Ledger/givesWay()``) join its own. Each runs in a savepoint of its own: one
/// that fails is undone alone. The only one of a transaction needs none: it is undone with the transaction. A caller gets
/// its answer only when the transaction is durable; when the commit fails, every caller in it gets the error. Their log
/// lines and rows go through one ``Ledger``, whose head is sealed once at the end.
final class GroupWriter: Sendable {
    private struct Job: Sendable {
        /// Runs in the transaction, in a savepoint if it is not alone there.
        let run: @Sendable (_ ledger: Ledger, _ isAlone: Bool) -> Ran
        /// Called instead when it never ran.
        let fail: @Sendable (any Error) -> Void
    }

    private struct Ran: Sendable {
        let failed: Bool
        /// Is called with the commit's error, or `nil` once it is durable.
        let answer: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var isDraining = false
    }

    /// More than this many waiting writes mean that the disk does not keep up: the caller is told at once.
    static let maximumWaiting = 4096
    /// How many writes one transaction takes at most, so that none waits for too many others.
    static let maximumTogether = 256

    private let pool: DatabasePool
    private let keys: EvidenceKeys
    private let follower: JournalFollower
    private let isCurrent: @Sendable (Database) throws -> Bool
    private let committed: @Sendable (LogHead) -> Void
    private let state = Mutex(State())

    /// - Parameter committed: hears of every head that became durable, in their order.
    init(
        _ pool: DatabasePool, keys: EvidenceKeys, follower: JournalFollower,
        isCurrent: @escaping @Sendable (Database) throws -> Bool,
        committed: @escaping @Sendable (LogHead) -> Void
    ) {
        self.pool = pool
        self.keys = keys
        self.follower = follower
        self.isCurrent = isCurrent
        self.committed = committed
    }

    /// Runs a write and returns its value once it is durable.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Ledger) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            let actor = LogActor.current
            let job = Job(
                run: { ledger, isAlone in
                    // The queue that runs this is nobody's task.
                    let result = LogActor.$current.withValue(actor) {
                        Result { try isAlone ? body(ledger) : Self.inSavepoint(ledger, body) }
                    }
                    let failed = if case .failure = result { true } else { false }
                    return Ran(failed: failed) { error in
                        if let error {
                            continuation.resume(throwing: error)
                        } else {
                            continuation.resume(with: result)
                        }
                    }
                },
                fail: { continuation.resume(throwing: $0) })
            submit(job)
        }
    }

    /// The statements of GRDB's own `inSavepoint`, which compiles them each time.
    private static func inSavepoint<Value>(_ ledger: Ledger, _ body: (Ledger) throws -> Value) throws -> Value {
        let db = ledger.db
        let mark = ledger.mark
        try db.cachedStatement(sql: "SAVEPOINT job").execute()
        do {
            let value = try body(ledger)
            try db.cachedStatement(sql: "RELEASE SAVEPOINT job").execute()
            return value
        } catch {
            // Both fail only where SQLite itself has rolled back everything, which the caller looks at.
            try? db.cachedStatement(sql: "ROLLBACK TO SAVEPOINT job").execute()
            try? db.cachedStatement(sql: "RELEASE SAVEPOINT job").execute()
            ledger.restore(to: mark)
            throw error
        }
    }

    private func submit(_ job: Job) {
        enum Next { case refuse, wait, drain }
        let next: Next = state.withLock { state in
            guard state.waiting.count < Self.maximumWaiting else { return .refuse }
            state.waiting.append(job)
            guard !state.isDraining else { return .wait }
            state.isDraining = true
            return .drain
        }
        switch next {
        case .refuse: job.fail(StoreError.busy("too many writes are waiting"))
        case .wait: break
        case .drain:
            pool.asyncWriteWithoutTransaction { db in
                while let jobs = self.next() { self.commit(jobs, in: db) }
            }
        }
    }

    private func next() -> [Job]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let jobs = Array(state.waiting.prefix(Self.maximumTogether))
            state.waiting.removeFirst(jobs.count)
            return jobs
        }
    }

    /// Those that wait, as far as a transaction that has so many takes more.
    private func joining(_ count: Int) -> [Job] {
        state.withLock { state in
            let jobs = Array(state.waiting.prefix(Self.maximumTogether - count))
            state.waiting.removeFirst(jobs.count)
            return jobs
        }
    }

    private func commit(_ jobs: [Job], in db: Database) {
        var jobs = jobs
        var answers: [@Sendable ((any Error)?) -> Void] = []
        var failure: (any Error)?
        var isUndone = false
        let ledger = Ledger(db, keys, follower) { self.state.withLock { !$0.waiting.isEmpty } }
        do {
            try db.inTransaction(.immediate) {
                guard try isCurrent(db) else { throw KeysChanged() }
                var failed = false
                let isAlone = jobs.count == 1
                while answers.count < jobs.count {
                    let ran = jobs[answers.count].run(ledger, isAlone && answers.isEmpty)
                    answers.append(ran.answer)
                    failed = ran.failed
                    // Some errors (disk full, input or output) end the whole transaction inside SQLite; going on would
                    // write outside of any.
                    guard db.isInsideTransaction else {
                        throw StoreError.unavailable("the transaction was rolled back")
                    }
                    if ledger.hasGivenWay, !failed, answers.count == jobs.count { jobs += joining(jobs.count) }
                }
                if failed, jobs.count == 1 {
                    isUndone = true
                    return .rollback
                }
                try ledger.finish()
                return .commit
            }
            if !isUndone, let head = ledger.head { committed(head) }
        } catch {
            failure = error
        }
        for answer in answers { answer(failure) }
        if let failure {
            for job in jobs.dropFirst(answers.count) { job.fail(failure) }
        }
    }
}
