import CardChip
import CredentialIssuing
import Credentials
import Crypto
import Exchange
import Foundation
import Rendering
import Vaccination

/// A made-up `vrs`: answers applications with real codes on real pages, and with one flaw if a test asks for it.
struct TestIssuer: Sendable {
    /// What is wrong with an answer.
    enum Flaw: String, Sendable, CaseIterable {
        case otherName, otherBirthDate, otherMunicipality, otherKind, otherID, otherDoses
        case tamperedPDF, tamperedPNG, swappedPNG
        case codeOfAnother, codeOfAnotherWithItsHash, missingCode, unsignedCode, unknownKey, notSample, noManifestRomaji
        case garbagePage
        // Of overseas pages with three codes, one flaw each.
        case vdsncOfAnotherName, vdsncOfAnotherPassport, vdsncOfAnotherCertificate, vdsncOfAnotherBirthDate,
            vdsncOfOtherSex
        case vdsncOfOtherDoses, vdsncOfAnotherWithoutItsHash, vdsncOfUnknownAuthority, cardInPlaceOfVDSNC,
            noManifestDocument
        case euCodeOfAnotherName, euCodeOfAnotherCertificate, euCodeOfAnotherDose, euCodeMissing, euCodeNotInManifest
        case euCodeTwice
        // A page in one form alone, as a relay can have it made.
        case withoutPNG, withoutPDF
    }

    private struct Signer: CredentialSigner {
        let key: P256.Signing.PrivateKey
        var publicKey: P256.Signing.PublicKey { key.publicKey }
        func signature(over message: [UInt8]) async throws -> [UInt8] {
            Array(try key.signature(for: message).rawRepresentation)
        }
    }

    static let url = "https://test.invalid/issuer"
    let sealing = P256.KeyAgreement.PrivateKey()
    private let signer = Signer(key: P256.Signing.PrivateKey())
    private let vdsncMaker: VDSNCMaker
    private let renderer: PageRenderer
    private let municipality: Municipality
    private let doses: [Dose]

    init(municipality: Municipality) throws {
        // The templates lie in the package's own folder, four levels above this file.
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        renderer = try PageRenderer(templateFolder: root.appendingPathComponent("templates").path)
        self.municipality = municipality
        vdsncMaker = try VDSNCMaker()
        doses = try [(1, "2021-07-05", "MH0101"), (2, "2021-07-26", "MH0102"), (3, "2022-03-12", "MH0203")].map {
            try Self.some(
                Dose(
                    number: $0.0, date: Self.some(CalendarDate(iso: $0.1)),
                    product: Self.some(Product.withCode("PFIZER-12")),
                    lot: $0.2))
        }
    }

    /// The trust in this issuer, as a test issuer or a real one.
    func trust(isTest: Bool = true) -> TrustStore { TrustStore(files: trustFiles(isTest: isTest)) }

