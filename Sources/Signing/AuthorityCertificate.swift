import Crypto
import Foundation
import X509

extension X509.Certificate {
    /// The certificate of an authority, signed by itself: it certifies ends, no further authorities (RFC 5280 section
    /// 4.2.1.9), and signs revocation lists.
    static func authority(
        _ name: DistinguishedName, key: P256.Signing.PrivateKey, from: Date, until: Date
    ) throws -> X509.Certificate {
        try X509.Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: from,
            notValidAfter: until, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: X509.Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            },
            issuerPrivateKey: .init(key))
    }

    /// A certificate of an authority for `publicKey`.
    static func end(
        _ subject: DistinguishedName, _ publicKey: P256.Signing.PublicKey, from: Date, until: Date,
        extensions: X509.Certificate.Extensions, issuer: DistinguishedName, issuerKey: P256.Signing.PrivateKey
    ) throws -> X509.Certificate {
        try X509.Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(publicKey), notValidBefore: from,
            notValidAfter: until, issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(issuerKey))
    }
}
