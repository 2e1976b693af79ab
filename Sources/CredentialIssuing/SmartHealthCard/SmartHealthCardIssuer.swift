import Credentials
public import Vaccination
public import struct Foundation.Date

/// What a certificate is about: a person and doses.
public struct SmartHealthCardSubject: Hashable, Sendable {
    /// The family name, in Japanese or in Latin letters.
    public let family: String
    /// The given names, parts separated by spaces; empty if the person has none.
    public let given: String
    /// The date of birth; a year or a month alone where no more is known (FHIR R4 `date`).
    public let birthDate: BirthDate
    /// The doses, first to last.
    public let doses: [Dose]
    /// Who certifies the doses: the issuing municipality or authority.
    public let performer: String

    /// A subject from its parts; the issuer checks them.
    public init(family: String, given: String, birthDate: BirthDate, doses: [Dose], performer: String) {
        self.family = family
        self.given = given
        self.birthDate = birthDate
        self.doses = doses
        self.performer = performer
    }
}

/// Issues SMART Health Cards strictly to the letter of specification 1.4.0.
public struct SmartHealthCardIssuer: Sendable {
    /// The issuer's URL, the payload's `iss`.
    public let url: String
    private let signer: any CredentialSigner
    // The protected header and the dot behind it, the same for every card.
    private let header: [UInt8]

    /// An issuer.
    ///
    /// - Parameters:
    ///   - url: `https`, without a trailing slash; the key set is published below it.
    ///   - signer: the key.
    public init(url: String, signer: any CredentialSigner) throws(IssueError) {
        guard SmartHealthCardForm.isIssuer(url) else { throw .issuerMalformed }
        self.url = url
        self.signer = signer
        header =
            Base64URL.encoded("{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"\(signer.keyID)\"}".utf8) + [
                UInt8(ascii: ".")
            ]
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
        _ subject: SmartHealthCardSubject, notBefore: Date, expires: Date? = nil, revocationID: String? = nil,
        level: CodeLevel = .l
    ) throws(IssueError) -> PreparedSmartHealthCard {
        guard Self.isText(subject.family, 1...160), Self.isText(subject.given, 0...160) else { throw .nameMalformed }
        guard Self.isText(subject.performer, 1...160) else { throw .performerMalformed }
        guard (1...History.certificateLimit).contains(subject.doses.count) else {
            throw .doseCount(subject.doses.count)
        }
        if let revocationID, !SmartHealthCardForm.isRevocationID(revocationID[...]) { throw .revocationIDMalformed }
        let start = notBefore.timeIntervalSince1970.rounded(.down)
        let end = expires?.timeIntervalSince1970.rounded(.down)
        guard (0..<1e11).contains(start), end.map({ ($0 > start) && $0 < 1e11 }) ?? true else { throw .timesMalformed }
        let payload = SmartHealthCardPayload.make(
            subject, issuer: url, notBefore: start, expires: end, revocationID: revocationID)
        guard let compressed = Deflate.compress(payload) else { throw .compressionFailed }
        let prepared = PreparedSmartHealthCard(signingInput: header + Base64URL.encoded(compressed), signer: signer)
        guard prepared.length <= level.maximumJWSLength else {
            throw .tooLong(limit: level.maximumJWSLength, length: prepared.length)
        }
        return prepared
    }

    private static func isText(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
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

    /// Signs and gives the card.
    ///
    /// - Parameter check: whether the signature is checked here or by the caller.
    public consuming func issue(check: OutputCheck = .signature) async throws -> SmartHealthCard {
        let signature = try await signer.signature(over: signingInput, check)
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
