import CredentialFixtures
import CredentialIssuing
import Credentials
import Foundation
import Signing
import Testing
import TestSupport
import Vaccination

@Suite struct VDSNCIssueTests {
    private let fixture: VDSNCFixture

    init() throws { fixture = try VDSNCFixture() }

    private func subject(
        family: String = "MIHON", given: String = "HANAKO", born: String = "1990-01-31", doses: Int = 2
    ) throws -> VDSNCSubject {
        let products = ["PFIZER-12", "MODERNA"].compactMap { Product.withCode($0) }
        return VDSNCSubject(
            family: family, given: given, birthDate: try #require(BirthDate(iso: born)),
            sex: .female,
            documentNumber: "TR1234567",
            doses: try (0..<doses).map { index in
                let date = try #require(CalendarDate(daysSince1970: 18_800 + 97 * index))
                return try #require(
                    Dose(number: index + 1, date: date, product: products[index % 2], lot: "FK73\(index)"))
            }, administrator: "MHLW_Gov_of_JAPAN", certificateID: "0123456789AB")
    }

    private func issuer() throws -> VDSNCIssuer {
        try VDSNCIssuer(state: "JPN", signer: fixture.signer, certificate: fixture.certificate)
    }

    @Test func `made-up histories are sealed and come back as they went in`() async throws {
        var random = Seeded("seal round trips")
        let issuer = try issuer()
        let verifier = Verifier(trust: TrustStore(files: [fixture.authorityFile]))
        let names = [
            ("MIHON", "HANAKO"), ("DE LA MIHON-SAMPLE", "MARIA JOSE"), ("O'MIHON", ""), ("Müller", "Ægir"),
            ("IBN MIHON", "A B C"),
        ]
        for _ in 0..<2500 {
            let card = try MadeUp.subject(&random)
            let id = CertificateID(using: &random)
            let name = try #require(names.randomElement(using: &random))
            let subject = VDSNCSubject(
                family: name.0, given: name.1, birthDate: card.birthDate,
                sex: try #require(Sex.allCases.randomElement(using: &random)),
                documentNumber: "TR\(Int.random(in: 1_000_000...9_999_999, using: &random))", doses: card.doses,
                administrator: "MHLW_Gov_of_JAPAN", certificateID: id.text)
            let vdsnc = try await issuer.prepare(subject, at: VDSNCFixture.later).issue()
            let verdict = try #require(verifier.check([vdsnc.text], at: VDSNCFixture.later).first)
            #expect(verdict.isValid)
            #expect(verdict.certificateID == id.text && verdict.issuer == "JPN")
            #expect(verdict.holder?.documentNumber == subject.documentNumber)
            #expect(verdict.holder?.birthDate == card.birthDate.date?.description)
            // Doses of one product stand together, so their order is that of their numbers only after sorting.
            let doses = verdict.doses.sorted { $0.number ?? 0 < $1.number ?? 0 }
            #expect(doses.map(\.date) == card.doses.map(\.date.description))
            #expect(doses.map(\.number) == card.doses.map(\.number) && doses.map(\.lot) == card.doses.map(\.lot))
            #expect(doses.map(\.product) == card.doses.map(\.product.nameEnglish))
            // What is written is canonical already: reading it canonically gives the same bytes.
            let json = try JSON(Array(vdsnc.text.utf8))
            #expect(json.canonical(json.root) == Array(vdsnc.text.utf8))
        }
    }

    @Test(arguments: [("1950-04-01", true), ("1950-04", false), ("1950", false)])
    func `a birth date that is not wholly known is left out, beside the document's number`(iso: String, isSaid: Bool)
        async throws
    {
        let subject = try subject(born: iso)
        let vdsnc = try await issuer().prepare(subject, at: VDSNCFixture.later).issue()
        #expect(vdsnc.text.contains(#""dob":"#) == isSaid)
        let verifier = Verifier(trust: TrustStore(files: [fixture.authorityFile]))
        let verdict = try #require(verifier.check([vdsnc.text], at: VDSNCFixture.later).first)
        #expect(verdict.isValid && verdict.holder?.birthDate == (isSaid ? iso : nil))
        #expect(verdict.holder?.documentNumber == "TR1234567")
    }

    @Test func `five doses with a long name fit a version 40 code, and the limit is named where one is hit`()
        async throws
    {
        let subject = try subject(family: "MIHON-SAMPLE-LONGEST-NAME", given: "HANAKO MARIA ANTOINETTE", doses: 5)
        let vdsnc = try await issuer().prepare(subject, at: VDSNCFixture.later).issue()
        #expect(vdsnc.text.utf8.count <= 2000)
        var caught: IssueError?
        do { _ = try issuer().prepare(subject, at: VDSNCFixture.later, limit: 700) } catch {
            caught = error as? IssueError
        }
        #expect(caught == .tooLong(limit: 700, length: vdsnc.text.utf8.count))
    }

    @Test func `names follow Doc 9303`() async throws {
        func name(_ family: String, _ given: String) async throws -> String? {
            let vdsnc = try await issuer().prepare(try subject(family: family, given: given), at: VDSNCFixture.later)
                .issue()
            return fixture.check(vdsnc.text)?.holder?.name
        }
        #expect(try await name("MIHON", "HANAKO") == "MIHON  HANAKO")
        #expect(try await name("O'Mihon-Jr.", "Zoë") == "OMIHON JR  ZOE")
        #expect(try await name("GRÖßE", "ÞÓRÐUR") == "GROESSE  THORDUR")
        #expect(try await name("MIHON", "") == "MIHON")
        #expect(
            try await name("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG")
                == "NILAVADHANANANDA  CHAYAPA DEJTHAMRONG K")
        let long = try #require(try await name(String(repeating: "M", count: 60), "HANAKO"))
        #expect(long.count == 39 && long.hasSuffix("M  H"))
        await #expect(throws: IssueError.nameMalformed) { try await name("見本", "花子") }
        await #expect(throws: IssueError.nameMalformed) { try await name("", "HANAKO") }
    }

    @Test func `an issuer refuses a certificate that no verifier would accept`() throws {
        func refusal(
            _ fixture: VDSNCFixture, signer: TestSigner? = nil, certificate: [UInt8]? = nil, state: String = "JPN"
        ) -> IssueError? {
            do {
                _ = try VDSNCIssuer(
                    state: state, signer: signer ?? fixture.signer, certificate: certificate ?? fixture.certificate)
                return nil
            } catch { return error }
        }
        #expect(refusal(fixture) == nil)
        #expect(refusal(fixture, signer: TestSigner()) == .certificateUnsuitable)
        #expect(refusal(fixture, certificate: [1, 2, 3]) == .certificateUnsuitable)
        #expect(refusal(fixture, state: "jpn") == .issuerMalformed)
        #expect(refusal(try VDSNCFixture(usage: nil)) == .certificateUnsuitable)
        #expect(refusal(try VDSNCFixture(documentType: "NT")) == .certificateUnsuitable)
        #expect(
            refusal(fixture, signer: TestSigner(fixture.authority.key), certificate: fixture.authority.certificate)
                == .certificateUnsuitable)
        var caught: IssueError?
        do { _ = try issuer().prepare(try subject(), at: VDSNCFixture.end.addingTimeInterval(1)) } catch {
            caught = error as? IssueError
        }
        #expect(caught == .timesMalformed)
    }
}
