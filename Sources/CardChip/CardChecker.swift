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

        guard let authority = authorities.key(certificate.issuerKeyID) else { throw .authorityUnknown }
        guard authority.isValid(certificate.signature, for: SHA256.hash(data: certificate.signed)) else {
            throw .certificateSignature
        }
        guard certificate.key.isValid(record.signature, for: SHA256.hash(data: record.signed)) else {
            throw .recordSignature
        }
        guard number.digest == record.numberDigest else { throw .numberDigest }
        guard attributes.digest == record.attributesDigest else { throw .attributesDigest }
        guard certificate.key.isValid(chip.signature, for: SHA256.hash(data: chip.signed)) else {
            throw .chipKeySignature
        }
        guard chip.key.isValid(chipSignature, for: digest) else { throw .chipSignature }
        return VerifiedCard(
            individualNumber: number.digits, attributes: attributes,
            chipKeyHash: Array(SHA256.hash(data: files.chipKey)),
            isSimulated: CardAuthorities.isSimulated(certificate.issuerKeyID))
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

    fileprivate init(individualNumber: String, attributes: CardAttributes, chipKeyHash: [UInt8], isSimulated: Bool) {
        (self.individualNumber, self.attributes) = (individualNumber, attributes)
        (self.chipKeyHash, self.isSimulated) = (chipKeyHash, isSimulated)
    }
}
