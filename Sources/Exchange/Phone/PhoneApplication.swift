public import CardChip
public import Crypto
import Vaccination

/// What a phone asks in a person's name (`akashi/application/v2`): the chip signs what is sealed, so that whoever relays it can
/// check that a card and a device were there, and reads neither number nor name. Nothing of it was checked but its form, and
/// that what its head names is what lies beside it.
///
/// On the wire: the **head**, which is the label `akashi/application/v2` and then, each behind its length: challenge, KEM public
/// key, signing public key, SHA-256 of the device certificate, channel (`app`), municipality, kind, copies (1), SHA-256 of the
/// statement of keys, of EF 0004 and of EF 0007; behind it as further fields: the sealed files (``PhoneFiles``), EF 0004, EF 0007,
/// the chip's signature, the device certificate, the statement, the device's proof.
public struct PhoneApplication: Sendable {
    /// The media type on the wire.
    public static let mediaType = "application/vnd.akashi.application.v2"
    /// The maximum of bytes it may have.
    public static let maximumBytes = 24_576
    /// The maximum of bytes of a device certificate.
    public static let maximumCertificate = 2048
    /// The maximum of bytes of a device's proof.
    public static let maximumProof = 1024
    static let label = "akashi/application/v2"
    static let proofLabel = "akashi/device-proof/v2"

    /// The challenge as `vrs` made it, 16 to 256 bytes.
    public let challenge: [UInt8]
    /// The session's KEM public key: the answer is sealed to it.
    public let kemPublicKey: P256.KeyAgreement.PublicKey
    /// The session's signing public key: the outcome is signed with it.
    public let signingPublicKey: P256.Signing.PublicKey
    /// What the person chose; one copy.
    public let request: CertificateRequest
    /// The sealed files.
    public let sealedFiles: [UInt8]
    /// EF 0004.
    public let cardCertificate: [UInt8]
    /// EF 0007.
    public let chipKey: [UInt8]
    /// RSA signature of the chip over ``transcriptHash`` (INTERNAL AUTHENTICATE), 256 bytes.
    public let chipSignature: [UInt8]
    /// The certificate of the app's device key, DER.
    public let deviceCertificate: [UInt8]
    /// The statement of keys that the phone worked by.
    public let statement: KeyStatement
    /// What the device key made of ``proofMessage``, in its platform's form.
    public let proof: [UInt8]
    /// The very bytes that came or go over the wire; relays pass these on.
    public let bytes: [UInt8]
    let head: SHA256Digest
    let transcript: SHA256Digest

    /// What chip and device sign: SHA-256 of the head and of the field with SHA-256 of the sealed files, 32 bytes. The answer and
    /// the outcome are bound to it, and the same application is recognised by it.
    public var transcriptHash: [UInt8] { Array(transcript) }

    /// What the device key signs: `akashi/device-proof/v2` ‖ ``transcriptHash``.
    public var proofMessage: [UInt8] { Self.proofMessage(transcript) }

    static func proofMessage(_ transcript: SHA256Digest) -> [UInt8] { Array(proofLabel.utf8) + transcript }

