import CardChip
import CredentialIssuing
import Exchange
import IssuerSupport
import Vaccination

/// The certificates of a made-up `vrs`, right but for one flaw.
struct TestCertificates: Sendable {
    private let world: PhoneWorld
    private let flaw: TestWallet.Flaw?

    init(_ world: PhoneWorld, _ flaw: TestWallet.Flaw?) { (self.world, self.flaw) = (world, flaw) }

    /// The answer to an application, for whoever its card says.
    func answer(_ opened: OpenedApplication, isPaged: Bool) async throws -> Answer {
        let request = opened.application.request
        let isOverseas = request.kind == .overseas
        let names = opened.card.attributes.name.split(separator: "\u{3000}").map(String.init)
        let birthDate = try some(BirthDate(digits: opened.card.attributes.birthDate.utf8))
        // In all of them alike: the same holder's other passport.
        let passport = flaw == .anotherPassport ? "TK7654321" : "TK1234567"
        let holder = try person(isOverseas ? ["MIHON", "HANAKO"] : names, birthDate, passport: passport)
        let id = holder.id
        let codes = try await codes(holder, isOverseas)

        let (pdf, png): ([UInt8], [UInt8]) = isPaged ? (Array("%PDF made up".utf8), [0x89, 0x50]) : ([], [])
        var claimed = request
        if flaw == .otherMunicipality {
            claimed = CertificateRequest(municipality: world.municipalities[9].code, kind: request.kind, copies: .one)
        }
        if flaw == .otherKind {
            claimed = CertificateRequest(
                municipality: request.municipality, kind: isOverseas ? .domestic : .overseas, copies: .one)
        }
        let manifest = Manifest(
            certificateID: id,
            name: flaw == .otherName ? "見本\u{3000}別人" : opened.card.attributes.name,
            romajiName: isOverseas && flaw != .noRomaji ? "MIHON, HANAKO" : nil,
            documentNumber: isOverseas ? holder.documentNumber : nil,
            birthDate: flaw == .otherBirthDate ? try some(BirthDate(iso: "1980-11-24")) : birthDate,
            request: claimed, issuedOn: try some(CalendarDate(iso: "2026-01-01")), doses: flaw == .otherDoses ? 3 : 2,
            isSample: flaw != .notSample, pdf: flaw == .pageHash ? [1] : pdf, png: png, codes: codes.said)
        return Answer(
            manifest: manifest, pdf: pdf, png: png, codes: codes.sent, currentToken: [UInt8](repeating: 5, count: 120))
    }

    private func person(
        _ names: [String], _ birthDate: BirthDate, passport: String = "TK1234567", id: CertificateID? = nil
    ) throws -> Person {
        let sample = try Person()
        return Person(
            family: names.first ?? "", given: names.dropFirst().joined(), birthDate: birthDate,
            documentNumber: passport, id: id ?? sample.id, doses: sample.doses)
    }

    /// The codes that come, and those that the manifest names.
    private func codes(_ holder: Person, _ isOverseas: Bool) async throws -> (sent: [String], said: [String]) {
        var sealed = holder
        if flaw == .codeOfAnother {
            sealed = try person(isOverseas ? ["MIHON", "BETSUJIN"] : ["見本", "別人"], holder.birthDate, id: holder.id)
        }
        if flaw == .otherID {
            sealed = try person([holder.family, holder.given], holder.birthDate)
        }
        let issuers = flaw == .foreignIssuer ? world.foreignIssuers : world.issuers
        var codes = [try await issuers.card(sealed).qrText]
        if isOverseas, flaw != .noVDSNC {
            let number = flaw == .vdsncOfAnotherPassport ? "TK7654321" : holder.documentNumber
            let traveller = try person(
                [sealed.family, sealed.given], holder.birthDate, passport: number, id: sealed.id)
            codes.append(try await issuers.vdsnc(traveller).text)
        }
        if flaw == .cardTwice { codes.append(try await issuers.card(sealed).qrText) }
        if flaw == .noCode { return ([], []) }
        guard flaw == .codeNotInManifest else { return (codes, codes) }
        return (codes, [try await issuers.card(holder).qrText] + codes.dropFirst())
    }
}
