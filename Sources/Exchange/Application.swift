public import CardChip
public import Crypto
import Vaccination

/// What a terminal asks in a person's name: the transcript's parts, the chip's files, and the two signatures over the
/// transcript. Nothing of it was checked but its form: see ``ApplicationChecker``.
///
/// On the wire: the label `akashi/application/v1`, then each behind its length (four bytes, big-endian): challenge, KEM
/// public key, signing public key, SHA-256 of the terminal's certificate, channel, municipality, kind, copies, the files
/// 0001, 0002, 0003, 0004 and 0007, the chip's signature, the terminal's signature.
public struct Application: Sendable {
    /// The media type of an application on the wire.
    public static let mediaType = "application/vnd.akashi.application.v1"
    /// The most bytes an application may have.
    public static let maximumBytes = 16_384
    static let label = "akashi/application/v1"

    /// The challenge as `vrs` made it: an AEAD token that only `vrs` can open, 16 to 256 bytes.
    public let challenge: [UInt8]
    /// The session's KEM public key (P-256, uncompressed X9.63, 65 bytes): the answer is sealed to it.
    public let kemPublicKey: P256.KeyAgreement.PublicKey
    /// The session's signing public key (P-256, uncompressed X9.63, 65 bytes): the outcome is signed with it.
    public let signingPublicKey: P256.Signing.PublicKey
    /// SHA-256 of the DER of the terminal's certificate, 32 bytes.
    public let terminalCertificateHash: [UInt8]
    /// By which way the application comes.
    public let channel: Channel
    /// What the person chose.
    public let request: CertificateRequest
    /// The chip's files.
    public let files: CardFiles
    /// RSA signature of the chip over SHA-256 of the transcript (INTERNAL AUTHENTICATE), 256 bytes.
    public let chipSignature: [UInt8]
    /// ECDSA P-256 signature (r‖s, 64 bytes) of the key of the terminal's certificate over SHA-256 of the transcript.
    public let terminalSignature: [UInt8]
    /// The very bytes that came or go over the wire; relays pass these on.
    public let bytes: [UInt8]
    /// SHA-256 of the transcript: what both signatures cover.
    let transcript: SHA256Digest
    /// SHA-256 of the transcript, 32 bytes: what the answer and the outcome are bound to.
    public var transcriptHash: [UInt8] { Array(transcript) }

    /// SHA-256 of ``bytes``, 32 bytes: the same application again is recognised by it.
    public var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Parses an application; throws where the form is wrong anywhere, also where bytes stand behind it.
    public init(parsing bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maximumBytes else { throw WireError("application", at: Self.maximumBytes) }
        var reader = try FieldReader(bytes, label: Self.label)
        func value<T>(_ name: String, _ offset: Int, _ parsed: T?) throws(WireError) -> T {
            guard let parsed else { throw WireError(name, at: offset) }
            return parsed
        }
        challenge = Array(try reader.next("challenge", lengths: 16...256))
        var at = reader.offset
        let kem = try reader.next("kemPublicKey", length: 65)
        kemPublicKey = try value("kemPublicKey", at, try? P256.KeyAgreement.PublicKey(x963Representation: kem))
        at = reader.offset
        let signing = try reader.next("signingPublicKey", length: 65)
        signingPublicKey = try value("signingPublicKey", at, try? P256.Signing.PublicKey(x963Representation: signing))
        terminalCertificateHash = try reader.next("terminalCertificateHash", length: 32)
        at = reader.offset
        channel = try value("channel", at, Channel(rawValue: try reader.text("channel", lengths: 1...16)))
        at = reader.offset
        let municipality = try value(
            "municipality", at, MunicipalityCode(try reader.text("municipality", lengths: 6...6)))
        at = reader.offset
        let kind = try value("kind", at, CertificateKind(rawValue: try reader.text("kind", lengths: 1...16)))
        at = reader.offset
        let copies = try value("copies", at, Copies(Int(try reader.next("copies", length: 1)[0])))
        request = CertificateRequest(municipality: municipality, kind: kind, copies: copies)
        at = reader.offset
        var contents: [[UInt8]] = []
        for name in ["file0001", "file0002", "file0003", "file0004", "file0007"] {
            contents.append(Array(try reader.next(name, lengths: 1...2048)))
        }
        files = try value(
            "files", at,
            try? CardFiles(
                number: contents[0], attributes: contents[1], record: contents[2], certificate: contents[3],
                chipKey: contents[4]))
        chipSignature = try reader.next("chipSignature", length: 256)
        terminalSignature = try reader.next("terminalSignature", length: 64)
        try reader.end()
        self.bytes = bytes
        transcript = Transcript.digest(
            challenge: challenge, kemPublicKey: Array(kem), signingPublicKey: Array(signing),
            terminalCertificateHash: terminalCertificateHash, channel: channel, request: request, files: contents)
    }
}

