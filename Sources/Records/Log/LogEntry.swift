public import Foundation
public import Vaccination

/// What a line of the log reports.
public enum LogEvent: String, Hashable, Sendable, Codable, CaseIterable {
    // In a region's log.
    /// A certificate is about to be signed; the detail is its kind and the person's pseudonym (see ``LogStore``), separated by a
    /// space. Versions before wrote none.
    case intent
    /// It was signed: once a certificate, at the first time, whatever was interrupted before.
    case signed
    /// The same application came again and the certificate, signed before, was handed out again.
    case redelivery
    /// The terminal reported it as printed, or the phone as delivered.
    case printed
    /// The terminal reported that nothing was printed, or the phone that nothing was delivered; the codes are revoked.
    case voided
    /// No report came in time.
    case unreported
    /// A report contradicted the state; written once a certificate.
    case contradiction
    /// An operator voided it.
    case voidedByOperator = "voided_by_operator"
    /// An operator revoked it after it was printed.
    case revokedByOperator = "revoked_by_operator"
    /// A terminal's application was refused for what the record or the stop list says: the detail is the refusal's code, the
    /// kind of certificate, and the person's pseudonym (see ``LogStore``), separated by spaces.
    case refused
    /// Somebody searched for a person; the detail is how (``PersonSearch/Kind``), how many were found, and their pseudonyms, or
    /// `too_many`, and behind them what for.
    case searched
    /// People were written to the region; the detail is their count, and behind it the import if it was one.
    case imported
    /// The doses of people were corrected; the detail is as that of ``imported``.
    case corrected
    /// Doses of people were given back to their municipality's ledger; the detail is how many people, how many doses, and what for.
    case exported
    /// A person got another individual number; the detail is the pseudonym of before and the one from now on.
    case renumbered
    /// A voucher was issued by hand; the detail is the person's pseudonym.
    case voucherIssued = "voucher_issued"
    /// A voucher was issued in the place of others; the detail is the person's pseudonym, how many are void with that, and why
    /// (``VoucherReason``).
    case voucherReissued = "voucher_reissued"
    /// A voucher was made void; the detail is the person's pseudonym and why.
    case voucherVoided = "voucher_voided"
    /// A person's passport was changed by hand; the detail is the person's pseudonym and why (``PassportReason``).
    case passportCorrected = "passport_corrected"
    /// A person's passport was recorded as a phone's application showed it; the detail is the person's pseudonym, where it was read
    /// (``PassportSource``), and `application by phone`.
    case passportNoted = "passport_noted"
    /// A file was read to be imported; the detail is the import's number with its counts of rows.
    case importStaged = "import_staged"
    /// An operator approved an import; the detail is its number, here and in the next two.
    case importApproved = "import_approved"
    /// An import was discarded.
    case importDiscarded = "import_discarded"
    /// An operator confirmed that an import's file was erased.
    case importErased = "import_erased"
    /// Somebody had people's rows written to a file to work on; the detail is what was listed
    /// (``LogListing``), and how many.
    case listed
    /// Somebody searched in the log; the detail is by what, behind which line, how many lines were found, and what for. A report
    /// over logs stands in the control log.
    case logSearched = "log_searched"
    /// Lines left the database for a file of their own; the detail is how many, the number of the last, and the chain up
    /// to it in hexadecimal.
    case segmentClosed = "segment_closed"
    /// A closed segment's file was removed, since it had been kept long enough; the detail is as that of ``segmentClosed``.
    case segmentRemoved = "segment_removed"
    /// What of a person was kept long enough is erased; the detail is the pseudonym, what it was (``RetentionKind``, with commas
    /// between), and the decision.
    case recordsErased = "records_erased"
    /// What a certificate held is erased; the detail is the decision. It is the certificate's last line.
    case certificateErased = "certificate_erased"
    /// Somebody looked at a break and restored what was there to restore; the detail is the reason, in the control log
    /// with the log's name in front.
    case restored

    /// A change that stands in the journal was made again, since the records that were put back lack what it was about;
    /// the detail says what. In a region's log and in the control log.
    case redone
    /// The region has new keys; what is there begins to be written anew under them.
    case keyRotationBegun = "key_rotation_begun"
    /// Nothing is under the region's keys before any more.
    case keyRotationEnded = "key_rotation_ended"

