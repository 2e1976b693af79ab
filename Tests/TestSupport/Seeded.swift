import Foundation

/// A generator that gives the same numbers for the same seed (SplitMix64), so that a failing random test can be run again.
public struct Seeded: RandomNumberGenerator, Sendable {
    private var state: UInt64
    /// The seed the generator started from.
    public let seed: UInt64

    /// A generator for a seed; without one, `AKASHI_SEED` or a new random seed. The seed is printed with the name.
    public init(_ name: String, seed: UInt64? = nil) {
        let chosen =
            seed ?? ProcessInfo.processInfo.environment["AKASHI_SEED"].flatMap(UInt64.init) ?? .random(in: 1 ... .max)
        self.seed = chosen
        state = chosen
        print("seed of \(name): \(chosen) (repeat with AKASHI_SEED=\(chosen))")
    }

    /// A generator for a seed that comes of another, which has printed its own.
    public init(state: UInt64) {
        seed = state
        self.state = state
    }

    /// The next number (SplitMix64).
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// This many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

/// Random bad input for parsers: truncated, oversized, mutated and random bytes, seeded.
public enum BadInput {
    /// How many cases a parser gets: 10,000, or what `AKASHI_FUZZ_CASES` says (`make test-full` says 1,000,000).
    public static var cases: Int {
        ProcessInfo.processInfo.environment["AKASHI_FUZZ_CASES"].flatMap { Int($0) } ?? 10_000
    }

    /// How many cases a parser gets that also checks signatures, which take a hundred times as long: a tenth of the
    /// others', but 10,000 where these have as many.
    public static var casesWithSignatures: Int { max(min(cases, 10_000), cases / 10) }

    /// Calls `parse` with bad input made from good samples; the parser must return or throw, never trap.
    ///
    /// - Parameters:
    ///   - name: printed with the seed.
    ///   - samples: well-formed inputs to cut, lengthen and change.
    ///   - cases: how many inputs to make.
    ///   - parse: the parser; what it throws is its own affair. It is called from several threads at once.
    public static func run(
        _ name: String, samples: [[UInt8]], cases: Int = BadInput.cases,
        _ parse: @escaping @Sendable ([UInt8]) throws -> Void
    ) async {
        await run(name, cases: cases) { random in
            do { try parse(make(from: samples, &random)) } catch { return }
        }
    }

    /// Calls `body` once a case, from one thread for each core.
    ///
    /// A million cases take minutes: the threads are beside those that all tasks share, so that tests whose parts answer
    /// each other within a limit of time still find these.
    ///
    /// - Parameters:
    ///   - name: printed with the seed.
    ///   - cases: how often to call.
    ///   - body: what to try; it gets a generator of the thread's own.
    public static func run(
        _ name: String, cases: Int, _ body: @escaping @Sendable (_ random: inout Seeded) -> Void
    ) async {
        var seeds = Seeded(name)
        let pieces = ProcessInfo.processInfo.activeProcessorCount
        await withTaskGroup { group in
            for piece in 0..<pieces {
                let seed = seeds.next()
                let share = cases / pieces + (piece < cases % pieces ? 1 : 0)
                group.addTask(executorPreference: LongRunning.threads) {
                    var random = Seeded(state: seed)
                    for _ in 0..<share { body(&random) }
                }
            }
        }
    }

    /// One bad input.
    public static func make(from samples: [[UInt8]], _ random: inout Seeded) -> [UInt8] {
        var bytes = samples.randomElement(using: &random) ?? []
        switch Int.random(in: 0..<8, using: &random) {
        case 0:  // truncated
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
        case 1:  // oversized
            bytes += random.bytes(Int.random(in: 1...600, using: &random))
        case 2:  // random
            bytes = random.bytes(Int.random(in: 0...1024, using: &random))
        case 3:  // a piece repeated
            guard bytes.count > 1 else { break }
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let end = Int.random(in: start..<bytes.count, using: &random)
            bytes.insert(contentsOf: Array(bytes[start...end]), at: Int.random(in: 0...bytes.count, using: &random))
        case 4:  // a piece removed
            guard bytes.count > 1 else { break }
            let start = Int.random(in: 0..<bytes.count, using: &random)
            bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1...16, using: &random)))
        default:  // some bytes changed, often to a boundary value
            for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] =
                    [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
        }
        return bytes
    }
}

/// Threads beside those that tasks share, for tests that compute for minutes, or wait for a task while they hold one of those: real ones, since a queue's blocks take turns
/// with all tasks on the few threads that Dispatch has.
public final class LongRunning: TaskExecutor {
    /// As many as there are jobs.
    public static let threads = LongRunning()

    /// Runs a job on a thread of its own.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
