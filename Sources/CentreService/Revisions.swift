import Synchronization

/// A number that grows with every change, and those who wait for the next one.
final class Revisions: Sendable {
    private struct State {
        var current: Int64
        var next: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }
    private let state: Mutex<State>

    /// - Parameter first: such as the time of start in milliseconds, so that it also grows across restarts.
    init(first: Int64) { state = Mutex(State(current: first)) }

    /// The number now.
    var current: Int64 { state.withLock { $0.current } }

    /// A change: everybody who waits goes on.
    func advance() {
        let waiters = state.withLock { state in
            state.current += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns as soon as the number is another than `known`, or the time is up, or the task is cancelled.
    func wait(whileAt known: Int64, atMost time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(whileAt: known) }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(whileAt known: Int64) async {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard state.current == known, !Task.isCancelled else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