    // In the control log.
    /// A terminal was enrolled; the detail is its name, here and in the next two.
    case terminalEnrolled = "terminal_enrolled"
    /// A terminal got a new certificate.
    case terminalRenewed = "terminal_renewed"
    /// A terminal was shut out.
    case terminalRevoked = "terminal_revoked"
    /// A phone's key was revoked, by an operator or, without an actor, with its holder's code; the detail is the key's SHA-256 in
    /// hexadecimal.
    case deviceRevoked = "device_revoked"
    /// Something was taken out of service; the detail says what.
    case suspended
    /// It was put back into service.
    case resumed
    /// Issuing was halted; the detail is the reason.
    case issuingHalted = "issuing_halted"
    /// Issuing goes on.
    case issuingCleared = "issuing_cleared"
    /// A card or person was put on the stop list; the detail is `number` or `chip_key`, never the value.
    case stopped
    /// It was taken off the stop list.
    case unstopped
    /// An operator proposed what two decide of a region; the detail is the region, the decision's number and what it is about, here
    /// and in the next two.
    case decisionProposed = "decision_proposed"
    /// Another operator approved it: it counts.
    case decisionApproved = "decision_approved"
    /// It was withdrawn before it counted.
    case decisionWithdrawn = "decision_withdrawn"
    /// A region's keys were destroyed; the detail is the region, the decision, and the end of its log.
    case regionErased = "region_erased"
    /// A run of retention is through; the detail is the region, the decision, the day, and how much was erased of each kind.
    case retentionDone = "retention_done"
    /// A region's evidence is broken; the detail says where.
    case evidenceBroken = "evidence_broken"
}

/// One line of a region's log or of the control log. Lines are only ever added, and name nobody: a
/// refused person has a pseudonym.
public struct LogEntry: Hashable, Sendable {
    /// How many characters an operator's or the service's reason has.
    public static let reasonLengths = 1...200

    /// The line's number, growing and never used again.
    public let sequence: Int64
    /// When it happened, to the millisecond.
    public let at: Date
    /// What happened.
    public let event: LogEvent
    /// The certificate, if the line is about one.
    public let certificateID: CertificateID?
    /// The terminal (SHA-256 of its certificate in hex), if one was involved.
    public let terminal: String?
    /// The inquiry number, if there is one.
    public let inquiry: String?
    /// What the event says more, see ``LogEvent``.
    public let detail: String?
    /// Who made the change, see ``LogActor/current``: SHA-256 of the operator's certificate in hex, or `local:` and a user's
    /// number for a command on the service's machine; `nil` if nobody's command did.
    public let actor: String?

    /// A line from its parts.
    package init(
        sequence: Int64, at: Date, event: LogEvent, certificateID: CertificateID? = nil, terminal: String? = nil,
        inquiry: String? = nil, detail: String? = nil, actor: String? = nil
    ) {
        (self.sequence, self.at, self.event, self.certificateID) = (sequence, at, event, certificateID)
        (self.terminal, self.inquiry, self.detail, self.actor) = (terminal, inquiry, detail, actor)
    }
}

extension LogEntry {
    /// Whether an individual number was used: the one that a card at a terminal gave, or the one that somebody searched for.
    public var usesNumber: Bool {
        switch event {
        case .intent, .redelivery, .refused: true
        case .searched: detail?.hasPrefix("number ") ?? false
        case .logSearched:
            detail.map { $0.prefix { $0 != " " }.split(separator: ",").contains("person:number") } ?? false
        default: false
        }
    }
}

/// What somebody has listed, where that alone is to stand in the log.
public enum LogListing: Hashable, Sendable, CustomStringConvertible {
    /// Rows of an import that were refused, to a file.
    case refusedRows(ofImport: Int64)
    /// People whose doses contradict each other, to a file.
    case unclear
    /// People of whom something is kept no longer, to a file.
    case retention

    /// As it stands in a line.
    public var description: String {
        switch self {
        case .refusedRows(let number): "refused_rows \(number)"
        case .unclear: "unclear"
        case .retention: "retention"
        }
    }
}
