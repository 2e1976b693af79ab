import CredentialFixtures
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Testing
import TestSupport
import Vaccination

@Suite struct DCCIssueTests {
    private let fixture: HCERTFixture

    init() throws { fixture = try HCERTFixture(usages: ["1.3.6.1.4.1.1847.2021.1.2"]) }

    private func issuer() throws -> DCCIssuer {
        try DCCIssuer(country: "JP", signer: fixture.signer, certificate: fixture.certificate)
    }

    private func subject(
        _ card: SmartHealthCardSubject, id: String = "0123456789AB",
        latin: (String, String) = ("MIHON-SAMPLE", "HANAKO")
    ) throws -> DCCSubject {
        DCCSubject(
            family: card.family, given: card.given, latinFamily: latin.0, latinGiven: latin.1,
            birthDate: card.birthDate,
            dose: try #require(card.doses.last), seriesDoses: card.doses.count, issuer: "MIHON-SHI",
            certificateID: id)
    }

    @Test func `made-up histories are issued and come back as they went in`() async throws {
        var random = Seeded("HCERT round trips")
        let issuer = try issuer()
        let verifier = Verifier(trust: TrustStore(files: [fixture.trustFile]))
        let now = HCERTFixture.later
        for _ in 0..<2500 {
            let card = try MadeUp.subject(&random)
            let id = CertificateID(using: &random)
            let subject = try subject(card, id: id.text)
            let issued = try await issuer.prepare(subject, at: now, expires: now.addingTimeInterval(86_400)).issue()
            #expect(issued.text.utf8.count < 800)
            let verdict = try #require(verifier.check([issued.text], at: now).first)
            #expect(verdict.isValid && verdict.warnings.isEmpty)
            #expect(verdict.issuer == "JP" && verdict.holder?.bornOn == card.birthDate)
            // Without a given name as displayed, the machine readable one stands in.
            let given = card.given.isEmpty ? "HANAKO" : card.given
            #expect(verdict.holder?.family == card.family && verdict.holder?.given == given)
            #expect(verdict.doses.first?.productCode == card.doses.last?.product.eu?.product)
            #expect(verdict.certificateID?.hasPrefix("URN:UVCI:01:JP:\(id.text)#") == true)
            #expect(verdict.doses.first?.date == card.doses.last?.date.description)
            #expect(verdict.doses.first?.number == card.doses.count)
        }
    }

    @Test func `what is said before signing of a certificate's length holds whatever the signature`() async throws {
        var random = Seeded("lengths of certificates")
        let issuer = try issuer()
        let now = HCERTFixture.later
        for _ in 0..<500 {
            let subject = try subject(MadeUp.subject(&random))
            func prepared() throws -> PreparedDCC {
                try issuer.prepare(subject, at: now, expires: now.addingTimeInterval(86_400))
            }
            let length = try await prepared().issue().text.utf8.count
            // Enough for this one is too little for every one, and what is enough for every one is little more.
            #expect(throws: IssueError.self) { try prepared().check(limit: length - 1) }
            #expect(throws: Never.self) { try prepared().check(limit: length + 24) }
        }
    }

    @Test func `what a certificate cannot carry is refused with its own code`() throws {
        var random = Seeded("HCERT refusals")
        let card = try MadeUp.subject(&random)
        let now = HCERTFixture.later
        func refusal(_ subject: DCCSubject, at time: Date = now, expires: Date = now.addingTimeInterval(60)) throws
            -> IssueError?
        {
            let issuer = try issuer()
            do {
                _ = try issuer.prepare(subject, at: time, expires: expires)
                return nil
            } catch { return error }
        }
        #expect(try refusal(subject(card)) == nil)
        #expect(try refusal(subject(card), expires: now) == .timesMalformed)
        #expect(try refusal(subject(card), expires: now.addingTimeInterval(1e9)) == .timesMalformed)
        #expect(try refusal(subject(card), at: now.addingTimeInterval(-1e6)) == .timesMalformed)
        let dose = try #require(card.doses.last)
        let product = try #require(Product.withCode("DAICHIRONA-XBB"))
        let without = try #require(Dose(number: dose.number, date: dose.date, product: product, lot: dose.lot))
        let national = SmartHealthCardSubject(
            family: card.family, given: card.given, birthDate: card.birthDate,
            doses: card.doses.dropLast() + [without], performer: card.performer)
        #expect(try refusal(subject(national)) == .productWithoutCode)
        #expect(try refusal(subject(card, id: "lower")) == .revocationIDMalformed)
        #expect(try refusal(subject(card, latin: ("見本", "花子"))) == .nameMalformed)
        #expect(try refusal(subject(card, latin: ("", "HANAKO"))) == .nameMalformed)
    }

    @Test func `an issuer refuses a certificate that no verifier would accept`() throws {
        func refusal(_ fixture: HCERTFixture, signer: TestSigner? = nil, country: String = "JP") -> IssueError? {
            do {
                _ = try DCCIssuer(
                    country: country, signer: signer ?? fixture.signer, certificate: fixture.certificate)
                return nil
            } catch { return error }
        }
        #expect(refusal(fixture) == nil)
        #expect(refusal(try HCERTFixture()) == nil)
        #expect(refusal(fixture, signer: TestSigner()) == .certificateUnsuitable)
        #expect(refusal(fixture, country: "JPN") == .issuerMalformed)
        #expect(refusal(try HCERTFixture(usages: ["1.3.6.1.4.1.1847.2021.1.1"])) == .certificateUnsuitable)
    }
}
