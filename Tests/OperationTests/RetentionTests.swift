import Foundation
import RecordSupport
import StackSupport
import TestSupport
import Testing
import Vaccination

/// What a municipality has kept long enough is erased by a running `vrs`, through the commands that people type.
@Suite(.serialized)
struct RetentionTests {
    private static let kills = ProcessInfo.processInfo.environment["AKASHI_KILLS"].flatMap { Int($0) } ?? 3
    private static let region = "990019"

    private struct Region: Decodable {
        struct Decision: Decodable {
            struct Retention: Decodable {
                struct Counts: Decodable { let people: Int }
                let counts: Counts
                let erased: Int?
                let left: Int?
            }
            let number: Int
            let state: String
            let retention: Retention?
        }
        let decisions: [Decision]
    }

    private struct Trial {
        let stack: Stack

        func vrs(_ arguments: [String]) async throws -> (status: Int32, output: String, errors: String) {
            let done = try await Program.run(Programs.path("vrs"), arguments, folder: stack.folder)
            return (done.status, done.output, done.errors)
        }

        /// One operator's command, of the configuration for where `vrs` listens now.
        func operate(
            _ command: [String], by name: String = "operator"
        ) async throws -> (status: Int32, output: String, errors: String) {
            try stack.write(try stack.template("\(name).yaml", ["@VRS_INNER@": stack.innerAddress]), "\(name).yaml")
            return try await vrs(command + ["--config", "\(stack.folder)/\(name).yaml"])
        }

        var local: [String] { ["--config", stack.folder + "/local.yaml", "--development"] }

        func last() async throws -> Region.Decision {
            let shown = try await operate(["region", "show", "--json", region])
            guard let last = try JSONDecoder().decode(Region.self, from: Data(shown.output.utf8)).decisions.first else {
                throw TestFailure("no decision: \(shown.errors)")
            }
            return last
        }
    }

    /// People who left long ago.
    private static func residents(_ count: Int) throws -> String {
        try (0..<count).map { index in
            let stem = "\(99_990_700_000 + index)"
            guard let number = (0...9).lazy.compactMap({ IndividualNumber(stem + "\($0)") }).first else {
                throw TestFailure("no number of \(stem)")
            }
            return ResidentRow(
                number: number.digits,
                [
                    "宛名番号": "7\(1_000_000 + index)", "統合宛名番号": "", "本名漢字": "退去　\(index)番", "異動事由CD": "20",
                    "住民となった日": "20000401", "住民でなくなった日": "20100401", "異動日": "20100401",
                ]
            ).line + "\n"
        }.joined()
    }

    @Test func `killed at any moment, a run goes on and ends with its proof`() async throws {
        let count = max(1500, Self.kills * 60)
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 1, people: 20)
        do {
            try await run(Trial(stack: stack), count)
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private func run(_ trial: Trial, _ count: Int) async throws {
        let stack = trial.stack
        try stack.write(
            try stack.template(
                "vrs.yaml", ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]),
            "local.yaml")
        let (file, codes) = (stack.folder + "/left.csv", Programs.root + "/Sources/Records/SampleData/codes.json")
        try Data(try Self.residents(count).utf8).write(to: URL(fileURLWithPath: file))
        let staged = try await trial.vrs(
            [
                "records", "stage", "--format", "residents", "--codes", codes, "--region", Self.region, "--medium",
                "MADE-UP",
            ]
                + ["--purpose", "Tests"] + trial.local + [file])
        #expect(staged.status == 0 && staged.output.contains("\(count) new"), "\(staged.output)\(staged.errors)")
        let propose = ["retention", "propose", "--reason", "Tests", Self.region]
        #expect(try await trial.operate(propose).status != 0)
        for name in ["operator", "operator2"] {
            #expect(try await trial.operate(["imports", "approve", Self.region, "1"], by: name).status == 0)
        }
        try await eventually("everybody is in") {
            try await trial.operate(["imports", "list", "--json", Self.region]).output.contains("\"applied\":\(count)")
        }
        let few = try await trial.operate(
            ["region", "change", "--reason", "Tests", "--keep-doses", "4", Self.region])
        #expect(few.status == 2 && few.errors.contains("5〜100"), "\(few.output)\(few.errors)")
        let many = try await trial.operate(
            ["region", "change", "--reason", "Tests", "--keep-provision", "forever", "--keep-deceased-numbers", "0"]
                + [Self.region])
        #expect(many.status == 0 && many.output.contains("provision / 交付 for ever / 永年"), "\(many.errors)")
        let settled = try await trial.last().number
        #expect(
            try await trial.operate(["region", "approve", Self.region, "\(settled)"], by: "operator2").status == 0)
        let due = try await trial.vrs(["retention", "list", Self.region] + trial.local)
        #expect(due.status == 0 && due.output.contains("記録全体（人） \(count)"), "\(due.output)\(due.errors)")
        let proposed = try await trial.operate(propose)
        #expect(proposed.status == 0 && proposed.output.contains("vrs region approve"), "\(proposed.errors)")
        let number = try await trial.last().number
        let approve = ["region", "approve", Self.region, "\(number)"]
        #expect(try await trial.operate(approve).status != 0)

