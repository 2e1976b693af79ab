public import Vaccination
public import struct Foundation.Date

/// What a certificate is about: a person and doses.
public struct CredentialSubject: Hashable, Sendable {
    /// The family name, in Japanese or in Latin letters.
    public let family: String
    /// The given names, parts separated by spaces; empty where the person has none.
    public let given: String
    /// The date of birth.
    public let birthDate: CalendarDate
    /// The doses, first to last.
    public let doses: [Dose]
    /// Who certifies the doses: the issuing municipality or authority.
    public let performer: String

    /// A subject from its parts; the issuer checks them.
    public init(family: String, given: String, birthDate: CalendarDate, doses: [Dose], performer: String) {
        self.family = family
        self.given = given
        self.birthDate = birthDate
        self.doses = doses
        self.performer = performer
    }
}

/// Why a certificate cannot be issued. Neither case nor code carries personal data.
public enum IssueError: Error, Hashable, Sendable {
    /// The issuer's URL is not `https`, ends with a slash, or is no URL.
    case issuerMalformed
    /// The name is empty, or holds a control character.
    case nameMalformed
    /// There is no dose, or more than a certificate carries.
    case doseCount(Int)
    /// The performer is empty or holds a control character.
    case performerMalformed
    /// The identifier for revocation is not 1 to 24 characters of base64url's alphabet.
    case revocationIDMalformed
    /// `notBefore` or the expiry is no time that a card can carry, or they contradict each other.
    case timesMalformed
    /// The card does not fit its code: `length` characters, `limit` at the most.
    case tooLong(limit: Int, length: Int)
    /// Compressing failed: out of memory.
    case compressionFailed
    /// The key's own signature does not verify with its public part.
    case signatureMismatch

    /// A stable code.
    public var code: String {
        switch self {
        case .issuerMalformed: "issue.issuer_malformed"
        case .nameMalformed: "issue.name_malformed"
        case .doseCount: "issue.dose_count"
        case .performerMalformed: "issue.performer_malformed"
        case .revocationIDMalformed: "issue.revocation_id_malformed"
        case .timesMalformed: "issue.times_malformed"
        case .tooLong: "issue.too_long"
        case .compressionFailed: "issue.compression_failed"
        case .signatureMismatch: "issue.signature_mismatch"
        }
    }
}

/// How much damage a code repairs, and so how much a code of at most version 22 (105 × 105 modules) holds.
public enum CodeLevel: String, Sendable, CaseIterable {
    /// The four levels of ISO/IEC 18004, from about 7 % to about 30 % repaired.
    case l, m, q, h

    // Data codewords of a version 22 symbol (ISO/IEC 18004 table 7).
    private var codewords: Int {
        switch self {
        case .l: 1006
        case .m: 782
        case .q: 568
        case .h: 442
        }
    }

    /// The longest JWS, in characters, that a version 22 code of this level holds as a SMART Health Card: a byte segment
    /// `shc:/` and a numeric segment of two digits a character.
    public var longestJWS: Int {
        // Versions 10 to 26: mode 4 bits, byte count 16 bits, digit count 12 bits (ISO/IEC 18004 table 3).
        let bits = codewords * 8 - (4 + 16 + 5 * 8) - (4 + 12)
        let digits = bits / 10 * 3 + (bits % 10 >= 7 ? 2 : bits % 10 >= 4 ? 1 : 0)
        return digits / 2
    }
}

/// Issues SMART Health Cards strictly to the letter of specification 1.4.0.
public struct SmartHealthCardIssuer: Sendable {
    /// The issuer's URL, the payload's `iss`.
    public let url: String
    private let signer: any CredentialSigner
    private let keyID: String

    /// An issuer.
    ///
    /// - Parameters:
    ///   - url: `https`, without a trailing slash; the key set is published below it.
    ///   - signer: the key.
    public init(url: String, signer: any CredentialSigner) throws(IssueError) {
        guard HealthCardTrust.isIssuer(url) else { throw .issuerMalformed }
        self.url = url
        self.signer = signer
        keyID = signer.keyID
    }

