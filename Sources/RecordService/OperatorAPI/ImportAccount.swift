package import Foundation
package import Records
package import Vaccination

/// An import as operators see it.
package struct ImportAccount: Codable, Sendable {
    package let number: Int64
    package let state: ImportState
    /// Whether the file's doses are from then on all that count of its people.
    package let isCorrection: Bool
    package let format: ImportFormat
    package let medium: String
    package let purpose: String
    package let at: Date
    package let endedAt: Date?
    package let stagedBy: String
    package let approvals: [String]
    package let erasureConfirmedBy: String?
    package let rows: Int
    package let refused: Int
    package let unchanged: Int
    package let older: Int
    package let new: Int
    package let changed: Int
    package let unclear: Int
    package let endedDoses: Int
    package let removedPassports: Int
    package let renumbered: Int
    package let applied: Int
    package let skipped: Int
    /// Certificates that name a dose which a correction ended: each to be revoked or left.
    package let affected: [CertificateID]
    package let affectedCount: Int

    init(_ report: RecordImport) {
        (number, state, isCorrection) = (report.number, report.state, report.change == .correction)
        format = report.origin.format
        (medium, purpose) = (report.origin.medium, report.origin.purpose)
        (at, endedAt, stagedBy, approvals) = (report.at, report.endedAt, report.stagedBy, report.approvals)
        erasureConfirmedBy = report.erasureConfirmedBy
        let counts = report.counts
        (older, renumbered) = (counts.older, counts.renumbered)
        (rows, refused, unchanged) = (counts.rows, counts.refused, counts.unchanged)
        (new, changed, unclear, applied) = (counts.new, counts.changed, counts.unclear, counts.applied)
        (endedDoses, removedPassports, skipped) = (counts.endedDoses, counts.removedPassports, counts.skipped)
        (affected, affectedCount) = (report.affected, report.affectedCount)
    }
}
