import Credentials
public import Crypto
public import Foundation
import MutualTLS
import SwiftASN1
import Vaccination
package import X509

/// Certificates for development: a country authority (CSCA) of its own, with barcode signers for VDS-NC and document
/// signers for EU certificates under it.
///
/// Their names begin with `DevelopmentMark.name`, and they are to be trusted only through a trust folder's
/// `test/vdsnc` and `test/dcc`.
/// Production certificates come from the country's authority and are loaded from files.
public struct DevelopmentCountryAuthority: Sendable {
    /// The authority's certificate, DER.
    public let certificate: [UInt8]
    /// The authority's key.
    public let key: P256.Signing.PrivateKey
    private let country: String
    private let name: DistinguishedName
    private let mark: String

    /// An authority valid for 15 years from a day before `now`.
    ///
    /// - Parameters:
    ///   - country: two letters, such as `JP`.
    ///   - key: its key; a new one unless given.
    public init(country: String, now: Date, key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) throws {
        try self.init(country: country, now: now, key: key, mark: DevelopmentMark.name)
    }

    /// The same with other names than the development mark, for tests of what a verifier says of real ones.
    package init(
        country: String, now: Date, key: P256.Signing.PrivateKey = P256.Signing.PrivateKey(), mark: String
    ) throws {
        self.key = key
        self.country = country
        self.mark = mark
        let name = try Self.name(country, mark + " CSCA")
        self.name = name
        certificate = try X509.Certificate.authority(
            name, key: key, from: now - 86_400, until: now + 15 * 365.25 * 86_400
        ).der
    }

    /// A barcode signer's certificate for proofs of vaccination, DER.
    ///
    /// - Parameters:
    ///   - signer: the signer's key.
    ///   - from: when it becomes valid.
    ///   - until: when it ends.
    public func issue(to signer: P256.Signing.PublicKey, from: Date, until: Date) throws -> [UInt8] {
        try issue(
            to: signer, from: from, until: until, usage: Credentials.Certificate.barcodeSignerUsage,
            documentType: Credentials.Certificate.proofOfVaccination)
    }

    /// A document signer's certificate for EU Digital COVID Certificates of vaccination, DER.
    ///
    /// - Parameters:
    ///   - signer: the signer's key.
    ///   - from: when it becomes valid.
    ///   - until: when it ends.
    public func issueDocumentSigner(to signer: P256.Signing.PublicKey, from: Date, until: Date) throws -> [UInt8] {
        try issue(
            to: signer, from: from, until: until, usage: "1.3.6.1.4.1.1847.2021.1.2", isCritical: false,
            documentType: nil, name: mark + " DCC SIGNER")
    }

