import GRDB
import Synchronization

/// Commits the writes of many callers together, so that one wait for the disk serves them all.
///
/// Writes that arrive while a commit waits for the disk form the next transaction. Each runs in a savepoint of its own:
/// one that fails is undone alone. A caller gets its answer only when the transaction is durable; when the commit
/// fails, every caller in it gets the error. Their log lines and rows go through one ``Ledger``, whose head is sealed
/// once at the end.
final class GroupWriter: Sendable {
    private struct Job: Sendable {
        /// Runs in the transaction; what it returns is called with the commit's error, or `nil` once it is durable.
        let run: @Sendable (Ledger) -> @Sendable ((any Error)?) -> Void
        /// Called instead when it never ran.
        let fail: @Sendable (any Error) -> Void
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
    private let committed: @Sendable (LogHead) -> Void
    private let state = Mutex(State())

    /// - Parameter committed: hears of every head that became durable, in their order.
    init(
        _ pool: DatabasePool, keys: EvidenceKeys, follower: JournalFollower,
        committed: @escaping @Sendable (LogHead) -> Void
    ) {
        self.pool = pool
        self.keys = keys
        self.follower = follower
        self.committed = committed
    }

    /// Runs a write and returns its value once it is durable.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Ledger) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            let actor = LogActor.current
            let job = Job(
                run: { ledger in
                    // The queue that runs this is nobody's task.
                    let result = LogActor.$current.withValue(actor) { Result { try Self.inSavepoint(ledger, body) } }
                    return { error in
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

    private static func inSavepoint<Value>(_ ledger: Ledger, _ body: (Ledger) throws -> Value) throws -> Value {
        let mark = ledger.mark
        var value: Value?
        do {
            try ledger.db.inSavepoint {
                value = try body(ledger)
                return .commit
            }
        } catch {
            ledger.restore(to: mark)
            throw error
        }
        guard let value else { throw StoreError.unavailable("savepoint") }
        return value
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

    private func commit(_ jobs: [Job], in db: Database) {
        var answers: [@Sendable ((any Error)?) -> Void] = []
        var failure: (any Error)?
        let ledger = Ledger(db, keys, follower)
        do {
            try db.inTransaction(.immediate) {
                for job in jobs {
                    answers.append(job.run(ledger))
                    // Some errors (disk full, input or output) end the whole transaction inside SQLite; going on would
                    // write outside of any.
                    guard db.isInsideTransaction else {
                        throw StoreError.unavailable("the transaction was rolled back")
                    }
                }
                try ledger.finish()
                return .commit
            }
            if let head = ledger.head { committed(head) }
        } catch {
            failure = error
        }
        for answer in answers { answer(failure) }
        if let failure {
            for job in jobs.dropFirst(answers.count) { job.fail(failure) }
        }
    }
}