    /// Makes everything but the signature, and checks that the result will fit its code.
    ///
    /// - Parameters:
    ///   - subject: the person and the doses, at most ``History/certificateLimit``.
    ///   - notBefore: when the card becomes valid; written in whole seconds.
    ///   - expires: when it ends, for cards that do.
    ///   - revocationID: the `rid`, such as the certificate's identifier.
    ///   - level: the code's level; the limit is that of a version 22 code.
    public func prepare(
        _ subject: CredentialSubject, notBefore: Date, expires: Date? = nil, revocationID: String? = nil,
        level: CodeLevel = .l
    ) throws(IssueError) -> PreparedSmartHealthCard {
        guard Self.isText(subject.family, 1...160), Self.isText(subject.given, 0...160) else { throw .nameMalformed }
        guard Self.isText(subject.performer, 1...160) else { throw .performerMalformed }
        guard (1...History.certificateLimit).contains(subject.doses.count) else { throw .doseCount(subject.doses.count) }
        if let revocationID, !RevocationList.isIdentifier(revocationID) { throw .revocationIDMalformed }
        let start = notBefore.timeIntervalSince1970.rounded(.down)
        let end = expires?.timeIntervalSince1970.rounded(.down)
        guard (0..<1e11).contains(start), end.map({ ($0 > start) && $0 < 1e11 }) ?? true else { throw .timesMalformed }
        let payload = HealthCardPayload.make(
            subject, issuer: url, notBefore: start, expires: end, revocationID: revocationID)
        guard let compressed = Deflate.compress(payload) else { throw .compressionFailed }
        let header = "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"\(keyID)\"}"
        let input = Base64URL.encoded(header.utf8) + [UInt8(ascii: ".")] + Base64URL.encoded(compressed)
        let prepared = PreparedSmartHealthCard(signingInput: input, signer: signer)
        guard prepared.length <= level.longestJWS else {
            throw .tooLong(limit: level.longestJWS, length: prepared.length)
        }
        return prepared
    }

    private static func isText(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.unicodeScalars.count) && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            && (length.lowerBound == 0 || text.contains { !$0.isWhitespace })
    }
}

/// A card that lacks only its signature. It can be issued once: issuing consumes it.
public struct PreparedSmartHealthCard: ~Copyable, Sendable {
    private let signingInput: [UInt8]
    private let signer: any CredentialSigner

    fileprivate init(signingInput: [UInt8], signer: any CredentialSigner) {
        self.signingInput = signingInput
        self.signer = signer
    }

    /// How many characters the JWS will have.
    public var length: Int { signingInput.count + 1 + 86 }

    /// Signs, checks the signature with the key's public part, and gives the card.
    public consuming func issue() async throws -> SmartHealthCard {
        let signature = try await signer.signature(over: signingInput)
        guard ES256.isValid(signature, over: signingInput, by: signer.publicKey) else { throw IssueError.signatureMismatch }
        return SmartHealthCard(jws: signingInput + [UInt8(ascii: ".")] + Base64URL.encoded(signature))
    }
}

/// An issued card in each form in which it is handed out.
public struct SmartHealthCard: Hashable, Sendable {
    /// The signed text (compact JWS).
    public let jws: String
    /// The digits of the code's numeric segment, behind `shc:/`.
    public let numeric: String

    init(jws: [UInt8]) {
        self.jws = String(decoding: jws, as: UTF8.self)
        numeric = String(decoding: NumericCode.encode(jws), as: UTF8.self)
    }

    /// The code's whole text: a byte segment `shc:/`, then ``numeric`` as a numeric segment.
    public var qrText: String { NumericCode.prefix + numeric }

    /// A `.smart-health-card` file (`application/smart-health-card`).
    public var file: [UInt8] { Array("{\"verifiableCredential\":[\"\(jws)\"]}".utf8) }
}
