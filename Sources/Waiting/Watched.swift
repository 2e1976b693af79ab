import Synchronization

/// A value that changes, and those who wait for it to change.
package final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var isClosed = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]

        /// Everybody who waits, taken out to be woken outside the lock.
        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }
    private let state: Mutex<State>

    /// - Parameter value: the first one.
    package init(_ value: Value) { state = Mutex(State(value: value)) }

    /// The value now.
    package var value: Value { state.withLock { $0.value } }

    /// Changes the value and wakes everybody who waits.
    package func update(_ change: @Sendable (inout Value) -> Void) {
        let woken = state.withLock { state in
            change(&state.value)
            return state.takeWaiters()
        }
        for waiter in woken { waiter.resume() }
    }

    /// Lets everybody who waits go on, and nobody wait any more; for the end of a service.
    package func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            return state.takeWaiters()
        }
        for waiter in woken { waiter.resume() }
    }

    /// Returns the value as soon as `isWaiting` no longer holds for it, the time is up, the task is cancelled or the wait
    /// was closed.
    ///
    /// - Parameters:
    ///   - limit: the maximum wait; without one only the other ends count.
    ///   - isWaiting: whether this value is not yet the one that is waited for.
    @discardableResult
    package func wait(
        atMost limit: Duration? = nil, while isWaiting: @escaping @Sendable (Value) -> Bool
    ) async -> Value {
        if let limit {
            _ = try? await withTimeLimit(limit) { await self.waitForChange(while: isWaiting) }
        } else {
            await waitForChange(while: isWaiting)
        }
        return value
    }

    private func waitForChange(while isWaiting: @escaping @Sendable (Value) -> Bool) async {
        while await waitOnce(while: isWaiting) {}
    }

    /// Waits for one change; `false` when there is nothing to wait for.
    private func waitOnce(while isWaiting: @escaping @Sendable (Value) -> Bool) async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter &+= 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            var waited = true
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard !state.isClosed, !Task.isCancelled, isWaiting(state.value) else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !waits {
                    waited = false
                    continuation.resume()
                }
            }
            return waited
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
