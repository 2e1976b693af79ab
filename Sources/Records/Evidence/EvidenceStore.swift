public import Foundation
public import Vaccination

/// Evidence against a hand in the database or a backup put back. ``RecordStore`` says what holds for every concern;
/// <doc:Evidence> says what is written, and which hands it stops.
///
/// **Durability.** Lines, rows, their codes and the head that covers them are one transaction. The control log knows of a
/// region's head a moment later: a region that is ahead of it with the same beginning is sound, one that is behind was
/// set back.
///
/// **Concurrency.** A check sees one state of a log and its rows, while others go on writing. Heads are read before what
/// they are compared with, so that a change in between does not look like a break.
public protocol EvidenceStore: Sendable {
    /// Looks for breaks in a log and its rows, and changes nothing.
    /// - Parameters:
    ///   - pins: heads that the log is known to have had, such as a signed checkpoint's, beside those the store keeps.
    ///   - everything: whether every line and row is looked at; otherwise the head, and the lines behind the last pin.
    func verify(_ log: LogName, pins: [LogHead], everything: Bool) async throws -> EvidenceReport

    /// Looks quickly whether what a region lies in is still there, and, if it is open, the one that was opened and no shorter.
    /// Reads none of its contents.
    /// - Throws: ``StoreError/corrupt(_:)`` if it is not, ``StoreError/unavailable(_:)`` if it cannot be written to.
    func probe(_ region: MunicipalityCode) async throws

    /// Looks whether there is room for what the next certificates need, wherever something is written.
    /// - Throws: ``StoreError/unavailable(_:)`` if there is none: a full disk, a folder that is read-only.
    func probeRoom() async throws

    /// The heads of all logs, of one state of the control log.
    func heads() async throws -> LogHeads

    /// Numbers the next root, and gives the heads that it is to be signed over.
    func beginRoot() async throws -> LogHeads

    /// Marks a region as broken, and says so in the control log; once, until a restore is logged.
    func noteBreak(_ found: EvidenceBreak, in region: MunicipalityCode, now: Date) async throws

    /// Writes into the log, and into the control log, that a person has looked and restored what was there to restore:
    /// from here on what is stored counts. The incarnation grows by one.
    /// - Parameters:
    ///   - reason: 1 to 200 characters without personal data.
    ///   - asItIs: whether everything is sealed anew as it stands, for when there is no good backup. Without it what was
    ///     put back has to be whole in itself.
    /// - Throws: ``StoreError/broken(_:)`` with the first break, if it is not whole in itself.
    func noteRestored(_ log: LogName, reason: String, asItIs: Bool, now: Date) async throws
}
