import Foundation
import StackSupport
import TestSupport
import Testing
import Vaccination

/// A municipality's file on its way into a running `vrs`, through the commands that people type.
@Suite(.serialized)
struct ImportTests {
    private static let kills = ProcessInfo.processInfo.environment["AKASHI_KILLS"].flatMap { Int($0) } ?? 3
    private static let region = "990019"

    private struct Report: Decodable {
        let state: String
        let approvals: [String]
        let rows: Int
        let refused: Int
        let unchanged: Int
        let new: Int
        let applied: Int
    }

    /// A running stack with what the commands take.
    private struct Trial {
        let stack: Stack
        let file: String

        func vrs(_ arguments: [String]) async throws -> (status: Int32, output: String, errors: String) {
            let done = try await Program.run(Programs.path("vrs"), arguments, folder: stack.folder)
            return (done.status, done.output, done.errors)
        }

        var stage: [String] {
            [
                "records", "stage", "--config", stack.folder + "/import.yaml", "--development", "--region", region,
                "--medium", "MADE-UP", "--purpose", "Tests", file,
            ]
        }

        /// Configures an operator's commands for where `vrs` listens now.
        private func configuration(of name: String) throws -> String {
            try stack.write(try stack.template("\(name).yaml", ["@VRS_INNER@": stack.innerAddress]), "\(name).yaml")
            return "\(stack.folder)/\(name).yaml"
        }

        func imports(
            _ command: String, _ number: Int? = nil, by name: String = "operator"
        ) async throws -> (status: Int32, output: String, errors: String) {
            try await vrs(
                ["imports", command, "--config", try configuration(of: name), "--json", region]
                    + (number.map { ["\($0)"] } ?? []))
        }

        func last() async throws -> Report {
            let listed = try await imports("list")
            let reports = try JSONDecoder().decode([Report].self, from: Data(listed.output.utf8))
            guard let last = reports.first else { throw TestFailure("no imports: \(listed.errors)") }
            return last
        }
    }

    /// A file of people who are nowhere else; `wrong` of them cannot be taken.
    private static func people(_ count: Int, wrong: Int = 0) throws -> (text: String, people: [SamplePerson]) {
        var text = "個人番号,氏名,生年月日,性別,市区町村コード,住民区分,1回目接種日,1回目製品,1回目ロット番号,接種券,1回目接種券,1回目接種会場\n"
        var people: [SamplePerson] = []
        for index in 0..<count {
            let stem = "\(99_990_500_000 + index)"
            guard let number = (0...9).lazy.compactMap({ IndividualNumber(stem + "\($0)") }).first,
                let code = MunicipalityCode(region), let birth = BirthDate(iso: "1970-01-31")
            else { throw TestFailure("no number of \(stem)") }
            let date = index < wrong ? "昭和99年1月31日" : "昭和45年1月31日"
            let voucher = "21\(region)\(1_000_000_000 + index)"
            text += "\(number.digits),見本　\(index)番,\(date),女,\(region),住民,令和3年7月5日,PFIZER-12,MH\(index),"
            text += "\(voucher)/R3.5.10,\(voucher),見本会場\n"
            people.append(
                SamplePerson(
                    number: number.digits, cardName: "見本　\(index)番", birthDate: birth, sexDigit: 2,
                    municipality: code))
        }
        return (text, people)
    }

