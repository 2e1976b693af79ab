public import Foundation
public import Vaccination

/// What a run of retention erases.
public enum RetentionKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// What certificates held.
    case certificates
    /// All doses of a person, with vouchers and passports.
    case doses
    /// The individual number of somebody who died.
    case number
    /// The rest of a person's record.
    case person
}

/// How much a run of retention erases.
public struct RetentionCounts: Hashable, Sendable, Codable {
    /// People of whom nothing stays.
    public var people = 0
    /// People all of whose doses go, these among them.
    public var doses = 0
    /// Certificates.
    public var certificates = 0
    /// People of whom the individual number goes and other things stay.
    public var numbers = 0
    /// How many people that is about.
    public var listed = 0

    /// Nothing.
    public init() {}

    /// Whether nothing is erased.
    public var isEmpty: Bool { self == RetentionCounts() }

    mutating func add(_ due: DueRecords) {
        people += due.person ? 1 : 0
        doses += due.doses ? 1 : 0
        certificates += due.certificates.count
        numbers += due.number ? 1 : 0
    }
}

/// A yearly run that erases what a region has kept long enough, as two operators decide it.
public struct RetentionRun: Hashable, Sendable, Codable {
    /// The day at whose beginning it counts: 1 April of its fiscal year.
    public let cutoff: CalendarDate
    /// How long the region keeps what.
    public let rules: RetentionRules
    /// How much is due.
    public let counts: RetentionCounts
    /// HMAC-SHA-256 over who and what is due, in hexadecimal, under a key of the region: equal lists have equal ones, and nobody
    /// without the key learns anything of them.
    public let digest: String

    /// A run from its parts.
    public init(cutoff: CalendarDate, rules: RetentionRules, counts: RetentionCounts, digest: String) {
        (self.cutoff, self.rules, self.counts, self.digest) = (cutoff, rules, counts, digest)
    }

    /// What the list is called where people compare it: what ``digest`` begins with, 16 characters.
    public var listName: String { String(digest.prefix(16)) }
}

/// One person of a list of what is due, for the municipality's own staff: no name, and never the individual number.
public struct RetentionListed: Hashable, Sendable {
    /// 宛名番号; `nil` if none is known.
    public let addressee: AddresseeNumber?
    /// What of the person goes.
    public let kinds: [RetentionKind]
    /// How many certificates.
    public let certificates: Int
    /// The last day of anything that goes: of a dose, a certificate, or as a resident.
    public let lastDay: CalendarDate?
}

/// How far a run is.
public struct RetentionProgress: Hashable, Sendable {
    /// How many people it has gone through.
    public let erased: Int
    /// How many are left.
    public let left: Int

    /// A state from its parts.
    public init(erased: Int, left: Int) { (self.erased, self.left) = (erased, left) }
}

/// What one step of a run did.
public struct RetentionStep: Hashable, Sendable {
    /// How many people it went through.
    public let people: Int
    /// Whether nothing of the run is left.
    public let isDone: Bool

    /// A step from its parts.
    public init(people: Int, isDone: Bool) { (self.people, self.isDone) = (people, isDone) }
}

/// Yearly runs that erase what was kept long enough. ``RecordStore`` says what holds for every concern, ``DecisionStore`` how two
/// operators decide: a run is approved as every other decision.
///
/// **What is listed is what goes.** With the second approval the store compares what is due by then with what was when it was
/// proposed, and keeps the list. A person of it who is not due any more when it is that person's turn is passed over; nobody who is not
/// on it is erased.
///
/// **Durability.** A person is erased whole or not at all, with a line in the region's log for the person and for each certificate. Each
/// erasure stands in the journal before it counts, so that whoever is in a backup that is put back is erased again as it is opened:
/// the same person, told by row and pseudonym, and nobody else. A row's number is never used again. What was revoked stays
/// revoked in everything that is published.
///
/// **Concurrency.** A step gives way to whoever waits. A region with an open import has none: an import may be about people who are due.
public protocol RetentionStore: Sendable {
    /// Proposes the run of the fiscal year, as the first of two operators.
    /// - Throws: ``StoreError/conflict(_:)`` if nothing is due, another decision waits, or another run is under way;
    ///   ``StoreError/importOpen(_:)``.
    func proposeRetention(for region: MunicipalityCode, by name: String, reason: String, now: Date) async throws
        -> RegionDecision

    /// What is due now under a region's rules, people in the order of their rows, a part after the other.
    /// - Returns: the run that a proposal would make; its counts are zero where nothing is due.
    func dueRecords(
        in region: MunicipalityCode, now: Date, _ body: ([RetentionListed]) async throws -> Void
    ) async throws -> RetentionRun

    /// The regions that have a run which two operators decided and that is not done.
    func regionsWithRetention() async throws -> [MunicipalityCode]

    /// Erases the next people of a region's run; with the last one it is done, which the control log proves. Without a run nothing is
    /// done.
    /// - Throws: ``StoreError/importOpen(_:)``; ``StoreError/broken(_:)``.
    func eraseDue(in region: MunicipalityCode, limit: Int, now: Date) async throws -> RetentionStep

    /// How far a run is; zero for one that was not approved.
    func progress(ofRetention number: Int64, in region: MunicipalityCode) async throws -> RetentionProgress
}
