import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Signing
import Vaccination

/// The VDS-NC and EU codes of the made-up issuer, with one flaw if a test asks for it.
struct VDSNCMaker: Sendable {
    /// What overseas pages carry besides the SMART Health Card.
    struct Codes: Sendable {
        /// The VDS-NC on the page; `nil` for none.
        var vdsnc: String?
        /// The EU code on the page; `nil` for none.
        var euCode: String?
        /// The texts whose hashes the manifest says.
        var said: [String]
    }

    private struct Signer: CredentialSigner {
        let key = P256.Signing.PrivateKey()
        var publicKey: P256.Signing.PublicKey { key.publicKey }
        func signature(over message: [UInt8]) async throws -> [UInt8] {
            Array(try key.signature(for: message).rawRepresentation)
        }
    }

    private let authority: DevelopmentCountryAuthority
    private let vdsncIssuer: VDSNCIssuer
    private let foreignIssuer: VDSNCIssuer
    private let documentIssuer: DCCIssuer
    private let documentCertificate: [UInt8]
    private let end: Date

    init() throws {
        let now = Date()
        end = now + 86_400
        let signers = [Signer(), Signer(), Signer()]
        authority = try DevelopmentCountryAuthority(country: "JP", now: now, mark: "MIHON")
        let foreign = try DevelopmentCountryAuthority(country: "JP", now: now, mark: "MIHON")
        vdsncIssuer = try VDSNCIssuer(
            state: "JPN", signer: signers[0],
            certificate: authority.issue(to: signers[0].publicKey, from: now - 86_400, until: end))
        foreignIssuer = try VDSNCIssuer(
            state: "JPN", signer: signers[1],
            certificate: foreign.issue(to: signers[1].publicKey, from: now - 86_400, until: end))
        documentCertificate = try authority.issueDocumentSigner(
            to: signers[2].publicKey, from: now - 86_400, until: end)
        documentIssuer = try DCCIssuer(country: "JP", signer: signers[2], certificate: documentCertificate)
    }

    func trust(isTest: Bool) -> [TrustFile] {
        let part = isTest ? "test/" : ""
        return [
            TrustFile(path: part + "vdsnc/csca.cer", bytes: authority.certificate),
            TrustFile(path: part + "dcc/signer.cer", bytes: documentCertificate),
        ]
    }

    /// The codes of a page, right but for the flaw.
    func codes(
        of person: TestIssuer.Person, _ id: CertificateID, _ doses: [Dose], _ flaw: TestIssuer.Flaw?, _ hasEUCode: Bool
    ) async throws -> Codes {
        var random = SystemRandomNumberGenerator()
        let otherID = CertificateID(using: &random)
        let otherDoses = Array(doses.dropLast())
        var sealed = person
        switch flaw {
        case .vdsncOfAnotherName, .vdsncOfAnotherWithoutItsHash: sealed.romajiName = "MIHON, BETSUJIN"
        case .vdsncOfAnotherPassport: sealed.passport = "XX0000002"
        case .vdsncOfAnotherBirthDate: sealed.birthDate = try TestIssuer.some(BirthDate(iso: "1985-04-02"))
        case .vdsncOfOtherSex: sealed.sex = .male
        default: break
        }
        let vdsncDoses = flaw == .vdsncOfOtherDoses ? try doses.map(Self.otherLot) : doses
        let vdsnc = try await vdsnc(
            of: sealed, flaw == .vdsncOfAnotherCertificate ? otherID : id, vdsncDoses,
            by: flaw == .vdsncOfUnknownAuthority ? foreignIssuer : vdsncIssuer)
        var certified = person
        if flaw == .euCodeOfAnotherName { certified.romajiName = "MIHON, BETSUJIN" }
        let euDoses = flaw == .euCodeOfAnotherDose ? otherDoses : doses
        let euCode = try await euCode(of: certified, flaw == .euCodeOfAnotherCertificate ? otherID : id, euDoses)

        var codes = Codes(vdsnc: vdsnc, euCode: hasEUCode ? euCode : nil, said: hasEUCode ? [vdsnc, euCode] : [vdsnc])
        switch flaw {
        case .vdsncOfAnotherWithoutItsHash:
            codes.said = [try await self.vdsnc(of: person, id, doses, by: vdsncIssuer), euCode]
        case .cardInPlaceOfVDSNC:
            codes.vdsnc = nil
            codes.said = [euCode]
        case .euCodeMissing: codes.euCode = nil
        case .euCodeNotInManifest: codes.said = [vdsnc]
        case .euCodeTwice:
            codes.vdsnc = euCode
            codes.said = [euCode, euCode]
        default: break
        }
        return codes
    }

    private static func otherLot(_ dose: Dose) throws -> Dose {
        try TestIssuer.some(
            Dose(number: dose.number, date: dose.date, product: dose.product, lot: "MH9999", country: dose.country))
    }

    private static func parts(_ romaji: String) -> (family: String, given: String) {
        let parts = romaji.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
    }

    private func vdsnc(
        of person: TestIssuer.Person, _ id: CertificateID, _ doses: [Dose], by issuer: VDSNCIssuer
    ) async throws -> String {
        let name = Self.parts(person.romajiName)
        let subject = VDSNCSubject(
            family: name.family, given: name.given, birthDate: person.birthDate, sex: person.sex,
            documentNumber: person.passport, doses: doses, administrator: "MHLW_Gov_of_JAPAN", certificateID: id.text)
        return try await issuer.prepare(subject, at: Date() - 60).issue().text
    }

    private func euCode(of person: TestIssuer.Person, _ id: CertificateID, _ doses: [Dose]) async throws -> String {
        let name = Self.parts(person.romajiName)
        let dose = try TestIssuer.some(doses.last)
        let subject = DCCSubject(
            family: name.family, given: name.given, latinFamily: name.family, latinGiven: name.given,
            birthDate: person.birthDate, dose: dose, seriesDoses: max(2, dose.number), issuer: "Test",
            certificateID: id.text)
        return try await documentIssuer.prepare(subject, at: Date() - 60, expires: end).issue().text
    }
}
