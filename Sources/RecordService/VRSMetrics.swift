import Exchange
import Foundation
package import Metrics
import Records
import Vaccination

/// The figures of the record system. Labels are closed lists; nothing of a person is in them. The exporter adds the
/// endings of the Prometheus conventions, `_total` and `_seconds`.
package struct VRSMetrics: Sendable {
    /// A part of the process of one application, timed on its own.
    package enum Step: String, CaseIterable, Sendable {
        case check, open, claim, person, fit, intent, sign, page, result, seal, whole
    }

    /// Who found that something is not as it has to be.
    enum Guard: String, Sendable {
        /// Who compares the records with their evidence.
        case evidence
        /// Who verifies each certificate before it leaves.
        case output
    }

    /// What each of them counts.
    package static let help = [
        "vrs_applications_limit": "How many applications are taken at once, waiting ones included.",
        "vrs_applications_refused": "Refused applications, by code.",
        "vrs_applications_under_way": "Applications now, waiting ones included.",
        "vrs_backup_due_timestamp_seconds": "When the next whole backup is due, in seconds since 1970.",
        "vrs_backup_timestamp_seconds": "When the last whole backup was begun, in seconds since 1970.",
        "vrs_certificates_issued": "Answers with a certificate; redelivery is true if it had been signed before.",
        "vrs_certificates_unreported": "Certificates whose outcome did not come in time.",
        "vrs_challenges": "Challenges made.",
        "vrs_current_answers": "Answers whether a certificate is still current, by what they say.",
        "vrs_device_counters_behind":
            "Phones' proofs with a count that another device with the same key must have shown.",
        "vrs_devices": "Enrolments of phones' devices, by how they ended, and revocations by their holders.",
        "vrs_guard_findings": "What a guard of the service found wrong: in the evidence, or in its own output.",
        "vrs_issuing_halted": "1 while issuing stands still after a finding, else 0.",
        "vrs_outcomes": "Outcomes, by what they say and whether they were accepted.",
        "vrs_regions": "Regions that are configured.",
        "vrs_regions_broken": "Regions that issue nothing: file or evidence is broken, or not to be written.",
        "vrs_revocations": "Certificates that operators took back: revoked or voided.",
        "vrs_root_signed_timestamp_seconds": "When the last root over the logs was signed, in seconds since 1970.",
        "vrs_step": "Time of each part of an application's way.",
        "vrs_token_reachable": "1 while the token that holds keys can be used, else 0; absent without one.",
    ]

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

    /// How an enrolment ended: `enrolled`, `repeated`, `revoked`, or the code of its refusal.
    func enrolment(_ how: String) {
        Counter(label: "vrs_devices", dimensions: [("how", how)], factory: factory).increment()
    }

    func counterBehind() { Counter(label: "vrs_device_counters_behind", factory: factory).increment() }

    func current(_ answer: CurrentAnswer) {
        Counter(label: "vrs_current_answers", dimensions: [("answer", "\(answer)")], factory: factory).increment()
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

    func limits(applications: Int, regions: Int) {
        // An alarm sees a rise alone, so the first one must not be the figure's beginning.
        Counter(label: "vrs_device_counters_behind", factory: factory).increment(by: 0)
        Meter(label: "vrs_applications_limit", factory: factory).set(applications)
        Meter(label: "vrs_regions", factory: factory).set(regions)
    }

    /// What a guard found; its kind is one of few words.
    func found(_ kind: String, by finder: Guard) {
        Counter(
            label: "vrs_guard_findings", dimensions: [("guard", finder.rawValue), ("kind", kind)], factory: factory
        ).increment()
    }

    /// What an operator did to a certificate.
    func tookBack(_ how: String) {
        Counter(label: "vrs_revocations", dimensions: [("how", how)], factory: factory).increment()
    }

    func rootSigned(_ at: Date) {
        Meter(label: "vrs_root_signed_timestamp_seconds", factory: factory).set(at.timeIntervalSince1970)
    }

    /// - Parameter last: `nil` before the first.
    func backup(last: Double?, due: Double) {
        if let last { Meter(label: "vrs_backup_timestamp_seconds", factory: factory).set(last) }
        Meter(label: "vrs_backup_due_timestamp_seconds", factory: factory).set(due)
    }

    func brokenRegions(_ count: Int) { Meter(label: "vrs_regions_broken", factory: factory).set(count) }

    func token(isReachable: Bool) {
        Meter(label: "vrs_token_reachable", factory: factory).set(isReachable ? 1 : 0)
    }

    func underWay(_ count: Int) { Meter(label: "vrs_applications_under_way", factory: factory).set(count) }

    func time<T>(_ step: Step, _ body: () async throws -> T) async rethrows -> T {
        let start = ContinuousClock.now
        defer { record(step, since: start) }
        return try await body()
    }

    /// The same of what waits for nothing.
    func timed<T, Failure: Error>(_ step: Step, _ body: () throws(Failure) -> T) throws(Failure) -> T {
        let start = ContinuousClock.now
        defer { record(step, since: start) }
        return try body()
    }

    private func record(_ step: Step, since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        Timer(label: "vrs_step", dimensions: [("step", step.rawValue)], factory: factory)
            .recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }
}
