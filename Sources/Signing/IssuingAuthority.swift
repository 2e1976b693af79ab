import Vaccination
package import Crypto
package import Foundation
import Glibc
import MutualTLS
import SwiftASN1
package import X509

/// A certificate authority of our own: the terminal authority, and in development also the services' authority.
package struct IssuingAuthority: Sendable {
    /// The authority's certificate.
    package let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// A certificate, and if it was made here its private key.
    package struct Issued: Sendable {
        /// The certificate.
        package let certificate: Certificate
        /// Its key, if this authority made it.
        package let key: P256.Signing.PrivateKey?

        /// The certificate in PEM form.
        package var pem: String {
            get throws { try certificate.serializeAsPEM().pemString + "\n" }
        }
    }

    /// Why a certificate was not issued.
    package enum Refusal: String, Error, Sendable {
        /// The request is no PEM of a certificate request, or is larger than 16 KiB.
        case malformed = "csr.malformed"
        /// The request's key is not P-256.
        case keyType = "csr.key_type"
        /// The request's own signature is wrong: who asks does not hold the key.
        case signature = "csr.signature"
    }

    /// A new authority, its key made here, valid for `years`.
    package static func create(
        commonName: String, organisation: String = DevelopmentMark.name, now: Date, years: Int = 10,
        key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()
    ) throws -> IssuingAuthority {
        let name = try DistinguishedName {
            OrganizationName(organisation)
            CommonName(commonName)
        }
        let certificate = try Certificate.authority(
            name, key: key, from: now - 300, until: now + Double(years) * 31_557_600)
        return IssuingAuthority(certificate: certificate, key: key)
    }

    private init(certificate: Certificate, key: P256.Signing.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// An authority from its PEM files; `nil` if they cannot be read or do not belong together.
    package init?(certificateFile: String, keyFile: String) {
        guard let certificate = PEMFile.certificates(certificateFile).first, let key = try? PEMFile.privateKey(keyFile),
            P256.Signing.PublicKey(certificate.publicKey)?.rawRepresentation == key.publicKey.rawRepresentation
        else { return nil }
        self.init(certificate: certificate, key: key)
    }

    /// A server's certificate and new key for host names and IPv4 or IPv6 addresses.
    package func server(commonName: String, hosts: [String], now: Date, days: Int = 397) throws -> Issued {
        let names = hosts.map { host in Self.address(host).map(GeneralName.ipAddress) ?? .dnsName(host) }
        let key = P256.Signing.PrivateKey()
        return Issued(
            certificate: try sign(commonName, key.publicKey, now, days, [.serverAuth], SubjectAlternativeNames(names)),
            key: key)
    }

    /// A client's certificate and new key.
    package func client(commonName: String, now: Date, days: Int = 397) throws -> Issued {
        let key = P256.Signing.PrivateKey()
        return Issued(certificate: try sign(commonName, key.publicKey, now, days, [.clientAuth], nil), key: key)
    }

    /// A client's certificate for a key that its holder made.
    package func client(commonName: String, publicKey: P256.Signing.PublicKey, now: Date, days: Int = 397) throws
        -> Issued
    {
        Issued(certificate: try sign(commonName, publicKey, now, days, [.clientAuth], nil), key: nil)
    }

    /// A client's certificate for a PKCS #10 request (RFC 2986) in PEM form. Of the request only the key counts, and its
    /// signature must be right; the name is the authority's choice.
    package func client(commonName: String, request pem: String, now: Date, days: Int = 397) throws -> Issued {
        guard pem.utf8.count <= 16_384, let request = try? CertificateSigningRequest(pemEncoded: pem) else {
            throw Refusal.malformed
        }
        guard let publicKey = P256.Signing.PublicKey(request.publicKey) else { throw Refusal.keyType }
        guard request.publicKey.isValidSignature(request.signature, for: request) else { throw Refusal.signature }
        return try client(commonName: commonName, publicKey: publicKey, now: now, days: days)
    }

    /// A certificate for the key of an app on a phone, with one name, a URI. It is for no TLS.
    package func device(named uri: String, publicKey: P256.Signing.PublicKey, now: Date, days: Int) throws -> Issued {
        Issued(
            certificate: try sign(
                "device", publicKey, now, days, nil, SubjectAlternativeNames([.uniformResourceIdentifier(uri)])),
            key: nil)
    }

    /// A PKCS #10 request in PEM form for a key, as a terminal makes it, or a signer of a country.
    package static func request(
        commonName: String, country: String? = nil, organisation: String? = nil, key: P256.Signing.PrivateKey
    ) throws -> String {
        let subject = try DistinguishedName {
            if let country { CountryName(country) }
            if let organisation { OrganizationName(organisation) }
            CommonName(commonName)
        }
        let request = try CertificateSigningRequest(
            version: .v1, subject: subject, privateKey: .init(key),
            attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256)
        return try request.serializeAsPEM().pemString + "\n"
    }

    /// The authority's key in PEM form (PKCS #8).
    package var keyPEM: String { key.pemRepresentation + "\n" }
    /// The authority's certificate in PEM form.
    package var certificatePEM: String {
        get throws { try certificate.serializeAsPEM().pemString + "\n" }
    }

    private func sign(
        _ commonName: String, _ publicKey: P256.Signing.PublicKey, _ now: Date, _ days: Int,
        _ usages: [ExtendedKeyUsage.Usage]?, _ names: SubjectAlternativeNames?
    ) throws -> Certificate {
        // The organisation follows the authority's, so that the development mark is on everything it signs.
        let organisation = certificate.subject.values(of: .RDNAttributeType.organizationName).first ?? ""
        let subject = try DistinguishedName {
            OrganizationName(organisation)
            CommonName(commonName)
        }
        return try Certificate.end(
            subject, publicKey, from: now - 300, until: min(now + Double(days) * 86_400, certificate.notValidAfter),
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                if let usages { try ExtendedKeyUsage(usages) }
                SubjectKeyIdentifier(hash: .init(publicKey))
                AuthorityKeyIdentifier(keyIdentifier: try certificate.extensions.subjectKeyIdentifier?.keyIdentifier)
                if let names { names }
            }, issuer: certificate.subject, issuerKey: key)
    }

    private static func address(_ host: String) -> ASN1OctetString? {
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 {
            return ASN1OctetString(contentBytes: withUnsafeBytes(of: &v4) { ArraySlice($0) })
        }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, host, &v6) == 1 {
            return ASN1OctetString(contentBytes: withUnsafeBytes(of: &v6) { ArraySlice($0) })
        }
        return nil
    }
}
