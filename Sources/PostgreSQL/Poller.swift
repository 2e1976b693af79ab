import CPostgreSQL
import Dispatch
import Glibc
import Synchronization

/// One thread that watches all sockets, and the bounds in time of whoever waits.
///
/// Why a thread with epoll and no Dispatch sources: whoever uses a connection writes to its socket on its own thread, and
/// reads from it there too once this thread has woken it, so that a statement costs one change of threads and one call to
/// arm the socket. A Dispatch source would bring a change to its queue's thread and another from there.
final class Poller: Sendable {
    /// Why a wait ended.
    enum Wake { case ready, late, cancelled }

    /// What a wait is for.
    enum Readiness { case reading, writing, readingOrWriting }

    private struct Wait {
        let continuation: CheckedContinuation<Wake, Never>
        let deadline: ContinuousClock.Instant?
    }

    private struct State {
        var waits: [UInt64: Wait] = [:]
        /// How many of them have a bound.
        var bounded = 0
        var next: UInt64 = 0
        /// Whether the thread waits without an end, so that it has to be told of a bound.
        var sleeps = false

        mutating func take(_ number: UInt64) -> Wait? {
            guard let wait = waits.removeValue(forKey: number) else { return nil }
            if wait.deadline != nil { bounded -= 1 }
            return wait
        }
    }

    private let set: Int32
    private let counter: Int32
    private let state = Mutex(State())

    /// How exactly bounds are kept, in milliseconds.
    private static let tick: Int32 = 50

    private static let process = Result<Poller, DatabaseFailure> { () throws(DatabaseFailure) in try Poller() }

    /// The one of this process, whose thread never ends.
    static func shared() throws(DatabaseFailure) -> Poller { try process.get() }

    private init() throws(DatabaseFailure) {
        var (set, counter): (Int32, Int32) = (-1, -1)
        guard akashi_poller_open(&set, &counter) == 0 else { throw DatabaseFailure(.exhausted) }
        self.set = set
        self.counter = counter
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Poller>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard result == 0 else { throw DatabaseFailure(.exhausted) }
        pthread_detach(thread)
    }

    private func run() {
        var numbers = [UInt64](repeating: 0, count: 64)
        var scanned = ContinuousClock.now
        var isQuiet = false
        while true {
            let milliseconds: Int32 = state.withLock { state in
                state.sleeps = state.bounded == 0 && isQuiet
                // A second of ticking after the last bound spares the next one a call to wake this thread.
                return state.bounded > 0 ? Self.tick : isQuiet ? -1 : 1000
            }
            let count = Int(akashi_poller_wait(set, counter, milliseconds, &numbers))
            isQuiet = count == 0
            let now = ContinuousClock.now
            let scans = now - scanned >= .milliseconds(Int64(Self.tick))
            if scans { scanned = now }
            let woken = state.withLock { state in
                state.sleeps = false
                var woken: [(Wait, Wake)] = []
                for number in numbers.prefix(count) {
                    if let wait = state.take(number) { woken.append((wait, .ready)) }
                }
                if scans, state.bounded > 0 {
                    for (number, wait) in state.waits where wait.deadline.map({ $0 <= now }) == true {
                        if let wait = state.take(number) { woken.append((wait, .late)) }
                    }
                }
                return woken
            }
            for (wait, wake) in woken { wait.continuation.resume(returning: wake) }
        }
    }

    /// A number for a wait.
    func number() -> UInt64 {
        state.withLock { state in
            state.next &+= 1
            return state.next
        }
    }

    /// Ends a wait, if it is still under way.
    func end(_ number: UInt64, _ wake: Wake = .ready) {
        state.withLock { $0.take(number) }?.continuation.resume(returning: wake)
    }

    /// Waits until ``end(_:_:)`` is called for the number.
    ///
    /// - Parameters:
    ///   - number: of ``number()``.
    ///   - deadline: when the wait ends at last.
    ///   - heedsCancellation: whether the caller's cancellation ends it.
    ///   - begin: called once the wait can be ended; `false` where there is nothing to wait for.
    func wait(
        _ number: UInt64, until deadline: ContinuousClock.Instant?, heedsCancellation: Bool,
        _ begin: @Sendable () -> Bool
    ) async -> Wake {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wakes = state.withLock { state in
                    state.waits[number] = Wait(continuation: continuation, deadline: deadline)
                    guard deadline != nil else { return false }
                    state.bounded += 1
                    defer { state.sleeps = false }
                    return state.sleeps
                }
                if wakes { akashi_poller_wake(counter) }
                if heedsCancellation, Task.isCancelled {
                    end(number, .cancelled)
                } else if !begin() {
                    end(number)
                }
            }
        } onCancel: {
            if heedsCancellation { end(number, .cancelled) }
        }
    }

    /// Waits for a socket. A socket that cannot be watched is ready: whoever uses it finds out why.
    func wait(
        for readiness: Readiness, of socket: Int32, until deadline: ContinuousClock.Instant?,
        heedsCancellation: Bool = true
    ) async -> Wake {
        let number = number()
        return await wait(number, until: deadline, heedsCancellation: heedsCancellation) { [set] in
            switch readiness {
            case .reading: akashi_poller_watch(set, socket, 0, number) == 0
            case .readingOrWriting: akashi_poller_watch(set, socket, 1, number) == 0
            case .writing: akashi_poller_watch_writing(set, socket, number) == 0
            }
        }
    }

    /// Waits until a time, or until the caller is cancelled.
    func sleep(until deadline: ContinuousClock.Instant) async -> Wake {
        await wait(number(), until: deadline, heedsCancellation: true) { true }
    }

    /// Runs something that blocks on a thread of its own, and waits for it until the deadline; `nil` where it takes longer.
    /// It then goes on by itself: it must harm nobody.
    func blocking<Value: Sendable>(
        until deadline: ContinuousClock.Instant, heedsCancellation: Bool = true,
        _ body: @escaping @Sendable () -> Value
    ) async -> Value? {
        let number = number()
        let result = Outcome<Value>()
        _ = await wait(number, until: deadline, heedsCancellation: heedsCancellation) {
            Self.blockers.async {
                let value = body()
                result.value.withLock { $0 = value }
                self.end(number)
            }
            return true
        }
        return result.value.withLock { $0 }
    }

    private final class Outcome<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
    private static let blockers = DispatchQueue(label: "akashi.postgresql.blocking", attributes: .concurrent)
}
