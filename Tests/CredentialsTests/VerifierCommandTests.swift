import CredentialFixtures
import Credentials
import Crypto
import Foundation
import TestSupport
import Testing
import Vaccination

/// The program itself: what it prints and how it exits.
@Suite(.requires(.program("verifier")))
struct VerifierCommandTests {
    private let folder: TemporaryFolder
    private let cards = SmartHealthCardFixture()
    private let vdsnc: VDSNCFixture
    private let hcert: HCERTFixture

    init() throws {
        folder = try TemporaryFolder()
        vdsnc = try VDSNCFixture()
        hcert = try HCERTFixture()
        for file in [cards.trustFile(), vdsnc.authorityFile, hcert.trustFile] {
            try folder.write("trust/\(file.path)", Data(file.bytes))
        }
    }

    private func run(_ arguments: [String], input: String = "") throws -> Program.Outcome {
        try Program.runBlocking(Programs.verifier, arguments, input: Data(input.utf8))
    }

    private func check(_ arguments: [String], input: String = "") throws -> Program.Outcome {
        try run(["check", "--trust", folder.file("trust"), "--at", "2021-12-20T01:00:00Z"] + arguments, input: input)
    }

    @Test func `valid exits 0, not valid 1, unreadable 2`() throws {
        let good = try folder.write("good.txt", cards.jws())
        let bad = try folder.write("bad.txt", cards.jws { try TestSigner().sign($1) })
        #expect(try check([good]).status == 0)
        #expect(try check([bad]).status == 1)
        #expect(try check([good, bad]).status == 1)
        let missing = try check([good, folder.file("none")])
        #expect(missing.status == 2)
        #expect(missing.errors.contains("none: 読めません") && missing.errors.contains("cannot be read"))
        #expect(missing.output.contains("有効 VALID"))
        #expect(try check([folder.path]).status == 2)
        #expect(try check([try folder.write("empty.txt", " \n\n")]).status == 2)
        #expect(try check([try folder.write("zero.bin", "a\u{0}b")]).status == 2)
    }

    @Test(arguments: [
        [], ["check"], ["check", "--batch", "x"], ["check", "--summary", "x"], ["check", "--at", "yesterday", "x"],
        ["check", "--at", "2021-02-30T00:00:00Z", "x"], ["check", "--at", "2021-12-20T01:00:00", "x"],
        ["trust", "show", "--at", "2021-12-20T01:00:00"], ["check", "--trust", "/nonexistent", "x"], ["chekc"],
        ["check", "--jsn", "x"],
    ])
    func `wrong usage exits 2 and says so`(_ arguments: [String]) throws {
        let outcome = try run(arguments)
        // Without any argument the program explains itself.
        #expect(outcome.status == (arguments.isEmpty ? 0 : 2))
        #expect(!(outcome.errors + outcome.output).isEmpty)
        #expect(arguments.isEmpty || outcome.output.isEmpty)
    }

