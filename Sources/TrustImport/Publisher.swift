import Credentials
import Crypto
import Foundation

/// Who signs a published list: a public key, or a certificate.
public struct Publisher: Sendable {
    let key: P256.Signing.PublicKey?
    let certificate: Certificate?

    /// Reads a PEM public key of P-256, or a PEM or DER certificate; `nil` if it is neither.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count <= 1 << 20 else { return nil }
        let text = String(validating: bytes, as: UTF8.self)
        if let text, text.contains("BEGIN PUBLIC KEY"), let key = try? P256.Signing.PublicKey(pemRepresentation: text) {
            (self.key, certificate) = (key, nil)
            return
        }
        guard let objects = PEM.objects("CERTIFICATE", in: bytes), let first = objects.first, objects.count == 1,
            let certificate = Certificate(der: first)
        else { return nil }
        (key, self.certificate) = (certificate.p256Key, certificate)
    }

    /// Its key by its SHA-256 in hexadecimal digits; `nil` if the key can sign no text here.
    var id: String? { key.map { TrustManifest.digest(Array($0.x963Representation)) } }

    /// Whether a signature by ECDSA with SHA-256, in either of its forms, is this publisher's.
    func signed(_ message: [UInt8], _ signature: [UInt8]) -> Bool {
        guard let key else { return false }
        let parsed =
            (try? P256.Signing.ECDSASignature(rawRepresentation: signature))
            ?? (try? P256.Signing.ECDSASignature(derRepresentation: signature))
        return parsed.map { key.isValidSignature($0, for: SHA256.hash(data: message)) } ?? false
    }

    /// Whether this publisher signed a certificate: as its issuer, or because it is the publisher's own.
    func issued(_ other: Certificate) -> Bool {
        guard let certificate else { return false }
        return certificate == other || other.isIssued(by: certificate)
    }

    /// Whether a certificate is this publisher's own or one that it issued.
    func vouches(for signer: Certificate) -> Bool {
        if let certificate { return certificate == signer || signer.isIssued(by: certificate) }
        guard let key, let own = signer.p256Key else { return false }
        return key.rawRepresentation == own.rawRepresentation
    }
}
