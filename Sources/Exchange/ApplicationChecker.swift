public import CardChip
public import Crypto

/// An application whose terminal signature, card signatures and digests were all found right; only
/// ``ApplicationChecker`` makes one. It says nothing of time, single use, enrolment or the record.
public struct VerifiedApplication: Sendable {
    /// The application as it came.
    public let application: Application
    /// The card as its chip and authority vouch for it.
    public let card: VerifiedCard

    fileprivate init(application: Application, card: VerifiedCard) {
        self.application = application
        self.card = card
    }
}

/// Checks what an application proves by itself; the centre and `vrs` each do it, trusting no relay.
public struct ApplicationChecker: Sendable {
    /// What checks cards.
    package let cards: CardChecker

    /// A checker for cards of the given authorities.
    public init(cards: CardChecker) { self.cards = cards }

    /// Checks the terminal's signature, then the card's four signatures and two digests.
    ///
    /// - Parameters:
    ///   - application: parsed, unverified.
    ///   - terminalCertificateHash: SHA-256 of the certificate that the caller knows the terminal by.
    ///   - terminalKey: the public key in that certificate.
    public func check(
        _ application: Application, terminalCertificateHash: [UInt8], terminalKey: P256.Signing.PublicKey
    ) throws(ProblemCode) -> VerifiedApplication {
        guard application.terminalCertificateHash == terminalCertificateHash else { throw .terminalMismatch }
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: application.terminalSignature),
            terminalKey.isValidSignature(signature, for: application.transcript)
        else { throw .terminalSignature }
        do {
            let card = try cards.check(
                application.files, chipSignature: application.chipSignature, over: application.transcript)
            return VerifiedApplication(application: application, card: card)
        } catch {
            throw ProblemCode(error)
        }
    }
}
