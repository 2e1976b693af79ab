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
    /// The channel by which it is asked for.
    public let channel: IssueChannel
    /// How many copies, 1 to ``Vaccination/Copies/maximum``.
    public let copies: Int
    /// The person's row in the region.
    public let personID: Int64
    /// The terminal: SHA-256 of its certificate in lower-case hex.
    public let terminal: String
    /// SHA-256 of the application's bytes as they came first; by its transcript it is known again.
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
        certificateID: CertificateID, municipality: MunicipalityCode, kind: CertificateKind,
        channel: IssueChannel = .kiosk, copies: Int, personID: Int64,
        terminal: String, applicationHash: [UInt8], transcriptHash: [UInt8], sessionSigningKey: [UInt8],
        inquiry: String,
        at: Date, issuedOn: CalendarDate, content: IssueContent
    ) {
        self.certificateID = certificateID
        self.municipality = municipality
        self.kind = kind
        self.channel = channel
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

/// How the recording of an intent ended.
public enum IntentOutcome: Hashable, Sendable {
    /// Recorded now.
    case recorded
    /// The same certificate of the same application was recorded before: what was recorded then counts.
    case resumed(Intent)
    /// The person has as many certificates on this day as one of the limits allows; nothing was recorded.
    case limitReached
    /// The person's record was written since it was read; nothing was recorded. What it says now is to be judged.
    case recordChanged
}
