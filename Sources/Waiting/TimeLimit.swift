import Synchronization

/// A wait ended before what was waited for was there: its time was up, or whoever waited was cancelled.
package struct TimeLimitReached: Error {
    /// The one error of this kind; it says nothing more.
    package init() {}
}

/// Waits for an operation for at most `limit`.
///
/// When the time is up or the caller is cancelled, the operation is cancelled and the caller goes on at once: an operation
/// that does not heed its cancellation is left behind and holds nobody. What it still does must therefore harm nobody, and
/// whatever it holds outside this process (a program, a connection) is to be ended by its cancellation.
package func withTimeLimit<Value: Sendable>(
    _ limit: Duration, clock: any Clock<Duration> = ContinuousClock(),
    _ operation: @escaping @Sendable () async -> Value
) async throws(TimeLimitReached) -> Value {
    // Not a task group: that would wait for the operation whatever the time.
    let first = FirstValue<Value>()
    let work = Task { first.offer(await operation()) }
    let timer = Task {
        try? await clock.sleep(for: limit)
        first.offer(nil)
    }
    let value = await withTaskCancellationHandler {
        await first.value()
    } onCancel: {
        first.offer(nil)
    }
    work.cancel()
    timer.cancel()
    guard let value, !Task.isCancelled else { throw TimeLimitReached() }
    return value
}

/// The first of several values that are offered, for one who waits for it; `nil` for none.
private final class FirstValue<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value?, Never>)
        case decided(Value?)
    }
    private let state = Mutex(State.open)

    func offer(_ value: Value?) {
        let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            switch state {
            case .open:
                state = .decided(value)
                return nil
            case .awaited(let waiter):
                state = .decided(value)
                return waiter
            case .decided: return nil
            }
        }
        waiter?.resume(returning: value)
    }

    func value() async -> Value? {
        await withCheckedContinuation { continuation in
            let decided = state.withLock { state -> Value?? in
                if case .decided(let value) = state { return .some(value) }
                state = .awaited(continuation)
                return nil
            }
            if let decided { continuation.resume(returning: decided) }
        }
    }
}
