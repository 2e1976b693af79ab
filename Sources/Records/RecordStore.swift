public import Foundation
public import Vaccination

/// Where records, certificates, single use and operators' settings are kept.
///
/// **Durability.** When a call that writes returns, what it reports survives the loss of the process and of power. When
/// it throws, the change either happened whole or not at all, and the caller does not know which: each write is
/// therefore safe to repeat with the same arguments, and a repeated one says so (`repeated`, `resumed`) instead of doing
/// it twice. There is no half state: a certificate and its log line, a limit and what it counts, an outcome and the
/// passport it adds are one transaction. A challenge's claim and the intent are two (they lie in different databases); a
/// claim without an intent is what the same application resumes from.
///
/// **Concurrency.** Calls may come from any task and any number of processes on the same data. Writes of one region are
/// serial and several of them may be committed as one; each is still alone in failing. A reader sees everything that was
/// acknowledged before it began, and nothing that is not durable. Cancelling a task does not take back a write that has
/// begun.
///
/// **Separation.** A region is reached only by naming it; there is no call that reads across regions.
///
/// **Time** comes in as a parameter, and is kept to the millisecond, cut off. Errors are ``StoreError``, and never carry
/// personal data; a failure to read is an error and never an empty answer.
public protocol RecordStore: Sendable {
    /// The regions of this store, by code.
    func municipalities() async throws -> [Municipality]

    // MARK: People

    /// The person with this number in one region; `nil` where the region has no such person.
    func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord?

    /// Writes people in one transaction, with one log line. A person whose number is there already is replaced, except
    /// that earlier printed passports are added to. Returns how many were new.
    func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int

    // MARK: Single use

    /// Uses a challenge for an application: exactly one of any number of racing callers gets `fresh`.
    ///
    /// Kept until the later of `expires` plus 60 seconds and `now` plus ten minutes. Old claims are removed a few at a
    /// time by the same call.
    /// - Parameters:
    ///   - challengeHash: SHA-256 of the challenge, 32 bytes.
    ///   - applicationHash: SHA-256 of the application's bytes, 32 bytes.
    ///   - certificateID: the identifier that this application gets if the claim is fresh.
    ///   - issuedOn: the day of issue that it gets.
    ///   - expires: when the challenge ends by itself.
    func claim(
        challengeHash: [UInt8], applicationHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome

    /// The claim of these very bytes no longer ago than ten minutes.
    func findClaim(applicationHash: [UInt8], now: Date) async throws -> EarlierClaim?

    // MARK: Certificates

    /// Records what is about to be signed, if the person has fewer than `dailyLimit` intents on ``Intent/issuedOn``
    /// whatever became of them; a certificate that is there already does not count again. The person, the limit, the
    /// certificate and its log line are one transaction.
    /// - Throws: ``StoreError/conflict(_:)`` where the identifier belongs to another application,
    ///   ``StoreError/notFound(_:)`` where the region has no such person.
    func record(_ intent: Intent, dailyLimit: Int) async throws -> IntentOutcome

    /// Records that the certificate was signed, before it is handed out: intended → signed. On one that is signed,
    /// printed or unknown only the log grows (`repeated`); a voided one must not be handed out (`contradicts`).
    /// - Parameters:
    ///   - codeHashes: SHA-256 of each code's text, at most sixteen of 32 bytes.
    ///   - revocable: what revokes the code that no identifier revokes, where the certificate has such a code.
    ///   - redelivery: whether the same application came again.
    func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], revocable: RevocableCode?,
        redelivery: Bool, now: Date
    ) async throws -> OutcomeRecorded

    /// The certificate; `nil` where the region has none with this identifier.
    func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry?

    /// The certificate of the application with this transcript (SHA-256, 32 bytes), which is how a report names it; `nil`
    /// where the region has none.
    func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry?

    /// Records the terminal's report: signed or unknown → printed or voided, intended → voided. A printed overseas
    /// certificate adds its passport number to the person's earlier ones; a voided one is revoked.
    func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> OutcomeRecorded

    /// Marks certificates signed before an instant and never reported on: signed → unknown, in all regions. Returns how
    /// many.
    func markUnreported(olderThan: Date, now: Date) async throws -> Int

    /// Certificates in one state, oldest first.
    func certificates(
        in region: MunicipalityCode, state: CertificateState, limit: Int
    ) async throws -> [CertificateEntry]

    /// An operator's decision: intended, signed or unknown → voided. A printed one stays (`contradicts`).
    func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> OutcomeRecorded

    /// An operator's decision: whatever was handed out is no longer to be accepted. A printed certificate keeps its state
    /// and is marked as revoked, any other is voided.
    func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> OutcomeRecorded

    /// The identifiers of all voided and revoked certificates.
    func revoked(in region: MunicipalityCode) async throws -> [CertificateID]

    /// The codes of all voided and revoked certificates that have not ended by themselves.
    func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode]

    /// Lines of the region's log behind a sequence number, in order.
    func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry]

    // MARK: Control, shared by all regions

    /// Everything operators have set.
    func control() async throws -> ControlState
    /// Only its revision, to see cheaply whether a copy is old.
    func controlRevision() async throws -> Int64
    /// The terminal with this certificate (SHA-256 of its DER form), also a revoked one.
    func terminal(certificateHash: [UInt8]) async throws -> EnrolledTerminal?
    /// Enrols a terminal. Throws ``StoreError/conflict(_:)`` where its name or certificate is taken.
    func enrol(_ terminal: EnrolledTerminal, now: Date) async throws
    /// Gives a terminal a new certificate; the old one is no longer accepted. Throws ``StoreError/notFound(_:)``, or
    /// ``StoreError/conflict(_:)`` for a revoked terminal or a certificate that is taken.
    func renew(terminal id: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date, now: Date)
        async throws
    /// Shuts a terminal out for good. Throws ``StoreError/notFound(_:)``.
    func revoke(terminal id: String, now: Date) async throws
    /// Takes something out of service.
    func suspend(_ suspension: Suspension, now: Date) async throws
    /// Puts it back into service.
    func resume(_ suspension: Suspension, now: Date) async throws
    /// Halts issuing with a reason, at most 200 characters without personal data, or clears the halt with `nil`.
    func setIssuingHalted(_ reason: String?, now: Date) async throws
    /// Puts a person on the stop list; only a keyed hash of the number is stored.
    func stop(number: IndividualNumber, now: Date) async throws
    /// Puts a card on the stop list, by SHA-256 of its chip key file.
    func stop(chipKeyHash: [UInt8], now: Date) async throws
    /// Takes a person off the stop list.
    func unstop(number: IndividualNumber, now: Date) async throws
    /// Takes a card off the stop list.
    func unstop(chipKeyHash: [UInt8], now: Date) async throws
    /// Whether the person or the card is on the stop list.
    func isStopped(number: IndividualNumber, chipKeyHash: [UInt8]) async throws -> Bool
    /// Lines of the control log behind a sequence number, in order.
    func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry]
}

extension RecordStore {
    /// ``recordSigned(_:in:codeHashes:revocable:redelivery:now:)`` for a certificate whose codes its identifier revokes.
    public func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], redelivery: Bool, now: Date
    ) async throws -> OutcomeRecorded {
        try await recordSigned(
            id, in: region, codeHashes: codeHashes, revocable: nil, redelivery: redelivery, now: now)
    }
}

/// The store's fixed spans of time, in seconds.
public enum StoreTimes {
    /// How long the same application is recognised: ten minutes.
    public static let repetition: Double = 600
    /// How long a claim outlives its challenge: 60 s.
    public static let claimMargin: Double = 60
}
