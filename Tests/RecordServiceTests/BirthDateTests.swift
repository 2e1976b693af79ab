import CardChip
import Credentials
import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import Scanning
import Testing
import Vaccination

/// Certificates of people of whose birth date the day, or month and day, are unknown.
@Suite struct BirthDateTests {
    @Test(arguments: ["1980-01-23", "1950-04", "1950"], CertificateKind.allCases)
    func `the page and its codes say what is known of a birth date, and a verifier shows that`(
        born: String, kind: CertificateKind
    ) async throws {
        let stack = try await Stack()
        let person = TestPerson.traveller(1) { $0.birthDate = born }
        try await stack.write(person)
        let answer = try await stack.issue(try stack.session(person, kind))
        #expect(answer.manifest.birthDate.description == born)
        let texts = try Scanning.codes(inPDF: answer.pdf, expecting: 3).map(\.text)
        #expect(texts.count == (kind == .overseas ? 3 : 1))
        let trust = TrustStore(files: stack.configuration.signers.trustFiles(isDevelopment: true))
        let verdicts = texts.flatMap { Verifier(trust: trust).check([$0], at: Stack.start) }
        #expect(verdicts.count == texts.count && verdicts.allSatisfy(\.isValid))
        for verdict in verdicts {
            // A VDS-NC has whole dates only, and needs none beside the passport's number.
            let isLeftOut = verdict.format == .vdsnc && born.count < 10
            #expect(verdict.holder?.birthDate == (isLeftOut ? nil : born), "\(verdict.format?.rawValue ?? "")")
        }
        // Shown together, they are one person's.
        let together = Verifier(trust: trust).check(texts, at: Stack.start)
        #expect(together.map(\.isValid) == texts.map { _ in true })
    }

    @Test(arguments: [
        ("1950-04", "1950-04-01"), ("1950-04-01", "1950-04"), ("1950", "1950-04"), ("1950-04", "1950"),
        ("1950", "0000"),
    ])
    func `a card that knows more or less of the birth date than the record is refused before the intent`(
        record: String, card: String
    ) async throws {
        let stack = try await Stack()
        let person = TestPerson(1) {
            $0.birthDate = record
            $0.cardBirthDate = card
        }
        try await stack.write(person)
        #expect(await stack.refusal(try stack.session(person)) == .personBirthDateDiffers)
        let log = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 100)
        #expect(!log.contains { $0.event == .intent })
    }
}
