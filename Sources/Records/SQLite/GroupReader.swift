import GRDB
import Synchronization

/// Runs the short reads of many callers on few snapshots: what waits while a connection reads shares the next snapshot.
///
/// A read of one row takes less than the way to a connection's thread and back, so that under load most of the time went there.
/// A read joins only a snapshot that begins after it was asked for: each sees everything that was acknowledged before it. Whoever
/// reads for long has a connection of their own by ``DatabaseFile/read(_:)``, so that nobody waits behind them here; both take
/// their turns for one in the same queue, and between two snapshots a connection is free.
final class GroupReader: Sendable {
    private struct Job: Sendable {
        /// Runs in a snapshot and answers.
        let run: @Sendable (Database) -> Void
        /// Called instead when it never ran.
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Job] = []
        /// Snapshots that are read, or wait for a connection.
        var snapshots = 0
    }

    /// More than this many waiting reads mean that the processor does not keep up: the caller is told at once.
    static let maximumWaiting = 4096
    /// How many reads share one snapshot at most, so that none stays open for long.
    static let maximumTogether = 64

    private let pool: DatabasePool
    private let connections: Int
    /// Opens a snapshot and hands it on, or throws.
    private let snapshot: @Sendable (Database, (Database) -> Void) throws -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - connections: how many snapshots are read at once.
    ///   - snapshot: opens one, looks whether the file is still what it was opened as, and calls back.
    init(
        _ pool: DatabasePool, connections: Int,
        snapshot: @escaping @Sendable (Database, (Database) -> Void) throws -> Void
    ) {
        self.pool = pool
        self.connections = connections
        self.snapshot = snapshot
    }

    /// Runs a short read.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            submit(
                Job(
                    run: { db in continuation.resume(with: Result { try body(db) }) },
                    fail: { continuation.resume(throwing: $0) }))
        }
    }

    private func submit(_ job: Job) {
        enum Next { case refuse, wait, begin }
        let next: Next = state.withLock { state in
            guard state.waiting.count < Self.maximumWaiting else { return .refuse }
            state.waiting.append(job)
            guard state.snapshots < connections else { return .wait }
            state.snapshots += 1
            return .begin
        }
        switch next {
        case .refuse: job.fail(StoreError.busy("too many reads are waiting"))
        case .wait: break
        case .begin: begin()
        }
    }

    private func begin() {
        pool.asyncUnsafeRead { opened in
            // Everybody among them asked before the snapshot is opened.
            let jobs = self.state.withLock { state in
                let jobs = Array(state.waiting.prefix(Self.maximumTogether))
                state.waiting.removeFirst(jobs.count)
                return jobs
            }
            if !jobs.isEmpty { self.run(jobs, on: opened) }
            let isNext = self.state.withLock { state in
                if state.waiting.isEmpty { state.snapshots -= 1 }
                return !state.waiting.isEmpty
            }
            if isNext { self.begin() }
        }
    }

    private func run(_ jobs: [Job], on opened: Result<Database, any Error>) {
        var done = 0
        do {
            try snapshot(opened.get()) { db in
                for job in jobs {
                    done += 1
                    job.run(db)
                    // Some errors end the transaction inside SQLite; what is read behind it is read in none.
                    guard db.isInsideTransaction else { return }
                }
            }
            guard done < jobs.count else { return }
            throw StoreError.unavailable("the snapshot ended")
        } catch {
            for job in jobs.dropFirst(done) { job.fail(error) }
        }
    }
}
