import Dispatch
import Synchronization
import TestSupport
import Testing
import Waiting

/// A limit in time.
@Suite(.timeLimit(.minutes(1)))
struct TimeLimitTests {
    @Test func `an operation that ends in time gives its value`() async throws {
        #expect(try await withTimeLimit(.seconds(60)) { 7 } == 7)
    }

    @Test func `an operation that takes too long is cancelled`() async throws {
        let cancelled = Mutex(false)
        await #expect(throws: TimeLimitReached.self) {
            try await withTimeLimit(.milliseconds(1)) {
                try? await Task.sleep(for: .seconds(600))
                cancelled.withLock { $0 = Task.isCancelled }
            }
        }
        // It is not waited for: that it was told is seen a little later.
        try await eventually("the operation's cancellation") { cancelled.withLock { $0 } }
    }

    @Test func `an operation that does not heed its end holds nobody`() async throws {
        let release = DispatchSemaphore(value: 0)
        let start = ContinuousClock.now
        await #expect(throws: TimeLimitReached.self) {
            try await withTimeLimit(.milliseconds(1)) {
                await withCheckedContinuation { continuation in
                    DispatchQueue.global().async {
                        release.wait()
                        continuation.resume()
                    }
                }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(30))
        release.signal()
    }

    @Test func `a caller that is cancelled gets no value, and its operation is cancelled`() async {
        let (started, signal) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await withTimeLimit(.seconds(600)) {
                signal.yield()
                try? await Task.sleep(for: .seconds(600))
            }
        }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: TimeLimitReached.self) { try await task.value }
    }
}

/// Waiting for a change.
@Suite(.timeLimit(.minutes(1)))
struct WatchedTests {
    @Test func `a value that is there already is not waited for`() async {
        #expect(await Watched(3).wait { $0 < 3 } == 3)
    }

    @Test func `everybody who waits sees the value that was waited for, and no earlier one`() async {
        let watched = Watched(0)
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { await watched.wait { $0 < 3 } } }
            for _ in 0..<3 {
                await Task.yield()
                watched.update { $0 += 1 }
            }
            for await value in group { #expect(value == 3) }
        }
    }

    @Test func `a wait ends when its time is up, with the value as it is`() async {
        #expect(await Watched(1).wait(atMost: .milliseconds(1)) { _ in true } == 1)
    }

    @Test func `a wait ends when its task is cancelled, before it began or after`() async {
        let watched = Watched(1)
        let task = Task { await watched.wait { _ in true } }
        task.cancel()
        #expect(await task.value == 1)
    }

    @Test func `after the close nobody waits any more`() async {
        let watched = Watched(1)
        let early = Task { await watched.wait { _ in true } }
        await Task.yield()
        watched.close()
        #expect(await early.value == 1)
        #expect(await watched.wait { _ in true } == 1)
    }
}