    @Test(arguments: [
        "2021-12-20T01:00:00Z", "2021-12-20t10:00:00.5+09:00", "2021-12-19T20:00:00-05:00", "2021-12-20T10:00:00+0900",
    ])
    func `a time is read with its offset`(_ time: String) throws {
        let payload = try SmartHealthCardFixture.payload.replacing(
            one: "1639958400", with: #"1639961999,"exp":1639962002"#)
        let file = try folder.write("card.txt", cards.jws(payload: payload))
        let outcome = try run(["check", "--trust", folder.file("trust"), "--at", time, file])
        #expect(outcome.status == 0)
        #expect(!outcome.errors.contains("--at"))
        #expect(try run(["check", "--trust", folder.file("trust"), "--at", "2021-12-20T01:00:02Z", file]).status == 1)
    }

    @Test func `a time without an offset is refused, and taken as UTC for a program, which is told`() throws {
        let file = try folder.write("card.txt", cards.jws())
        let command = ["check", "--trust", folder.file("trust"), "--at", "2021-12-20T01:00:00", file]
        let refused = try run(command)
        #expect(refused.status == 2 && refused.output.isEmpty)
        #expect(refused.errors.contains("has no offset") && refused.errors.contains("時差がない"))
        let taken = try run(command + ["--json"])
        #expect(taken.status == 0 && taken.output.contains(#""verdict":"valid""#))
        #expect(taken.errors.contains("taken as UTC") && taken.errors.contains("UTCとして扱います"))
    }

    @Test func `a key set that was imported makes its issuer's card valid, and nothing else does`() throws {
        let card = try folder.write("card.txt", cards.jws())
        // The key set as its issuer publishes it, out of the trust folder's form.
        let file = try #require(
            try JSONSerialization.jsonObject(with: Data(cards.trustFile().bytes)) as? [String: Any])
        let keys = try JSONSerialization.data(withJSONObject: try #require(file["jwks"]))
        let set = try folder.write("jwks.json", String(decoding: keys, as: UTF8.self))
        let trust = ["--trust", folder.file("imported"), "--at", "2021-12-20T01:00:00Z"]
        let nothing = try run(["trust", "import"] + trust + [try folder.write("other.txt", "what is this")])
        #expect(nothing.status == 1)
        let taken = try run(["trust", "import"] + trust + ["--json", "--issuer", SmartHealthCardFixture.issuer, set])
        #expect(taken.status == 0, "\(taken.output)")
        #expect(try run(["check"] + trust + [card]).status == 0)
        #expect(try run(["check"] + trust + [try folder.write("seal.txt", vdsnc.vdsnc())]).status == 1)
        let shown = try run(["trust", "show"] + trust + ["--json"])
        #expect(shown.status == 0, "\(shown.output)")
        #expect((try? JSONSerialization.jsonObject(with: Data(shown.output.utf8))) is [String: Any])
        #expect(shown.output.contains(cards.kid))
    }

    @Test func `with a publisher's key what it did not sign is refused with exit 1, whatever else was taken`() throws {
        let publisher = P256.Signing.PrivateKey()
        let key = try folder.write("publisher.pem", publisher.publicKey.pemRepresentation)
        let file = cards.trustFile().bytes
        let signature = try publisher.signature(for: file).rawRepresentation.base64EncodedString()
        let text = String(decoding: file, as: UTF8.self)
        let bare = try folder.write("bare.json", text)
        let signed = try folder.write("signed.txt", "\(signature)\n\(text)")
        let changed = try folder.write("changed.txt", "\(signature)\n\(text) \n ")
        let card = try folder.write("card.txt", cards.jws())
        func take(_ files: [String], to name: String, pinned: Bool = true) throws -> (import: Int32, check: Int32) {
            let trust = ["--trust", folder.file(name), "--at", "2021-12-20T01:00:00Z"]
            let outcome = try run(["trust", "import"] + trust + (pinned ? ["--key", key] : []) + files)
            if !FileManager.default.fileExists(atPath: folder.file(name)) { return (outcome.status, -1) }
            return (outcome.status, try run(["check"] + trust + [card]).status)
        }
        // Nothing is written where nothing is taken.
        #expect(try take([bare], to: "a") == (1, -1))
        #expect(try take([changed], to: "b") == (1, -1))
        #expect(try take([signed], to: "c") == (0, 0))
        for (index, other) in [bare, changed].enumerated() {
            #expect(try take([signed, other], to: "d\(index)") == (1, 0))
            #expect(try take([other, signed], to: "e\(index)") == (1, 0))
        }
        #expect(try take([bare], to: "f", pinned: false) == (0, 0))
    }

    @Test func `a folder is imported at once, with its manifest and all that lies below it but links and hidden files`()
        throws
    {
        let publisher = P256.Signing.PrivateKey()
        let key = try folder.write("publisher.pem", publisher.publicKey.pemRepresentation)
        let file = cards.trustFile().bytes
        // More than a command line holds, each a file of its own below the folder.
        let batches = (0..<2_500).map { number in
            TrustFile(
                path: "dcc/revocation/a-revocation-batch-with-a-rather-long-name-\(number).json",
                bytes: Array(
                    #"{"country":"JP","expires":"2022-06-01T00:00:00Z","kid":"AAAAAAAAAAA=","hashType":"UCI","entries":[{"hash":"\#(Data((0..<16).map { UInt8(truncatingIfNeeded: number >> ($0 % 2 * 8)) }).base64EncodedString())"}]}"#
                        .utf8))
        }
        let manifest = TrustManifest(
            counter: 1, files: [TrustFile(path: "shc/issuer.json", bytes: file)] + batches, links: [:]
        ).bytes
        let signature = try publisher.signature(for: manifest).rawRepresentation.base64EncodedString()
        let place = folder.file("mirror")
        _ = try folder.write("mirror/manifest.signed", "\(signature)\n\(String(decoding: manifest, as: UTF8.self))")
        _ = try folder.write("mirror/shc/issuer.json", String(decoding: file, as: UTF8.self))
        for batch in batches {
            _ = try folder.write("mirror/\(batch.path)", String(decoding: batch.bytes, as: UTF8.self))
        }
        _ = try folder.write("mirror/shc/.issuer.json.part", "half")
        try FileManager.default.createSymbolicLink(atPath: place + "/shc/other.json", withDestinationPath: key)
        let command = ["trust", "import", "--trust", folder.file("taken"), "--at", "2021-12-20T01:00:00Z", "--json"]
        let outcome = try run(command + ["--key", key, place])
        #expect(outcome.status == 0, "\(outcome.errors)")
        struct Report: Decodable {
            struct Entry: Decodable { let code: String? }
            let taken, refused, notes: [Entry]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        #expect(report.taken.count == 2_501 && report.refused.isEmpty && report.notes.isEmpty)
    }

    @Test func `an earlier key of a publisher is named beside its key, and as a key`() throws {
        let key = try folder.write("publisher.pem", P256.Signing.PrivateKey().publicKey.pemRepresentation)
        let other = try folder.write("other.txt", "no key")
        let command = ["trust", "import", "--trust", folder.file("none")]
        #expect(try run(command + ["--key", key, "--replaces", key, "--replaces", key, other]).status == 1)
        #expect(try run(command + ["--replaces", key, other]).status == 2)
        #expect(try run(command + ["--key", key, "--replaces", other, other]).status == 2)
    }

    @Test func `all formats, from lines, files and standard input`() throws {
        let lines = "\u{FEFF}\(try cards.jws())\r\n\n\(try vdsnc.vdsnc())\n\(try hcert.code())\n"
        let outcome = try check(["--json", "-"], input: lines)
        #expect(outcome.status == 0)
        let formats = outcome.output.split(separator: "\n").map { line in
            (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["format"] as? String
        }
        #expect(formats == ["shc", "vdsnc", "dcc"])
        let spread = try vdsnc.vdsnc().replacingOccurrences(of: ",\"", with: ",\n  \"")
        #expect(try check([folder.write("seal.json", spread)]).status == 0)
        let card = try folder.write(
            "two.smart-health-card", "{\n\"verifiableCredential\": [\n\"\(cards.jws())\",\n\"\(cards.jws())\"]}")
        #expect(try check(["--json", card]).output.split(separator: "\n").count == 2)
    }

    @Test func `parts in several files are one card`() throws {
        let jws = try cards.jws()
        func digits(_ text: Substring) -> String { text.utf8.map { String($0 - 45 + 100).suffix(2) }.joined() }
        let half = jws.index(jws.startIndex, offsetBy: jws.count / 2)
        let first = try folder.write("1.txt", "shc:/1/2/" + digits(jws[..<half]))
        let second = try folder.write("2.txt", "shc:/2/2/" + digits(jws[half...]))
        #expect(try check([second, first]).status == 0)
        #expect(try check([first]).output.contains("shc.parts_missing"))
    }

    @Test func `a test certificate is never plainly valid`() throws {
        try FileManager.default.createDirectory(atPath: folder.file("trust/test"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: folder.file("trust/shc"), toPath: folder.file("trust/test/shc"))
        let outcome = try check(["-"], input: cards.jws())
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("見本") && outcome.output.contains("SAMPLE"))
        #expect(!outcome.output.contains("有効 VALID"))
    }

    @Test(
        arguments: [
            (#""status":"completed""#, #""status":"not-done""#, "none of vaccination, test, recovery"),
            (#""resourceType":"Immunization""#, #""resourceType":"Observation""#, "検査 a test"),
        ])
    func `what is no vaccination is said to be what it is`(_ part: String, _ other: String, _ words: String) throws {
        let outcome = try check(
            ["-"], input: cards.jws(payload: SmartHealthCardFixture.payload.replacing(one: part, with: other)))
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("✔ 有効 VALID（接種の証明ではありません NOT A VACCINATION）"))
        #expect(outcome.output.contains(words))
    }

    @Test func `a long name is cut on the screen, and joiners stay; JSON has all of it`() throws {
        let name = "علی\u{200C}رضا" + String(repeating: "あ", count: 1000)
        let payload = try SmartHealthCardFixture.payload.replacing(
            one: #""family":"見本","given":["花子"]"#, with: "\"family\":\"\(name)\"")
        let line = try check(["-"], input: cards.jws(payload: payload)).output.split(separator: "\n").first {
            $0.hasPrefix("  氏名 Name: ")
        }
        #expect(line?.hasPrefix("  氏名 Name: علی\u{200C}رضاあ") == true && line?.hasSuffix("あ…") == true)
        #expect((line?.count ?? 0) < 330)
        #expect(try check(["--json", "-"], input: cards.jws(payload: payload)).output.contains("\"\(name)\""))
    }

    @Test func `what a certificate says cannot steer the terminal`() throws {
        let payload = try SmartHealthCardFixture.payload.replacing(one: "花子", with: #"\u001b[2J\u202e\u0007花子\u0085"#)
        let outcome = try check(["-"], input: cards.jws(payload: payload))
        #expect(outcome.status == 0)
        let steering = outcome.output.unicodeScalars.filter {
            ($0.value < 0x20 && $0 != "\n") || [0x7F, 0x85, 0x202E].contains($0.value)
        }
        #expect(steering.isEmpty)
    }

    @Test func `blank lines get no answer and count, and a line is one answer whatever it holds`() throws {
        let good = try cards.jws()
        let other = try cards.jws(
            payload: SmartHealthCardFixture.payload.replacing(one: "花子", with: "太郎")
                .replacing(one: "1990-01-01", with: "1985-01-01"))
        let file = { (all: [String]) in
            #"{"verifiableCredential":["# + all.map { "\"\($0)\"" }.joined(separator: ",") + "]}"
        }
        let long = String(repeating: "x", count: 3 << 20)
        let input = [
            "", good, "  ", "\t\u{B}\u{C} \r", file([good, good]), long, "", file([good, other]), good, "\u{1}\u{7F}",
            "\u{0}",
        ].joined(separator: "\n")
        let answers = try check(["--batch"], input: input).output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(answers.compactMap { $0["line"] as? Int } == [2, 5, 6, 8, 9, 10, 11])
        #expect(
            answers.compactMap { $0["verdict"] as? String } == [
                "valid", "valid", "invalid", "invalid", "valid", "invalid", "invalid",
            ])
        let reasons = try #require(answers[3]["reasons"] as? [[String: Any]])
        #expect(reasons.compactMap { $0["code"] as? String } == ["sheet.disagrees"])
    }

    @Test func `a batch gives one line for each code, in order`() throws {
        let good = try cards.jws()
        let bad = try cards.jws { try TestSigner().sign($1) }
        let lines = (0..<5000).map { $0 % 7 == 0 ? bad : $0 % 5 == 0 ? "noise" : good }
        let input = lines.joined(separator: "\n")
        let outcome = try check(["--batch"], input: input)
        #expect(outcome.status == 1)
        let output = outcome.output.split(separator: "\n")
        #expect(output.count == lines.count)
        for (line, verdict) in zip(lines, output) {
            #expect(
                verdict.contains(
                    line == good ? #""verdict":"valid""# : line == bad ? "signature.invalid" : "format.unknown"))
        }
        let summary = try check(["--batch", "--summary"], input: input)
        let counts = try #require(try JSONSerialization.jsonObject(with: Data(summary.output.utf8)) as? [String: Any])
        #expect(counts["checked"] as? Int == 5000)
        #expect(counts["valid"] as? Int == lines.count { $0 == good })
        let numbers = output.compactMap { line in
            try? (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["line"] as? Int
        }
        #expect(numbers == Array(1...lines.count))
        #expect(try check(["--batch"], input: good).status == 0)
        #expect(try check(["--batch"]).status == 2)
    }

    @Test func `an overlong line of a batch is refused and the next is read`() throws {
        let input = String(repeating: "x", count: 3 << 20) + "\n" + (try cards.jws())
        let output = try check(["--batch"], input: input).output.split(separator: "\n")
        #expect(output.count == 2)
        #expect(output.first?.contains("size.exceeded") == true && output.last?.contains(#""valid""#) == true)
    }
}
