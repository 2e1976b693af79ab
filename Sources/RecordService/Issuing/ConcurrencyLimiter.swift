import Exchange
import NIOPosix
import Synchronization

/// A bound on how many applications are under way at once, and threads for work that keeps a processor busy (signatures,
/// page, code), so that neither event loops nor the shared executor wait for it.
///
/// Beyond the bound an application is refused at once with `service.busy`, instead of waiting for longer than the person
/// at the terminal would. The threads are the process's pool for blocking work, as many as there are processors.
package final class ConcurrencyLimiter: Sendable {
    private let maximum: Int
    private let count = Mutex(0)

    /// - Parameter maximum: how many applications may be under way, waiting ones included.
    package init(maximum: Int) { self.maximum = maximum }

    /// How many applications are under way.
    package var underWay: Int { count.withLock { $0 } }

    /// Runs an application's whole process if there is room, else throws `service.busy`.
    package func admit<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        let admitted = count.withLock { count in
            guard count < maximum else { return false }
            count += 1
            return true
        }
        guard admitted else { throw ProblemCode.serviceBusy }
        defer { count.withLock { $0 -= 1 } }
        return try await body()
    }

    /// Runs one piece of work on a thread of the pool.
    package func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await NIOThreadPool.singleton.runIfActive(work)
    }
}
