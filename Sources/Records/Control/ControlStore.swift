public import Foundation

/// What operators set for all regions. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A change, its log line and the next revision are one transaction. A call that changes nothing adds
/// neither.
///
/// **Concurrency.** Revisions grow in the order in which changes become visible, here and in ``TerminalStore``,
/// ``DeviceStore`` and ``StopListStore``: a process that has the state of a revision has every change up to it.
public protocol ControlStore: Sendable {
    /// Everything operators have set, of one revision.
    func control() async throws -> ControlState
    /// Only its revision, to see cheaply whether a copy is old.
    func controlRevision() async throws -> Int64
    /// Takes something out of service.
    func suspend(_ suspension: Suspension, now: Date) async throws
    /// Puts it back into service.
    func resume(_ suspension: Suspension, now: Date) async throws
    /// Halts issuing with a reason, 1 to 200 characters without personal data.
    ///
    /// If issuing is halted already, the new reason takes the place of the old one; but never that of a broken evidence's
    /// (``EvidenceBreak/isHaltReason(_:)``), which stays until it is cleared by its own name. The store compares within
    /// the transaction.
    func haltIssuing(_ reason: String, now: Date) async throws
    /// Clears the halt with exactly this reason, which is compared within the transaction: whether issuing is not halted
    /// now. With another reason the halt stays.
    func clearHalt(_ reason: String, now: Date) async throws -> Bool
}
