public import Foundation
public import Vaccination

/// What a certificate says of its holder: the snapshot taken when the intent was recorded, so that the same application
/// again gives the same certificate whatever was corrected in between. Stored encrypted.
public struct IssueContent: Hashable, Sendable, Codable {
    /// The holder.
    public let vaccinee: Vaccinee
    /// The doses on the certificate, at most ``Vaccination/History/certificateLimit``.
    public let doses: [Dose]
    /// Whether the record holds more doses than the certificate carries.
    public let exceeds: Bool

    /// A content from its parts.
    public init(vaccinee: Vaccinee, doses: [Dose], exceeds: Bool) {
        self.vaccinee = vaccinee
        self.doses = doses
        self.exceeds = exceeds
    }
}

extension IssueContent: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "IssueContent(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What is about to be issued, recorded before anything is signed.
public struct Intent: Hashable, Sendable {
    /// The certificate's identifier.
    public let certificateID: CertificateID
    /// The region.
    public let municipality: MunicipalityCode
    /// Which certificate.
    public let kind: CertificateKind
    /// How many copies, 1 to 99.
    public let copies: Int
    /// The person's row in the region.
    public let personID: Int64
    /// The terminal: SHA-256 of its certificate in lower-case hex.
    public let terminal: String
    /// SHA-256 of the application's bytes.
    public let applicationHash: [UInt8]
    /// SHA-256 of the application's transcript.
    public let transcriptHash: [UInt8]
    /// The session's signing key as sent in the application, which the outcome must be signed with.
    public let sessionSigningKey: [UInt8]
    /// The inquiry number shown to the customer and in all logs.
    public let inquiry: String
    /// When it was recorded. Stores keep instants to the millisecond, cut off.
    public let at: Date
    /// The day of issue in Japan, as printed; the day that the limit per person counts by.
    public let issuedOn: CalendarDate
    /// What the certificate says.
    public let content: IssueContent

    /// An intent from its parts.
    public init(
        certificateID: CertificateID, municipality: MunicipalityCode, kind: CertificateKind, copies: Int,
        personID: Int64,
        terminal: String, applicationHash: [UInt8], transcriptHash: [UInt8], sessionSigningKey: [UInt8],
        inquiry: String,
        at: Date, issuedOn: CalendarDate, content: IssueContent
    ) {
        self.certificateID = certificateID
        self.municipality = municipality
        self.kind = kind
        self.copies = copies
        self.personID = personID
        self.terminal = terminal
        self.applicationHash = applicationHash
        self.transcriptHash = transcriptHash
        self.sessionSigningKey = sessionSigningKey
        self.inquiry = inquiry
        self.at = at
        self.issuedOn = issuedOn
        self.content = content
    }
}

/// An application that was accepted before: what it was given.
public struct EarlierClaim: Hashable, Sendable {
    /// The certificate's identifier chosen then.
    public let certificateID: CertificateID
    /// The day of issue chosen then.
    public let issuedOn: CalendarDate
    /// When it was accepted.
    public let at: Date

    /// A claim from its parts.
    public init(certificateID: CertificateID, issuedOn: CalendarDate, at: Date) {
        self.certificateID = certificateID
        self.issuedOn = issuedOn
        self.at = at
    }
}

/// How the attempt to use a challenge ended.
public enum ClaimOutcome: Hashable, Sendable {
    /// The challenge was unused and is now used by this application.
    case fresh
    /// The same application used it, no longer ago than ten minutes: resume with what it was given.
    case repeated(EarlierClaim)
    /// Another application used it, or the same one longer ago.
    case used
}

/// How the recording of an intent ended.
public enum IntentOutcome: Hashable, Sendable {
    /// Recorded now.
    case recorded
    /// The same certificate of the same application was recorded before: what was recorded then counts.
    case resumed(Intent)
    /// The person has as many intents on this day as the limit allows; nothing was recorded.
    case limitReached
}

/// The states of a certificate: intended → signed → printed | voided | unknown; unknown → printed | voided.
public enum CertificateState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Recorded before signing; one that stays here shows a failure in between.
    case intended
    /// Signed and handed out, not yet reported on.
    case signed
    /// Reported as printed: counts as issued before.
    case printed
    /// Reported as aborted, or voided by an operator: its codes are revoked.
    case voided
    /// No report came: for people to look at, never revoked by itself.
    case unknown
}

/// How the report on a certificate ended.
public enum OutcomeRecorded: Hashable, Sendable {
    /// The state changed.
    case recorded
    /// The certificate was in the wanted state already; nothing changed.
    case repeated
    /// The certificate's state does not allow it; nothing changed.
    case contradicts(CertificateState)
    /// There is no such certificate in the region.
    case unknownCertificate
}

/// What a verifier needs to refuse one code of a certificate that carries no identifier of its own in a list: the digest
/// under which an EU certificate stands in revocation batches (eHealth Network, "EU DCC revocation", 2022).
public struct RevocableCode: Hashable, Sendable {
    /// The signer's key identifier, eight bytes.
    public let keyID: [UInt8]
    /// The first sixteen bytes of the digest that verifiers compare.
    public let hash: [UInt8]
    /// When the code ends by itself; from then on nobody needs to revoke it.
    public let expires: Date

    /// A code from its parts; the store refuses other lengths.
    public init(keyID: [UInt8], hash: [UInt8], expires: Date) {
        self.keyID = keyID
        self.hash = hash
        self.expires = expires
    }
}

/// A certificate in the register, without anything of its holder.
public struct CertificateEntry: Hashable, Sendable {
    /// The identifier.
    public let certificateID: CertificateID
    /// The region.
    public let municipality: MunicipalityCode
    /// Which certificate.
    public let kind: CertificateKind
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
