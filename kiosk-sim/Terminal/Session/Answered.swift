import Waiting

/// Runs a question until it is answered or the person has done nothing for `duration`; `nudge` is called when a third of
/// it is left.
func answered<Value: Sendable>(
    within duration: Duration, _ clock: any Clock<Duration>, _ interface: any SessionInterface,
    _ question: @escaping @Sendable () async -> Value
) async throws(TimeLimitReached) -> Value {
    let first = await withTaskGroup(of: Value?.self) { group in
        group.addTask { await question() }
        group.addTask {
            var seen = await interface.activity()
            var nudged = false
            while !Task.isCancelled {
                try? await clock.sleep(for: nudged ? duration / 3 : duration / 3 * 2)
                let now = await interface.activity()
                if now != seen {
                    (seen, nudged) = (now, false)
                } else if nudged {
                    return nil
                } else {
                    nudged = true
                    await interface.nudge(duration / 3)
                }
            }
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
    guard let first, !Task.isCancelled else { throw TimeLimitReached() }
    return first
}
