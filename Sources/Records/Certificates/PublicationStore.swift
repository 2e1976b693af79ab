public import Foundation

/// What was ever published of revocation, over all regions. ``RecordStore`` says what holds for every concern.
///
/// Regions come and go: a municipality that leaves, or a region set back to a backup, must not take back what verifiers
/// were told. So what is published is kept apart from the regions it came from.
///
/// **Durability.** What ``publish(_:now:)`` returns is durable before it is returned, and therefore before any file is
/// written from it. Nothing leaves but codes that have ended by themselves; the counter never goes back.
///
/// **Concurrency.** Two that publish at once each return what holds both of theirs, or the later one does; of two
/// different lists of identifiers no two have the same counter.
public protocol PublicationStore: Sendable {
    /// Adds to what was published before, and returns all of it.
    /// - Parameter found: what regions revoke now, and what published files say; its counter is the highest of those
    ///   files, 0 without any.
    func publish(_ found: Publication, now: Date) async throws -> Publication
}

/// What is published of revocation.
public struct Publication: Hashable, Sendable {
    /// The identifiers of revoked certificates, as they stand in lists.
    public var identifiers: Set<String>
    /// Revoked codes that have no identifier in a list; of one code the latest end counts.
    public var codes: Set<RevocableCode>
    /// The lists' counter: grows whenever an identifier is added.
    public var counter: Int64

    /// A publication from its parts.
    public init(identifiers: Set<String> = [], codes: Set<RevocableCode> = [], counter: Int64 = 0) {
        self.identifiers = identifiers
        self.codes = codes
        self.counter = counter
    }
}
