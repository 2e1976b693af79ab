import Credentials
import Crypto
public import Vaccination
public import struct Foundation.Date

/// What an EU Digital COVID Certificate of vaccination is about: a person and one dose.
public struct DCCSubject: Hashable, Sendable {
    /// The family name as displayed, at most 80 characters.
    public let family: String
    /// The given names as displayed; empty if there are none.
    public let given: String
    /// The family and given names in the passport's Latin letters, for the machine readable form.
    public let latinFamily: String
    /// The given names in the passport's Latin letters.
    public let latinGiven: String
    /// The date of birth; a year or a month alone where no more is known (schema 1.3.3, `dob`).
    public let birthDate: BirthDate
    /// The dose.
    public let dose: Dose
    /// How many doses the series has, not less than the dose's number.
    public let seriesDoses: Int
    /// Who issues, as shown to people, at most 80 characters.
    public let issuer: String
    /// The certificate's identifier, without the UVCI's prefix and checksum.
    public let certificateID: String

    /// A subject from its parts; the issuer checks them.
    public init(
        family: String, given: String, latinFamily: String, latinGiven: String, birthDate: BirthDate, dose: Dose,
        seriesDoses: Int, issuer: String, certificateID: String
    ) {
        self.family = family
        self.given = given
        self.latinFamily = latinFamily
        self.latinGiven = latinGiven
        self.birthDate = birthDate
        self.dose = dose
        self.seriesDoses = seriesDoses
        self.issuer = issuer
        self.certificateID = certificateID
    }
}

/// Issues EU Digital COVID Certificates of vaccination (schema 1.3.3, COSE with ES256).
public struct DCCIssuer: Sendable {
    private let country: String
    private let signer: any CredentialSigner
    private let certificate: Certificate
    // The protected header, the same for every certificate.
    private let header: [UInt8]

    /// The maximum of characters of a version 40 code of level Q in alphanumeric mode (ISO/IEC 18004 table 7).
    public static let maximumLength = 2420

    /// An issuer; refuses a certificate that no verifier would accept.
    ///
    /// - Parameters:
    ///   - country: two letters, such as `JP`.
    ///   - signer: the document signer's key.
    ///   - certificate: its DER certificate: of that key, and with a usage for vaccinations, or without any type's usage.
    public init(country: String, signer: any CredentialSigner, certificate der: [UInt8]) throws(IssueError) {
        guard country.utf8.count == 2, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw .issuerMalformed
        }
        guard let certificate = Certificate(der: der), let key = certificate.p256Key,
            key.rawRepresentation == signer.publicKey.rawRepresentation, !certificate.isAuthority, certificate.maySign,
            certificate.allows(.vaccination)
        else { throw .certificateUnsuitable }
        self.country = country
        self.signer = signer
        self.certificate = certificate
        let keyID = Array(SHA256.hash(data: certificate.der).prefix(8))
        header = CBORWriter.encoded(.map([(.integer(1), .integer(-7)), (.integer(4), .bytes(keyID))]))
    }

    /// Makes everything but the signature.
    ///
    /// - Parameters:
    ///   - subject: the person and the dose.
    ///   - now: the time of issue, `iat`.
    ///   - expires: `exp`; not after the signer's certificate ends.
    public func prepare(_ subject: DCCSubject, at now: Date, expires: Date) throws(IssueError) -> PreparedDCC {
        let start = now.timeIntervalSince1970.rounded(.down)
        let end = expires.timeIntervalSince1970.rounded(.down)
        guard start >= certificate.notBefore, end <= certificate.notAfter, start < end else { throw .timesMalformed }
        guard let family = TravelDocumentName.machineReadable(subject.latinFamily), !family.isEmpty,
            let given = TravelDocumentName.machineReadable(subject.latinGiven), Self.isText(subject.family, 1...80),
            Self.isText(subject.given, 0...80)
        else { throw .nameMalformed }
        guard Self.isText(subject.issuer, 1...80) else { throw .performerMalformed }
        guard (1...9).contains(subject.dose.number), (subject.dose.number...9).contains(subject.seriesDoses) else {
            throw .doseCount(subject.seriesDoses)
        }
        guard let codes = subject.dose.product.eu else { throw .productWithoutCode }
        guard let identifier = UVCI.make(country: country, identifier: subject.certificateID),
            identifier.utf8.count <= 80
        else { throw .revocationIDMalformed }
        let payload = CBORWriter.encoded(
            .map([
                (.integer(1), .text(country)), (.integer(4), .integer(Int(end))), (.integer(6), .integer(Int(start))),
                (
                    .integer(-260),
                    .map([
                        (
                            .integer(1),
                            DCCPayload.certificate(
                                subject, codes: codes, latin: (family, given), country: country,
                                identifier: identifier)
                        )
                    ])
                ),
            ]))
        return PreparedDCC(header: header, payload: payload, signer: signer)
    }

    private static func isText(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}

/// A certificate that lacks only its signature. It can be issued once: issuing consumes it.
public struct PreparedDCC: ~Copyable, Sendable {
    private let header: [UInt8]
    private let payload: [UInt8]
    private let signer: any CredentialSigner

    fileprivate init(header: [UInt8], payload: [UInt8], signer: any CredentialSigner) {
        self.header = header
        self.payload = payload
        self.signer = signer
    }

    /// How much longer the text may be with one signature than with another: eight bytes, as Base45 writes them.
    static let signatureScatter = 12

    /// Throws ``IssueError/tooLong(limit:length:)`` if the text may be too long for a code of so many characters, whatever
    /// the signature will be.
    public func check(limit: Int = DCCIssuer.maximumLength) throws(IssueError) {
        // As little of it can be made smaller as of a signature.
        let length = try text([UInt8](SHA512.hash(data: payload))).utf8.count + Self.signatureScatter
        guard length <= limit else { throw .tooLong(limit: limit, length: length) }
    }

    private func text(_ signature: [UInt8]) throws(IssueError) -> String {
        let message = CBORWriter.encoded(
            .tag(18, .array([.bytes(header), .map([]), .bytes(payload), .bytes(signature)])))
        guard let compressed = Deflate.compress(message, wrapping: .zlib) else { throw .compressionFailed }
        return "HC1:" + String(decoding: Base45.encoded(compressed), as: UTF8.self)
    }

    /// Signs and gives the certificate.
    ///
    /// - Parameters:
    ///   - limit: how many characters the code holds. The length depends on how well the signature compresses, so the
    ///     limit is judged here.
    ///   - check: whether the signature is checked here or by the caller.
    public consuming func issue(
        limit: Int = DCCIssuer.maximumLength, check: OutputCheck = .signature
    ) async throws -> DCC {
        let input = COSESign1.signingInput(protected: header, payload: payload)
        let signature = try await signer.signature(over: input, check)
        let text = try text(signature)
        guard text.utf8.count <= limit else { throw IssueError.tooLong(limit: limit, length: text.utf8.count) }
        return DCC(text: text)
    }
}

/// An issued EU Digital COVID Certificate.
public struct DCC: Hashable, Sendable {
    /// The code's text, for one segment in alphanumeric mode, level Q.
    public let text: String
}
