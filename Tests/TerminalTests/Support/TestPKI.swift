import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import Terminal
import X509

/// A small authority with a server's and terminals' certificates, all made for one run.
struct TestPKI: Sendable {
    let authority: NIOSSLCertificate
    /// The authority's certificate in PEM.
    let authorityPEM: String
    private let key: Certificate.PrivateKey
    private let name: DistinguishedName

    init() throws {
        let signing = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(signing)
        name = try DistinguishedName { CommonName("Test authority") }
        let certificate = try Self.certificate(
            key.publicKey, subject: name, issuer: name, by: key,
            try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            })
        authority = try Self.nio(certificate)
        authorityPEM = try certificate.serializeAsPEM().pemString
    }

    /// A terminal's certificate and key in PEM.
    func files(_ commonName: String, organisation: String) throws -> (certificate: String, key: String) {
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
    func identity(_ commonName: String) throws -> TerminalIdentity {
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
        return try TerminalIdentity(certificates: [Self.nio(certificate)], keyPEM: signing.pemRepresentation)
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

    private static func nio(_ certificate: Certificate) throws -> NIOSSLCertificate {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
    }
}
