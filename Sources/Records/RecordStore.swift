public import Vaccination

/// Everything that one engine keeps. Whoever uses a store asks for the concerns it needs, such as
/// `any PersonStore & ClaimStore`; this is for who opens an engine, and for who hands it on.
///
/// What follows holds for each concern, in each engine; the concerns say what they add.
///
/// **Durability.** When a call that writes returns, what it reports survives the loss of the process and of power. When
/// it throws, the change either happened whole or not at all, and the caller does not know which: each write is
/// therefore safe to repeat with the same arguments, and a repeated one says so (`repeated`, `resumed`) instead of doing it twice. There is no
/// half state: a change and its log line, a limit and what it counts are one transaction.
///
/// **Concurrency.** Calls may come from any task and any number of processes on the same data. A decision and the change
/// that follows from it are one step that no other write comes between. Several writes may be committed as one; each is
/// still alone in failing. A reader sees everything that was acknowledged before it began, nothing that is not durable,
/// and one state of the data from its first row to its last. Cancelling a task does not take back a write that has begun.
///
/// **Separation.** A region is reached only by naming it, and its personal fields open only with its own keys; there is
/// no call that reads across regions.
///
/// **Who** made a change stands in its log line: ``LogActor/current`` of the task that asked for it.
///
/// **Time** comes in as a parameter, and is kept to the millisecond, cut off. Errors are ``StoreError``, and never carry
/// personal data; a failure to read is an error and never an empty answer.
public protocol RecordStore: RegionStore, PersonStore, VoucherStore, ImportStore, ClaimStore, CertificateStore,
    RevocationStore, PublicationStore, SigningKeyStore, LogStore, SegmentStore, LogSearchStore, EvidenceStore,
    ControlStore, TerminalStore, DeviceStore, AttemptStore, StopListStore, DecisionStore, RetentionStore,
    RegionKeyStore
{
    /// Closes what is open. Everything that was asked has ended, and nothing is asked afterwards. Without it the same happens
    /// when the last reference to the store goes, one database after the other.
    func close() async
}

/// Which regions a store has. Fixed while it is open.
public protocol RegionStore: Sendable {
    /// The regions of this store, by code.
    func municipalities() async throws -> [Municipality]
}
