package import Crypto
import CryptoExtras
package import Foundation
import SwiftASN1
import X509

/// A made-up authority whose key is in memory: a maker's root, or one below it.
package struct SimulatedIssuer: Sendable {
    /// What kind of key an authority has.
    package enum Kind: Sendable, CaseIterable {
        case p256, p384, rsa2048
    }

    /// An extension, its value in DER.
    package struct Extension: Sendable {
        let identifier: String
        let value: [UInt8]
        let isCritical: Bool

        /// An extension.
        package init(_ identifier: String, _ value: [UInt8], isCritical: Bool = false) {
            self.identifier = identifier
            self.value = value
            self.isCritical = isCritical
        }
    }

    /// What a certificate says beside name and key.
    package struct Terms: Sendable {
        /// Its first and last moment.
        package var from: Date
        package var until: Date
        /// The serial number's bytes; random without them.
        package var serial: [UInt8]?
        /// Whether basic constraints say that it may issue others, and how deep.
        package var isAuthority = true
        package var pathLength: Int?
        /// Whether key usage lets it sign certificates.
        package var maySignCertificates = true
        /// What stands in it besides.
        package var extensions: [Extension] = []

        /// An authority's, valid between two moments.
        package init(from: Date, until: Date) { (self.from, self.until) = (from, until) }
    }

    /// The certificate, DER.
    package let certificate: [UInt8]
    private let name: DistinguishedName
    private let key: Certificate.PrivateKey
    private let algorithm: Certificate.SignatureAlgorithm

    /// A root that signs itself.
    package init(root commonName: String, _ kind: Kind, _ terms: Terms) throws {
        (key, algorithm) = try Self.key(kind)
        name = try DistinguishedName { CommonName(commonName) }
        certificate = try Self.certificate(name, key.publicKey, terms, issuer: name, key, algorithm)
    }

    /// A root with a key that lies elsewhere and signs itself.
    package init(root commonName: String, key: P256.Signing.PrivateKey, _ terms: Terms) throws {
        (self.key, algorithm) = (Certificate.PrivateKey(key), .ecdsaWithSHA256)
        name = try DistinguishedName { CommonName(commonName) }
        certificate = try Self.certificate(name, self.key.publicKey, terms, issuer: name, self.key, algorithm)
    }

    /// The same root's key with another certificate.
    package init(renewing root: SimulatedIssuer, _ terms: Terms) throws {
        (key, algorithm, name) = (root.key, root.algorithm, root.name)
        certificate = try Self.certificate(name, key.publicKey, terms, issuer: name, key, algorithm)
    }

    /// An authority below another.
    package init(_ commonName: String, _ kind: Kind, under issuer: SimulatedIssuer, _ terms: Terms) throws {
        (key, algorithm) = try Self.key(kind)
        name = try DistinguishedName { CommonName(commonName) }
        certificate = try Self.certificate(
            name, key.publicKey, terms, issuer: issuer.name, issuer.key, issuer.algorithm)
    }

    /// A device's key that somebody uses as an authority's.
    package init(_ commonName: String, key device: P256.Signing.PrivateKey, certificate: [UInt8]) throws {
        key = Certificate.PrivateKey(device)
        algorithm = .ecdsaWithSHA256
        name = try DistinguishedName { CommonName(commonName) }
        self.certificate = certificate
    }

    /// A certificate for a device's key, DER.
    package func certify(
        _ commonName: String, _ publicKey: P256.Signing.PublicKey, _ terms: Terms
    ) throws -> [UInt8] {
        try Self.certificate(
            try DistinguishedName { CommonName(commonName) }, .init(publicKey), terms, issuer: name, key, algorithm)
    }

    /// A certificate for another kind of key than a device has here, DER.
    package func certifyOther(_ commonName: String, _ kind: Kind, _ terms: Terms) throws -> [UInt8] {
        try Self.certificate(
            try DistinguishedName { CommonName(commonName) }, try Self.key(kind).0.publicKey, terms, issuer: name, key,
            algorithm)
    }

    private static func key(_ kind: Kind) throws -> (Certificate.PrivateKey, Certificate.SignatureAlgorithm) {
        switch kind {
        case .p256: (Certificate.PrivateKey(P256.Signing.PrivateKey()), .ecdsaWithSHA256)
        case .p384: (Certificate.PrivateKey(P384.Signing.PrivateKey()), .ecdsaWithSHA384)
        case .rsa2048:
            (Certificate.PrivateKey(try _RSA.Signing.PrivateKey(keySize: .bits2048)), .sha256WithRSAEncryption)
        }
    }

    private static func certificate(
        _ subject: DistinguishedName, _ publicKey: Certificate.PublicKey, _ terms: Terms, issuer: DistinguishedName,
        _ key: Certificate.PrivateKey, _ algorithm: Certificate.SignatureAlgorithm
    ) throws -> [UInt8] {
        var extensions = Certificate.Extensions()
        if terms.isAuthority {
            let constraints = BasicConstraints.isCertificateAuthority(maxPathLength: terms.pathLength)
            try extensions.append(Certificate.Extension(constraints, critical: true))
            let usage = KeyUsage(digitalSignature: !terms.maySignCertificates, keyCertSign: terms.maySignCertificates)
            try extensions.append(Certificate.Extension(usage, critical: true))
        } else {
            try extensions.append(Certificate.Extension(KeyUsage(digitalSignature: true), critical: true))
        }
        for one in terms.extensions {
            let identifier = try ASN1ObjectIdentifier(dotRepresentation: one.identifier)
            try extensions.append(
                Certificate.Extension(oid: identifier, critical: one.isCritical, value: one.value[...]))
        }
        let made = try Certificate(
            version: .v3, serialNumber: terms.serial.map { Certificate.SerialNumber(bytes: $0[...]) } ?? .init(),
            publicKey: publicKey, notValidBefore: terms.from, notValidAfter: terms.until, issuer: issuer,
            subject: subject, signatureAlgorithm: algorithm, extensions: extensions, issuerPrivateKey: key)
        var serializer = DER.Serializer()
        try serializer.serialize(made)
        return serializer.serializedBytes
    }
}
