/// What was waited for did not come.
public struct NeverHappened: Error, CustomStringConvertible {
    /// What it was.
    public let description: String
}

/// Waits until something holds; throws, so that the test fails and ends, if it does not within a minute.
public func eventually(
    _ what: String, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw NeverHappened(description: "never: \(what)")
}
