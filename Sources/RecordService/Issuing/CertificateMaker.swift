import Credentials
import Crypto
package import Exchange
import Foundation
import Records
package import Rendering
package import Signing
package import Vaccination

/// A certificate, made and checked, that waits to be recorded as signed and sealed.
package struct MadeCertificate: Sendable {
    /// Manifest and page.
    package let answer: Answer
    /// SHA-256 of each code's text.
    package let codeHashes: [[UInt8]]
}

/// What the service itself made is not what it wanted to make: issuing stops until a person has looked.
package struct OwnOutputMismatch: Error, Hashable, Sendable {
    /// What differs, in a word, without personal data.
    package let reason: String
}

/// The record's contents do not fit a code or the page.
package struct ContentRefused: Error, Hashable, Sendable {
    /// The code of the module that refused.
    package let cause: String
}

/// Signs, verifies its own output and lays out the page.
package struct CertificateMaker: Sendable {
    private let issuer: SmartHealthCardIssuer
    private let verifier: Verifier
    private let renderer: PageRenderer
    private let municipalities: [MunicipalityCode: Municipality]
    private let isDevelopment: Bool

    /// A maker.
    /// - Parameters:
    ///   - keys: the ring whose active key signs; what it signed is verified with its own published form.
    ///   - isDevelopment: whether pages bear the sample mark and verifiers call the certificates test ones.
    package init(
        issuerURL: String, issuerName: String, keys: KeyRing, renderer: PageRenderer, municipalities: [Municipality],
        isDevelopment: Bool
    ) throws {
        issuer = try SmartHealthCardIssuer(url: issuerURL, signer: keys.active)
        let trust = TrustStore(files: [
            TrustFile(
                path: isDevelopment ? "test/shc/issuer.json" : "shc/issuer.json",
                bytes: keys.trustFile(issuer: issuerURL, name: issuerName))
        ])
        guard trust.refused.isEmpty, !trust.isEmpty else { throw OwnOutputMismatch(reason: "trust file") }
        verifier = Verifier(trust: trust)
        self.renderer = renderer
        self.municipalities = Dictionary(municipalities.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        self.isDevelopment = isDevelopment
    }

    /// Makes the certificate of an intent.
    func make(
        _ intent: Intent, request: CertificateRequest, forms: Set<PageForm>, now: Date, pool: WorkPool,
        metrics: ServiceMetrics
    ) async throws -> MadeCertificate {
        guard let municipality = municipalities[intent.municipality] else {
            throw ProblemCode.municipalityNotParticipating
        }
        let subject = try Self.subject(of: intent, by: municipality)
        let card = try await metrics.time(.sign) { try await sign(subject, intent) }
        return try await metrics.time(.page) {
            try await pool.run {
                try check(card, subject, intent, now: now)
                return try lay(card, intent, municipality, request, forms)
            }
        }
    }

    /// The certificate's holder and doses as its code names them: the registered name, or for an overseas certificate the
    /// passport's.
    private static func subject(of intent: Intent, by municipality: Municipality) throws -> CredentialSubject {
        let vaccinee = intent.content.vaccinee
        switch intent.kind {
        case .domestic:
            return CredentialSubject(
                family: vaccinee.family, given: vaccinee.given, birthDate: vaccinee.birthDate,
                doses: intent.content.doses,
                performer: municipality.prefecture + municipality.name)
        case .overseas:
            guard let passport = vaccinee.passport else { throw ProblemCode.overseasNoPassport }
            return CredentialSubject(
                family: passport.romajiFamily, given: passport.romajiGiven, birthDate: vaccinee.birthDate,
                doses: intent.content.doses, performer: municipality.nameEnglish)
        }
    }

    private func sign(_ subject: CredentialSubject, _ intent: Intent) async throws -> SmartHealthCard {
        do {
            let prepared = try issuer.prepare(
                subject, notBefore: intent.at, revocationID: intent.certificateID.text, level: .l)
            return try await prepared.issue()
        } catch let error as IssueError {
            switch error {
            case .signatureMismatch: throw OwnOutputMismatch(reason: "signature")
            default: throw ContentRefused(cause: error.code)
            }
        }
    }

    /// Reads the code's text as any verifier would, and compares every part with what was to be certified.
    private func check(_ card: SmartHealthCard, _ subject: CredentialSubject, _ intent: Intent, now: Date) throws {
        func require(_ condition: Bool, _ reason: String) throws {
            guard condition else { throw OwnOutputMismatch(reason: reason) }
        }
        let verdicts = verifier.check([card.qrText], at: max(now, intent.at))
        guard let verdict = verdicts.first, verdicts.count == 1 else { throw OwnOutputMismatch(reason: "verdict") }
        try require(verdict.isValid, verdict.reasons.first?.code ?? "invalid")
        try require(verdict.isTest == isDevelopment && verdict.format == .shc, "trust")
        try require(verdict.certificateID == intent.certificateID.text, "identifier")
        guard let holder = verdict.holder else { throw OwnOutputMismatch(reason: "holder") }
        let given = subject.given.split { $0.isWhitespace }.joined(separator: " ")
        // Compared byte by byte: String's own comparison does not tell a compatibility ideograph from its unified form.
        try require(Self.same(holder.family, subject.family) && Self.same(holder.given ?? "", given), "name")
        try require(holder.birthDay == subject.birthDate, "birth date")
        try require(verdict.doses.count == subject.doses.count, "dose count")
        for (written, dose) in zip(verdict.doses, subject.doses) {
            try require(
                written.date == dose.date.description && written.lot == dose.lot
                    && written.productCode == dose.product.cvx
                    && Self.same(written.performer, subject.performer), "dose")
        }
    }

    private static func same(_ a: String?, _ b: String) -> Bool { a.map { Array($0.utf8) == Array(b.utf8) } ?? false }

    private func lay(
        _ card: SmartHealthCard, _ intent: Intent, _ municipality: Municipality, _ request: CertificateRequest,
        _ forms: Set<PageForm>
    ) throws -> MadeCertificate {
        let content = intent.content
        let page: RenderedPage
        do {
            let code = try Self.code(for: card)
            page = try render(
                .certificate(
                    intent.kind, of: content.vaccinee, doses: content.doses, exceeds: content.exceeds, by: municipality,
                    id: intent.certificateID, issuedOn: intent.issuedOn, codes: ["shc": code], isSample: isDevelopment),
                forms)
        } catch let error as QRError {
            throw ContentRefused(cause: error.code)
        } catch let error as RenderError {
            throw ContentRefused(cause: error.code)
        }
        let passport = intent.kind == .overseas ? content.vaccinee.passport : nil
        let manifest = Manifest(
            certificateID: intent.certificateID, name: content.vaccinee.name, romajiName: passport?.romajiName,
            birthDate: content.vaccinee.birthDate, request: request, issuedOn: intent.issuedOn,
            doses: content.doses.count, isSample: isDevelopment, pdf: page.pdf, png: page.png, codes: [card.qrText])
        return MadeCertificate(
            answer: Answer(manifest: manifest, pdf: page.pdf, png: page.png),
            codeHashes: [Array(SHA256.hash(data: Array(card.qrText.utf8)))])
    }

    /// Only the forms that were wanted: a picture costs twice as much as a document.
    private func render(_ content: PageContent, _ forms: Set<PageForm>) throws(RenderError) -> RenderedPage {
        if forms == [.pdf] { return RenderedPage(pdf: try renderer.renderPDF(content), png: []) }
        if forms == [.png] { return RenderedPage(pdf: [], png: try renderer.renderPNG(content)) }
        return try renderer.render(content)
    }

    /// Level M repairs twice as much as L: taken wherever the card still fits version 22.
    private static func code(for card: SmartHealthCard) throws(QRError) -> QRCode {
        let segments = QRSegment.smartHealthCard(digits: card.numeric)
        let level: QRCode.ErrorCorrection = card.jws.utf8.count <= CodeLevel.m.longestJWS ? .m : .l
        return try QRCode(segments, level: level, maximumVersion: 22)
    }
}
