import CredentialIssuing
import Credentials
import Crypto
import Exchange
import Foundation
import Records
import Rendering
import Signing
import Vaccination

/// One code of a certificate, signed.
struct MadeCode: Sendable {
    /// Which format it is of.
    let format: Format
    /// The code's whole text.
    let text: String
    /// The text as the code's segments hold it.
    let segments: [QRSegment]
}

/// Whose certificate it is and what it says, as the codes name it: the registered name, or for an overseas certificate the
/// passport's.
struct CodeSubject: Sendable {
    let id: CertificateID
    let kind: CertificateKind
    let family: String
    let given: String
    let birthDate: CalendarDate
    let sex: Sex
    /// Overseas only.
    let passport: Passport?
    let doses: [Dose]
    let performer: String
    let at: Date
    /// The EU's codes of the latest dose, of which an EU certificate is made; `nil` if there are none.
    var euCodes: EUVaccineCodes? { doses.last?.product.eu }

    init(_ intent: Intent, by municipality: Municipality) throws {
        let vaccinee = intent.content.vaccinee
        id = intent.certificateID
        kind = intent.kind
        birthDate = vaccinee.birthDate
        sex = vaccinee.sex
        doses = intent.content.doses
        at = intent.at
        switch intent.kind {
        case .domestic:
            (family, given, passport) = (vaccinee.family, vaccinee.given, nil)
            performer = municipality.prefecture + municipality.name
        case .overseas:
            guard let known = vaccinee.passport else { throw ProblemCode.overseasNoPassport }
            (family, given, passport) = (known.romajiFamily, known.romajiGiven, known)
            performer = municipality.nameEnglish
        }
    }
}

/// Signs the codes of certificates, for ``CodeCheck`` to verify as a whole before anybody sees them: a SMART Health Card
/// on each, on overseas ones also a VDS-NC and, if a document signer is configured and the EU has codes for its product, an EU
/// certificate of the latest dose.
struct CodeMaker: Sendable {
    private let signers: Signers
    private let cards: SmartHealthCardIssuer
    private let vdsncIssuer: VDSNCIssuer?
    private let documents: DCCIssuer?

    /// The largest codes that the page has room for with modules of 0.508 mm, by format.
    static let versions: [Format: Int] = [.shc: 22, .vdsnc: 33, .dcc: 20]
    // What a code of version 33, level L holds in byte mode, and one of version 20, level Q in alphanumeric mode
    // (ISO/IEC 18004 table 7).
    static let maximumVDSNC = 2068
    static let maximumDocumentCharacters = 702

    init(_ signers: Signers) throws {
        self.signers = signers
        cards = try SmartHealthCardIssuer(url: signers.issuerURL, signer: signers.keys.active)
        vdsncIssuer = try signers.vdsnc.map {
            try VDSNCIssuer(state: $0.state, signer: $0.signer.key, certificate: $0.signer.certificate)
        }
        documents = try signers.document.map {
            try DCCIssuer(country: $0.country, signer: $0.signer.key, certificate: $0.signer.certificate)
        }
    }

    /// The codes in the order of the page.
    func make(_ subject: CodeSubject) async throws -> [MadeCode] {
        let card = try await refusing(.shc) { try await self.card(subject) }
        guard subject.kind == .overseas, let passport = subject.passport else { return [card] }
        var codes = [try await refusing(.vdsnc) { try await self.vdsnc(subject, passport) }, card]
        if let documents, let signing = signers.document, subject.euCodes != nil {
            codes.append(try await refusing(.dcc) { try await self.document(subject, documents, signing) })
        }
        return codes
    }

    private func refusing(_ format: Format, _ body: () async throws -> MadeCode) async throws -> MadeCode {
        do {
            return try await body()
        } catch let error as IssueError {
            switch error {
            case .signatureMismatch: throw SelfCheckFailure(reason: "\(format.rawValue) signature")
            case .timesMalformed where format != .shc: throw SignerOutOfDate(format: format)
            default: throw ContentRefused(format, error)
            }
        }
    }

    private func card(_ subject: CodeSubject) async throws -> MadeCode {
        let content = SmartHealthCardSubject(
            family: subject.family, given: subject.given, birthDate: subject.birthDate, doses: subject.doses,
            performer: subject.performer)
        let prepared = try cards.prepare(content, notBefore: subject.at, revocationID: subject.id.text, level: .l)
        let card = try await prepared.issue(check: .byCaller)
        return MadeCode(
            format: .shc, text: card.qrText, segments: QRSegment.smartHealthCard(digits: card.numeric))
    }

    private func vdsnc(_ subject: CodeSubject, _ passport: Passport) async throws -> MadeCode {
        guard let vdsncIssuer, let signing = signers.vdsnc else { throw ProblemCode.kindNotOffered }
        let content = VDSNCSubject(
            family: subject.family, given: subject.given, birthDate: subject.birthDate, sex: subject.sex,
            documentNumber: passport.number, doses: subject.doses, administrator: signing.administrator,
            certificateID: subject.id.text)
        let vdsnc = try await vdsncIssuer.prepare(content, at: subject.at, limit: Self.maximumVDSNC).issue(
            check: .byCaller)
        return MadeCode(format: .vdsnc, text: vdsnc.text, segments: [.bytes(vdsnc.text)])
    }

    private func document(
        _ subject: CodeSubject, _ documents: DCCIssuer, _ signing: DocumentSigning
    ) async throws -> MadeCode {
        guard let dose = subject.doses.last else { throw IssueError.doseCount(0) }
        let content = DCCSubject(
            family: subject.family, given: subject.given, latinFamily: subject.family, latinGiven: subject.given,
            birthDate: subject.birthDate, dose: dose, seriesDoses: Self.series(of: dose), issuer: signing.issuer,
            certificateID: subject.id.text)
        let expires = min(subject.at + signing.validity, signing.signer.notAfter)
        let certificate = try await documents.prepare(content, at: subject.at, expires: expires)
            .issue(limit: Self.maximumDocumentCharacters, check: .byCaller)
        return MadeCode(format: .dcc, text: certificate.text, segments: [.alphanumeric(certificate.text)])
    }

    /// Doses of the series as EU certificates count them: a booster is written 3/3, and the primary series of most
    /// products has two.
    static func series(of dose: Dose) -> Int { max(dose.number, dose.product.code == "JANSSEN" ? 1 : 2) }

    /// What a verifier needs to refuse a certificate's EU code by itself (its identifier's hash, under its signer's key
    /// identifier); `nil` if the certificate has no such code.
    func revocable(_ subject: CodeSubject) -> RevocableCode? {
        guard subject.kind == .overseas, subject.euCodes != nil, let signing = signers.document,
            let identifier = UVCI.make(country: signing.country, identifier: subject.id.text)
        else { return nil }
        return RevocableCode(
            keyID: Array(SHA256.hash(data: signing.signer.certificate).prefix(8)),
            hash: Array(SHA256.hash(data: Array(identifier.utf8)).prefix(16)),
            expires: min(subject.at + signing.validity, signing.signer.notAfter))
    }
}

/// The certificate of a signer does not cover the time of issue: until it is replaced, nothing that it signs is issued.
struct SignerOutOfDate: Error, Hashable, Sendable {
    let format: Format
    /// The log's cause.
    var code: String { "\(format.rawValue).signer_out_of_date" }
}
