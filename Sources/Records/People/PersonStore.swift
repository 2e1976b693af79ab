public import Foundation
public import Vaccination

/// People and their doses, region by region. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A call's people and its log line are one transaction. Writing the same people again changes nothing
/// but the log.
///
/// **Concurrency.** Of two writers of one person the last one's record stays whole, and the earlier printed passports of
/// both. A reader never gets one person's fields from two writes.
///
/// **Separation.** A person is found by the hash of the individual number under the region's own key. The number itself is kept
/// encrypted under another one, for the sake of the index alone (<doc:KeyRotation>): no call here gives it back.
public protocol PersonStore: Sendable {
    /// The person with this number in one region; `nil` if the region has no such person.
    func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord?

    /// Writes people in one transaction, with one log line. A person whose number is there already is replaced, except
    /// that earlier printed passports are added to. Returns how many were new.
    func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int
}
