package import Crypto

/// ECDSA with P-256 and SHA-256, the signature as r and s of 32 bytes each (RFC 7518 section 3.4).
package enum ES256 {
    /// Whether a signature is right. One in DER form, or of another length, is not.
    package static func isValid(
        _ signature: [UInt8], over message: [UInt8], by key: P256.Signing.PublicKey
    ) -> Bool {
        guard signature.count == 64, let parsed = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
            return false
        }
        return key.isValidSignature(parsed, for: SHA256.hash(data: message))
    }
}
