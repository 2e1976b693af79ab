public import Foundation
public import Vaccination

/// People and their doses, region by region. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A call's people and its log line are one transaction. Writing the same people again changes nothing
/// but the log.
///
/// **Concurrency.** Of two writers of one person the last one's name, standing and passport stay, the doses of both unless the
/// last one corrects them, and the earlier printed passports of both. A reader never gets one person's fields from two writes.
///
/// **Separation.** A person is found by the hash of the individual number under the region's own key. The number itself is kept
/// encrypted under another one, for the sake of the index alone (<doc:KeyRotation>): no call here gives it back.
public protocol PersonStore: Sendable {
    /// The person with this number in one region; `nil` if the region has no such person.
    func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord?

    /// Looks for people, and says so in the region's log before it gives them.
    /// - Parameter purpose: what for, 1 to 100 characters; it stands in the log.
    /// - Throws: ``StoreError/invalid(_:)`` if the purpose is out of bounds.
    func find(_ search: PersonSearch, for purpose: String, in region: MunicipalityCode, now: Date) async throws
        -> PeopleFound

    /// Writes people in one transaction, with one log line. Of a person whose number is there already, name, standing and
    /// passport are replaced; doses are added to or corrected, as `change` says, and earlier printed passports are added to.
    /// No dose that was ever recorded is lost (``DoseRecord``).
    /// - Throws: ``StoreError/invalid(_:)`` if a person would have too many entries; then nothing is written.
    func write(_ people: [NewPerson], as change: RecordChange, in region: MunicipalityCode, now: Date) async throws
        -> PeopleWritten

    /// Records the passport that the holder showed with an application by phone as the one that counts, and ends the one before, with a
    /// line in the region's log. It needs no more of the region's state than issuing does: doses may be closed.
    ///
    /// Of a passport with the number of the one that counts, other names that are recorded stay, unless it is shown with some.
    /// - Parameters:
    ///   - version: the ``PersonRecord/version`` that the passport was compared with.
    ///   - person: the person's row.
    /// - Returns: the record as it is then; the same as before, and no line, if that passport counted already.
    /// - Throws: ``StoreError/conflict(_:)`` if the person has too many entries of passports.
    func notePassport(
        _ passport: Passport, source: PassportSource, of version: Int64, person: Int64, in region: MunicipalityCode,
        now: Date
    ) async throws -> PassportNoting

    /// People in the order of their rows.
    /// - Parameters:
    ///   - id: only people behind this row; 0 for all.
    ///   - limit: how many at most.
    /// - Returns: them, and the last one's row; `nil` if there are no more.
    func people(in region: MunicipalityCode, after id: Int64, limit: Int) async throws
        -> (people: [PersonRecord], last: Int64?)

    /// Notes in the region's log that people's doses were given away: how many of how many people, and what for.
    /// - Throws: ``StoreError/invalid(_:)`` if the purpose is out of bounds (1 to 100 characters).
    func noteExport(
        people: Int, doses: Int, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws

    /// People whose doses contradict each other, in the order of their rows.
    /// - Parameters:
    ///   - id: only people behind this row are looked at; 0 for all.
    ///   - limit: how many people are looked at, at most.
    /// - Returns: those found, and the last row that was looked at; `nil` if there are no more.
    func unclear(in region: MunicipalityCode, after id: Int64, limit: Int) async throws
        -> (people: [PersonRecord], last: Int64?)
}
