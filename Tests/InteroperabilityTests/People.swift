import Credentials
import Crypto
import Foundation
import Signing
import TestSupport
import Vaccination

/// A made-up person with a history, and what other implementations are to find in the certificate.
struct Person: Sendable {
    let family: String
    let given: String
    let birthDate: CalendarDate
    let documentNumber: String
    let id: CertificateID
    let doses: [Dose]

    private static let kanji = (
        ["見本", "髙橋", "渡邉", "𠮷田", "佐\u{E0100}藤", "ヴァン・デル・見本"], ["花子", "太郎", "", "ジョン ポール ジョージ"]
    )
    private static let latin = (
        ["MIHON", "SAMPLE-TEST", "O CONNOR", "VAN DER MIHON"], ["HANAKO", "", "JOHN PAUL GEORGE", "A"]
    )

    init(_ random: inout Seeded, isLatin: Bool) throws {
        struct NoSample: Error {}
        let names = isLatin ? Self.latin : Self.kanji
        family = names.0.randomElement(using: &random) ?? ""
        given = names.1.randomElement(using: &random) ?? ""
        documentNumber = "TK" + String(Int.random(in: 1_000_000...9_999_999, using: &random))
        id = CertificateID(using: &random)
        var day = Int.random(in: 18_600...19_000, using: &random)
        var doses: [Dose] = []
        for number in 1...Int.random(in: 1...5, using: &random) {
            day += Int.random(in: 0...200, using: &random)
            let lot = "L" + String(Int.random(in: 0...0xFFFFFF, using: &random), radix: 16).uppercased()
            guard let date = CalendarDate(daysSince1970: day), let product = Product.all.randomElement(using: &random),
                let dose = Dose(number: number, date: date, product: product, lot: lot)
            else { throw NoSample() }
            doses.append(dose)
        }
        self.doses = doses
        guard let birth = CalendarDate(daysSince1970: Int.random(in: -20_000...18_000, using: &random)) else {
            throw NoSample()
        }
        birthDate = birth
    }

    /// What is to be found, as the Python side reads it.
    var expected: [String: Any] {
        [
            "time": Int(Issuers.now.timeIntervalSince1970), "id": id.text, "family": family,
            "given": given.split(separator: " ").joined(separator: " "), "birthDate": birthDate.description,
            "documentNumber": documentNumber,
            "doses": doses.map { dose in
                [
                    "date": dose.date.description, "lot": dose.lot, "number": dose.number, "cvx": dose.product.cvx,
                    "euProduct": dose.product.euProduct, "euMaker": dose.product.euMaker,
                ] as [String: Any]
            },
        ]
    }
}

/// Issuers of all formats under keys made for the run.
struct Issuers {
    /// 2026-01-01T00:00:00Z.
    static let now = Date(timeIntervalSince1970: 1_767_225_600)
    private static let url = "https://sample.invalid/issuer"

    private let cardKey = Key()
    private let authority: DevelopmentSealAuthority
    private let hcertCertificate: [UInt8]
    private let cards: SmartHealthCardIssuer
    private let seals: SealIssuer
    private let hcerts: HCERTIssuer

    init() throws {
        let end = Self.now.addingTimeInterval(700 * 86_400)
        let (sealKey, hcertKey) = (Key(), Key())
        authority = try DevelopmentSealAuthority(country: "JP", now: Self.now)
        let sealCertificate = try authority.issue(to: sealKey.publicKey, from: Self.now, until: end)
        hcertCertificate = try authority.issue(
            to: hcertKey.publicKey, from: Self.now, until: end, usage: "1.3.6.1.4.1.1847.2021.1.2", documentType: nil)
        cards = try SmartHealthCardIssuer(url: Self.url, signer: cardKey)
        seals = try SealIssuer(state: "JPN", signer: sealKey, certificate: sealCertificate)
        hcerts = try HCERTIssuer(country: "JP", signer: hcertKey, certificate: hcertCertificate)
    }

    var trustFiles: [TrustFile] {
        let (x, y) = JWK.coordinates(of: cardKey.publicKey)
        let key =
            #"{"kty":"EC","kid":"\#(cardKey.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#
        let issuer = #"{"issuer":"\#(Self.url)","name":"見本","jwks":{"keys":[\#(key)]}}"#
        return [
            TrustFile(path: "shc/issuer.json", bytes: Array(issuer.utf8)),
            TrustFile(path: "vdsnc/csca.der", bytes: authority.certificate),
            TrustFile(path: "dcc/signer.der", bytes: hcertCertificate),
        ]
    }

    func card(_ person: Person) async throws -> SmartHealthCard {
        let subject = CredentialSubject(
            family: person.family, given: person.given, birthDate: person.birthDate, doses: person.doses,
            performer: "見本県見本市")
        return try await cards.prepare(subject, notBefore: Self.now, revocationID: person.id.text).issue()
    }

    func seal(_ person: Person) async throws -> Seal {
        let subject = SealSubject(
            family: person.family, given: person.given, birthDate: person.birthDate, sex: .female,
            documentNumber: person.documentNumber, doses: person.doses, administrator: "MHLW_Gov_of_JAPAN",
            certificateID: person.id.text)
        return try await seals.prepare(subject, at: Self.now).issue()
    }

    func hcert(_ person: Person) async throws -> HCERT {
        struct NoDose: Error {}
        guard let dose = person.doses.last else { throw NoDose() }
        let subject = HCERTSubject(
            family: person.family, given: person.given, latinFamily: person.family, latinGiven: person.given,
            birthDate: person.birthDate, dose: dose, seriesDoses: person.doses.count, issuer: "MHLW of Japan",
            certificateID: person.id.text)
        return try await hcerts.prepare(subject, at: Self.now, expires: Self.now.addingTimeInterval(86_400)).issue()
    }

    private struct Key: CredentialSigner {
        let key = P256.Signing.PrivateKey()
        var publicKey: P256.Signing.PublicKey { key.publicKey }
        func signature(over message: [UInt8]) async throws -> [UInt8] {
            Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
        }
    }
}
