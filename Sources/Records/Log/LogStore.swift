public import Foundation
public import Vaccination

/// The logs: one a region, and one of what operators set. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** Lines are written by the changes that they report, in the same transaction; a refusal, which changes
/// nothing, has a line of its own. The engine itself refuses to change or remove one, and each is chained to those before it (<doc:Evidence>), since who has
/// the database has the engine's refusal too.
///
/// **Concurrency.** Sequence numbers grow in the order in which lines become visible: who has read up to a number never
/// finds a smaller one later. An engine that numbers lines before it commits them holds its readers back to that.
///
/// **Pseudonyms.** A person in a line is the first 24 hexadecimal digits of HMAC-SHA-256 under a key of the region's that no rotation
/// changes, over a keyed hash of the individual number. Only with the region's keys can it be made of a number; who has none of them
/// learns that two lines are of one person, and when the keys are destroyed nobody learns more ever again. In regions whose keys
/// a version before this one rotated, lines of before that rotation have pseudonyms of keys that are gone: nobody finds them by the person
/// any more, but for those of the person's certificates.
public protocol LogStore: Sendable {
    /// Writes into the region's log that an application was refused. Repeated, it writes another line.
    /// - Parameters:
    ///   - code: the refusal's code, 1 to 64 characters.
    ///   - number: whose card it was, whether or not the region knows the person.
    ///   - terminal: SHA-256 of the terminal's certificate in lower-case hexadecimal.
    func noteRefusal(
        _ code: String, of kind: CertificateKind, for number: IndividualNumber, terminal: String, inquiry: String,
        in region: MunicipalityCode, now: Date
    ) async throws

    /// Lines of the region's log that are at hand, behind a sequence number, in order; ``LogSearchStore`` looks at all.
    func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry]

    /// Lines of the control log behind a sequence number, in order.
    func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry]
}
