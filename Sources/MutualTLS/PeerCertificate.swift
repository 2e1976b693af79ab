package import Crypto
package import Foundation
import SwiftASN1
import X509

/// The certificate by which the other side of a connection was authenticated: its identity, and the only one it has.
package struct PeerCertificate: Sendable {
    /// The certificate's DER bytes as sent.
    package let der: [UInt8]
    /// SHA-256 of ``der``, 32 bytes.
    package let hash: [UInt8]
    /// Its P-256 key.
    package let publicKey: P256.Signing.PublicKey
    /// The subject's common name, for logs of operators; empty when there is none.
    package let commonName: String
    /// The beginning of its validity.
    package let notBefore: Date
    /// The end of its validity.
    package let notAfter: Date

    /// A certificate from its DER bytes; `nil` if it cannot be parsed or its key is not P-256.
    package init?(der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der),
            let publicKey = P256.Signing.PublicKey(certificate.publicKey)
        else { return nil }
        self.der = der
        self.publicKey = publicKey
        hash = Array(SHA256.hash(data: der))
        commonName = certificate.subject.values(of: .RDNAttributeType.commonName).first ?? ""
        notBefore = certificate.notValidBefore
        notAfter = certificate.notValidAfter
    }

    /// Whether it is valid at an instant (RFC 5280 section 4.1.2.5).
    package func isValid(at now: Date) -> Bool { notBefore <= now && now <= notAfter }
}
