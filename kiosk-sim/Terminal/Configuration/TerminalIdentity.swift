package import Crypto
import Foundation
package import NIOSSL

/// A terminal's certificate and its key: what the terminal is to the centre, and what signs its applications.
package struct TerminalIdentity: Sendable {
    /// The certificate, and what chains it to its authority.
    package let certificates: [NIOSSLCertificate]
    /// The key for TLS.
    package let tlsKey: NIOSSLPrivateKey
    /// The same key for signing transcripts.
    package let signingKey: P256.Signing.PrivateKey
    /// SHA-256 of the certificate's DER, 32 bytes.
    package let certificateHash: [UInt8]
    /// Whether the certificate says that it is for development only.
    package let isDevelopment: Bool

    /// Why a certificate and key are no identity.
    package enum Refusal: Error, Hashable, Sendable {
        /// A file cannot be read or holds something else.
        case unreadable
        /// The key is not the certificate's.
        case keyDiffers
    }

    /// Reads both files (PEM; the key P-256 in SEC 1 or PKCS #8) and checks that they belong together.
    package init(certificatePath: String, keyPath: String) throws(Refusal) {
        guard let key = PEMText.read(keyPath), let chain = try? NIOSSLCertificate.fromPEMFile(certificatePath) else {
            throw .unreadable
        }
        try self.init(certificates: chain, keyPEM: key)
    }

    /// An identity from a chain, leaf first, and the leaf's key in PEM.
    package init(certificates: [NIOSSLCertificate], keyPEM: String) throws(Refusal) {
        guard let leaf = certificates.first, let der = try? leaf.toDERBytes(),
            let certified = try? leaf.extractPublicKey().toSPKIBytes(),
            let signing = try? P256.Signing.PrivateKey(pemRepresentation: keyPEM),
            let tls = try? NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)
        else { throw .unreadable }
        guard certified == Array(signing.publicKey.derRepresentation) else { throw .keyDiffers }
        self.certificates = certificates
        tlsKey = tls
        signingKey = signing
        certificateHash = Array(SHA256.hash(data: der))
        isDevelopment = der.firstRange(of: Array("AKASHI DEVELOPMENT".utf8)) != nil
    }
}

/// PEM text out of a file; what stands before the first armour, such as a remark, is left out.
enum PEMText {
    static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 65_536,
            let text = String(validating: data, as: UTF8.self), let start = text.range(of: "-----BEGIN ")
        else { return nil }
        return String(text[start.lowerBound...])
    }
}
