import CardChip
public import Crypto
import Foundation
public import Vaccination

/// What stands in an answer, in few words, for the print guard: the terminal compares it with card, application and page.
public struct Manifest: Hashable, Sendable, Codable {
    /// The certificate's identifier.
    public let certificateID: CertificateID
    /// The registered name as on the page.
    public let name: String
    /// The romaji name as on the page and in the code; overseas only.
    public let romajiName: String?
    /// The travel document's number as on the page and in the code; overseas only.
    public let documentNumber: String?
    /// The date of birth, as far as it is known.
    public let birthDate: BirthDate
    /// The municipality that issues.
    public let municipality: MunicipalityCode
    /// Which certificate.
    public let kind: CertificateKind
    /// The day of issue in Japan.
    public let issuedOn: CalendarDate
    /// How many doses the page shows.
    public let doses: Int
    /// Whether the page bears 「見本 SAMPLE」.
    public let isSample: Bool
    /// SHA-256 of the page as PDF, lower-case hexadecimal.
    public let pdfHash: String
    /// SHA-256 of the page as PNG, lower-case hexadecimal.
    public let pngHash: String
    /// SHA-256 of each code's text, in page order, lower-case hexadecimal.
    public let codeHashes: [String]
    /// The edition of what terminals trust under which `vrs` works: whoever has an older one does not know these keys yet.
    /// `nil` where none is published.
    public let trust: Int64?

    /// A manifest over the page and codes of an answer.
    public init(
        certificateID: CertificateID, name: String, romajiName: String?, documentNumber: String? = nil,
        birthDate: BirthDate, request: CertificateRequest, issuedOn: CalendarDate, doses: Int, isSample: Bool,
        pdf: [UInt8], png: [UInt8],
        codes: [String], trust: Int64? = nil
    ) {
        self.certificateID = certificateID
        self.name = name
        self.romajiName = romajiName
        self.documentNumber = documentNumber
        self.birthDate = birthDate
        municipality = request.municipality
        kind = request.kind
        self.issuedOn = issuedOn
        self.doses = doses
        self.isSample = isSample
        pdfHash = Self.hash(pdf)
        pngHash = Self.hash(png)
        codeHashes = codes.map { Self.hash(Array($0.utf8)) }
        self.trust = trust
    }

    /// Lower-case hexadecimal SHA-256, as the manifest writes it.
    public static func hash(_ bytes: [UInt8]) -> String { Hexadecimal.text(SHA256.hash(data: bytes)) }
}

/// The certificate that `vrs` sends to the person's session: the manifest and the page, or for the app the codes' texts.
public struct Answer: Sendable {
    static let label = "akashi/answer/v1"
    /// The maximum of bytes of one form of a page.
    package static let maximumPage = 4 << 20

    /// What stands in it, in few words.
    public let manifest: Manifest
    /// The page as PDF; empty for the app and if only another form was wanted.
    public let pdf: [UInt8]
    /// The page as PNG; empty for the app and if only another form was wanted.
    public let png: [UInt8]
    /// The codes' texts; empty for a terminal, which reads them from the page.
    public let codes: [String]
    /// What asks later whether the certificate is still current; only for the app, where `vrs` gives one.
    public let currentToken: [UInt8]

    /// An answer from its parts.
    public init(
        manifest: Manifest, pdf: [UInt8], png: [UInt8], codes: [String] = [], currentToken: [UInt8] = []
    ) {
        self.manifest = manifest
        self.pdf = pdf
        self.png = png
        self.codes = codes
        self.currentToken = currentToken
    }

    package func encoded() throws -> [UInt8] {
        var writer = FieldWriter(label: Self.label)
        writer.append(Array(try JSONEncoder().encode(manifest)))
        writer.append(pdf)
        writer.append(png)
        writer.append([UInt8(clamping: codes.count)])
        for code in codes { writer.append(code) }
        return writer.bytes
    }

    package init(parsing bytes: [UInt8]) throws(WireError) {
        var reader = try FieldReader(bytes, label: Self.label)
        let manifest = try Self.manifest(&reader)
        let pdf = Array(try reader.next("pdf", lengths: 0...Self.maximumPage))
        let png = Array(try reader.next("png", lengths: 0...Self.maximumPage))
        let count = Int(try reader.next("codeCount", length: 1)[0])
        guard count <= 4 else { throw WireError("codeCount", at: reader.offset) }
        var codes: [String] = []
        for _ in 0..<count { codes.append(try reader.text("code", lengths: 1...8192)) }
        try reader.end()
        self.init(manifest: manifest, pdf: pdf, png: png, codes: codes)
    }

    static func manifest(_ reader: inout FieldReader) throws(WireError) -> Manifest {
        let at = reader.offset
        let json = Data(try reader.next("manifest", lengths: 2...16_384))
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: json) else {
            throw WireError("manifest", at: at)
        }
        return manifest
    }
}

