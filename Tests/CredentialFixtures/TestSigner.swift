import CredentialIssuing
package import Crypto

/// A key in memory that signs.
package struct TestSigner: CredentialSigner {
    /// The key.
    package let key: P256.Signing.PrivateKey
    /// Its public part.
    package var publicKey: P256.Signing.PublicKey { key.publicKey }

    /// A signer with this key, or a new one.
    package init(_ key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) { self.key = key }

    /// The signature over a message.
    package func signature(over message: [UInt8]) async throws -> [UInt8] { try sign(message) }
    /// The same, at once.
    package func sign(_ message: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
    }
}
