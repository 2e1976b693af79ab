public import CardChip
package import Crypto
import Foundation
package import Vaccination

/// A passport's files as its chip gave them, or the zone alone where no chip was read. Their sizes are right; nothing else is
/// checked.
public struct PassportFiles: Hashable, Sendable, Confidential {
    /// Bytes of EF.DG1 of a passport (TD3): tag 61 with 5F1F and the 88 characters of the zone.
    public static let zoneLength = 93
    /// The maximum of bytes of EF.SOD.
    public static let maximumSecurityObject = 12_288

    /// EF.DG1, with the machine-readable zone.
    public let zone: [UInt8]
    /// EF.SOD; empty where the zone was read by a camera and no chip was there.
    public let securityObject: [UInt8]

    /// Files of the right sizes; `nil` for others.
    public init?(zone: [UInt8], securityObject: [UInt8]) {
        guard zone.count == Self.zoneLength, securityObject.count <= Self.maximumSecurityObject else { return nil }
        (self.zone, self.securityObject) = (zone, securityObject)
    }
}

/// The files that a phone seals past whoever relays them: EF 0001, 0002 and 0003 of the card, and for overseas use the
/// passport's.
///
/// In plain: the label `akashi/files/v2`, then each behind its length: 0001, 0002, 0003, DG1, SOD (both empty for domestic
/// use), then zero bytes up to ``plainBytes(of:)``. Sealed with HPKE in Base mode (RFC 9180, DHKEM(P-256, HKDF-SHA256),
/// HKDF-SHA256, AES-256-GCM) to the upload key, info = `akashi/sealed-files/v2` ‖ SHA-256 of the application's head.
package struct PhoneFiles: Hashable, Sendable, Confidential {
    static let label = "akashi/files/v2"
    static let sealedLabel = "akashi/sealed-files/v2"
    private static var suite: HPKE.Ciphersuite { .P256_SHA256_AES_GCM_256 }
    private static let encapsulatedBytes = 65
    private static let tagBytes = 16

    /// EF 0001: the individual number.
    package let number: [UInt8]
    /// EF 0002: the four attributes.
    package let attributes: [UInt8]
    /// EF 0003: the signature record.
    package let record: [UInt8]
    /// The passport's; for overseas use alone.
    package let passport: PassportFiles?

    /// The files of a session.
    package init(_ card: CardFiles, passport: PassportFiles?) {
        (number, attributes, record) = (card.number, card.attributes, card.record)
        self.passport = passport
    }

    /// The bytes of what is sealed for a kind, the same for all of them: the length says nothing of a name.
    package static func plainBytes(of kind: CertificateKind) -> Int {
        switch kind {
        case .domestic: 1536
        case .overseas: 16_384
        }
    }

    /// The bytes of what was sealed.
    package static func sealedBytes(of kind: CertificateKind) -> Int {
        encapsulatedBytes + plainBytes(of: kind) + tagBytes
    }

    /// The files in plain, with their padding; `nil` if a passport is there and the kind is domestic, or the other way round.
    package func plain(for kind: CertificateKind) -> [UInt8]? {
        guard (passport == nil) == (kind == .domestic) else { return nil }
        var writer = FieldWriter(label: Self.label)
        for file in [number, attributes, record, passport?.zone ?? [], passport?.securityObject ?? []] {
            writer.append(file)
        }
        let left = Self.plainBytes(of: kind) - writer.bytes.count
        guard left >= 0 else { return nil }
        return writer.bytes + [UInt8](repeating: 0, count: left)
    }

    /// Reads the files; the card's have the sizes that ``CardFiles`` wants.
    package init(parsing plain: [UInt8], of kind: CertificateKind) throws(WireError) {
        guard plain.count == Self.plainBytes(of: kind) else { throw WireError("files", at: plain.count) }
        var reader = try FieldReader(plain, label: Self.label)
        number = try reader.next("file0001", length: CardFiles.numberLength)
        attributes = Array(try reader.next("file0002", lengths: 1...CardFiles.maximumAttributesLength))
        record = try reader.next("file0003", length: CardFiles.recordLength)
        let zone: [UInt8]
        switch kind {
        case .domestic: zone = try reader.next("DG1", length: 0)
        case .overseas: zone = try reader.next("DG1", length: PassportFiles.zoneLength)
        }
        let maximum = kind == .domestic ? 0 : PassportFiles.maximumSecurityObject
        let at = reader.offset
        let object = Array(try reader.next("SOD", lengths: 0...maximum))
        try reader.padding()
        guard kind == .overseas else {
            passport = nil
            return
        }
        guard let files = PassportFiles(zone: zone, securityObject: object) else { throw WireError("SOD", at: at) }
        passport = files
    }

    /// Seals the files for an application's head; `nil` if they are not those of its kind.
    package func sealed(
        for kind: CertificateKind, head: SHA256Digest, to key: P256.KeyAgreement.PublicKey
    ) throws -> [UInt8]? {
        guard let plain = plain(for: kind) else { return nil }
        var sender = try HPKE.Sender(recipientKey: key, ciphersuite: Self.suite, info: Self.info(head))
        let sealed = try sender.seal(plain)
        return Array(sender.encapsulatedKey) + Array(sealed)
    }

    /// Opens sealed files; throws ``Unopened`` for every reason alike, so that whoever seals garbage learns nothing of it.
    package init(
        opening sealed: [UInt8], for kind: CertificateKind, head: SHA256Digest,
        by key: P256.KeyAgreement.PrivateKey
    ) throws(Unopened) {
        guard sealed.count == Self.sealedBytes(of: kind) else { throw Unopened() }
        do {
            var recipient = try HPKE.Recipient(
                privateKey: key, ciphersuite: Self.suite, info: Self.info(head),
                encapsulatedKey: Data(sealed[..<Self.encapsulatedBytes]))
            let plain = try recipient.open(sealed[Self.encapsulatedBytes...])
            try self.init(parsing: Array(plain), of: kind)
        } catch { throw Unopened() }
    }

    /// Sealed files did not open to files.
    package struct Unopened: Error, Hashable, Sendable {}

    private static func info(_ head: SHA256Digest) -> Data { Data(Array(sealedLabel.utf8) + head) }
}
