/// A clock that runs fifty times as fast, so that pauses between attempts cost a test little.
struct QuickClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private static let speed = 50
    private let start = ContinuousClock.now
    let minimumResolution = Duration.zero
    var now: Instant { Instant(offset: (ContinuousClock.now - start) * Self.speed) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await ContinuousClock().sleep(until: start + deadline.offset / Self.speed)
    }
}
