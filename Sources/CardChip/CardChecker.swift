public import Crypto

/// Checks what a card gave: four RSA signatures and two digests, up to a trusted authority.
///
/// It proves that a chip whose key that authority vouches for signed `digest`, and that the number and the attributes
/// were signed by the key that vouches for the chip. Freshness is in the digest: it must cover a challenge.
public struct CardChecker: Sendable {
    private let authorities: CardAuthorities

    /// A checker that accepts the cards of these authorities.
    public init(authorities: CardAuthorities) { self.authorities = authorities }

    /// Checks five files and the chip's signature.
    ///
    /// - Parameters:
    ///   - files: what the card gave.
    ///   - chipSignature: the answer to INTERNAL AUTHENTICATE, 256 bytes.
    ///   - digest: what the chip was to sign.
    /// - Throws: the first ``CardRejection`` found: malformed files first, then from the authority down to the chip.
    public func check(
        _ files: CardFiles, chipSignature: [UInt8], over digest: SHA256Digest
    ) throws(CardRejection) -> VerifiedCard {
        let number = try NumberFile(parsing: files.number)
        let attributes = try CardAttributes(parsing: files.attributes)
        let record = try SignatureRecord(parsing: files.record)
        let certificate = try CardCertificate(parsing: files.certificate)
        let chip = try ChipKeyFile(parsing: files.chipKey)

        try check(certificate)
        try Self.check(record, number, attributes, by: certificate.key)
        try Self.check(chip, by: certificate.key, signed: chipSignature, over: digest)
        return VerifiedCard(
            individualNumber: number.digits, attributes: attributes, chip: VerifiedChip(certificate, files.chipKey))
    }

    /// Checks what a card proves before anybody has seen its holder's files: EF 0004, EF 0007 and the chip's signature.
    ///
    /// - Parameters:
    ///   - certificate: EF 0004.
    ///   - chipKey: EF 0007.
    ///   - chipSignature: the answer to INTERNAL AUTHENTICATE, 256 bytes.
    ///   - digest: what the chip was to sign.
    /// - Throws: the first ``CardRejection`` found: malformed files first, then from the authority down to the chip.
    public func checkChip(
        certificate: [UInt8], chipKey: [UInt8], chipSignature: [UInt8], over digest: SHA256Digest
    ) throws(CardRejection) -> VerifiedChip {
        let (parsed, chip) = (try CardCertificate(parsing: certificate), try ChipKeyFile(parsing: chipKey))
        try check(parsed)
        try Self.check(chip, by: parsed.key, signed: chipSignature, over: digest)
        return VerifiedChip(parsed, chipKey)
    }

    private func check(_ certificate: CardCertificate) throws(CardRejection) {
        guard let authority = authorities.key(certificate.issuerKeyID) else { throw .authorityUnknown }
        guard authority.isValid(certificate.signature, for: SHA256.hash(data: certificate.signed)) else {
            throw .certificateSignature
        }
    }

    private static func check(
        _ chip: ChipKeyFile, by key: RSAPublicKey, signed chipSignature: [UInt8], over digest: SHA256Digest
    ) throws(CardRejection) {
        guard key.isValid(chip.signature, for: SHA256.hash(data: chip.signed)) else { throw .chipKeySignature }
        guard chip.key.isValid(chipSignature, for: digest) else { throw .chipSignature }
    }

    fileprivate static func check(
        _ record: SignatureRecord, _ number: NumberFile, _ attributes: CardAttributes, by key: RSAPublicKey
    ) throws(CardRejection) {
        guard key.isValid(record.signature, for: SHA256.hash(data: record.signed)) else { throw .recordSignature }
        guard number.digest == record.numberDigest else { throw .numberDigest }
        guard attributes.digest == record.attributesDigest else { throw .attributesDigest }
    }
}

/// A chip that was there and whose key an authority vouches for; of its holder nothing is known yet. Only a ``CardChecker``
/// makes one.
public struct VerifiedChip: Sendable {
    /// SHA-256 of EF 0007: names the chip without naming its holder.
    public let hash: [UInt8]
    /// Whether a simulated authority vouches for the card.
    public let isSimulated: Bool
    /// The key of EF 0004, which vouches for the chip and for its holder's files.
    private let certified: RSAPublicKey

    fileprivate init(_ certificate: CardCertificate, _ chipKey: [UInt8]) {
        hash = Array(SHA256.hash(data: chipKey))
        isSimulated = CardAuthorities.isSimulated(certificate.issuerKeyID)
        certified = certificate.key
    }

    /// Checks the holder's files against the key that vouches for this chip: where each card has a key of its own, those of
    /// another card are refused.
    ///
    /// - Parameters:
    ///   - number: EF 0001.
    ///   - attributes: EF 0002.
    ///   - record: EF 0003.
    /// - Throws: the first ``CardRejection`` found: malformed files first, then the record's signature and the two digests.
    public func check(
        number: [UInt8], attributes: [UInt8], record: [UInt8]
    ) throws(CardRejection) -> VerifiedCard {
        let number = try NumberFile(parsing: number)
        let attributes = try CardAttributes(parsing: attributes)
        try CardChecker.check(try SignatureRecord(parsing: record), number, attributes, by: certified)
        return VerifiedCard(individualNumber: number.digits, attributes: attributes, chip: self)
    }
}

/// A card whose data a ``CardChecker`` found to be signed, and whose chip was there. Nothing else makes one.
public struct VerifiedCard: Hashable, Sendable, Confidential {
    /// The individual number, twelve ASCII digits. Whether its check digit is right is not judged here.
    public let individualNumber: String
    /// Name, address, birth date and sex.
    public let attributes: CardAttributes
    /// SHA-256 of EF 0007: names the chip without naming its holder.
    public let chipKeyHash: [UInt8]
    /// Whether a simulated authority vouches for the card, so that nothing made from it may pass for real.
    public let isSimulated: Bool

    fileprivate init(individualNumber: String, attributes: CardAttributes, chip: VerifiedChip) {
        (self.individualNumber, self.attributes) = (individualNumber, attributes)
        (chipKeyHash, isSimulated) = (chip.hash, chip.isSimulated)
    }
}
