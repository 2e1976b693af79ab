package import Exchange
import Crypto
package import Foundation
package import Logging
package import Records
package import Vaccination

/// Takes the reports on what became of certificates.
package struct Outcomes: Sendable {
    private let store: any CertificateStore
    private let metrics: VRSMetrics
    private let logger: Logger
    private let now: @Sendable () -> Date

    package init(
        store: any CertificateStore, metrics: VRSMetrics, logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Accepts an outcome once; the same again is accepted silently, another one refused.
    /// - Parameter channel: by which it came: of another channel's certificates nothing is known there.
    package func accept(_ bytes: [UInt8], inquiry: InquiryNumber, by channel: IssueChannel = .kiosk) async throws {
        do {
            try await record(bytes, inquiry, channel)
        } catch {
            let code = ProblemMapping.code(reporting: error)
            var metadata: Logger.Metadata = ["inquiry": "\(inquiry.text)", "outcome": "\(code.rawValue)"]
            if let cause = ProblemMapping.cause(of: error) { metadata["cause"] = "\(cause)" }
            logger.info("outcome refused", metadata: metadata)
            throw code
        }
    }

    private func record(_ bytes: [UInt8], _ inquiry: InquiryNumber, _ channel: IssueChannel) async throws {
        // A page is printed, a file is delivered.
        guard let outcome = try? Outcome(parsing: bytes),
            outcome.disposition == .aborted || (outcome.disposition == .delivered) == (channel == .app)
        else { throw ProblemCode.requestMalformed }
        let entry = try await store.certificate(transcriptHash: outcome.transcriptHash, in: outcome.municipality)
        guard let entry, (entry.channel == .app) == (channel == .app) else { throw ProblemCode.outcomeUnknown }
        guard let key = try? P256.Signing.PublicKey(x963Representation: entry.sessionSigningKey),
            outcome.isSigned(by: key)
        else {
            metrics.outcome(outcome.disposition, accepted: false)
            throw ProblemCode.outcomeSignature
        }
        let recorded = try await store.recordOutcome(
            entry.certificateID, in: entry.municipality, printed: outcome.disposition != .aborted, now: now())
        switch recorded {
        case .changed, .repeated: break
        case .contradicts:
            metrics.outcome(outcome.disposition, accepted: false)
            throw ProblemCode.outcomeContradicts
        case .unknownCertificate: throw ProblemCode.outcomeUnknown
        }
        metrics.outcome(outcome.disposition, accepted: true)
        logger.info(
            "outcome",
            metadata: [
                "inquiry": "\(inquiry.text)", "certificate": "\(entry.certificateID.text)",
                "outcome": "\(outcome.disposition.rawValue)", "repeated": "\(recorded == .repeated)",
            ])
    }
}