/// An answer sealed to one session with HPKE in Auth mode (RFC 9180, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM).
///
/// The key is the session's KEM key, which the person's chip signed; info is the label and the transcript's hash, so that
/// an answer opens only with the keys of the application it answers, and only if it came from `vrs`'s pinned key.
public enum SealedAnswer {
    /// The media type of a sealed answer on the wire.
    public static let mediaType = "application/vnd.akashi.sealed-answer.v1"
    /// The maximum of bytes a sealed answer may have.
    public static let maximumBytes = 9 << 20
    static let label = "akashi/sealed-answer/v1"
    static let phoneLabel = "akashi/sealed-answer/v2"
    private static var suite: HPKE.Ciphersuite { .P256_SHA256_AES_GCM_256 }
    private static let encapsulatedBytes = 65

    /// What a sealed answer holds.
    public enum Content: Sendable {
        /// The certificate.
        case issued(Answer)
        /// Why there is none.
        case refused(Refusal)
    }

    /// Why a sealed answer was not opened.
    public enum OpenError: Error, Hashable, Sendable {
        /// Too short, too long or of another form.
        case malformed
        /// Not sealed to this session and application by the pinned key, or changed on the way.
        case notForThisSession
        /// Sealed to this session and application by the pinned key, and yet no answer.
        case unreadable
    }

    /// Seals an answer to the application's KEM key.
    public static func seal(_ answer: Answer, for application: Application, by key: P256.KeyAgreement.PrivateKey) throws
        -> [UInt8]
    {
        try seal(.issued(answer), for: application, by: key)
    }

    /// Seals a refusal in the same way; all of them have one length.
    public static func seal(_ refusal: Refusal, for application: Application, by key: P256.KeyAgreement.PrivateKey)
        throws -> [UInt8]
    {
        try seal(.refused(refusal), for: application, by: key)
    }

    /// Seals either to the application's KEM key.
    package static func seal(_ content: Content, for application: Application, by key: P256.KeyAgreement.PrivateKey)
        throws -> [UInt8]
    {
        try seal(
            content, in: .kiosk, to: application.kemPublicKey, transcriptHash: application.transcriptHash, by: key)
    }

    /// Seals an answer or a refusal to a phone's KEM key, by the answer key of the statement that the phone worked by.
    package static func seal(
        _ content: Content, for application: PhoneApplication, by key: P256.KeyAgreement.PrivateKey
    ) throws -> [UInt8] {
        try seal(
            content, in: .phone, to: application.kemPublicKey, transcriptHash: application.transcriptHash, by: key)
    }

    /// What is sealed, and under which label: each way of applying has its own.
    package enum Form: Sendable {
        /// The terminal's.
        case kiosk
        /// The app's.
        case phone

        fileprivate func info(_ transcriptHash: [UInt8]) -> Data {
            let label =
                switch self {
                case .kiosk: SealedAnswer.label
                case .phone: SealedAnswer.phoneLabel
                }
            return Data(Array(label.utf8) + transcriptHash)
        }

        fileprivate func encoded(_ content: Content) throws -> [UInt8] {
            switch (self, content) {
            case (.kiosk, .issued(let answer)): try answer.encoded()
            case (.kiosk, .refused(let refusal)): refusal.encoded
            case (.phone, _): try PhoneAnswer.encoded(content)
            }
        }

        fileprivate func parsed(_ plain: [UInt8]) throws(WireError) -> Content {
            switch self {
            case .phone: return try PhoneAnswer.parsed(plain)
            case .kiosk:
                guard plain.starts(with: Refusal.label.utf8) else { return .issued(try Answer(parsing: plain)) }
                return .refused(try Refusal(parsing: plain))
            }
        }
    }

    private static func seal(
        _ content: Content, in form: Form, to key: P256.KeyAgreement.PublicKey, transcriptHash: [UInt8],
        by sealing: P256.KeyAgreement.PrivateKey
    ) throws -> [UInt8] {
        var sender = try HPKE.Sender(
            recipientKey: key, ciphersuite: suite, info: form.info(transcriptHash), authenticatedBy: sealing)
        let sealed = try sender.seal(try form.encoded(content))
        return Array(sender.encapsulatedKey) + Array(sealed)
    }

    /// Opens an answer with the session's key; throws if it was not sealed for this transcript by `sender`.
    public static func open(
        _ bytes: [UInt8], keys: SessionKeys, transcriptHash: [UInt8], from sender: P256.KeyAgreement.PublicKey
    ) throws(OpenError) -> Content {
        try open(bytes, in: .kiosk, keys: keys, transcriptHash: transcriptHash, from: sender)
    }

    /// The same for either way of applying.
    package static func open(
        _ bytes: [UInt8], in form: Form, keys: SessionKeys, transcriptHash: [UInt8],
        from sender: P256.KeyAgreement.PublicKey
    ) throws(OpenError) -> Content {
        guard bytes.count > encapsulatedBytes + 16, bytes.count <= maximumBytes else { throw .malformed }
        let plain: [UInt8]
        do {
            var recipient = try HPKE.Recipient(
                privateKey: keys.kem, ciphersuite: suite, info: form.info(transcriptHash),
                encapsulatedKey: Data(bytes[..<encapsulatedBytes]), authenticatedBy: sender)
            plain = Array(try recipient.open(bytes[encapsulatedBytes...]))
        } catch {
            throw .notForThisSession
        }
        do throws(WireError) { return try form.parsed(plain) } catch { throw .unreadable }
    }
}
