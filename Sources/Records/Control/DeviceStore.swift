public import Foundation

/// A phone's key of which an attestation was checked. Nothing of it says whose phone it is.
public struct EnrolledDevice: Hashable, Sendable {
    /// SHA-256 of the key as an uncompressed point, 32 bytes.
    public let keyHash: [UInt8]
    /// The platform that attested it, 1 to 32 characters of `a–z`, `0–9`, `-`, `_`.
    public let kind: String
    /// Where the key lives, as ``kind``.
    public let level: String
    /// When the device certificate ends.
    public let notAfter: Date
    /// Whether it counts no more.
    public let isRevoked: Bool
    /// The device certificate, DER, at most 2,048 bytes.
    public let certificateDER: [UInt8]
    /// SHA-256 of the code by which its holder revokes it, 32 bytes.
    public let codeHash: [UInt8]

    /// A device; `nil` if a field is out of the bounds above.
    public init?(
        keyHash: [UInt8], kind: String, level: String, notAfter: Date, isRevoked: Bool = false,
        certificateDER: [UInt8], codeHash: [UInt8]
    ) {
        guard keyHash.count == 32, Self.isWord(kind), Self.isWord(level), (1...2048).contains(certificateDER.count),
            codeHash.count == 32
        else { return nil }
        self.keyHash = keyHash
        self.kind = kind
        self.level = level
        self.notAfter = notAfter
        self.isRevoked = isRevoked
        self.certificateDER = certificateDER
        self.codeHash = codeHash
    }

    private static func isWord(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-_".utf8.contains($0)
            }
    }
}

/// How an enrolment of a device ended.
public enum DeviceEnrolmentOutcome: Hashable, Sendable {
    /// The device is enrolled from now on, or was and has its new certificate.
    case fresh
    /// The same token enrolled the same key before: the device as it is now.
    case repeated(EnrolledDevice)
    /// The token was used for another key.
    case used
}

/// The phones that may apply. ``RecordStore`` says what holds for every concern, ``ControlStore`` how a change counts.
///
/// **Durability.** A device that was revoked stays revoked over a restore, also one that the backup lacks; one that was enrolled since
/// the backup is not there, and enrols again. Used tokens are kept like used challenges (``ClaimStore``), and as these not in the journal.
/// Neither an enrolment nor a renewal has a line in the log, or is a change of what operators set: nobody's command made it, and
/// there are millions. A revocation has both; its line names the key's hash, and an operator as its actor if one made it.
///
/// **Evidence.** A device's row has a code that is looked at where it is used: one that a hand has changed is none, and enrols again. It is in
/// no sum, since there are millions and the control file is gone through again and again: who takes a row out, or puts an earlier one back,
/// takes a device away, or its code's or certificate's renewal; neither makes a device that counts of one that does not. What is revoked
/// stands apart, under evidence as all that operators set.
///
/// **Concurrency.** Keys, tokens and codes are unique to the engine itself: of two that use one token for two keys one is `used`.
///
/// **Separation.** No row, line or entry names a person, or could be linked with one.
public protocol DeviceStore: Sendable {
    /// Enrols a device, and uses up a token with it. A key that was enrolled before gets the new certificate, end and code.
    ///
    /// A token is kept until the later of `expires` plus 60 seconds and `now` plus ten minutes, a device until
    /// ``StoreTimes/deviceMargin`` behind its end. What is older is removed a few at a time by the same call.
    /// - Parameters:
    ///   - device: what ``EnrolledDevice/isRevoked`` says is not looked at.
    ///   - hash: SHA-256 of the token, 32 bytes.
    ///   - expires: when the token ends by itself.
    /// - Throws: ``StoreError/conflict(_:)`` if the key is revoked, or if the code is another device's.
    func enrol(
        _ device: EnrolledDevice, token hash: [UInt8], expires: Date, now: Date
    ) async throws -> DeviceEnrolmentOutcome

    /// The device that a token enrolled, as it is now, as long as the token is kept; `nil` if it enrolled none. It is how an enrolment that
    /// is repeated is known after its token's end.
    /// - Parameter hash: SHA-256 of the token, 32 bytes.
    func device(enrolledBy hash: [UInt8], now: Date) async throws -> EnrolledDevice?

    /// The device with this key, also a revoked one; `nil` if there is none.
    func device(keyHash: [UInt8]) async throws -> EnrolledDevice?

    /// Revokes the device that has this code: what its holder does who has lost it. Repeated it changes nothing.
    /// - Returns: the hash of its key; `nil` if no device has the code.
    func revokeDevice(codeHash: [UInt8], now: Date) async throws -> [UInt8]?

    /// Revokes the device with this key. Repeated it changes nothing.
    /// - Throws: ``StoreError/notFound(_:)`` if there is none.
    func revokeDevice(keyHash: [UInt8], now: Date) async throws
}
