import Exchange
package import Metrics
import Vaccination

/// The figures of the record system. Labels are closed lists; nothing of a person is in them. The exporter adds the
/// endings of the Prometheus conventions, `_total` and `_seconds`.
package struct VRSMetrics: Sendable {
    /// A part of the process of one application, timed on its own.
    package enum Step: String, CaseIterable, Sendable {
        case check, claim, person, intent, sign, page, result, seal, whole
    }

    private let factory: any MetricsFactory

    /// Metrics made by a factory.
    package init(factory: any MetricsFactory) { self.factory = factory }

    func issued(_ kind: CertificateKind, redelivery: Bool) {
        Counter(
            label: "vrs_certificates_issued",
            dimensions: [("kind", kind.rawValue), ("redelivery", redelivery ? "true" : "false")], factory: factory
        ).increment()
    }

    func refused(_ code: ProblemCode) {
        Counter(label: "vrs_applications_refused", dimensions: [("code", code.rawValue)], factory: factory)
            .increment()
    }

    func challenge() { Counter(label: "vrs_challenges", factory: factory).increment() }

    func outcome(_ disposition: Outcome.Disposition, accepted: Bool) {
        Counter(
            label: "vrs_outcomes",
            dimensions: [("disposition", disposition.rawValue), ("accepted", accepted ? "true" : "false")],
            factory: factory
        ).increment()
    }

    func unreported(_ count: Int) {
        Counter(label: "vrs_certificates_unreported", factory: factory).increment(by: count)
    }

    func halted(_ isHalted: Bool) {
        Meter(label: "vrs_issuing_halted", factory: factory).set(isHalted ? 1 : 0)
    }

    func brokenRegions(_ count: Int) { Meter(label: "vrs_regions_broken", factory: factory).set(count) }

    func underWay(_ count: Int) { Meter(label: "vrs_applications_under_way", factory: factory).set(count) }

    func time<T>(_ step: Step, _ body: () async throws -> T) async rethrows -> T {
        let start = ContinuousClock.now
        defer {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            Timer(label: "vrs_step", dimensions: [("step", step.rawValue)], factory: factory)
                .recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
        }
        return try await body()
    }
}