    /// The files that vouch for this issuer.
    func trustFiles(isTest: Bool = true) -> [TrustFile] {
        let raw = [UInt8](signer.publicKey.x963Representation)
        func text(_ bytes: ArraySlice<UInt8>) -> String {
            Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: "")
        }
        let key =
            #"{"kty":"EC","kid":"\#(signer.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(text(raw[1..<33]))","y":"\#(text(raw[33..<65]))"}"#
        let json = #"{"issuer":"\#(Self.url)","name":"Test","jwks":{"keys":[\#(key)]}}"#
        return [TrustFile(path: isTest ? "test/shc/issuer.json" : "shc/issuer.json", bytes: Array(json.utf8))]
            + vdsncMaker.trust(isTest: isTest)
    }

    /// Who is asked for: name, birth date and romaji name.
    struct Person: Sendable {
        var name: String
        var birthDate: BirthDate
        var romajiName = "MIHON, HANAKO"
        var passport = "XX0000001"
        var sex = Sex.female
    }

    /// An answer to a request, right but for its flaw.
    /// - Parameters:
    ///   - hasEUCode: whether an overseas page carries a third code.
    ///   - trust: the edition that it was made under.
    func answer(
        _ request: CertificateRequest, for person: Person, flaw: Flaw? = nil, hasEUCode: Bool = true,
        trust: Int64? = nil
    ) async throws -> Answer {
        var person = person
        let original = person
        if flaw == .otherName { person.name = "見本\u{3000}別人" }
        if flaw == .otherBirthDate { person.birthDate = try Self.some(BirthDate(iso: "1985-04-02")) }
        var random = SystemRandomNumberGenerator()
        let id = CertificateID(using: &random)
        let key = flaw == .unknownKey ? Signer(key: P256.Signing.PrivateKey()) : signer
        let codeID = flaw == .otherID ? CertificateID(using: &random) : id
        var card = try await code(person, request.kind, id: codeID, signer: key)
        if flaw == .codeOfAnother || flaw == .codeOfAnotherWithItsHash {
            card = try await code(
                Person(name: "見本\u{3000}別人", birthDate: person.birthDate, romajiName: "MIHON, BETSUJIN"), request.kind,
                id: id,
                signer: key)
        }
        var numeric = card.numeric
        // The last digits are the signature's.
        if flaw == .unsignedCode {
            numeric = String(numeric.dropLast(4)) + (numeric.hasSuffix("2020") ? "2121" : "2020")
        }
        let further =
            request.kind == .overseas ? try await vdsncMaker.codes(of: person, id, doses, flaw, hasEUCode) : nil
        let page = try page(
            request.kind, person, id: id, numeric: flaw == .missingCode ? nil : numeric, further: further,
            isSample: flaw != .notSample)
        var (pdf, png) = (page.pdf, page.png)
        if flaw == .garbagePage { pdf = Array("%PDF-1.4 nothing".utf8) }
        if flaw == .swappedPNG {
            let other = try await code(
                Person(name: person.name, birthDate: person.birthDate, romajiName: person.romajiName), request.kind,
                id: id,
                signer: key)
            png = try self.page(request.kind, person, id: id, numeric: other.numeric, further: further, isSample: true)
                .png
        }
        if flaw == .withoutPNG { png = [] }
        if flaw == .withoutPDF { pdf = [] }
        let other = try Self.some(MunicipalityCode("990027"))
        let claimed = CertificateRequest(
            municipality: flaw == .otherMunicipality ? other : request.municipality,
            kind: flaw == .otherKind ? (request.kind == .domestic ? .overseas : .domestic) : request.kind,
            copies: request.copies)
        var codes: [String] =
            switch flaw {
            case .missingCode: []
            case .codeOfAnother: [try await code(original, request.kind, id: id, signer: key).qrText]
            default: ["shc:/" + numeric]
            }
        codes += further?.said ?? []
        if flaw == .cardInPlaceOfVDSNC { codes.append("shc:/" + numeric) }
        let manifest = Manifest(
            certificateID: id, name: person.name,
            romajiName: request.kind == .overseas && flaw != .noManifestRomaji ? person.romajiName : nil,
            documentNumber: request.kind == .overseas && flaw != .noManifestDocument ? person.passport : nil,
            birthDate: person.birthDate, request: claimed,
            issuedOn: try Self.some(CalendarDate(iso: "2026-11-21")), doses: flaw == .otherDoses ? 2 : doses.count,
            isSample: flaw != .notSample, pdf: pdf, png: png, codes: codes, trust: trust)
        if flaw == .tamperedPDF { pdf.append(UInt8(ascii: "\n")) }
        if flaw == .tamperedPNG { png.append(0) }
        return Answer(manifest: manifest, pdf: pdf, png: png)
    }

    private func code(
        _ person: Person, _ kind: CertificateKind, id: CertificateID, signer: Signer
    ) async throws -> SmartHealthCard {
        let parts =
            kind == .domestic
            ? person.name.split(separator: "\u{3000}").map(String.init)
            : person.romajiName.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let subject = SmartHealthCardSubject(
            family: parts[0], given: parts.count > 1 ? parts[1] : "", birthDate: person.birthDate, doses: doses,
            performer: municipality.name)
        let issuer = try SmartHealthCardIssuer(url: Self.url, signer: signer)
        let prepared = try issuer.prepare(subject, notBefore: Date() - 60, revocationID: id.text)
        return try await prepared.issue()
    }

    private func page(
        _ kind: CertificateKind, _ person: Person, id: CertificateID, numeric: String?, further: VDSNCMaker.Codes?,
        isSample: Bool
    ) throws -> RenderedPage {
        let passport = Passport(
            number: person.passport, romajiName: person.romajiName, nationality: "JPN",
            expires: try Self.some(CalendarDate(iso: "2035-03-31")))
        let vaccinee = try Self.some(
            Vaccinee(name: person.name, birthDate: person.birthDate, sex: .female, passport: passport))
        // A page without a code has a code that says nothing, far from any certificate's.
        let qr = try QRCode(
            numeric.map { QRSegment.smartHealthCard(digits: $0) } ?? [.bytes("no certificate")], level: .l,
            maximumVersion: 22)
        var codes = ["shc": qr]
        if let further {
            codes["icao"] = try further.vdsnc.map { try QRCode(fitting: [.bytes($0)], maximumVersion: 33) } ?? qr
            codes["dcc"] = try further.euCode.map { try QRCode([.alphanumeric($0)], level: .q, maximumVersion: 20) }
        }
        return try renderer.render(
            .certificate(
                kind, of: vaccinee, doses: doses, exceeds: false, by: municipality, id: id,
                issuedOn: try Self.some(CalendarDate(iso: "2026-11-21")), codes: codes, isSample: isSample))
    }

    static func some<T>(_ value: T?) throws -> T {
        guard let value else { throw TestFault() }
        return value
    }
}

/// A fixture is not what it should be.
struct TestFault: Error {}