    /// SHA-256 of ``bytes``, 32 bytes.
    public var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Parses an application; throws if the form is wrong anywhere, if a hash in the head is not that of what stands behind it,
    /// and where bytes stand behind the last field.
    public init(parsing bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maximumBytes else { throw WireError("application", at: Self.maximumBytes) }
        var reader = try FieldReader(bytes, label: Self.label)
        func value<T>(_ name: String, _ offset: Int, _ parsed: T?) throws(WireError) -> T {
            guard let parsed else { throw WireError(name, at: offset) }
            return parsed
        }
        challenge = Array(try reader.next("challenge", lengths: 16...256))
        var at = reader.offset
        kemPublicKey = try value(
            "kemPublicKey", at,
            try? P256.KeyAgreement.PublicKey(x963Representation: reader.next("kemPublicKey", length: 65)))
        at = reader.offset
        signingPublicKey = try value(
            "signingPublicKey", at,
            try? P256.Signing.PublicKey(x963Representation: reader.next("signingPublicKey", length: 65)))
        let certificateHash = try reader.next("deviceCertificateHash", length: 32)
        at = reader.offset
        guard try reader.text("channel", lengths: 1...16) == Channel.app.rawValue else {
            throw WireError("channel", at: at)
        }
        at = reader.offset
        let municipality = try value(
            "municipality", at, MunicipalityCode(try reader.text("municipality", lengths: 6...6)))
        at = reader.offset
        let kind = try value("kind", at, CertificateKind(rawValue: try reader.text("kind", lengths: 1...16)))
        at = reader.offset
        guard try reader.next("copies", length: 1) == [1] else { throw WireError("copies", at: at) }
        request = CertificateRequest(municipality: municipality, kind: kind, copies: .one)
        let statementHash = try reader.next("statementHash", length: 32)
        let cardCertificateHash = try reader.next("file0004Hash", length: 32)
        let chipKeyHash = try reader.next("file0007Hash", length: 32)
        let head = bytes[..<reader.offset]

        sealedFiles = try reader.next("sealedFiles", length: PhoneFiles.sealedBytes(of: kind))
        /// A field whose hash the head has.
        func named(
            _ name: String, _ lengths: ClosedRange<Int>, _ hash: [UInt8]
        ) throws(WireError) -> [UInt8] {
            let at = reader.offset
            let field = Array(try reader.next(name, lengths: lengths))
            guard SHA256.hash(data: field) == hash else { throw WireError(name, at: at) }
            return field
        }
        cardCertificate = try named(
            "file0004", CardFiles.certificateLength...CardFiles.certificateLength, cardCertificateHash)
        chipKey = try named("file0007", CardFiles.chipKeyLength...CardFiles.chipKeyLength, chipKeyHash)
        chipSignature = try reader.next("chipSignature", length: 256)
        deviceCertificate = try named("deviceCertificate", 1...Self.maximumCertificate, certificateHash)
        let size = KeyStatement.encodedBytes
        statement = try KeyStatement(parsing: named("statement", size...size, statementHash))
        proof = Array(try reader.next("proof", lengths: 1...Self.maximumProof))
        try reader.end()
        self.bytes = bytes
        self.head = SHA256.hash(data: head)
        transcript = Self.transcript(Array(head), sealedFiles)
    }

    static func transcript(_ head: [UInt8], _ sealedFiles: [UInt8]) -> SHA256Digest {
        var hash = SHA256()
        hash.update(data: head)
        // The length of the field with the hash.
        hash.update(data: [0, 0, 0, 32] as [UInt8])
        hash.update(data: Array(SHA256.hash(data: sealedFiles)))
        return hash.finalize()
    }

    /// Checks that a card's chip was there and signed this, unopened: EF 0004, EF 0007, the chip's signature.
    public func checkedChip(by cards: CardChecker) throws(ProblemCode) -> ChipCheckedApplication {
        do {
            let chip = try cards.checkChip(
                certificate: cardCertificate, chipKey: chipKey, chipSignature: chipSignature, over: transcript)
            return ChipCheckedApplication(self, chip)
        } catch { throw ProblemCode(error) }
    }
}

/// An application that a card's chip signed. Only ``PhoneApplication/checkedChip(by:)`` makes one. It says nothing of the
/// device, of time, single use, the card's holder or the record.
public struct ChipCheckedApplication: Sendable {
    /// The application as it came.
    public let application: PhoneApplication
    /// The chip that signed it.
    public let chip: VerifiedChip

    fileprivate init(_ application: PhoneApplication, _ chip: VerifiedChip) {
        (self.application, self.chip) = (application, chip)
    }

    /// Opens the files and checks the card's against the key that vouches for the chip. Only `vrs` can.
    /// - Parameter key: the private half of the statement's upload key.
    /// - Throws: ``PhoneFiles/Unopened`` for every failure alike: neither what was sealed nor by whom is to be learnt from it.
    package func opened(
        by key: P256.KeyAgreement.PrivateKey
    ) throws(PhoneFiles.Unopened) -> OpenedApplication {
        do {
            let files = try PhoneFiles(
                opening: application.sealedFiles, for: application.request.kind, head: application.head, by: key)
            let card = try chip.check(number: files.number, attributes: files.attributes, record: files.record)
            return OpenedApplication(application: application, card: card, passport: files.passport)
        } catch { throw PhoneFiles.Unopened() }
    }
}

/// An application whose files were opened and whose card's files are those of the chip that signed it. Only
/// ``ChipCheckedApplication/opened(by:)`` makes one. The passport's files are as they came.
package struct OpenedApplication: Sendable {
    /// The application as it came.
    package let application: PhoneApplication
    /// The card as its chip and authority vouch for it.
    package let card: VerifiedCard
    /// The passport's files; for overseas use alone.
    package let passport: PassportFiles?

    fileprivate init(application: PhoneApplication, card: VerifiedCard, passport: PassportFiles?) {
        (self.application, self.card, self.passport) = (application, card, passport)
    }
}
