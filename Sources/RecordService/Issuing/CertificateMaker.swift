import Credentials
import Crypto
package import Exchange
import Foundation
package import Records
package import Rendering
package import Vaccination

/// A certificate, made and checked, that waits to be recorded as signed and sealed.
package struct MadeCertificate: Sendable {
    /// Manifest and page.
    package let answer: Answer
    /// The codes' texts.
    package let codes: [String]
    /// SHA-256 of each code's text.
    package let codeHashes: [[UInt8]]
    /// What revokes the code that no identifier revokes, if there is one.
    package let revocable: RevocableCode?
}

/// What the service itself made is not what it wanted to make: issuing stops until a person has looked.
package struct SelfCheckFailure: Error, Hashable, Sendable {
    /// What differs, in a word, without personal data.
    package let reason: String
}

/// Signs, verifies its own output and lays out the page.
package struct CertificateMaker: Sendable {
    private let signers: Signers
    private let codes: CodeMaker
    private let check: CodeCheck
    private let renderer: PageRenderer
    private let municipalities: [MunicipalityCode: Municipality]
    /// Whether pages bear the sample mark.
    let isDevelopment: Bool
    private let trust: Int64?

    /// A maker.
    /// - Parameters:
    ///   - signers: what signs; what they signed is verified with their own published form.
    ///   - isDevelopment: whether pages bear the sample mark and verifiers call the certificates test ones.
    ///   - trust: the edition of what terminals trust that says these signers; `nil` if none is published.
    package init(
        signers: Signers, renderer: PageRenderer, municipalities: [Municipality], isDevelopment: Bool,
        trust: Int64? = nil
    ) throws {
        self.trust = trust
        self.signers = signers
        codes = try CodeMaker(signers)
        check = try CodeCheck(signers, isDevelopment: isDevelopment)
        self.renderer = renderer
        self.municipalities = Dictionary(municipalities.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        self.isDevelopment = isDevelopment
    }

    /// Throws ``ContentRefused`` if what an intent would certify has no room in a code or on the page, or cannot be printed.
    /// - Parameter issuer: who issues, in the municipality's words; `nil` for its mayor.
    func check(_ intent: Intent, by issuer: BilingualText?) throws {
        let municipality = try municipality(of: intent)
        let subject = try CodeSubject(intent, by: municipality)
        try codes.check(subject)
        do {
            try renderer.check(
                page(of: intent, municipality, issuer, [:]), beside: Set(signers.formats(of: subject).map(\.place)))
        } catch {
            throw ContentRefused(error)
        }
    }

    /// Whether pages of both kinds have room for who issues, beside everything else that a municipality has on them.
    func fits(_ issuer: BilingualText, in code: MunicipalityCode) -> Bool {
        guard let municipality = municipalities[code], let day = CalendarDate(year: 2021, month: 1, day: 1),
            let passport = Passport(number: "XX0000000", romajiName: "MIHON HANAKO", nationality: "JPN", expires: day),
            let vaccinee = Vaccinee(name: "見本　花子", birthDate: BirthDate(day), sex: .unspecified, passport: passport)
        else { return false }
        var generator = SystemRandomNumberGenerator()
        let id = CertificateID(using: &generator)
        // Every set of codes that a page may carry, each of which leaves the issuer its own room.
        let pages: [(CertificateKind, Set<String>)] = [
            (.domestic, ["shc"]), (.overseas, ["shc", "icao"]), (.overseas, ["shc", "icao", "dcc"]),
        ]
        return pages.allSatisfy { kind, codes in
            let page = PageContent.certificate(
                kind, of: vaccinee, doses: [], exceeds: false, by: municipality,
                issuer: (issuer.japanese, issuer.english), id: id, issuedOn: day, codes: [:], isSample: isDevelopment)
            return (try? renderer.check(page, beside: codes)) != nil
        }
    }

    private func municipality(of intent: Intent) throws -> Municipality {
        guard let municipality = municipalities[intent.municipality] else {
            throw ProblemCode.municipalityNotParticipating
        }
        return municipality
    }

    private func page(
        of intent: Intent, _ municipality: Municipality, _ issuer: BilingualText?, _ codes: [String: QRCode]
    ) -> PageContent {
        let content = intent.content
        return .certificate(
            intent.kind, of: content.vaccinee, doses: content.doses, exceeds: content.exceeds, by: municipality,
            issuer: issuer.map { ($0.japanese, $0.english) }, id: intent.certificateID, issuedOn: intent.issuedOn,
            codes: codes, isSample: isDevelopment)
    }

    /// Makes the certificate of an intent.
    /// - Parameter issuer: as for ``check(_:by:)``.
    func make(
        _ intent: Intent, by issuer: BilingualText?, request: CertificateRequest, formats: Set<PageFormat>, now: Date,
        limiter: ConcurrencyLimiter,
        metrics: VRSMetrics
    ) async throws -> MadeCertificate {
        let municipality = try municipality(of: intent)
        let subject = try CodeSubject(intent, by: municipality)
        let made = try await metrics.time(.sign) { try await codes.make(subject) }
        return try await metrics.time(.page) {
            try await limiter.run {
                try check.check(made, of: subject, now: now)
                return try lay(made, subject, intent, municipality, issuer, request, formats)
            }
        }
    }

    private func lay(
        _ made: [MadeCode], _ subject: CodeSubject, _ intent: Intent, _ municipality: Municipality,
        _ issuer: BilingualText?, _ request: CertificateRequest, _ formats: Set<PageFormat>
    ) throws -> MadeCertificate {
        let content = intent.content
        // Who wants no page is not made to wait for one.
        let page =
            formats.isEmpty
            ? RenderedPage(pdf: [], png: [])
            : try drawn(made, intent, municipality, issuer, formats)
        let manifest = Manifest(
            certificateID: intent.certificateID, name: content.vaccinee.name, romajiName: subject.passport?.romajiName,
            documentNumber: subject.passport?.number, birthDate: content.vaccinee.birthDate, request: request,
            issuedOn: intent.issuedOn, doses: content.doses.count, isSample: isDevelopment, pdf: page.pdf,
            png: page.png, codes: made.map(\.text), trust: trust)
        return MadeCertificate(
            answer: Answer(manifest: manifest, pdf: page.pdf, png: page.png), codes: made.map(\.text),
            codeHashes: made.map { Array(SHA256.hash(data: Array($0.text.utf8))) }, revocable: codes.revocable(subject))
    }

    private func drawn(
        _ made: [MadeCode], _ intent: Intent, _ municipality: Municipality, _ issuer: BilingualText?,
        _ formats: Set<PageFormat>
    ) throws -> RenderedPage {
        var pictures: [String: QRCode] = [:]
        for code in made {
            do {
                pictures[code.format.place] = try Self.picture(of: code)
            } catch {
                throw ContentRefused(code.format, error)
            }
        }
        do {
            return try render(self.page(of: intent, municipality, issuer, pictures), formats)
        } catch {
            throw ContentRefused(error)
        }
    }

    /// Only the formats that were wanted: a picture costs twice as much as a document.
    private func render(_ content: PageContent, _ formats: Set<PageFormat>) throws(RenderError) -> RenderedPage {
        if formats == [.pdf] { return RenderedPage(pdf: try renderer.renderPDF(content), png: []) }
        if formats == [.png] { return RenderedPage(pdf: [], png: try renderer.renderPNG(content)) }
        return try renderer.render(content)
    }

    /// The strongest error correction with which a code still fits its place. A SMART Health Card goes no further than M,
    /// where its code is still small; an EU certificate is always of level Q (EU DCC specification, volume 3).
    private static func picture(of code: MadeCode) throws(QRError) -> QRCode {
        let version = CodeMaker.versions[code.format] ?? 22
        switch code.format {
        case .shc:
            do { return try QRCode(code.segments, level: .m, maximumVersion: version) } catch {
                guard case .tooLong = error else { throw error }
            }
            return try QRCode(code.segments, level: .l, maximumVersion: version)
        case .vdsnc: return try QRCode(fitting: code.segments, maximumVersion: version)
        case .dcc: return try QRCode(code.segments, level: .q, maximumVersion: version)
        }
    }
}

extension Format {
    /// The name of its place in the templates.
    fileprivate var place: String {
        switch self {
        case .shc: "shc"
        case .vdsnc: "icao"
        case .dcc: "dcc"
        }
    }
}
