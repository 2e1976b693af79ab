import GRDB
import Synchronization

/// Commits the writes of many callers together, so that one wait for the disk serves them all.
///
/// Writes that arrive while a commit waits for the disk form the next transaction. Each runs in a savepoint of its own:
/// one that fails is undone alone. A caller gets its answer only when the transaction is durable; when the commit
/// fails, every caller in it gets the error.
final class GroupWriter: Sendable {
    private struct Job: Sendable {
        /// Runs in the transaction; what it returns is called with the commit's error, or `nil` once it is durable.
        let run: @Sendable (Database) -> @Sendable ((any Error)?) -> Void
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
    private let state = Mutex(State())

    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    /// Runs a write and returns its value once it is durable.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            let job = Job(
                run: { db in
                    let result = Result { try Self.inSavepoint(db, body) }
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

    private static func inSavepoint<Value>(_ db: Database, _ body: (Database) throws -> Value) throws -> Value {
        var value: Value?
        try db.inSavepoint {
            value = try body(db)
            return .commit
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
                while let jobs = self.next() { Self.commit(jobs, in: db) }
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

    private static func commit(_ jobs: [Job], in db: Database) {
        var answers: [@Sendable ((any Error)?) -> Void] = []
        var failure: (any Error)?
        do {
            try db.inTransaction(.immediate) {
                for job in jobs {
                    answers.append(job.run(db))
                    // Some errors (disk full, input or output) end the whole transaction inside SQLite; going on would
                    // write outside of any.
                    guard db.isInsideTransaction else {
                        throw StoreError.unavailable("the transaction was rolled back")
                    }
                }
                return .commit
            }
        } catch {
            failure = error
        }
        for answer in answers { answer(failure) }
        if let failure {
            for job in jobs.dropFirst(answers.count) { job.fail(failure) }
        }
    }
}
