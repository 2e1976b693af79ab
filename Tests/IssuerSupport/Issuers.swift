public import CredentialIssuing
public import Credentials
import Crypto
public import Foundation
import Signing
public import TestSupport
import Vaccination

/// Issuers of all formats under keys made for the run.
public struct Issuers: Sendable {
    /// When they issue, and when what they issue is valid: 2026-01-01T00:00:00Z.
    public static let now = Date(timeIntervalSince1970: 1_767_225_600)

    private let url: String
    private let cardKey = Key()
    private let authority: DevelopmentCountryAuthority
    private let dccCertificate: [UInt8]
    /// The signer of VDS-NC, DER.
    public let signerCertificate: [UInt8]
    private let cards: SmartHealthCardIssuer
    private let vdsncIssuer: VDSNCIssuer
    private let dccIssuer: DCCIssuer

    /// Issuers with new keys.
    ///
    /// - Parameters:
    ///   - name: tells the address of one issuer of SMART Health Cards from another's.
    ///   - mark: tells the names of one country's certificates from another's.
    public init(_ name: String = "issuer", mark: String = "MIHON") throws {
        url = "https://sample.invalid/\(name)"
        let end = Self.now.addingTimeInterval(700 * 86_400)
        let (vdsncKey, dccKey) = (Key(), Key())
        authority = try DevelopmentCountryAuthority(country: "JP", now: Self.now, mark: mark)
        signerCertificate = try authority.issue(to: vdsncKey.publicKey, from: Self.now, until: end)
        dccCertificate = try authority.issueDocumentSigner(to: dccKey.publicKey, from: Self.now, until: end)
        cards = try SmartHealthCardIssuer(url: url, signer: cardKey)
        vdsncIssuer = try VDSNCIssuer(state: "JPN", signer: vdsncKey, certificate: signerCertificate)
        dccIssuer = try DCCIssuer(country: "JP", signer: dccKey, certificate: dccCertificate)
    }

    /// The country's authority, DER.
    public var authorityCertificate: [UInt8] { authority.certificate }

    /// The issuer of SMART Health Cards as a trust folder has it.
    public var issuerFile: Data {
        let (x, y) = JWK.coordinates(of: cardKey.publicKey)
        let key =
            #"{"kty":"EC","kid":"\#(cardKey.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#
        return Data(#"{"issuer":"\#(url)","name":"見本県","jwks":{"keys":[\#(key)]}}"#.utf8)
    }

    /// What vouches for these issuers, with its places in a trust folder.
    public var trustFiles: [TrustFile] {
        [
            TrustFile(path: "shc/issuer.json", bytes: Array(issuerFile)),
            TrustFile(path: "vdsnc/csca.der", bytes: authority.certificate),
            TrustFile(path: "dcc/signer.der", bytes: dccCertificate),
        ]
    }

    /// Writes what vouches for these issuers into the folder `trust`, or into its part for tests.
    public func writeTrust(to folder: TemporaryFolder, isTest: Bool = false) throws {
        for file in trustFiles { try folder.write("trust/\(isTest ? "test/" : "")\(file.path)", Data(file.bytes)) }
    }

    /// A SMART Health Card of all doses.
    public func card(_ person: Person) async throws -> SmartHealthCard {
        let subject = SmartHealthCardSubject(
            family: person.family, given: person.given, birthDate: person.birthDate, doses: person.doses,
            performer: "見本県見本市")
        return try await cards.prepare(subject, notBefore: Self.now, revocationID: person.id.text).issue()
    }

    /// A VDS-NC of all doses.
    public func vdsnc(_ person: Person) async throws -> VDSNC {
        let subject = VDSNCSubject(
            family: person.family, given: person.given, birthDate: person.birthDate, sex: .female,
            documentNumber: person.documentNumber, doses: person.doses, administrator: "MHLW_Gov_of_JAPAN",
            certificateID: person.id.text)
        return try await vdsncIssuer.prepare(subject, at: Self.now).issue()
    }

    /// An EU certificate of the last dose, valid for a day.
    ///
    /// - Parameter id: its identifier; the person's if it is `nil`.
    public func dcc(_ person: Person, id: String? = nil) async throws -> DCC {
        struct NoDose: Error {}
        guard let dose = person.doses.last else { throw NoDose() }
        let subject = DCCSubject(
            family: person.family, given: person.given, latinFamily: person.family, latinGiven: person.given,
            birthDate: person.birthDate, dose: dose, seriesDoses: person.doses.count, issuer: "MHLW of Japan",
            certificateID: id ?? person.id.text)
        return try await dccIssuer.prepare(subject, at: Self.now, expires: Self.now.addingTimeInterval(86_400)).issue()
    }

    private struct Key: CredentialSigner {
        let key = P256.Signing.PrivateKey()
        var publicKey: P256.Signing.PublicKey { key.publicKey }
        func signature(over message: [UInt8]) async throws -> [UInt8] {
            Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
        }
    }
}
