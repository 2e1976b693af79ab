import Crypto
import Foundation
package import MutualTLS
import SwiftASN1
import TestSupport
import X509

/// A small authority with a server's and terminals' certificates, all made for one run.
package struct TestPKI: Sendable {
    package let authority: CertificateAuthorities
    /// The authority's certificate in PEM.
    package let authorityPEM: String
    private let key: Certificate.PrivateKey
    private let name: DistinguishedName

    /// An authority with a key of its own.
    package init() throws {
        let signing = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(signing)
        name = try DistinguishedName { CommonName("Test authority") }
        let certificate = try Self.certificate(
            key.publicKey, subject: name, issuer: name, by: key,
            try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            })
        authority = CertificateAuthorities([certificate])
        authorityPEM = try certificate.serializeAsPEM().pemString
    }

    /// A terminal's certificate and key in PEM.
    package func files(_ commonName: String, organisation: String) throws -> (certificate: String, key: String) {
        let signing = P256.Signing.PrivateKey()
        let certificate = try Self.certificate(
            Certificate.PublicKey(signing.publicKey),
            subject: try DistinguishedName {
                OrganizationName(organisation)
                CommonName(commonName)
            }, issuer: name, by: key, Certificate.Extensions {})
        return (try certificate.serializeAsPEM().pemString, signing.pemRepresentation)
    }

    /// A certificate and key for a name, for TLS on 127.0.0.1 and localhost.
    package func identity(_ commonName: String) throws -> TLSIdentity {
        let signing = P256.Signing.PrivateKey()
        let certificate = try Self.certificate(
            Certificate.PublicKey(signing.publicKey), subject: try DistinguishedName { CommonName(commonName) },
            issuer: name,
            by: key,
            try Certificate.Extensions {
                SubjectAlternativeNames([
                    .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                ])
            })
        guard let identity = TLSIdentity(chain: [certificate], key: signing) else {
            throw TestFailure("\(commonName) has no identity")
        }
        return identity
    }

    private static func certificate(
        _ key: Certificate.PublicKey, subject: DistinguishedName, issuer: DistinguishedName,
        by signer: Certificate.PrivateKey,
        _ extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key, notValidBefore: Date() - 3600,
            notValidAfter: Date() + 86_400, issuer: issuer, subject: subject, extensions: extensions,
            issuerPrivateKey: signer)
    }
}
