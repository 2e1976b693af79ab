import Credentials
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

/// Who makes sure that a signature just made is right. One that a fault in memory or hardware spoiled must not be handed
/// out: it is of no use to the holder, and may give the key away.
public enum OutputCheck: Sendable {
    /// Issuing verifies each signature with the key's public part.
    case signature
    /// The caller verifies the whole certificate before anybody sees it, with `Verifier` and the published keys, which
    /// finds more; verifying the signature before that would only do a part of it twice.
    case byCaller
}

extension CredentialSigner {
    /// A signature that was checked as far as the caller does not check it.
    func signature(over message: [UInt8], _ check: OutputCheck) async throws -> [UInt8] {
        let signature = try await signature(over: message)
        guard signature.count == 64, check == .byCaller || ES256.isValid(signature, over: message, by: publicKey) else {
            throw IssueError.signatureMismatch
        }
        return signature
    }
}
