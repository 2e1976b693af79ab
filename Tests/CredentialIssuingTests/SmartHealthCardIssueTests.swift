import CredentialFixtures
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Testing
import TestSupport
import Vaccination

@Suite struct SmartHealthCardIssueTests {
    private let fixture = SmartHealthCardFixture()

    private func subject(
        family: String = "見本", given: String = "花子", doses: Int = 2, performer: String = "見本県見本市"
    ) throws -> SmartHealthCardSubject {
        let product = try #require(Product.withCode("PFIZER-12"))
        return SmartHealthCardSubject(
            family: family, given: given, birthDate: try #require(BirthDate(year: 1990, month: 1, day: 31)),
            doses: try (0..<doses).map { index in
                let date = try #require(CalendarDate(daysSince1970: 18_800 + 97 * index))
                return try #require(
                    Dose(number: index + 1, date: date, product: product, lot: "FK\(7391 + 1117 * index)"))
            }, performer: performer)
    }

    private func issue(_ subject: SmartHealthCardSubject, expires: Date? = nil, rid: String? = nil) async throws
        -> SmartHealthCard
    {
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: fixture.signer)
        let prepared = try issuer.prepare(
            subject, notBefore: SmartHealthCardFixture.start, expires: expires, revocationID: rid)
        return try await prepared.issue()
    }

    private func payload(_ card: SmartHealthCard) throws -> String {
        let parts = card.jws.split(separator: ".")
        #expect(parts.count == 3)
        let bytes = try Deflate.inflate(try Base64URL.decode(Array(parts[1].utf8)), limit: 100_000)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a card's payload is the specification's, byte for byte`() async throws {
        let card = try await issue(subject(doses: 1), rid: "0123456789AB")
        #expect(
            try payload(card)
                == #"{"iss":"https://vc.example.jp/issuer","nbf":1639958400,"vc":{"type":["https://smarthealth.cards#health-card"],"credentialSubject":{"fhirVersion":"4.0.1","fhirBundle":{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"resource:0","resource":{"resourceType":"Patient","name":[{"use":"usual","family":"見本","given":["花子"]}],"birthDate":"1990-01-31"}},{"fullUrl":"resource:1","resource":{"resourceType":"Immunization","status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"208"}]},"patient":{"reference":"resource:0"},"occurrenceDateTime":"2021-06-22","lotNumber":"FK7391","performer":[{"actor":{"display":"見本県見本市"}}]}}]}},"rid":"0123456789AB"}}"#
        )
        let header = try Base64URL.decode(Array(card.jws.prefix { $0 != "." }.utf8))
        #expect(String(decoding: header, as: UTF8.self) == #"{"zip":"DEF","alg":"ES256","kid":"\#(fixture.kid)"}"#)
    }

    @Test func `the code's digits are the JWS's characters less 45`() async throws {
        let card = try await issue(subject())
        #expect(card.qrText == "shc:/" + card.numeric)
        // "eyJ" is where every JWS begins: 101-45, 121-45, 74-45.
        #expect(card.numeric.hasPrefix("567629"))
        #expect(card.numeric.utf8.count == 2 * card.jws.utf8.count)
        let pairs = stride(from: 0, to: card.numeric.utf8.count, by: 2).map { Array(card.numeric.utf8)[$0..<$0 + 2] }
        #expect(pairs.allSatisfy { String(decoding: $0, as: UTF8.self) <= "77" })
        #expect(String(decoding: card.file, as: UTF8.self) == #"{"verifiableCredential":["\#(card.jws)"]}"#)
    }

    @Test func `thousands of made-up histories are issued and come back as they went in`() async throws {
        var random = Seeded("card round trips")
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: fixture.signer)
        let verifier = fixture.verifier()
        for _ in 0..<3000 {
            let subject = try MadeUp.subject(&random)
            let id = CertificateID(using: &random)
            let card = try await issuer.prepare(subject, notBefore: SmartHealthCardFixture.start, revocationID: id.text)
                .issue()
            #expect(card.jws.utf8.count <= CodeLevel.l.maximumJWSLength)
            let form = [card.qrText, card.jws, String(decoding: card.file, as: UTF8.self)].randomElement(using: &random)
            let verdicts = verifier.check([try #require(form)], at: SmartHealthCardFixture.later)
            let verdict = try #require(verdicts.first)
            #expect(verdict.isValid && !verdict.isTest && verdicts.count == 1)
            #expect(verdict.warnings.isEmpty)
            #expect(verdict.issuer == SmartHealthCardFixture.issuer && verdict.certificateID == id.text)
            let given = subject.given.split(separator: " ").joined(separator: " ")
            #expect(verdict.holder?.family == subject.family && verdict.holder?.given ?? "" == given)
            #expect(verdict.holder?.bornOn == subject.birthDate)
            #expect(verdict.doses.map(\.date) == subject.doses.map(\.date.description))
            #expect(verdict.doses.map(\.lot) == subject.doses.map(\.lot))
            #expect(
                verdict.doses.map(\.productCode) == subject.doses.map { $0.product.cvx ?? $0.product.kind.icd11 })
            #expect(verdict.doses.map { $0.maker == nil } == subject.doses.map { $0.product.cvx == nil })
            #expect(verdict.doses.allSatisfy { $0.performer == subject.performer })
        }
    }

    @Test func `a version 22 code holds what the specification says at each level`() {
        #expect(CodeLevel.allCases.map(\.maximumJWSLength) == [1195, 927, 670, 519])
    }

    @Test(arguments: [
        ("寿限無寿限無五劫の擦り切れ海砂利水魚の見本", "水行末雲来末風来末食う寝る処に住む処藪ら柑子の太郎"),
        ("MIHON-LONG-FAMILYNAME DE LA SAMPLE Y EJEMPLO", "HANAKO MARIA ANTOINETTE JOSEPHINA WILHELMINA"),
    ])
    func `five doses with a long name fit a version 22 code`(_ family: String, _ given: String) async throws {
        let products = ["PFIZER-12", "MODERNA", "NOVAVAX", "MODERNA-BA45", "PFIZER-BA45"].compactMap {
            Product.withCode($0)
        }
        var doses: [Dose] = []
        for (index, product) in products.enumerated() {
            let date = try #require(CalendarDate(daysSince1970: 18_800 + 131 * index))
            doses.append(
                try #require(Dose(number: index + 1, date: date, product: product, lot: "3005\(index)8X\(index * 7)")))
        }
        let plain = try subject(family: family, given: given)
        let card = try await issue(
            SmartHealthCardSubject(
                family: family, given: given, birthDate: plain.birthDate, doses: doses, performer: "鹿児島県大島郡見本之島町"),
            rid: "0123456789AB")
        #expect(card.jws.utf8.count <= 1195)
        #expect(fixture.check(card.jws)?.isValid == true)
    }

    @Test func `a card that does not fit names the limit before anything is signed`() throws {
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: fixture.signer)
        let subject = try subject(doses: 5)
        var caught: IssueError?
        do { _ = try issuer.prepare(subject, notBefore: SmartHealthCardFixture.start, level: .h) } catch {
            caught = error
        }
        guard case .tooLong(limit: 519, let length) = caught else { throw caught ?? IssueError.timesMalformed }
        #expect(length > 519 && length < 1195)
        // The length told is the length made.
        let prepared = try issuer.prepare(subject, notBefore: SmartHealthCardFixture.start)
        #expect(prepared.length == length)
    }

    @Test func `the prepared length is the issued one`() async throws {
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: fixture.signer)
        let prepared = try issuer.prepare(try subject(), notBefore: SmartHealthCardFixture.start)
        let length = prepared.length
        #expect(try await prepared.issue().jws.utf8.count == length)
    }

    @Test(arguments: [
        "http://vc.example.jp/issuer", "https://vc.example.jp/issuer/", "https://", "vc.example.jp", "", "https://a b",
        "HTTPS://vc.example.jp",
    ])
    func `an issuer that is no https URL, or ends with a slash, is refused`(_ url: String) {
        #expect(throws: IssueError.issuerMalformed) { try SmartHealthCardIssuer(url: url, signer: fixture.signer) }
    }

    private func refusal(
        _ subject: SmartHealthCardSubject, at notBefore: Date = SmartHealthCardFixture.start, expires: Date? = nil,
        rid: String? = nil
    ) throws -> IssueError? {
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: fixture.signer)
        do {
            _ = try issuer.prepare(subject, notBefore: notBefore, expires: expires, revocationID: rid)
            return nil
        } catch { return error }
    }

    @Test func `what a card cannot carry is refused with its own code`() throws {
        #expect(try refusal(subject(family: "")) == .nameMalformed)
        #expect(try refusal(subject(family: " \u{3000}")) == .nameMalformed)
        #expect(try refusal(subject(family: "見\u{0}本")) == .nameMalformed)
        #expect(try refusal(subject(given: "花\u{7F}子")) == .nameMalformed)
        #expect(try refusal(subject(given: "")) == nil)
        #expect(try refusal(subject(doses: 0)) == .doseCount(0))
        #expect(try refusal(subject(doses: 6)) == .doseCount(6))
        #expect(try refusal(subject(performer: "")) == .performerMalformed)
        #expect(try refusal(subject(), rid: "") == .revocationIDMalformed)
        #expect(try refusal(subject(), rid: String(repeating: "A", count: 25)) == .revocationIDMalformed)
        #expect(try refusal(subject(), rid: String(repeating: "A", count: 24)) == nil)
        #expect(try refusal(subject(), rid: "a.b") == .revocationIDMalformed)
        #expect(try refusal(subject(), expires: SmartHealthCardFixture.start) == .timesMalformed)
        #expect(try refusal(subject(), at: Date(timeIntervalSince1970: -1)) == .timesMalformed)
        #expect(try refusal(subject(), at: Date(timeIntervalSince1970: .infinity)) == .timesMalformed)
    }

    @Test func `a signer whose signature does not verify issues nothing`() async throws {
        struct Liar: CredentialSigner {
            let publicKey = P256.Signing.PrivateKey().publicKey
            func signature(over message: [UInt8]) async throws -> [UInt8] { try TestSigner().sign(message) }
        }
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: Liar())
        let prepared = try issuer.prepare(try subject(), notBefore: SmartHealthCardFixture.start)
        var caught: (any Error)?
        do { _ = try await prepared.issue() } catch { caught = error }
        #expect(caught as? IssueError == .signatureMismatch)
    }

    @Test func `whoever takes the check over finds the same signature wrong by verifying the card`() async throws {
        struct Liar: CredentialSigner {
            let publicKey: P256.Signing.PublicKey
            func signature(over message: [UInt8]) async throws -> [UInt8] { try TestSigner().sign(message) }
        }
        let liar = Liar(publicKey: fixture.signer.publicKey)
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: liar)
        let prepared = try issuer.prepare(try subject(), notBefore: SmartHealthCardFixture.start)
        let card = try await prepared.issue(check: .byCaller)
        #expect(fixture.check(card.jws)?.reasons.map(\.code) == ["signature.invalid"])
    }

    @Test(arguments: [0, 63, 65, 72])
    func `a signature of another length is never handed out`(_ length: Int) async throws {
        struct Short: CredentialSigner {
            let length: Int
            let publicKey = P256.Signing.PrivateKey().publicKey
            func signature(over message: [UInt8]) async throws -> [UInt8] { [UInt8](repeating: 1, count: length) }
        }
        let issuer = try SmartHealthCardIssuer(url: SmartHealthCardFixture.issuer, signer: Short(length: length))
        let prepared = try issuer.prepare(try subject(), notBefore: SmartHealthCardFixture.start)
        var caught: (any Error)?
        do { _ = try await prepared.issue(check: .byCaller) } catch { caught = error }
        #expect(caught as? IssueError == .signatureMismatch)
    }
}
