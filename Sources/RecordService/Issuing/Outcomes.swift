package import Exchange
import Crypto
package import Foundation
package import Logging
package import Records
import Vaccination

/// Takes the reports on what became of certificates.
package struct Outcomes: Sendable {
    private let store: any CertificateStore
    private let metrics: ServiceMetrics
    private let log: Logger
    private let clock: @Sendable () -> Date

    package init(
        store: any CertificateStore, metrics: ServiceMetrics, log: Logger, clock: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.metrics = metrics
        self.log = log
        self.clock = clock
    }

    /// Accepts an outcome once; the same again is accepted silently, another one refused.
    package func accept(_ bytes: [UInt8], inquiry: InquiryNumber) async throws {
        do {
            try await record(bytes, inquiry)
        } catch {
            let code = Refusal.code(of: error)
            var metadata: Logger.Metadata = ["inquiry": "\(inquiry.text)", "outcome": "\(code.rawValue)"]
            if let cause = Refusal.cause(of: error) { metadata["cause"] = "\(cause)" }
            log.info("outcome refused", metadata: metadata)
            throw code
        }
    }

    private func record(_ bytes: [UInt8], _ inquiry: InquiryNumber) async throws {
        guard let outcome = try? Outcome(parsing: bytes) else { throw ProblemCode.requestMalformed }
        let entry: CertificateEntry?
        do {
            entry = try await store.certificate(transcriptHash: outcome.transcriptHash, in: outcome.municipality)
        } catch let error as StoreError where error == .unknownRegion() {
            entry = nil
        }
        guard let entry else { throw ProblemCode.outcomeUnknown }
        guard let key = try? P256.Signing.PublicKey(x963Representation: entry.sessionSigningKey),
            outcome.isSigned(by: key)
        else {
            metrics.outcome(outcome.disposition, accepted: false)
            throw ProblemCode.outcomeSignature
        }
        let recorded = try await store.recordOutcome(
            entry.certificateID, in: entry.municipality, printed: outcome.disposition == .printed, now: clock())
        switch recorded {
        case .changed, .repeated: break
        case .contradicts:
            metrics.outcome(outcome.disposition, accepted: false)
            throw ProblemCode.outcomeContradicts
        case .unknownCertificate: throw ProblemCode.outcomeUnknown
        }
        metrics.outcome(outcome.disposition, accepted: true)
        log.info(
            "outcome",
            metadata: [
                "inquiry": "\(inquiry.text)", "certificate": "\(entry.certificateID.text)",
                "outcome": "\(outcome.disposition.rawValue)", "repeated": "\(recorded == .repeated)",
            ])
    }
}
