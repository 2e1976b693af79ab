import Credentials
import Crypto
import Foundation
import Signing
import Vaccination

/// A made-up person with two doses.
struct Person: Sendable {
    static let birthDate = "1980-11-23"
    let family: String
    let given = "HANAKO"
    let documentNumber: String
    let doses: [Dose]

    var name: String { "\(family) \(given)" }

    init(family: String, documentNumber: String) throws {
        struct NoSample: Error {}
        self.family = family
        self.documentNumber = documentNumber
        guard let product = Product.all.first else { throw NoSample() }
        doses = try (1...2).map { number in
            guard let date = CalendarDate(iso: "2021-0\(number)-11"),
                let dose = Dose(number: number, date: date, product: product, lot: "LOT-\(number)")
            else { throw NoSample() }
            return dose
        }
    }
}

/// Issuers of cards, seals and EU certificates under keys made for the run.
struct Issuers: Sendable {
    /// 2026-01-01T00:00:00Z.
    static let now = Date(timeIntervalSince1970: 1_767_225_600)
    static let certificateID = "MIHON-12345"
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

    /// Writes what vouches for these issuers into a trust folder, or into its part for tests.
    func writeTrust(to folder: Folder, isTest: Bool = false) throws {
        let part = isTest ? "trust/test" : "trust"
        let (x, y) = JWK.coordinates(of: cardKey.publicKey)
        let key =
            #"{"kty":"EC","kid":"\#(cardKey.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#
        let issuer = #"{"issuer":"\#(Self.url)\#(isTest ? "/test" : "")","name":"見本県","jwks":{"keys":[\#(key)]}}"#
        if !isTest { try folder.write("\(part)/shc/issuer.json", Data(issuer.utf8)) }
        try folder.write("\(part)/vdsnc/csca.der", Data(authority.certificate))
        try folder.write("\(part)/dcc/signer.der", Data(hcertCertificate))
    }

    func card(_ person: Person) async throws -> SmartHealthCard {
        struct NoDate: Error {}
        guard let birthDate = CalendarDate(iso: Person.birthDate) else { throw NoDate() }
        let subject = CredentialSubject(
            family: person.family, given: person.given, birthDate: birthDate, doses: person.doses,
            performer: "見本県見本市")
        return try await cards.prepare(subject, notBefore: Self.now, revocationID: Self.certificateID).issue()
    }

    func seal(_ person: Person) async throws -> Seal {
        struct NoDate: Error {}
        guard let birthDate = CalendarDate(iso: Person.birthDate) else { throw NoDate() }
        let subject = SealSubject(
            family: person.family, given: person.given, birthDate: birthDate, sex: .female,
            documentNumber: person.documentNumber, doses: person.doses, administrator: "MHLW_Gov_of_JAPAN",
            certificateID: Self.certificateID)
        return try await seals.prepare(subject, at: Self.now).issue()
    }

    /// An EU certificate's code holds spaces, which press buttons when a person types them.
    func hcertWithSpaces(_ person: Person) async throws -> HCERT {
        struct NoSample: Error {}
        guard let dose = person.doses.last, let birthDate = CalendarDate(iso: Person.birthDate) else {
            throw NoSample()
        }
        for number in 0..<100 {
            let subject = HCERTSubject(
                family: person.family, given: person.given, latinFamily: person.family, latinGiven: person.given,
                birthDate: birthDate, dose: dose, seriesDoses: person.doses.count, issuer: "MHLW of Japan",
                certificateID: "URN:UVCI:01:JP:MIHON\(number)")
            let hcert = try await hcerts.prepare(
                subject, at: Self.now, expires: Self.now.addingTimeInterval(86_400)
            ).issue()
            if hcert.text.contains(" ") { return hcert }
        }
        throw NoSample()
    }

    private struct Key: CredentialSigner {
        let key = P256.Signing.PrivateKey()
        var publicKey: P256.Signing.PublicKey { key.publicKey }
        func signature(over message: [UInt8]) async throws -> [UInt8] {
            Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
        }
    }
}
