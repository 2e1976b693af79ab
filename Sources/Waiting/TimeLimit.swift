/// A wait ended before what was waited for was there: its time was up, or whoever waited was cancelled.
package struct TimeLimitReached: Error {
    /// The one error of this kind; it says nothing more.
    package init() {}
}

/// Runs an operation for at most `limit`, and cancels it when the time is up or the caller is cancelled.
///
/// It returns when the operation has ended, so an operation that does not heed its cancellation holds the caller.
package func withTimeLimit<Value: Sendable>(
    _ limit: Duration, clock: any Clock<Duration> = ContinuousClock(),
    _ operation: @escaping @Sendable () async -> Value
) async throws(TimeLimitReached) -> Value {
    let first = await withTaskGroup(of: Value?.self) { group in
        group.addTask { await operation() }
        group.addTask {
            try? await clock.sleep(for: limit)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
    guard let first, !Task.isCancelled else { throw TimeLimitReached() }
    return first
}