    private func with(_ text: String, _ body: (Trial) async throws -> Void) async throws {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 4, people: 20)
        do {
            try stack.write(
                try stack.template(
                    "vrs.yaml", ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]),
                "import.yaml")
            let file = stack.folder + "/people.csv"
            try #require(text.data(using: .shiftJIS)).write(to: URL(fileURLWithPath: file))
            try await body(Trial(stack: stack, file: file))
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    @Test func `killed at any moment while it is read or written, a file goes in once and whole`() async throws {
        // As many as are written while it is killed so often.
        let count = max(3000, Self.kills * 600)
        let (text, people) = try Self.people(count)
        try await with(text) { trial in
            var random = Seeded("kills of an import")
            let stage = trial.stage + ["--encoding", "cp932"]
            // Killed while the file is read.
            var longest = Duration.milliseconds(1500)
            var cut = 0
            while cut < Self.kills {
                let program = try Program(Programs.path("vrs"), stage, folder: trial.stack.folder)
                let moment = longest * Double.random(in: 0.05...1, using: &random)
                try await Task.sleep(for: moment)
                if program.isRunning {
                    cut += 1
                    try await program.cut()
                } else {
                    longest = moment
                    try await program.cut()
                    let number = try JSONDecoder().decode(
                        [Numbered].self, from: Data(try await trial.imports("list").output.utf8)
                    ).first?.number
                    #expect(try await trial.imports("discard", number).status == 0)
                }
            }
            let staged = try await trial.vrs(stage)
            #expect(staged.status == 0, "\(staged.output)\(staged.errors)")
            #expect(staged.output.contains("\(count) rows: \(count) new, 0 changed"))
            let waiting = try await trial.last()
            #expect((waiting.state, waiting.applied) == ("staged", 0))
            let again = try await trial.vrs(stage)
            #expect(again.status != 0 && again.errors.contains("store.import_open"), "\(again.errors)")
            #expect(again.errors.contains("取込がまだ終わっていません"))

            let number = try JSONDecoder().decode(
                [Numbered].self, from: Data(try await trial.imports("list").output.utf8)
            ).first?.number
            for _ in 1...2 { #expect(try await trial.imports("approve", number).status == 0) }
            #expect(try await trial.last().state == "approved")
            #expect(try await trial.imports("approve", number, by: "operator2").status == 0)
            // Killed while it is written: the next one goes on by itself.
            var cutWhileWriting = 0
            var before = 0
            for _ in 0..<Self.kills {
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
                trial.stack.signal("vrs", SIGKILL)
                try await eventually("vrs has ended") { !trial.stack.isRecordSystemRunning }
                try await trial.stack.startRecordSystem()
                let now = try await trial.last()
                #expect(now.applied >= before)
                before = now.applied
                if now.state == "applied" { break }
                cutWhileWriting += 1
            }
            #expect(cutWhileWriting > 0)
            try await eventually("the last person is in") { try await trial.last().state == "applied" }
            let applied = try await trial.last()
            #expect((applied.applied, applied.approvals.count) == (count, 2))
            // Whole and sound, and the same file says nothing new.
            let verified = try await trial.vrs(
                ["log", "verify", "--config", trial.stack.folder + "/import.yaml", "--development"])
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            let second = try await trial.vrs(stage)
            #expect(
                second.output.contains("0 new, 0 changed, \(count) as they are"), "\(second.output)\(second.errors)")
            // Somebody who was only in the file gets a page.
            try await trial.stack.untilUpstreamIsBack()
            let person = people[count - 1]
            let session = try await trial.stack.terminal().prepare(
                trial.stack.request(in: person.municipality), card: trial.stack.card(person))
            _ = try await session.answer(from: trial.stack.answerKey)
            // Nothing of anybody in logs or in what commands said.
            for text in [trial.stack.logs, applied.approvals.joined(), staged.output, staged.errors] {
                #expect(!text.contains(person.number) && !text.contains("見本　"))
            }
        }
    }

