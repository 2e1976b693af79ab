import Foundation

/// One figure of the benchmark: what was measured, and beside what.
struct Figure: Encodable {
    let name: String
    /// Operations a second of one core: operations over the time spent in them.
    let opsPerSecond: Double
    let p50Microseconds: Double
    let p99Microseconds: Double
    /// What the figure stands beside, in words.
    let baseline: String
    let baselineOpsPerSecond: Double
    /// `ops_per_s` over `baseline_ops_per_s`: 1 is as fast as the baseline, 0.5 takes twice its time.
    let ratio: Double
    /// Where memory is a part of the figure: the most that the subject and its baseline held, in KiB.
    var peakKiB: Int?
    var baselinePeakKiB: Int?

    enum CodingKeys: String, CodingKey {
        case name
        case opsPerSecond = "ops_per_s"
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case baseline
        case baselineOpsPerSecond = "baseline_ops_per_s"
        case ratio
        case peakKiB = "peak_kib"
        case baselinePeakKiB = "baseline_peak_kib"
    }

    /// The figure as one line of JSON, numbers with at most three digits behind the point.
    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// What a figure is compared with.
enum Baseline {
    /// Bare work that the subject cannot do without, measured in turns with it in the same run.
    case work(String, () async throws -> Void)
    /// The same work by another program, measured in turns: given some seconds, it answers how often it did the work and
    /// how many seconds it took.
    case other(String, (Double) throws -> (count: Double, seconds: Double))
    /// A figure that was set beforehand, in operations a second.
    case aim(String, Double)
}

/// Measures in turns: a machine that others use as well slows subject and baseline alike, so that their ratio holds.
struct Stopwatch {
    /// How long one figure may take, in seconds, its warming up left out.
    let seconds: Double
    /// How long one turn of the baseline or the subject lasts, in seconds.
    private let turn = 0.05
    private let clock = ContinuousClock()
    /// How often a figure's work is done; `nil` when it is measured.
    private let rounds: Int?
    /// Whether work is only done, a fixed number of times, and not measured.
    var isCounting: Bool { rounds != nil }

    init(seconds: Double) {
        self.seconds = seconds
        rounds = nil
    }

    init(rounds: Int) {
        seconds = 0
        self.rounds = rounds
    }

    /// Measures `subject` against its baseline, after the first calls of both, which fill caches.
    func measure(_ name: String, against baseline: Baseline, _ subject: () async throws -> Void) async throws -> Figure
    {
        var subjectTimes: [Double] = []
        var baselineTimes: [Double] = []
        if let rounds {
            for _ in 0..<rounds { try await subject() }
            return Figure(
                name: name, opsPerSecond: 0, p50Microseconds: 0, p99Microseconds: 0, baseline: "",
                baselineOpsPerSecond: 0, ratio: 0)
        }
        let description: String
        var other = (count: 0.0, seconds: 0.0)
        for _ in 0..<3 { try await subject() }
        switch baseline {
        case .aim(let text, _):
            description = text
            try await run(subject, for: seconds, into: &subjectTimes)
        case .other(let text, let turn):
            description = text
            let end = clock.now.advanced(by: .seconds(seconds))
            repeat {
                let part = try turn(self.turn)
                other = (other.count + part.count, other.seconds + part.seconds)
                try await run(subject, for: self.turn, into: &subjectTimes)
            } while clock.now < end
        case .work(let text, let work):
            description = text
            for _ in 0..<3 { try await work() }
            let end = clock.now.advanced(by: .seconds(seconds))
            repeat {
                try await run(work, for: turn, into: &baselineTimes)
                try await run(subject, for: turn, into: &subjectTimes)
            } while clock.now < end
        }
        subjectTimes.sort()
        let rate = Self.rate(subjectTimes)
        let beside: Double =
            switch baseline {
            case .aim(_, let aim): aim
            case .other: other.count / other.seconds
            case .work: Self.rate(baselineTimes)
            }
        return Figure(
            name: name, opsPerSecond: Self.rounded(rate),
            p50Microseconds: Self.rounded(Self.quantile(0.5, of: subjectTimes)),
            p99Microseconds: Self.rounded(Self.quantile(0.99, of: subjectTimes)), baseline: description,
            baselineOpsPerSecond: Self.rounded(beside), ratio: Self.rounded(rate / beside))
    }

    private func run(_ work: () async throws -> Void, for seconds: Double, into times: inout [Double]) async throws {
        let end = clock.now.advanced(by: .seconds(seconds))
        var before = clock.now
        repeat {
            try await work()
            let after = clock.now
            times.append((after - before) / .microseconds(1))
            before = after
        } while before < end
    }

    /// Operations a second from the time of each in microseconds.
    private static func rate(_ times: [Double]) -> Double { Double(times.count) * 1e6 / times.reduce(0, +) }

    /// The value below which `share` of the sorted times lie (nearest rank); 0 for none.
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        guard let last = sorted.indices.last else { return 0 }
        return sorted[min(last, Int(share * Double(sorted.count)))]
    }

    static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
