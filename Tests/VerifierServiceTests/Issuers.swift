import Credentials
import Crypto
import Foundation
import Signing
import Vaccination

/// A made-up person with two doses.
struct Person: Sendable {
    let family: String
    let given: String
    let documentNumber: String
    let id: CertificateID
    let birthDate: CalendarDate
    let doses: [Dose]

    init(family: String = "MIHON", given: String = "HANAKO", documentNumber: String = "TK1234567", lot: String = "LOT")
        throws
    {
        struct NoSample: Error {}
        self.family = family
        self.given = given
        self.documentNumber = documentNumber
        var generator = SystemRandomNumberGenerator()
        id = CertificateID(using: &generator)
        guard let birth = CalendarDate(iso: "1980-11-23"), let product = Product.all.first else { throw NoSample() }
        birthDate = birth
        doses = try (1...2).map { number in
            guard let date = CalendarDate(iso: "2021-0\(number)-11"),
                let dose = Dose(number: number, date: date, product: product, lot: "\(lot)\(number)")
            else { throw NoSample() }
            return dose
        }
    }
}

/// Issuers of all formats under keys made for the run.
struct Issuers: Sendable {
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
        hcertCertificate = try authority.issueDocumentSigner(to: hcertKey.publicKey, from: Self.now, until: end)
        cards = try SmartHealthCardIssuer(url: Self.url, signer: cardKey)
        seals = try SealIssuer(state: "JPN", signer: sealKey, certificate: sealCertificate)
        hcerts = try HCERTIssuer(country: "JP", signer: hcertKey, certificate: hcertCertificate)
    }

    /// The issuer of SMART Health Cards as a trust folder has it.
    var issuerFile: Data {
        let (x, y) = JWK.coordinates(of: cardKey.publicKey)
        let key =
            #"{"kty":"EC","kid":"\#(cardKey.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#
        return Data(#"{"issuer":"\#(Self.url)","name":"見本","jwks":{"keys":[\#(key)]}}"#.utf8)
    }

    /// Writes what vouches for these issuers, below `test/` where they are test issuers.
    func writeTrust(to folder: Folder, isTest: Bool = false) throws {
        let part = isTest ? "trust/test" : "trust"
        try folder.write("\(part)/shc/issuer.json", issuerFile)
        try folder.write("\(part)/vdsnc/csca.der", Data(authority.certificate))
        try folder.write("\(part)/dcc/signer.der", Data(hcertCertificate))
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
