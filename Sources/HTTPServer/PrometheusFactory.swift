package import Metrics
import Synchronization

/// A backend of swift-metrics that keeps counters, gauges and histograms in memory and writes them in the Prometheus text
/// format 0.0.4. A metric takes at most ``maximumSeries`` combinations of label values; what comes later is counted in
/// one series whose values are all `other`, so that no client can fill the memory.
package final class PrometheusFactory: MetricsFactory {
    /// The maximum of series a metric may have.
    package static let maximumSeries = 400

    private struct Family {
        var kind: String
        var help: String?
        var series: [[String]: Series] = [:]
        var names: [String] = []
    }
    private let families = Mutex<[String: Family]>([:])

    private let help: [String: String]

    /// - Parameter help: what each metric counts, in a sentence, by its name without the ending of its kind; beside those of
    ///   every service.
    package init(help: [String: String] = [:]) { self.help = help.merging(MetricHelp.ofEveryService) { own, _ in own } }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, "_total", "counter", dimensions)
    }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)])
        -> any FloatingPointCounterHandler
    {
        series(label, "_total", "counter", dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, "", "gauge", dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, "", aggregate ? "histogram" : "gauge", dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, "_seconds", "histogram", dimensions)
    }

    /// Shows a gauge that is read elsewhere; nothing where it cannot be read.
    func set(_ label: String, _ value: Double?) {
        if let value { series(label, "", "gauge", []).set(value) }
    }

    /// Shows a counter that is kept elsewhere; nothing where it cannot be read.
    func setTotal(_ label: String, _ value: Double?) {
        if let value { series(label, "_total", "counter", []).set(value) }
    }

    // Series live as long as the process: a counter that went away would look like a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// All metrics in the Prometheus text format, in the order of their names.
    package func text() -> String {
        let families = families.withLock { $0 }
        var out = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if let help = family.help {
                out += "# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n"
            }
            out += "# TYPE \(name) \(family.kind)\n"
            for (values, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                let labels = zip(family.names, values).map { "\($0)=\"\(Self.escaped($1))\"" }
                series.write(name, labels, family.kind, to: &out)
            }
        }
        return out
    }

    private func series(_ label: String, _ ending: String, _ kind: String, _ dimensions: [(String, String)]) -> Series {
        let base = Self.name(label)
        let name = base + ending
        return families.withLock { families in
            if families[name] == nil {
                families[name] = Family(kind: kind, help: help[base], names: dimensions.map { Self.name($0.0) })
            }
            var values = dimensions.map(\.1)
            if let found = families[name]?.series[values] { return found }
            if (families[name]?.series.count ?? 0) >= Self.maximumSeries {
                values = values.map { _ in "other" }
                if let found = families[name]?.series[values] { return found }
            }
            let made = Series(isGauge: kind == "gauge")
            families[name]?.series[values] = made
            return made
        }
    }

    /// A label in Prometheus' alphabet.
    private static func name(_ label: String) -> String {
        String(
            label.unicodeScalars.map {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) ? Character($0) : "_"
            })
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// One series: a counter's or gauge's value, or a histogram.
private final class Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// Upper bounds of the buckets, in seconds for timers.
    static let bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]

    private struct State {
        var value = 0.0
        var count = 0
        var buckets = [Int](repeating: 0, count: Series.bounds.count)
    }
    private let state = Mutex(State())
    /// What is recorded replaces the value; a histogram's is added to it.
    private let isGauge: Bool

    init(isGauge: Bool) { self.isGauge = isGauge }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { state.withLock { $0.value += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { state.withLock { $0 = State() } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.value = value } }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Double) {
        if isGauge { return set(value) }
        state.withLock { state in
            state.count += 1
            state.value += value
            if let bucket = Self.bounds.firstIndex(where: { value <= $0 }) { state.buckets[bucket] += 1 }
        }
    }

    func write(_ name: String, _ labels: [String], _ kind: String, to out: inout String) {
        let state = state.withLock { $0 }
        func line(_ suffix: String, _ extra: [String], _ value: String) {
            let all = (labels + extra).joined(separator: ",")
            out += "\(name)\(suffix)\(all.isEmpty ? "" : "{\(all)}") \(value)\n"
        }
        guard kind == "histogram" else { return line("", [], "\(state.value)") }
        var below = 0
        for (bound, count) in zip(Self.bounds, state.buckets) {
            below += count
            line("_bucket", ["le=\"\(bound)\""], "\(below)")
        }
        line("_bucket", ["le=\"+Inf\""], "\(state.count)")
        line("_sum", [], "\(state.value)")
        line("_count", [], "\(state.count)")
    }
}