    @Test(.requires(.python(.zips)))
    func `an encrypted file is read with its password alone, and a plain one only where that is allowed`() async throws
    {
        try await with("") { trial in
            let folder = trial.stack.folder + "/zips"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Python.zips.run("RecordsTests/Python/zips.py", ["write", folder])
            let passwordFile = folder + "/password"
            func write(_ password: String, mode: Int) throws {
                try Data("\(password)\n".utf8).write(to: URL(fileURLWithPath: passwordFile))
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: passwordFile)
            }
            func stage(_ name: String, _ more: [String]) async throws -> (status: Int32, output: String, errors: String)
            {
                let trial = Trial(stack: trial.stack, file: "\(folder)/\(name)")
                return try await trial.vrs(trial.stage + ["--format", "ledger"] + more)
            }
            let password = ["--password-file", passwordFile]
            #expect(try await stage("right-256.zip", []).errors.contains("--password-file"))
            try write("見本のパスワード", mode: 0o644)
            #expect(try await stage("right-256.zip", password).errors.contains("chmod 600"))
            try write("別のパスワード", mode: 0o600)
            let wrong = try await stage("right-256.zip", password)
            #expect(wrong.status == 2 && wrong.errors.contains("パスワードが違います"), "\(wrong.errors)")
            try write("見本のパスワード", mode: 0o600)
            #expect(try await stage("notAES-traditional.zip", password).errors.contains("AES-256"))
            // Read to the end before anything is believed: no import is left of it.
            let forged = try await stage("wrong-code.zip", password)
            #expect(forged.status != 0 && forged.errors.contains("csv.not_authentic"), "\(forged.errors)")
            #expect(try await trial.last().state == "discarded")
            // Whose addressee numbers these are nobody knows: every row is refused, after all of them were read.
            let right = try await stage("right-256.zip", password)
            #expect(right.status == 1 && right.output.contains("20000 rows: 0 new, 0 changed"), "\(right.errors)")
            #expect(!right.output.contains("見本のパスワード") && !trial.stack.logs.contains("見本のパスワード"))

            let config = trial.stack.folder + "/import.yaml"
            let text = try String(contentsOfFile: config, encoding: .utf8)
            try Data(text.replacing("  plainImports: true\n", with: "").utf8).write(to: URL(fileURLWithPath: config))
            let plain = try await stage("text", [])
            #expect(plain.status == 2 && plain.errors.contains("records.plainImports"), "\(plain.errors)")
            #expect(try await stage("right-256.zip", password).status == 1)
        }
    }

    private struct Numbered: Decodable { let number: Int }

    @Test func `who is only in the residents' feed and the ledger gets a page, and is found by name`() async throws {
        try await with("") { trial in
            let samples = Programs.root + "/Sources/Records/SampleData/"
            // A file that says nothing new is an import too.
            for (number, format) in [(1, "residents"), (3, "ledger")] {
                let trial = Trial(stack: trial.stack, file: samples + format + ".csv")
                let stage = trial.stage + ["--format", format, "--codes", samples + "codes.json"]
                let staged = try await trial.vrs(stage)
                #expect(staged.status == 0 && staged.output.contains(" 0 refused"), "\(staged.output)\(staged.errors)")
                let corrected = try await trial.vrs(stage + ["--correct"])
                #expect(corrected.status == 2 && corrected.errors.contains("--format people"), "\(corrected.errors)")
                for name in ["operator", "operator2"] {
                    #expect(try await trial.imports("approve", number, by: name).status == 0)
                }
                try await eventually("\(format) is in") { try await trial.last().state == "applied" }
                #expect(try await trial.vrs(stage).output.contains("0 new, 0 changed"))
            }
            try await trial.stack.untilUpstreamIsBack()
            let (code, birth) = (MunicipalityCode(Self.region), BirthDate(iso: "1970-01-31"))
            let person = SamplePerson(
                number: "999900009051", cardName: "渡邉　見本子", birthDate: try #require(birth), sexDigit: 2,
                municipality: try #require(code))
            let session = try await trial.stack.terminal().prepare(
                trial.stack.request(in: person.municipality), card: trial.stack.card(person))
            _ = try await session.answer(from: trial.stack.answerKey)

            func find(_ by: String, _ line: String) async throws -> Program.Outcome {
                try await Program.run(
                    Programs.path("vrs"),
                    [
                        "records", "find", "--config", trial.stack.folder + "/import.yaml", "--development", "--region",
                        Self.region, "--by", by, "--purpose", "Tests",
                    ], folder: trial.stack.folder, input: Data((line + "\n").utf8))
            }
            for (by, line) in [
                ("number", "999900009051"), ("addressee", "0000000905"), ("integrated", "990000000000905"),
                ("name", "渡邉　見本子,昭和45年1月31日,女"), ("name", "ﾜﾀﾅﾍﾞ ﾐﾎﾝｺ,1970-01-31,female"),
            ] {
                let found = try await find(by, line)
                #expect(found.status == 0, "\(by): \(found.output)\(found.errors)")
                #expect(found.output.contains("渡邉\u{E0101}　見本子, 1970-01-31") && found.output.contains("0000000905"))
                #expect(found.output.contains("2022-03-12 MODERNA MH0953"))
            }
            let unknown = try await find("name", "例示　卯月子,昭和25年4月不詳,女")
            #expect(unknown.status == 0 && unknown.output.contains("例示　卯月子, 1950-04, female"), "\(unknown.output)")
            #expect(try await find("name", "例示　卯月子,1950-04-01,女").status == 1)
            // Back to the ledger, and in again as what is there.
            let (out, password) = (trial.stack.folder + "/ledger.zip", trial.stack.folder + "/zip.password")
            try Data("見本のパスワード\n".utf8).write(to: URL(fileURLWithPath: password))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: password)
            let arguments = [
                "--config", trial.stack.folder + "/import.yaml", "--development", "--region", Self.region,
                "--codes", samples + "codes.json", "--password-file", password, "--purpose", "Tests",
            ]
            let exported = try await trial.vrs(["records", "export"] + arguments + ["--out", out])
            #expect(exported.status == 0 && exported.output.contains("5 doses of 3 people"), "\(exported.errors)")
            let twice = try await trial.vrs(["records", "export"] + arguments + ["--out", out])
            #expect(twice.status != 0 && !FileManager.default.fileExists(atPath: out + ".part"))
            let again = try await trial.vrs(
                ["records", "stage", "--format", "ledger", "--medium", "MADE-UP"] + arguments + [out])
            #expect(again.output.contains("5 rows: 0 new, 0 changed, 5 as they are"), "\(again.output)\(again.errors)")

            let nobody = try await find("addressee", "905")
            #expect(nobody.status == 1 && nobody.output.contains("該当なし"))
            #expect(try await find("name", "渡邉　見本子").status == 2)
            for text in ["渡邉", "0000000905", "999900009051"] { #expect(!trial.stack.logs.contains(text)) }
        }
    }

    @Test func `refused rows come back as a file that goes in when it is repaired`() async throws {
        let (text, _) = try Self.people(40, wrong: 2)
        try await with(text) { trial in
            let stage = trial.stage + ["--encoding", "cp932"]
            let staged = try await trial.vrs(stage)
            #expect(staged.status == 0, "\(staged.output)\(staged.errors)")
            #expect(staged.output.contains("38 new") && staged.output.contains("2 refused"))
            for name in ["operator", "operator2"] {
                #expect(try await trial.imports("approve", 1, by: name).status == 0)
            }
            try await eventually("38 people are in") { try await trial.last().state == "applied" }
            let out = trial.stack.folder + "/repair.csv"
            let refused = try await trial.vrs([
                "records", "refused", "--config", trial.stack.folder + "/import.yaml", "--development", "--region",
                Self.region, "--import", "1", "--out", out,
            ])
            #expect(refused.status == 0, "\(refused.output)\(refused.errors)")
            let lines = try String(contentsOfFile: out, encoding: .utf8)
            #expect(lines.contains("[csv.value]") && lines.contains("birth_date"))
            #expect(try FileManager.default.attributesOfItem(atPath: out)[.posixPermissions] as? Int == 0o600)
            // Above the share nothing goes in: both rows of this file are still wrong.
            let wrong = try await Trial(stack: trial.stack, file: out).vrs(Trial(stack: trial.stack, file: out).stage)
            #expect(wrong.status == 1 && wrong.output.contains("refused / 取込不可"), "\(wrong.output)\(wrong.errors)")
            try Data(lines.replacing("昭和99年", with: "昭和45年").utf8).write(to: URL(fileURLWithPath: out))
            let repaired = try await trial.vrs(Trial(stack: trial.stack, file: out).stage)
            #expect(
                repaired.status == 0 && repaired.output.contains("2 rows: 2 new"),
                "\(repaired.output)\(repaired.errors)")
            #expect(try await trial.imports("erased", 3).status != 0)
            #expect(try await trial.imports("erased", 1).status == 0)
        }
    }
}

extension Python {
    /// With another implementation of encrypted zips.
    fileprivate static let zips = Python("RecordsTests")
}
