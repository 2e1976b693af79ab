public import Foundation
public import Vaccination

/// Certificates from the intent to the terminal's report, region by region. ``RecordStore`` says what holds for every
/// concern, ``CertificateState`` which state may follow which.
///
/// **Durability.** A change of state and its log line are one transaction, and so are what it brings with it: the limit
/// that an intent counts for, the codes of a signed certificate, the passport that a printed one adds to its person. An
/// intent is durable before ``record(_:limit:)`` returns, so that nothing is ever signed that the log does not know.
///
/// **Concurrency.** A change judges the state that it replaces: two that contradict each other do not both succeed. The
/// limit is counted and used up in one step: of any number of racing intents of one person exactly as many are recorded
/// as the limit allows. An engine whose writes of one region run beside each other locks the person's row for it.
public protocol CertificateStore: Sendable {
    /// Records what is about to be signed, if the person's certificates of ``Intent/issuedOn`` are within the limits; a
    /// certificate that is there already does not count again. The person, the limit, the certificate and its log line
    /// are one transaction.
    /// - Parameter version: the ``PersonRecord/version`` from which the content was made, so that nothing is issued of what was
    ///   corrected meanwhile; `nil` to record it whatever was written since.
    /// - Throws: ``StoreError/conflict(_:)`` if the identifier belongs to another application,
    ///   ``StoreError/notFound(_:)`` if the region has no such person.
    func record(_ intent: Intent, limit: DailyLimit, of version: Int64?) async throws -> IntentOutcome

    /// Records that the certificate was signed, before it is handed out (``CertificateEvent/signed``). The state before
    /// decides what the log says, never the caller: the first time is the certificate's one line ``LogEvent/signed``
    /// (`changed`), whatever was interrupted before; every later time is a ``LogEvent/redelivery`` (`repeated`). One that
    /// was printed or voided must not be handed out (`contradicts`).
    /// - Parameters:
    ///   - codeHashes: SHA-256 of each code's text, at most sixteen of 32 bytes.
    ///   - revocable: what revokes the code that no identifier revokes; `nil` if the certificate has no such code.
    func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], revocable: RevocableCode?, now: Date
    ) async throws -> StateTransition

    /// The certificate; `nil` if the region has none with this identifier.
    func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry?

    /// The certificate of the application with this transcript (SHA-256, 32 bytes), which is how a report names it; `nil`
    /// if the region has none.
    func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry?

    /// Whether what a certificate says is still so; `nil` if the region has none with this identifier, or it was kept long enough
    /// and is erased with its person, or if doses contradict each other, so that nobody can tell.
    func standing(of id: CertificateID, in region: MunicipalityCode) async throws -> CertificateStanding?

    /// Records the report of a terminal or a phone (``CertificateEvent/printed`` or ``CertificateEvent/aborted``). A printed
    /// overseas certificate adds its passport number to the person's earlier ones, but for one on a phone, which counts by itself while it
    /// is neither voided nor revoked; a voided one is revoked. A report that contradicts the state changes nothing and is logged once a
    /// certificate.
    /// - Parameter printed: whether it was handed out: printed, or delivered to a phone.
    func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> StateTransition

    /// Marks certificates signed before an instant and never reported on (``CertificateEvent/unreported``), in all
    /// regions. Returns how many. A region that cannot be looked at does not keep the others from it; its error is
    /// thrown at the end.
    func markUnreported(olderThan: Date, now: Date) async throws -> Int

    /// Certificates in one state, oldest first: by the instant of their intent, then by identifier.
    /// - Parameter last: the last certificate of the page before, whatever state it is in now; `nil` for the first page.
    /// - Throws: ``StoreError/notFound(_:)`` if the region has no certificate `last`.
    func certificates(
        in region: MunicipalityCode, state: CertificateState, after last: CertificateID?, limit: Int
    ) async throws -> [CertificateEntry]

    /// An operator's decision that nothing was handed out (``CertificateEvent/voidedByOperator``); a printed certificate
    /// stays (`contradicts`).
    func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition

    /// An operator's decision that whatever was handed out is no longer to be accepted
    /// (``CertificateEvent/revokedByOperator``). A printed certificate keeps its state and is marked as revoked, any
    /// other is voided.
    func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition
}

/// How a certificate stands to the record that it was made from.
public enum CertificateStanding: Hashable, Sendable, CaseIterable {
    /// The record says what it says; also after the person's death.
    case current
    /// Something that it says was corrected since.
    case corrected
    /// It was voided or revoked.
    case revoked
    /// It is right, and the record has later doses.
    case newerDoses
}

extension CertificateStore {
    /// ``recordSigned(_:in:codeHashes:revocable:now:)`` for a certificate whose codes its identifier revokes.
    public func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], now: Date
    ) async throws -> StateTransition {
        try await recordSigned(id, in: region, codeHashes: codeHashes, revocable: nil, now: now)
    }

    /// The first certificates in one state, oldest first.
    public func certificates(
        in region: MunicipalityCode, state: CertificateState, limit: Int
    ) async throws -> [CertificateEntry] {
        try await certificates(in: region, state: state, after: nil, limit: limit)
    }
}
