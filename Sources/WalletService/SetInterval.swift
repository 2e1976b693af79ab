/// Instants at a fixed distance: what leaves at one of them says little of how long it took.
struct SetInterval: Sendable {
    private let length: Duration
    private let origin = ContinuousClock.now

    init(_ length: Duration) { self.length = length }

    /// From an instant to the next one, at least a hundredth of the distance.
    func pause(at now: ContinuousClock.Instant) -> Duration {
        let gone = (now - origin) / length
        let rest = gone.rounded(.down) + 1 - gone
        return length * (rest < 0.01 ? rest + 1 : rest)
    }

    /// Gives what an operation gives or throws, at the next instant behind its end.
    func answer<T: Sendable>(_ operation: () async throws -> T) async throws -> T {
        let result: Result<T, any Error>
        do { result = .success(try await operation()) } catch { result = .failure(error) }
        try await Task.sleep(for: pause(at: .now))
        return try result.get()
    }
}
