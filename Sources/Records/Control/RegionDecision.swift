public import Foundation
public import Vaccination

/// What two operators decide of a region together.
public enum DecisionSubject: Hashable, Sendable {
    /// Its settings from then on.
    case settings(RegionSettings)
    /// That its keys are destroyed, so that nobody reads its records any more, in no backup either. It has to be sealed.
    case erasure
    /// That what it has kept long enough is erased; made by ``RetentionStore/proposeRetention(for:by:reason:now:)``.
    case retention(RetentionRun)
}

/// How far a decision has come.
public enum DecisionState: String, Hashable, Sendable, Codable, CaseIterable {
    /// One operator has proposed it; another one has to approve it.
    case proposed
    /// Another one has, and it counts.
    case approved
    /// It counts and was carried out: said of an erasure, whose keys and files are gone, and of a run of retention of which nothing is
    /// left.
    case done
    /// It was withdrawn before it counted.
    case withdrawn

    /// Whether it waits for a second operator.
    public var isOpen: Bool { self == .proposed }
}

/// A change of a region that two operators of different names and certificates make (決裁). Names nobody but them.
public struct RegionDecision: Hashable, Sendable {
    /// Its number, growing from 1 over all regions.
    public let number: Int64
    /// Which region.
    public let region: MunicipalityCode
    /// What is decided.
    public let subject: DecisionSubject
    /// How far it is.
    public let state: DecisionState
    /// Why, 1 to 200 characters without personal data.
    public let reason: String
    /// When it was proposed, to the millisecond.
    public let at: Date
    /// The name of the operator who proposed it.
    public let proposedBy: String
    /// The name of the operator who approved it.
    public let approvedBy: String?
    /// When it was approved or withdrawn.
    public let endedAt: Date?

    /// A decision from its parts.
    public init(
        number: Int64, region: MunicipalityCode, subject: DecisionSubject, state: DecisionState, reason: String,
        at: Date,
        proposedBy: String, approvedBy: String?, endedAt: Date?
    ) {
        self.number = number
        self.region = region
        self.subject = subject
        self.state = state
        self.reason = reason
        self.at = at
        self.proposedBy = proposedBy
        self.approvedBy = approvedBy
        self.endedAt = endedAt
    }
}

/// What two operators decide of regions: their settings, with all that counted before, and their end. ``RecordStore`` says what
/// holds for every concern, ``ControlStore`` how a change counts.
///
/// **Two people** are two names and two certificates: a second certificate of the same name is not another person's, nor another
/// name on the same certificate.
///
/// **Durability.** What was approved stands in the journal too: no backup opens a region again that was sealed, and none brings
/// back one that was erased.
///
/// **Concurrency.** A region has one open decision. Of two that approve it at once one does; the other finds it approved.
public protocol DecisionStore: Sendable {
    /// Proposes a decision, as the first of two.
    /// - Parameters:
    ///   - name: 1 to 100 characters.
    ///   - reason: 1 to 200 characters without personal data.
    ///   - present: the settings that whoever proposes has seen; `nil` whatever they are.
    /// - Throws: ``StoreError/conflict(_:)`` if another decision of the region waits, if other settings count than `present`, if
    ///   nothing would change, or if a region is to be erased that is not sealed; ``StoreError/invalid(_:)`` for a run of retention.
    func propose(
        _ subject: DecisionSubject, for region: MunicipalityCode, by name: String, reason: String,
        insteadOf present: RegionSettings?, now: Date
    ) async throws -> RegionDecision

    /// Approves a decision, as the second of two. It counts when this returns; an erasure is carried out as well.
    /// Repeated it changes nothing, and carries out what is not.
    /// - Throws: ``StoreError/notFound(_:)``; ``StoreError/conflict(_:)`` if it was withdrawn, if it is the first operator who asks,
    ///   if the region has an import that the new state would not let in, or if what a run of retention erases is not what was due
    ///   when it was proposed; ``StoreError/importOpen(_:)``.
    func approve(decision number: Int64, of region: MunicipalityCode, by name: String, now: Date) async throws
        -> RegionDecision

    /// Withdraws a decision that does not count yet; anybody of the operators may. Repeated it changes nothing.
    /// - Throws: ``StoreError/notFound(_:)``; ``StoreError/conflict(_:)`` if it counts.
    func withdraw(decision number: Int64, of region: MunicipalityCode, now: Date) async throws -> RegionDecision

    /// A region's last hundred decisions, newest first; those of an erased region too.
    func decisions(of region: MunicipalityCode) async throws -> [RegionDecision]

    /// Carries out erasures that count and were broken off, and those of regions whose keys or files a backup has brought back.
    func carryOutErasures(now: Date) async throws
}
