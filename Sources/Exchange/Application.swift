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
    /// The maximum of bytes an application may have.
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

    /// Parses an application; throws if the form is wrong anywhere, also where bytes stand behind it.
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
        let head = Transcript.Head(
            challenge: challenge, kemPublicKey: Array(kem), signingPublicKey: Array(signing),
            certificateHash: terminalCertificateHash, channel: channel, request: request)
        transcript = Transcript.digest(head, files: contents)
    }
}

/// The byte string that chip and terminal sign.
enum Transcript {
    /// The fields that transcript and application share, in their order.
    struct Head: Sendable {
        let challenge: [UInt8]
        let kemPublicKey: [UInt8]
        let signingPublicKey: [UInt8]
        let certificateHash: [UInt8]
        let channel: Channel
        let request: CertificateRequest

        /// The label and each field behind its length.
        var fields: FieldWriter {
            var writer = FieldWriter(label: Application.label)
            writer.append(challenge)
            writer.append(kemPublicKey)
            writer.append(signingPublicKey)
            writer.append(certificateHash)
            writer.append(channel.rawValue)
            writer.append(request.municipality.digits)
            writer.append(request.kind.rawValue)
            writer.append([UInt8(clamping: request.copies.count)])
            return writer
        }
    }

    /// SHA-256 of the head's fields and the hash of each file.
    static func digest(_ head: Head, files: [[UInt8]]) -> SHA256Digest {
        var writer = head.fields
        for file in files { writer.append(Array(SHA256.hash(data: file))) }
        return SHA256.hash(data: writer.bytes)
    }
}
