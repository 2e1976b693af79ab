import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import Rendering
import TestSupport
import Testing
import Vaccination

/// What Akashi writes is read by other people's implementations, and what they write is read by Akashi.
@Suite(.requires(.python(.interoperability)))
struct InteroperabilityTests {
    private static let people = 200
    private static let script = "InteroperabilityTests/Python/interop.py"

    @Test func `joserfc, cwt, cryptography, rfc8785, zxing-cpp and segno read what is issued`() async throws {
        var random = Seeded("interoperability")
        let folder = try TemporaryFolder()
        let issuers = try Issuers()
        for file in issuers.trustFiles { try folder.write("trust/" + file.path, Data(file.bytes)) }
        var cases = Data()
        func add(_ format: Format, _ text: String, _ person: Person, _ code: QRCode?) throws {
            var entry: [String: Any] = ["format": format.rawValue, "text": text, "expected": person.expected]
            if let code {
                let name = "\(cases.count).png"
                try folder.write(name, Data(code.png(pixelsPerModule: 3)))
                entry["png"] = name
            }
            cases += try JSONSerialization.data(withJSONObject: entry) + Data("\n".utf8)
        }
        for number in 0..<Self.people {
            // Drawing takes longer than all else together: each fourth person's codes are drawn too.
            let isDrawn = number % 4 == 0
            let person = try Person(&random, isLatin: number % 2 == 0)
            let card = try await issuers.card(person)
            try add(
                .shc, card.qrText, person,
                isDrawn ? QRCode(QRSegment.smartHealthCard(digits: card.numeric), level: .l, maximumVersion: 22) : nil)
            let traveller = try Person(&random, isLatin: true)
            let vdsnc = try await issuers.vdsnc(traveller)
            try add(.vdsnc, vdsnc.text, traveller, isDrawn ? QRCode([.bytes(vdsnc.text)], level: .l) : nil)
            let dcc = try await issuers.dcc(traveller)
            try add(.dcc, dcc.text, traveller, isDrawn ? QRCode([.alphanumeric(dcc.text)], level: .q) : nil)
        }
        try folder.write("cases.jsonl", cases)

        let output = try Python.interoperability.run(Self.script, ["read", folder.path])
        let report = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
        let failures = report["failures"] as? [String]
        #expect(failures == [], "seed \(random.seed)")
        for format in Format.allCases { #expect(report[format.rawValue] as? Int == Self.people) }
        #expect(report["png"] as? Int == 3 * (Self.people / 4))
    }

    private struct Written: Decodable {
        struct Expected: Decodable {
            struct Dose: Decodable { let date: String, lot: String }
            let family: String, given: String, birthDate: String, doses: [Dose], id: String?
        }
        let format: String, text: String, expected: Expected
    }

    @Test func `what joserfc, cwt, cryptography and rfc8785 write is valid and says the same`() throws {
        let random = Seeded("codes by other implementations")
        let folder = try TemporaryFolder()
        _ = try Python.interoperability.run(
            Self.script, ["write", folder.path, "\(3 * Self.people)", "\(random.seed % 1_000_000)"])
        let verifier = Verifier(trust: TrustStore(files: try folder.files(below: "trust")))
        let lines = try folder.read("codes.jsonl").split(separator: 0x0A)
        #expect(lines.count == 3 * Self.people)
        for line in lines {
            let written = try JSONDecoder().decode(Written.self, from: Data(line))
            let verdict = try #require(verifier.check([written.text], at: Issuers.now).first)
            #expect(verdict.isValid, "seed \(random.seed): \(verdict.reasons.map(\.code))")
            #expect(verdict.format?.rawValue == written.format)
            let expected = written.expected
            let name = [expected.family, expected.given].filter { !$0.isEmpty }.joined(separator: " ")
            #expect(verdict.holder?.name == name)
            #expect(verdict.holder?.birthDate == expected.birthDate)
            if let id = expected.id { #expect(verdict.certificateID == id) }
            // An EU certificate names the last dose alone, and no lot.
            let doses = written.format == "dcc" ? expected.doses.suffix(1) : expected.doses[...]
            #expect(verdict.doses.map(\.date) == doses.map(\.date))
            if written.format != "dcc" { #expect(verdict.doses.map(\.lot) == doses.map(\.lot)) }
        }
    }
}
