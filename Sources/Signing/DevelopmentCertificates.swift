public import Crypto
public import Foundation
import SwiftASN1
import X509

/// Certificates for seals in development: a country authority (CSCA) of its own and barcode signers under it.
///
/// Their names begin with `AKASHI DEVELOPMENT`, and they are to be trusted only through a trust folder's `test/vdsnc`.
/// Production certificates come from the country's authority and are loaded from files.
public struct DevelopmentSealAuthority: Sendable {
    /// The authority's certificate, DER.
    public let certificate: [UInt8]
    /// The authority's key.
    public let key: P256.Signing.PrivateKey
    private let country: String
    private let name: DistinguishedName

    /// An authority valid for 15 years from a day before `now`.
    ///
    /// - Parameters:
    ///   - country: two letters, such as `JP`.
    ///   - key: its key; a new one unless given.
    public init(country: String, now: Date, key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) throws {
        self.key = key
        self.country = country
        let name = try Self.name(country, "AKASHI DEVELOPMENT CSCA")
        self.name = name
        let certificate = try X509.Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: now.addingTimeInterval(-86_400),
            notValidAfter: now.addingTimeInterval(15 * 365.25 * 86_400),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            }, issuerPrivateKey: .init(key))
        self.certificate = try Self.der(certificate)
    }

    /// A barcode signer's certificate for proofs of vaccination, DER.
    ///
    /// - Parameters:
    ///   - signer: the signer's key.
    ///   - from: when it becomes valid.
    ///   - until: when it ends.
    public func issue(to signer: P256.Signing.PublicKey, from: Date, until: Date) throws -> [UInt8] {
        try issue(to: signer, from: from, until: until, usage: "2.23.136.1.1.14.2", documentType: "NV")
    }

    /// The same with other uses, or none: for tests of verifiers.
    package func issue(
        to signer: P256.Signing.PublicKey, from: Date, until: Date, usage: String?, documentType: String?
    ) throws -> [UInt8] {
        var extensions: [X509.Certificate.Extension] = []
        if let usage {
            let value = try ExtendedKeyUsage([.init(oid: ASN1ObjectIdentifier(dotRepresentation: usage))])
            extensions.append(try X509.Certificate.Extension(value, critical: true))
        }
        if let documentType {
            // SEQUENCE { version 0, SET { PrintableString } } (ICAO Doc 9303-12 section 7.1.1.6)
            let letters = Array(documentType.utf8.prefix(2))
            let value: [UInt8] = [0x30, 0x09, 0x02, 0x01, 0x00, 0x31, 0x04, 0x13, 0x02] + letters
            extensions.append(.init(oid: [2, 23, 136, 1, 1, 6, 2], critical: false, value: value[...]))
        }
        extensions.append(
            try X509.Certificate.Extension(
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: .init(key.publicKey)).keyIdentifier),
                critical: false))
        let certificate = try X509.Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(signer), notValidBefore: from, notValidAfter: until,
            issuer: name, subject: try Self.name(country, "AKASHI DEVELOPMENT SEAL SIGNER"),
            signatureAlgorithm: .ecdsaWithSHA256, extensions: .init(extensions), issuerPrivateKey: .init(key))
        return try Self.der(certificate)
    }

    private static func name(_ country: String, _ common: String) throws -> DistinguishedName {
        try DistinguishedName {
            CountryName(country)
            CommonName(common)
        }
    }

    private static func der(_ certificate: X509.Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
