public import Foundation

/// The terminals that may apply. ``RecordStore`` says what holds for every concern, ``ControlStore`` how a change counts.
///
/// **Durability.** A terminal that was shut out stays in the store, so that neither its name nor its certificate comes
/// back.
///
/// **Concurrency.** Names and certificates are unique to the engine itself, among revoked terminals too.
public protocol TerminalStore: Sendable {
    /// The terminal with this certificate (SHA-256 of its DER form), also a revoked one.
    func terminal(certificateHash: [UInt8]) async throws -> EnrolledTerminal?
    /// Enrols a terminal. Throws ``StoreError/conflict(_:)`` if its name or certificate is taken.
    func enrol(_ terminal: EnrolledTerminal, now: Date) async throws
    /// Gives a terminal a new certificate; the old one is no longer accepted. Throws ``StoreError/notFound(_:)``, or
    /// ``StoreError/conflict(_:)`` for a revoked terminal or a certificate that is taken.
    func renew(terminal id: String, certificateHash: [UInt8], certificateDER: [UInt8], notAfter: Date, now: Date)
        async throws
    /// Shuts a terminal out for good. Throws ``StoreError/notFound(_:)``.
    func revoke(terminal id: String, now: Date) async throws
}
