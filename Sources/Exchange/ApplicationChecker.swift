public import CardChip
public import Crypto
import Foundation

/// A SHA-256 value that was computed elsewhere, for signing and verifying without hashing twice.
struct TranscriptDigest: Digest {
    static let byteCount = 32
    private let value: [UInt8]

    init(_ value: [UInt8]) { self.value = value }

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { try value.withUnsafeBytes(body) }
    func hash(into hasher: inout Hasher) { hasher.combine(value) }
    static func == (a: TranscriptDigest, b: TranscriptDigest) -> Bool { a.value == b.value }
    func makeIterator() -> Array<UInt8>.Iterator { value.makeIterator() }
    var description: String { "TranscriptDigest" }
}

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
    private let cards: CardChecker

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
            terminalKey.isValidSignature(signature, for: TranscriptDigest(application.transcriptHash))
        else { throw .terminalSignature }
        do {
            let card = try cards.check(
                application.files, chipSignature: application.chipSignature, over: application.transcriptHash)
            return VerifiedApplication(application: application, card: card)
        } catch {
            throw ProblemCode(error)
        }
    }
}
