public import Foundation
public import Vaccination

/// What verifiers are to refuse, region by region, for publishing. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A revoked identifier never leaves the list again, so that the list's length can be its counter. A code
/// leaves when it ends by itself. Both hold over a restore of the region: a revocation stands in the journal before it is
/// acknowledged, and what a backup lacks is made again from there.
///
/// **Concurrency.** What was voided or revoked before the call began is in its answer.
public protocol RevocationStore: Sendable {
    /// The identifiers of all voided and revoked certificates. Throws ``StoreError/journalShort(_:)`` if the journal does
    /// not hold all of them.
    func revoked(in region: MunicipalityCode) async throws -> [CertificateID]

    /// The codes of all voided and revoked certificates that have not ended by themselves.
    func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode]
}

/// What a verifier needs to refuse one code of a certificate that carries no identifier of its own in a list: the digest
/// under which an EU certificate stands in revocation batches (eHealth Network, "EU DCC revocation", 2022).
public struct RevocableCode: Hashable, Sendable {
    /// The signer's key identifier, eight bytes.
    public let keyID: [UInt8]
    /// The first sixteen bytes of the digest that verifiers compare.
    public let hash: [UInt8]
    /// When the code ends by itself; from then on nobody needs to revoke it.
    public let expires: Date

    /// A code from its parts; the store refuses other lengths.
    public init(keyID: [UInt8], hash: [UInt8], expires: Date) {
        self.keyID = keyID
        self.hash = hash
        self.expires = expires
    }
}
