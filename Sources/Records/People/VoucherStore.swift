public import Foundation
public import Vaccination

/// People's vouchers (接種券), and their passports as far as somebody corrects one by hand. ``RecordStore`` says what holds for every
/// concern.
///
/// **Durability.** A change and its log line, which names the person by pseudonym, are one transaction. A change that is asked for
/// again changes nothing, and gives what is there.
///
/// **Concurrency.** A voucher's number is one person's at a time, whoever issues it: of two that are asked for at once one is
/// refused.
///
/// **Separation.** A voucher is found by a hash of its number under the region's index key; its line is sealed. One of another
/// municipality is refused.
///
/// The person of each call is the one whom a search finds: ``StoreError/notFound(_:)`` if it finds nobody, and
/// ``StoreError/conflict(_:)`` if it finds several.
public protocol VoucherStore: Sendable {
    /// A person's vouchers, as a look-up behind ``PersonStore/find(_:for:in:now:)`` that the log names already.
    /// - Parameter person: the person's row in the region.
    func vouchers(ofPerson person: Int64, in region: MunicipalityCode) async throws -> [VoucherStanding]

    /// A person's vouchers, in the order in which they were recorded. It is a line of the region's log (`searched`) first.
    /// - Parameter purpose: what for, 1 to 100 characters.
    func vouchers(
        of person: PersonSearch, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws -> [VoucherStanding]

    /// Issues a voucher.
    /// - Throws: ``StoreError/invalid(_:)`` if its line names another municipality; ``StoreError/conflict(_:)`` if its number is
    ///   another person's, or the person had it and it is void.
    func issue(
        _ line: VoucherLine, on day: CalendarDate, to person: PersonSearch, in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding

    /// Issues a voucher in the place of those for the same dose that the person has not spent, which are void from then on. Who has
    /// moved here (``VoucherReason/movedIn``) need not have had any.
    /// - Throws: as ``issue(_:on:to:in:now:)``; ``StoreError/conflict(_:)`` also if a voucher for that dose is spent, and
    ///   ``StoreError/notFound(_:)`` if there is none and nobody has moved here.
    func reissue(
        _ line: VoucherLine, on day: CalendarDate, to person: PersonSearch, for reason: VoucherReason,
        in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding

    /// Makes a voucher void.
    /// - Throws: ``StoreError/notFound(_:)`` if nobody has it; ``StoreError/conflict(_:)`` if it is spent.
    func void(
        _ line: VoucherLine, for reason: VoucherReason, in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding

    /// Records that a person has another passport, or none that is known.
    /// - Returns: certificates that show a passport which was taken back, and are neither voided nor revoked: somebody has to decide
    ///   of each. One that was renewed is not taken back.
    /// - Throws: ``StoreError/conflict(_:)`` if the person has too many entries of passports.
    func amend(
        passport: Passport?, of person: PersonSearch, for reason: PassportReason, in region: MunicipalityCode,
        now: Date
    ) async throws -> [CertificateID]
}
