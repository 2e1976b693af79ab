public import Foundation
public import Vaccination

/// A certificate in the register, without anything of its holder.
public struct CertificateEntry: Hashable, Sendable {
    /// The identifier.
    public let certificateID: CertificateID
    /// The region.
    public let municipality: MunicipalityCode
    /// Which certificate.
    public let kind: CertificateKind
    /// The channel by which it was asked for.
    public let channel: IssueChannel
    /// How many copies were asked for.
    public let copies: Int
    /// Its state.
    public let state: CertificateState
    /// Whether an operator revoked it after it was printed. A voided one is revoked as such.
    public let isRevoked: Bool
    /// The terminal: SHA-256 of its certificate in lower-case hex.
    public let terminal: String
    /// The session's signing key, which the outcome must be signed with.
    public let sessionSigningKey: [UInt8]
    /// SHA-256 of the application's transcript.
    public let transcriptHash: [UInt8]
    /// The inquiry number.
    public let inquiry: String
    /// When the intent was recorded.
    public let at: Date
    /// The day of issue.
    public let issuedOn: CalendarDate
}
