import Credentials
import Crypto
import Foundation
import Signing
import TestSupport
import Vaccination

/// A key in memory that signs.
struct TestSigner: CredentialSigner {
    let key: P256.Signing.PrivateKey
    var publicKey: P256.Signing.PublicKey { key.publicKey }

    init(_ key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) { self.key = key }

    func signature(over message: [UInt8]) async throws -> [UInt8] { try sign(message) }
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
    }
}

/// An issuer of health cards in a trust store, with all that a test changes by one flaw.
struct HealthCardFixture {
    static let issuer = "https://vc.example.jp/issuer"
    /// 2021-12-20T00:00:00Z.
    static let start = Date(timeIntervalSince1970: 1_639_958_400)
    static let later = start.addingTimeInterval(3600)

    let signer = TestSigner()

    var kid: String { signer.keyID }

    func trustFile(
        issuer: String = Self.issuer, path: String = "shc/issuer.json", signer: TestSigner? = nil, crls: String? = nil,
        crlVersion: Int? = nil
    ) -> TrustFile {
        let signer = signer ?? self.signer
        let (x, y) = JWK.coordinates(of: signer.publicKey)
        let version = crlVersion.map { ",\"crlVersion\":\($0)" } ?? ""
        let key =
            #"{"kty":"EC","kid":"\#(signer.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"\#(version)}"#
        let lists = crls.map { ",\"crls\":\($0)" } ?? ""
        let text = #"{"issuer":"\#(issuer)","name":"見本発行者","jwks":{"keys":[\#(key)]}\#(lists)}"#
        return TrustFile(path: path, bytes: Array(text.utf8))
    }

    func verifier(_ files: [TrustFile]? = nil) -> Verifier {
        Verifier(trust: TrustStore(files: files ?? [trustFile()]))
    }

    static let header = #"{"zip":"DEF","alg":"ES256","kid":"KID"}"#

    /// A payload that is right but for what a test replaces in it.
    static let payload =
        #"{"iss":"https://vc.example.jp/issuer","nbf":1639958400,"vc":{"type":["https://smarthealth.cards#health-card"],"#
        + #""credentialSubject":{"fhirVersion":"4.0.1","fhirBundle":{"resourceType":"Bundle","type":"collection","entry":["#
        + #"{"fullUrl":"resource:0","resource":{"resourceType":"Patient","name":[{"family":"見本","given":["花子"]}],"#
        + #""birthDate":"1990-01-01"}},{"fullUrl":"resource:1","resource":{"resourceType":"Immunization","#
        + #""status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"208"}]},"#
        + #""patient":{"reference":"resource:0"},"occurrenceDateTime":"2021-06-01","lotNumber":"FA1234","#
        + #""performer":[{"actor":{"display":"見本市"}}]}}]}},"rid":"0123456789AB"}}"#

    /// A signed text from its three parts as they are.
    func jws(
        header: String = Self.header, payload: String = Self.payload, compressed: [UInt8]? = nil,
        signature: ((TestSigner, [UInt8]) throws -> [UInt8])? = nil
    ) throws -> String {
        let header = header.replacingOccurrences(of: "KID", with: kid)
        let body = compressed ?? Deflate.compress(Array(payload.utf8)) ?? []
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(body)
        let bytes = try signature?(signer, Array(input.utf8)) ?? signer.sign(Array(input.utf8))
        return input + "." + Base64URL.encode(bytes)
    }

    func check(_ jws: String, at now: Date = Self.later, trust files: [TrustFile]? = nil) -> Verdict? {
        verifier(files).check([jws], at: now).first
    }
}

/// Made-up people and histories.
enum MadeUp {
    static let families = ["見本", "試験", "髙橋", "渡邉", "𠮷田", "佐\u{E0100}藤", "MIHON", "O'SAMPLE-TEST", "ヴァン・デル・見本"]
    static let givens = ["花子", "太郎", "", "ジョン ポール ジョージ", "HANAKO", "一二三四五六七八九十"]

    static func subject(_ random: inout Seeded) throws -> CredentialSubject {
        let count = Int.random(in: 1...5, using: &random)
        var day = Int.random(in: 18_600...19_000, using: &random)
        var doses: [Dose] = []
        for number in 1...count {
            day += Int.random(in: 0...200, using: &random)
            guard let date = CalendarDate(daysSince1970: day), let product = Product.all.randomElement(using: &random),
                let dose = Dose(number: number, date: date, product: product, lot: lot(&random))
            else { throw Missing() }
            doses.append(dose)
        }
        guard let birth = CalendarDate(daysSince1970: Int.random(in: -20_000...18_000, using: &random)) else {
            throw Missing()
        }
        return CredentialSubject(
            family: families.randomElement(using: &random) ?? "", given: givens.randomElement(using: &random) ?? "",
            birthDate: birth, doses: doses,
            performer: ["見本県見本市", "MHLW_Gov_of_JAPAN"].randomElement(using: &random) ?? "")
    }

    private static func lot(_ random: inout Seeded) -> String {
        let characters = Array("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")
        return String(
            (0..<Int.random(in: 4...8, using: &random)).compactMap { _ in characters.randomElement(using: &random) })
    }

    struct Missing: Error {}
}

extension String {
    /// This text with one part replaced; the part must be there, or the fixture would have no flaw.
    func replacing(one part: String, with other: String) throws -> String {
        struct NotThere: Error { let part: String }
        guard contains(part) else { throw NotThere(part: part) }
        return replacingOccurrences(of: part, with: other)
    }
}
