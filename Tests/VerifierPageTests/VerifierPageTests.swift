import CredentialFixtures
import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import Rendering
import TestSupport
import Testing
import Vaccination

/// The page of `verifier serve` in a real browser, against the real service.
@Suite(.requires(.program("verifier")), .requires(.chromium), .requires(.python(.verifierPage)))
struct VerifierPageTests {
    private struct Report: Decodable {
        struct Failure: Decodable { let name: String, detail: String }
        let passed: [String], failures: [Failure]
    }

    /// One browser for all steps: starting one takes longer than most of them.
    @Test func `the page takes codes in every way, tells what they are, and forgets them`() async throws {
        let folder = try TemporaryFolder()
        let codes = try await writeCodes(folder)
        let service = try Program(
            Programs.verifier,
            ["serve", "--address", "127.0.0.1:0", "--trust", folder.file("trust"), "--at", "2026-01-01T00:00:00Z"])
        let words = try service.firstLine().split(separator: " ")
        try #require(words.count == 2 && words[0] == "listening")
        let holder = try Person()
        try folder.write(
            "case.json",
            JSONSerialization.data(withJSONObject: [
                "url": String(words[1]), "codes": codes, "name": holder.name,
                "expected": [holder.birthDate.description, "1980年11月23日", "LOT1", "LOT2", "2021-02-11", "見本県"],
            ]))

        let output = try Python.verifierPage.run("VerifierPageTests/Python/page.py", [folder.path])
        let report = try JSONDecoder().decode(Report.self, from: output)
        for failure in report.failures { Issue.record("\(failure.name): \(failure.detail)") }
        #expect(!report.passed.isEmpty)
    }

    /// Writes the trust folder and the files with codes, and gives the codes' texts.
    private func writeCodes(_ folder: TemporaryFolder) async throws -> [String: String] {
        let (real, test) = (try Issuers(), try Issuers("test"))
        try real.writeTrust(to: folder)
        try test.writeTrust(to: folder, isTest: true)
        let holder = try Person()
        let other = try Person(family: "SAMPLE", documentNumber: "TK7654321")
        let card = try await real.card(holder)
        let code = try QRCode(QRSegment.smartHealthCard(digits: card.numeric), level: .l, maximumVersion: 22)
        try folder.write("code.png", Data(code.png(pixelsPerModule: 5)))
        try folder.write("card.smart-health-card", Data(card.file))
        return [
            "valid": card.qrText,
            "broken": try await unsigned(real.vdsnc(holder)),
            "seal": try await real.vdsnc(holder).text,
            "other": try await real.vdsnc(other).text,
            "spaces": try await real.hcertWithSpaces(holder).text,
            "test": try await test.vdsnc(holder).text,
            "recovery": try recovery(folder),
        ]
    }

    /// A recovery's certificate, of a signer that it adds to the trust folder.
    private func recovery(_ folder: TemporaryFolder) throws -> String {
        let day = { (text: String) in CBORItem.text(text) }
        let entry = CBORItem.map([
            (.text("tg"), .text("840539006")), (.text("fr"), day("2025-11-01")), (.text("df"), day("2025-11-11")),
            (.text("du"), day("2026-04-30")), (.text("co"), .text("JP")), (.text("is"), .text("MIHON")),
            (.text("ci"), .text("URN:UVCI:01:JP:RECOVERED")),
        ])
        let (start, end) = (HCERTFixture.start, HCERTFixture.start + 86_400 * 3650)
        let signer = try HCERTFixture(until: end)
        try folder.write("trust/dcc/recovery.der", Data(signer.certificate))
        return try signer.code(
            claims: HCERTFixture.claims(
                issuedAt: .int(start), expires: .int(end),
                certificate: HCERTFixture.certificate(entries: [("r", .array([entry]))])))
    }

    /// The VDS-NC with another digit in its document number: its signature is not right any more.
    private func unsigned(_ vdsnc: VDSNC) throws -> String {
        let changed = vdsnc.text.replacingOccurrences(of: "TK1234567", with: "TK1234568")
        try #require(changed != vdsnc.text)
        return changed
    }
}