        // A list for staff, encrypted, and a line of the log.
        let (zip, password) = (stack.folder + "/due.zip", stack.folder + "/zip.password")
        try Data("見本のパスワード\n".utf8).write(to: URL(fileURLWithPath: password))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: password)
        let list = ["retention", "list", "--output", zip, "--password-file", password, Self.region] + trial.local
        let listed = try await trial.vrs(list)
        #expect(listed.status == 0 && listed.output.contains("\(count) people, in \(zip)"), "\(listed.errors)")
        #expect(try await trial.vrs(list).status != 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: zip))
        #expect(bytes.range(of: Data("71000007".utf8)) == nil)
        #expect(try await trial.operate(["log", "show", Self.region]).output.contains("retention \(count)"))
        #expect(try await trial.vrs(["retention", "list", "--output", zip, Self.region] + trial.local).status == 2)

        let approved = try await trial.operate(approve, by: "operator2")
        #expect(approved.status == 0, "\(approved.errors)")
        var random = Seeded("kills of a run of retention")
        var erased = 0
        for _ in 0..<Self.kills {
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
            stack.signal("vrs", SIGKILL)
            try await eventually("vrs has ended") { !stack.isRecordSystemRunning }
            try await stack.startRecordSystem()
            let now = try await trial.last()
            if now.state == "done" { break }
            let run = try #require(now.retention)
            #expect(run.erased ?? 0 >= erased && (run.erased ?? 0) + (run.left ?? 0) == count)
            erased = run.erased ?? 0
        }
        try await eventually("the run is done") { try await trial.last().state == "done" }
        #expect(try await trial.last().retention?.counts.people == count)
        let verified = try await trial.vrs(["log", "verify"] + trial.local)
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        let log = try await trial.operate(["log", "show"])
        #expect(log.output.contains("retention_done") && log.output.contains("people \(count)"), "\(log.output)")
        let nobody = try await Program.run(
            Programs.path("vrs"),
            ["records", "find", "--region", Self.region, "--by", "addressee", "--purpose", "Tests"] + trial.local,
            folder: stack.folder, input: Data("71000007\n".utf8))
        #expect(nobody.status == 1 && nobody.output.contains("該当なし"), "\(nobody.output)\(nobody.errors)")
        let again = try await trial.vrs(["retention", "list", Self.region] + trial.local)
        #expect(again.output.contains("記録全体（人） 0"), "\(again.output)")
        for text in [stack.logs, listed.output, log.output, approved.output] {
            #expect(!text.contains("退去　") && !text.contains("999907000") && !text.contains("71000007"))
        }
    }
}
