public import Vaccination

/// The logs: one a region, and one of what operators set. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** Lines are written by the changes that they report, in the same transaction, and by nothing else. The
/// engine itself refuses to change or remove one, and each is chained to those before it (<doc:Evidence>), since who has
/// the database has the engine's refusal too.
///
/// **Concurrency.** Sequence numbers grow in the order in which lines become visible: who has read up to a number never
/// finds a smaller one later. An engine that numbers lines before it commits them holds its readers back to that.
public protocol LogStore: Sendable {
    /// Lines of the region's log behind a sequence number, in order.
    func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry]

    /// Lines of the control log behind a sequence number, in order.
    func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry]
}
