import Crypto

/// What an attestation is made for: Android's attestation challenge, Apple's client data hash.
///
/// SHA-256("akashi/enrol/v1" ‖ field(token) ‖ field(platform)), a field behind its length in four big-endian bytes as in all
/// hashed texts between the parties. The token is `vrs`'s, used once, so that an attestation is fresh and good for one
/// enrolment; the platform keeps an attestation of one kind from being read as another's.
package struct EnrolmentChallenge: Hashable, Sendable {
    /// The 32 bytes.
    package let bytes: [UInt8]

    /// The label.
    package static let label = "akashi/enrol/v1"

    /// The challenge of a token and a platform.
    package init(token: [UInt8], platform: AttestationPlatform) {
        var hash = SHA256()
        hash.update(data: Array(Self.label.utf8))
        for field in [token, Array(platform.rawValue.utf8)] {
            let count = UInt32(truncatingIfNeeded: field.count)
            hash.update(data: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) })
            hash.update(data: field)
        }
        bytes = Array(hash.finalize())
    }

    /// A challenge that was computed before; `nil` unless it has 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == SHA256.byteCount else { return nil }
        self.bytes = bytes
    }
}
