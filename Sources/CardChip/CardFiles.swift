package import Crypto

/// The elementary files of the input-support application.
package enum ElementaryFile {
    package static let number: UInt16 = 0x0001
    package static let attributes: UInt16 = 0x0002
    package static let record: UInt16 = 0x0003
    package static let certificate: UInt16 = 0x0004
    package static let application: UInt16 = 0x0005
    package static let chipKey: UInt16 = 0x0007
    package static let pin: UInt16 = 0x0011
}

/// The five files that an application carries, as the card gave them. Their sizes are right; nothing else is checked.
public struct CardFiles: Hashable, Sendable, Confidential {
    /// Bytes of EF 0001.
    public static let numberLength = 17
    /// The maximum of bytes of EF 0002.
    public static let maximumAttributesLength = 1024
    /// Bytes of EF 0003.
    public static let recordLength = 336
    /// Bytes of EF 0004.
    public static let certificateLength = 568
    /// Bytes of EF 0007.
    public static let chipKeyLength = 536

    /// EF 0001: the individual number.
    public let number: [UInt8]
    /// EF 0002: the four attributes.
    public let attributes: [UInt8]
    /// EF 0003: the signature record.
    public let record: [UInt8]
    /// EF 0004: the card-verifiable certificate.
    public let certificate: [UInt8]
    /// EF 0007: the chip's public key.
    public let chipKey: [UInt8]

    /// Files of the right sizes.
    ///
    /// - Throws: ``CardRejection/malformed(file:offset:)`` with the first file whose size is wrong.
    public init(
        number: [UInt8], attributes: [UInt8], record: [UInt8], certificate: [UInt8], chipKey: [UInt8]
    ) throws(CardRejection) {
        func check(_ bytes: [UInt8], _ file: UInt16, _ sizes: ClosedRange<Int>) throws(CardRejection) {
            guard sizes.contains(bytes.count) else {
                throw .malformed(file: file, offset: min(bytes.count, sizes.upperBound))
            }
        }
        try check(number, ElementaryFile.number, Self.numberLength...Self.numberLength)
        try check(attributes, ElementaryFile.attributes, 1...Self.maximumAttributesLength)
        try check(record, ElementaryFile.record, Self.recordLength...Self.recordLength)
        try check(certificate, ElementaryFile.certificate, Self.certificateLength...Self.certificateLength)
        try check(chipKey, ElementaryFile.chipKey, Self.chipKeyLength...Self.chipKeyLength)
        (self.number, self.attributes, self.record) = (number, attributes, record)
        (self.certificate, self.chipKey) = (certificate, chipKey)
    }

    /// Whether the chip that EF 0007 names signed a digest. That this is a card's chip is for ``CardChecker`` to say.
    package func isChipSignature(_ signature: [UInt8], over digest: SHA256Digest) -> Bool {
        (try? ChipKeyFile(parsing: chipKey))?.key.isValid(signature, for: digest) ?? false
    }

    /// The files in the order of their identifiers.
    public var all: [[UInt8]] { [number, attributes, record, certificate, chipKey] }
}
