/// The states of a certificate. Which may follow which is said by ``after(_:)`` alone, for every engine.
public enum CertificateState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Recorded before signing; one that stays here shows a failure in between.
    case intended
    /// Signed and handed out, not yet reported on.
    case signed
    /// Handed out: printed, or delivered to a phone. Counts as issued before. One for a phone (``IssueChannel/app``) does so from
    /// ``signed`` on, also as ``unknown``, since the phone has it by then; and no more once it is revoked.
    case printed
    /// Reported as aborted, or voided by an operator: its codes are revoked.
    case voided
    /// No report came: for people to look at, never revoked by itself.
    case unknown

    /// The state after an event: the same if the event changes nothing, `nil` if it contradicts this state.
    public func after(_ event: CertificateEvent) -> CertificateState? {
        switch (self, event) {
        case (.intended, .signed): .signed
        // Handed out again: what was reported meanwhile stays.
        case (.signed, .signed), (.unknown, .signed): self
        // This session is over: its certificate is not handed out again, nor comes back to life.
        case (.printed, .signed), (.voided, .signed): nil

        case (.signed, .printed), (.unknown, .printed), (.printed, .printed): .printed
        case (.intended, .printed), (.voided, .printed): nil

        case (.intended, .aborted), (.signed, .aborted), (.unknown, .aborted), (.voided, .aborted): .voided
        case (.printed, .aborted): nil

        case (.signed, .unreported): .unknown
        case (_, .unreported): self

        case (.printed, .voidedByOperator): nil
        // What was printed keeps its state: the register marks it as revoked.
        case (.printed, .revokedByOperator): .printed
        case (_, .voidedByOperator), (_, .revokedByOperator): .voided
        }
    }
}

/// What happens to a certificate after its intent was recorded.
public enum CertificateEvent: String, Hashable, Sendable, CaseIterable {
    /// It was signed, for the first time or again for the same application.
    case signed
    /// The terminal reported it as printed, or the phone as delivered.
    case printed
    /// The terminal reported that nothing was printed, or the phone that nothing was delivered.
    case aborted
    /// No report came in time.
    case unreported
    /// An operator voided it.
    case voidedByOperator
    /// An operator revoked it.
    case revokedByOperator
}

/// How the attempt to change a certificate's state ended.
public enum StateTransition: Hashable, Sendable {
    /// The state changed.
    case changed
    /// The certificate was in the wanted state already; nothing changed.
    case repeated
    /// The certificate's state does not allow it; nothing changed.
    case contradicts(CertificateState)
    /// There is no such certificate in the region.
    case unknownCertificate
}
