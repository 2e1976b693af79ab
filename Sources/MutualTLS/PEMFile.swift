package import Crypto
import Foundation
import SwiftASN1
package import X509

/// Reading PEM files, bounded.
package enum PEMFile {
    static let maximumBytes = 1 << 20

    /// All certificates in a file; empty when it cannot be read or one of them cannot be parsed.
    package static func certificates(_ path: String) -> [Certificate] {
        guard let text = text(path), let documents = try? PEMDocument.parseMultiple(pemString: text) else { return [] }
        let certificates = documents.filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
        let parsed = certificates.compactMap { try? Certificate(pemDocument: $0) }
        return parsed.count == certificates.count ? parsed : []
    }

    /// The P-256 private key in a file (PKCS #8 or SEC 1); `nil` if there is none, or more than one.
    package static func privateKey(_ path: String) -> P256.Signing.PrivateKey? {
        guard let text = text(path), let documents = try? PEMDocument.parseMultiple(pemString: text) else { return nil }
        // Other documents may stand beside it, such as the curve's parameters that some tools write.
        let keys = documents.filter { ["PRIVATE KEY", "EC PRIVATE KEY"].contains($0.discriminator) }
        guard keys.count == 1 else { return nil }
        return try? P256.Signing.PrivateKey(pemRepresentation: keys[0].pemString)
    }

    /// The P-256 public key in a file (SubjectPublicKeyInfo), for sealing to it; `nil` if there is none, or more than one.
    package static func agreementKey(_ path: String) -> P256.KeyAgreement.PublicKey? {
        guard let text = text(path), let documents = try? PEMDocument.parseMultiple(pemString: text) else { return nil }
        let keys = documents.filter { $0.discriminator == "PUBLIC KEY" }
        guard keys.count == 1 else { return nil }
        return try? P256.KeyAgreement.PublicKey(pemRepresentation: keys[0].pemString)
    }

    private static func text(_ path: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes + 1),
            data.count <= maximumBytes
        else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}
