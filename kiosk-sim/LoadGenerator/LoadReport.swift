import Foundation

/// What happened in the sessions of a load run, added up while they end.
package struct LoadReport: Sendable {
    private var sessions = 0
    private var issued = 0
    private var otherHolder = 0
    private var refused: [String: Int] = [:]
    private var times = LoadTimes()
    /// From the first session's beginning to the last one's end.
    var wall = Duration.zero

    /// How one session ended.
    enum Ending: Sendable {
        /// A document of the card's own holder came.
        case issued
        /// A document came whose holder is not the card's.
        case otherHolder
        /// None came, for a reason with a stable code.
        case refused(String)
    }

    /// Counts a session and how long it took from its first request to its last answer.
    mutating func count(_ ending: Ending, took duration: Duration) {
        sessions += 1
        times.append(duration)
        switch ending {
        case .issued: issued += 1
        case .otherHolder:
            issued += 1
            otherHolder += 1
        case .refused(let reason): refused[reason, default: 0] += 1
        }
    }

    /// Whether no document reached a session of another holder.
    package var isClean: Bool { otherHolder == 0 }

    /// The one line that scripts read:
    /// `{"sessions","issued","per_s","p50_ms","p99_ms","refused":{reason:count},"other_holder"}`.
    package var line: String {
        """
        {"sessions":\(sessions),"issued":\(issued),\(times.figures(within: wall)),\
        "refused":{\(LoadTimes.counts(refused))},"other_holder":\(otherHolder)}
        """
    }
}

/// How long the parts of a run took, and how its line tells it.
struct LoadTimes: Sendable {
    private var milliseconds: [Float] = []

    var count: Int { milliseconds.count }

    mutating func append(_ duration: Duration) { milliseconds.append(Float(duration / .milliseconds(1))) }

    /// `"per_s","p50_ms","p99_ms"` of a run that took this long.
    func figures(within wall: Duration) -> String {
        let sorted = milliseconds.sorted()
        let seconds = max(wall / .seconds(1), 0.000_001)
        return """
            "per_s":\(Self.decimal(Double(count) / seconds)),\
            "p50_ms":\(Self.decimal(Self.quantile(0.5, of: sorted))),\
            "p99_ms":\(Self.decimal(Self.quantile(0.99, of: sorted)))
            """
    }

    /// Members of an object, each a name and how often it came, in the order of names.
    static func counts(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
    }

    /// The value below which `share` of the sorted values lie (nearest rank); 0 for none.
    private static func quantile(_ share: Double, of sorted: [Float]) -> Double {
        guard let last = sorted.indices.last else { return 0 }
        return Double(sorted[min(last, Int(share * Double(sorted.count)))])
    }

    private static func decimal(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
