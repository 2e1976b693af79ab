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
    let birthDate: BirthDate
    let sex: Sex
    /// Overseas only.
    let passport: Passport?
    let doses: [Dose]
    let performer: String
    let at: Date

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
        var codes: [MadeCode] = []
        for format in signers.formats(of: subject) {
            codes.append(
                try await refusing(format) {
                    switch format {
                    case .shc: try await card(subject)
                    case .vdsnc: try await vdsnc(subject)
                    case .dcc: try await document(subject)
                    }
                })
        }
        return codes
    }

    /// Throws what fits no code, or cannot be written in one, before anything is signed.
    func check(_ subject: CodeSubject) throws {
        for format in signers.formats(of: subject) {
            try refusing(format) {
                switch format {
                case .shc: _ = try prepareCard(subject)
                case .vdsnc: _ = try prepareVDSNC(subject)
                case .dcc: try prepareDocument(subject).check(limit: Self.maximumDocumentCharacters)
                }
            }
        }
    }

    private func refusing<T>(_ format: Format, _ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch { throw Self.refusal(format, error) }
    }

    private func refusing(_ format: Format, _ body: () throws -> Void) throws {
        do { try body() } catch { throw Self.refusal(format, error) }
    }

    private static func refusal(_ format: Format, _ error: any Error) -> any Error {
        switch error as? IssueError {
        case nil: error
        case .signatureMismatch: SelfCheckFailure(reason: "\(format.rawValue) signature")
        case .timesMalformed where format != .shc: SignerOutOfDate(format: format)
        case .some(let error): ContentRefused(format, error)
        }
    }

    private func prepareCard(_ subject: CodeSubject) throws -> PreparedSmartHealthCard {
        let content = SmartHealthCardSubject(
            family: subject.family, given: subject.given, birthDate: subject.birthDate, doses: subject.doses,
            performer: subject.performer)
        return try cards.prepare(content, notBefore: subject.at, revocationID: subject.id.text, level: .l)
    }

    private func card(_ subject: CodeSubject) async throws -> MadeCode {
        let card = try await prepareCard(subject).issue(check: .byCaller)
        return MadeCode(
            format: .shc, text: card.qrText, segments: QRSegment.smartHealthCard(digits: card.numeric))
    }

    private func prepareVDSNC(_ subject: CodeSubject) throws -> PreparedVDSNC {
        guard let vdsncIssuer, let signing = signers.vdsnc, let passport = subject.passport else {
            throw ProblemCode.kindNotOffered
        }
        let content = VDSNCSubject(
            family: subject.family, given: subject.given, birthDate: subject.birthDate, sex: subject.sex,
            documentNumber: passport.number, doses: subject.doses, administrator: signing.administrator,
            certificateID: subject.id.text)
        return try vdsncIssuer.prepare(content, at: subject.at, limit: Self.maximumVDSNC)
    }

    private func vdsnc(_ subject: CodeSubject) async throws -> MadeCode {
        let vdsnc = try await prepareVDSNC(subject).issue(check: .byCaller)
        return MadeCode(format: .vdsnc, text: vdsnc.text, segments: [.bytes(vdsnc.text)])
    }

    private func prepareDocument(_ subject: CodeSubject) throws -> PreparedDCC {
        guard let documents, let signing = signers.document else { throw ProblemCode.kindNotOffered }
        guard let dose = subject.doses.last else { throw IssueError.doseCount(0) }
        let content = DCCSubject(
            family: subject.family, given: subject.given, latinFamily: subject.family, latinGiven: subject.given,
            birthDate: subject.birthDate, dose: dose, seriesDoses: Self.series(of: dose), issuer: signing.issuer,
            certificateID: subject.id.text)
        let expires = min(subject.at + signing.validity, signing.signer.notAfter)
        return try documents.prepare(content, at: subject.at, expires: expires)
    }

    private func document(_ subject: CodeSubject) async throws -> MadeCode {
        let certificate = try await prepareDocument(subject)
            .issue(limit: Self.maximumDocumentCharacters, check: .byCaller)
        return MadeCode(format: .dcc, text: certificate.text, segments: [.alphanumeric(certificate.text)])
    }

    /// Doses of the series as EU certificates count them: a booster is written 3/3, and the primary series of most
    /// products has two.
    static func series(of dose: Dose) -> Int { max(dose.number, dose.product.code == "JANSSEN" ? 1 : 2) }

    /// What a verifier needs to refuse a certificate's EU code by itself (its identifier's hash, under its signer's key
    /// identifier); `nil` if the certificate has no such code.
    func revocable(_ subject: CodeSubject) -> RevocableCode? {
        guard signers.formats(of: subject).contains(.dcc), let signing = signers.document,
            let identifier = UVCI.make(country: signing.country, identifier: subject.id.text)
        else { return nil }
        return RevocableCode(
            keyID: Array(SHA256.hash(data: signing.signer.certificate).prefix(8)),
            hash: Array(SHA256.hash(data: Array(identifier.utf8)).prefix(16)),
            expires: min(subject.at + signing.validity, signing.signer.notAfter))
    }
}

extension Signers {
    /// The codes of a certificate, in the order of the page.
    func formats(of subject: CodeSubject) -> [Format] {
        guard subject.kind == .overseas else { return [.shc] }
        // An EU certificate is of the latest dose.
        return document != nil && subject.doses.last?.product.eu != nil ? [.vdsnc, .shc, .dcc] : [.vdsnc, .shc]
    }
}

/// The certificate of a signer does not cover the time of issue: until it is replaced, nothing that it signs is issued.
struct SignerOutOfDate: Error, Hashable, Sendable {
    let format: Format
    /// The log's cause.
    var code: String { "\(format.rawValue).signer_out_of_date" }
}
