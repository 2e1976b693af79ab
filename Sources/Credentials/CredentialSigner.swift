public import Crypto

/// A P-256 key that signs, wherever it lives: in a file, later in a hardware token.
///
/// Signing is asynchronous because a token is. An implementation may be called from several tasks at once.
public protocol CredentialSigner: Sendable {
    /// The key's public part.
    var publicKey: P256.Signing.PublicKey { get }
    /// The ES256 signature over a message: SHA-256, then r and s, each as 32 bytes (RFC 7518 section 3.4).
    func signature(over message: [UInt8]) async throws -> [UInt8]
}

extension CredentialSigner {
    /// The key's `kid`: its thumbprint (RFC 7638).
    public var keyID: String { JWK.thumbprint(of: publicKey) }
}
