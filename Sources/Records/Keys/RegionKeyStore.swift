public import Foundation
public import Vaccination

/// Keys of regions. ``RecordStore`` says what holds for every concern; <doc:KeyRotation> how it is done.
///
/// **Durability.** A rotation that is broken off at any moment loses nothing: what was written is read, and the same call goes
/// on with it. When it has returned, nothing of the region is under the keys before, and their file does not hold them.
///
/// **Concurrency.** The region is read and written meanwhile, by this and other processes, none of which has to be told. One
/// process at a time rotates.
public protocol RegionKeyStore: Sendable {
    /// Gives a region new keys and writes all of it anew under them.
    /// - Parameter progress: hears what share of the rows has been looked at, 0 to 1; it grows.
    /// - Throws: ``StoreError/broken(_:)`` before anything is changed if the region is not as it was written,
    ///   ``StoreError/locked(_:)`` if another process rotates keys.
    func rotateKeys(
        of region: MunicipalityCode, now: Date, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> KeyRotationReport
}

/// What a rotation did.
public struct KeyRotationReport: Hashable, Sendable {
    /// How many people the region has.
    public let people: Int
    /// How many certificates it has.
    public let certificates: Int
    /// Whether it ended what an earlier call had begun: no other keys were made.
    public let isResumed: Bool
    /// Whether people are found by the same hashes as before, since some number was not known, or could not be kept.
    public let keepsIndexKey: Bool
    /// How many people's numbers are not known: they were written by a version that kept none, and come with the next import.
    public let withoutNumber: Int

    /// A report from its parts.
    public init(people: Int, certificates: Int, isResumed: Bool, keepsIndexKey: Bool, withoutNumber: Int) {
        self.people = people
        self.certificates = certificates
        self.isResumed = isResumed
        self.keepsIndexKey = keepsIndexKey
        self.withoutNumber = withoutNumber
    }
}