    /// The same with other uses, or none, and with what no authority should write: for tests of verifiers.
    package func issue(
        to signer: P256.Signing.PublicKey, from: Date, until: Date, usage: String?, isCritical: Bool = true,
        documentType: String?, name subject: String? = nil, announcesList: Bool = false,
        country other: String? = nil, authorityKey: P256.Signing.PublicKey? = nil,
        others: [X509.Certificate.Extension] = []
    ) throws -> [UInt8] {
        var extensions = others
        if let usage {
            let value = try ExtendedKeyUsage([.init(oid: ASN1ObjectIdentifier(dotRepresentation: usage))])
            extensions.append(try X509.Certificate.Extension(value, critical: isCritical))
        }
        if let documentType {
            // SEQUENCE { version 0, SET { PrintableString } } (ICAO Doc 9303-12 section 7.1.1.6)
            let letters = Array(documentType.utf8.prefix(2))
            let value: [UInt8] = [0x30, 0x09, 0x02, 0x01, 0x00, 0x31, 0x04, 0x13, 0x02] + letters
            extensions.append(.init(oid: [2, 23, 136, 1, 1, 6, 2], critical: false, value: value[...]))
        }
        if announcesList {
            // SEQUENCE { SEQUENCE { [0] { [0] { [6] URI } } } } (RFC 5280 section 4.2.1.13)
            let uri = Array("http://a.invalid/a.crl".utf8)
            let value = [(0x86, 0), (0xA0, 0), (0xA0, 0), (0x30, 0), (0x30, 0)].reduce(uri) { content, tag in
                [UInt8(tag.0), UInt8(content.count)] + content
            }
            extensions.append(.init(oid: [2, 5, 29, 31], critical: false, value: value[...]))
        }
        extensions.append(
            try X509.Certificate.Extension(
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: .init(authorityKey ?? key.publicKey)).keyIdentifier),
                critical: false))
        return try X509.Certificate.end(
            Self.name(other ?? country, subject ?? mark + " SEAL SIGNER"), signer, from: from, until: until,
            extensions: .init(extensions),
            issuer: name,
            issuerKey: key
        ).der
    }

    /// The authority's revocation list (RFC 5280 section 5), DER; it revokes nothing.
    ///
    /// - Parameters:
    ///   - from: when it was made.
    ///   - until: when the next one is promised for.
    public func revocationList(from: Date, until: Date) throws -> [UInt8] {
        try revocationList(from: from, until: until, revoked: [])
    }

    /// The same, for tests of who reads it.
    ///
    /// - Parameters:
    ///   - isDelta: whether it is one of changes alone (RFC 5280 section 5.2.4).
    ///   - revoked: the DER certificates that it names.
    package func revocationList(
        from: Date, until: Date, isDelta: Bool = false, revoked: [[UInt8]]
    ) throws -> [UInt8] {
        let keyIdentifier = SubjectKeyIdentifier(hash: .init(key.publicKey)).keyIdentifier
        let authority = try X509.Certificate.Extension(
            AuthorityKeyIdentifier(keyIdentifier: keyIdentifier), critical: false)
        var number = SwiftASN1.DER.Serializer()
        try number.serialize(Int(from.timeIntervalSince1970))
        let numbered = X509.Certificate.Extension(
            oid: [2, 5, 29, 20], critical: false, value: number.serializedBytes[...])
        var contents = SwiftASN1.DER.Serializer()
        try contents.appendConstructedNode(identifier: .sequence) { list in
            try list.serialize(1)
            try Self.algorithm(&list)
            try list.serialize(name)
            try list.serialize(try Self.time(from))
            try list.serialize(try Self.time(until))
            if !revoked.isEmpty {
                try list.appendConstructedNode(identifier: .sequence) { entries in
                    for der in revoked {
                        let serial = Array(try X509.Certificate(derEncoded: der).serialNumber.bytes)
                        try entries.appendConstructedNode(identifier: .sequence) { entry in
                            entry.appendPrimitiveNode(identifier: .integer) { bytes in
                                // Two's complement: a serial number is positive.
                                if serial.first.map({ $0 > 0x7F }) ?? true { bytes.append(0) }
                                bytes += serial
                            }
                            try entry.serialize(try Self.time(from))
                        }
                    }
                }
            }
            try list.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { tagged in
                try tagged.appendConstructedNode(identifier: .sequence) { extensions in
                    for one in [authority, numbered] + (isDelta ? [Self.delta] : []) {
                        try extensions.appendConstructedNode(identifier: .sequence) {
                            try $0.serialize(one.oid)
                            if one.critical { try $0.serialize(true) }
                            try $0.serialize(ASN1OctetString(contentBytes: one.value))
                        }
                    }
                }
            }
        }
        let signature = try key.signature(for: contents.serializedBytes).derRepresentation
        var whole = SwiftASN1.DER.Serializer()
        try whole.appendConstructedNode(identifier: .sequence) {
            $0.serializeRawBytes(contents.serializedBytes)
            try Self.algorithm(&$0)
            try $0.serialize(ASN1BitString(bytes: Array(signature)[...]))
        }
        return whole.serializedBytes
    }

    private static let delta = X509.Certificate.Extension(
        oid: [2, 5, 29, 27], critical: true, value: [0x02, 0x01, 0x01])

    // ecdsa-with-SHA256, without parameters (RFC 5758 section 3.2).
    private static func algorithm(_ serializer: inout SwiftASN1.DER.Serializer) throws {
        try serializer.appendConstructedNode(identifier: .sequence) {
            try $0.serialize([1, 2, 840, 10045, 4, 3, 2] as ASN1ObjectIdentifier)
        }
    }

    private static func time(_ date: Date) throws -> UTCTime {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        return try UTCTime(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hours: parts.hour ?? 0,
            minutes: parts.minute ?? 0, seconds: parts.second ?? 0)
    }

    private static func name(_ country: String, _ common: String) throws -> DistinguishedName {
        try DistinguishedName {
            CountryName(country)
            CommonName(common)
        }
    }
}