/// The byte string that chip and terminal sign.
enum Transcript {
    /// SHA-256 of the label and each length-prefixed part.
    static func digest(
        challenge: [UInt8], kemPublicKey: [UInt8], signingPublicKey: [UInt8], terminalCertificateHash: [UInt8],
        channel: Channel, request: CertificateRequest, files: [[UInt8]]
    ) -> SHA256Digest {
        var writer = head(challenge, kemPublicKey, signingPublicKey, terminalCertificateHash, channel, request)
        for file in files { writer.append(Array(SHA256.hash(data: file))) }
        return SHA256.hash(data: writer.bytes)
    }

    /// The fields that transcript and application share.
    static func head(
        _ challenge: [UInt8], _ kemPublicKey: [UInt8], _ signingPublicKey: [UInt8], _ terminalCertificateHash: [UInt8],
        _ channel: Channel, _ request: CertificateRequest
    ) -> FieldWriter {
        var writer = FieldWriter(label: Application.label)
        writer.append(challenge)
        writer.append(kemPublicKey)
        writer.append(signingPublicKey)
        writer.append(terminalCertificateHash)
        writer.append(channel.rawValue)
        writer.append(request.municipality.digits)
        writer.append(request.kind.rawValue)
        writer.append([UInt8(clamping: request.copies.count)])
        return writer
    }
}

/// The two key pairs of one session at the terminal, made for it and erased with it.
public struct SessionKeys: Sendable {
    /// Opens the answer.
    public let kem: P256.KeyAgreement.PrivateKey
    /// Signs the outcome.
    public let signing: P256.Signing.PrivateKey

    /// Two fresh key pairs.
    public init() {
        kem = P256.KeyAgreement.PrivateKey()
        signing = P256.Signing.PrivateKey()
    }

    /// Given keys, for the worked example of the documentation: a session's keys are never used twice.
    package init(kem: P256.KeyAgreement.PrivateKey, signing: P256.Signing.PrivateKey) {
        self.kem = kem
        self.signing = signing
    }
}

/// An application whose transcript is fixed and waits for its two signatures.
public struct ApplicationDraft: Sendable {
    /// SHA-256 of the transcript: what the chip signs by INTERNAL AUTHENTICATE.
    public let transcript: SHA256Digest
    /// SHA-256 of the transcript, 32 bytes: what the answer and the outcome are bound to.
    public var transcriptHash: [UInt8] { Array(transcript) }
    private let head: FieldWriter
    private let files: CardFiles

    /// Fixes everything that will be signed.
    public init(
        challenge: [UInt8], keys: SessionKeys, terminalCertificateHash: [UInt8], channel: Channel,
        request: CertificateRequest, files: CardFiles
    ) {
        let kem = Array(keys.kem.publicKey.x963Representation)
        let signing = Array(keys.signing.publicKey.x963Representation)
        head = Transcript.head(challenge, kem, signing, terminalCertificateHash, channel, request)
        transcript = Transcript.digest(
            challenge: challenge, kemPublicKey: kem, signingPublicKey: signing,
            terminalCertificateHash: terminalCertificateHash, channel: channel, request: request, files: files.all)
        self.files = files
    }

    /// The application's bytes, with the chip's signature and one by the key of the terminal's certificate.
    public func signed(chipSignature: [UInt8], terminalKey: P256.Signing.PrivateKey) throws -> [UInt8] {
        let signature = try terminalKey.signature(for: transcript)
        return assembled(chipSignature: chipSignature, terminalSignature: Array(signature.rawRepresentation))
    }

    /// The application's bytes with signatures made elsewhere.
    package func assembled(chipSignature: [UInt8], terminalSignature: [UInt8]) -> [UInt8] {
        var writer = head
        for file in files.all { writer.append(file) }
        writer.append(chipSignature)
        writer.append(terminalSignature)
        return writer.bytes
    }
}
