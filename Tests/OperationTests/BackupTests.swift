import AsyncHTTPClient
import CheckedConfiguration
import Exchange
import Foundation
import NIOCore
import StackSupport
import Synchronization
import TestSupport
import Testing
import Vaccination

/// `vrs backup` beside the started programs, and what comes back on another host.
@Suite(.serialized)
struct BackupTests {
    private static let kills = ProcessInfo.processInfo.environment["AKASHI_KILLS"].flatMap { Int($0) } ?? 3

    private final class Seen: Sendable {
        let isDone = Mutex(false)
        let issued = Mutex(0)
    }

    /// A running stack, and what the commands take.
    private struct Trial {
        let stack: Stack
        let configuration: String
        let key: String

        init(people: Int) async throws {
            stack = try await Stack.start(in: Stack.newFolder(), terminals: 2, people: people)
            key = stack.folder + "/backup.key"
            configuration = stack.folder + "/backup.yaml"
            do {
                let made = try await Program.run(
                    Programs.path("vrs"), ["backup", "make-key", "--out", key], folder: stack.folder)
                #expect(made.status == 0, "\(made.errors)")
                try write(
                    records: stack.folder + "/records", journal: stack.folder + "/journal", keys: nil, "backup.yaml")
            } catch {
                await stack.end()
                throw error
            }
        }

        /// Writes a configuration with other folders.
        func write(records: String, journal: String, keys: String?, _ name: String) throws {
            let ports = ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]
            var text = try stack.template("vrs.yaml", ports)
                .replacing("folder: \(stack.folder)/records", with: "folder: \(records)")
                .replacing("journal: \(stack.folder)/journal", with: "journal: \(journal)")
            if let keys {
                let before = text
                text = text.replacing("\(stack.keys)/vrs/regions", with: keys)
                #expect(text != before)
            }
            try stack.write(
                text + "\nbackup: {folder: \(stack.folder)/backups, publicKey: \(key).pub}\n", name)
        }

        func vrs(_ arguments: [String], _ file: String? = nil) async throws -> Program.Outcome {
            try await Program.run(
                Programs.path("vrs"),
                ["backup"] + arguments + ["--config", file ?? configuration, "--development"], folder: stack.folder)
        }

        /// The names of the sets that are listed.
        func sets() async throws -> [String] {
            let listed = try await vrs(["list", "--json"])
            #expect(listed.status == 0, "\(listed.output)\(listed.errors)")
            return try listed.output.split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return try #require(object?["set"] as? String)
            }
        }

        /// Puts a set in place on an empty host, and gives what it said.
        func restored(_ set: String?, _ name: String) async throws -> (outcome: Program.Outcome, file: String) {
            let folder = stack.folder + "/" + name
            for part in ["records", "journal", "keys"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(part)", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            }
            try write(
                records: folder + "/records", journal: folder + "/journal", keys: folder + "/keys", "\(name).yaml")
            let file = "\(stack.folder)/\(name).yaml"
            let outcome = try await vrs(
                ["restore", "--all", "--key", key] + (set.map { ["--set", $0] } ?? []), file)
            return (outcome, file)
        }
    }

    private func trial(people: Int = 0, _ body: (Trial) async throws -> Void) async throws {
        let trial = try await Trial(people: people)
        do { try await body(trial) } catch {
            await trial.stack.end()
            throw error
        }
        await trial.stack.end()
    }

    @Test func `killed at any moment it holds nobody up, lists only what comes back whole, and goes on`() async throws {
        try await trial(people: 3000) { trial in
            let stack = trial.stack
            let limited = try stack.template("vrs.yaml", ["templates:": "limits: {perPersonAndDay: 1000}\ntemplates:"])
            try stack.write(limited, "vrs.yaml.in")
            try await stack.restartRecordSystem()
            try await stack.untilUpstreamIsBack()
            let residents = stack.people.filter(\.isOrdinary).prefix(40)
            @Sendable func issue(_ index: Int) async throws {
                let person = residents[index % residents.count]
                let session = try await stack.terminal().prepare(
                    stack.request(in: person.municipality), card: stack.card(person))
                _ = try await session.answer(from: stack.answerKey)
            }
            let begun = ContinuousClock.now
            let whole = try await trial.vrs(["make"])
            let took = ContinuousClock.now - begun
            #expect(whole.status == 0, "\(whole.output)\(whole.errors)")
            let seen = Seen()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !seen.isDone.withLock({ $0 }) {
                        try await issue(seen.issued.withLock { $0 })
                        seen.issued.withLock { $0 += 1 }
                    }
                }
                group.addTask {
                    defer { seen.isDone.withLock { $0 = true } }
                    var random = Seeded("kills of a backup")
                    var (cut, longest) = (0, took)
                    while cut < Self.kills {
                        // Each is to have everything to write.
                        if cut.isMultiple(of: 3) {
                            try? FileManager.default.removeItem(atPath: stack.folder + "/backups")
                        }
                        let program = try Program(
                            Programs.path("vrs"),
                            ["backup", "make", "--config", trial.configuration, "--development"], folder: stack.folder)
                        let moment = longest * Double.random(in: 0.05...1, using: &random)
                        try await Task.sleep(for: moment)
                        if program.isRunning { cut += 1 } else { longest = moment }
                        try await program.cut()
                        // Whatever is listed is whole.
                        let verified = try await trial.vrs(["verify", "--all", "--key", trial.key])
                        let isNone = verified.errors.contains("backup.not_found")
                        #expect(verified.status == 0 || isNone, "\(verified.output)\(verified.errors)")
                        let floor = seen.issued.withLock { $0 }
                        try await eventually("a page behind it") { seen.issued.withLock { $0 } > floor }
                    }
                }
                try await group.waitForAll()
            }
            // The next one goes on, and every set that is listed comes back.
            let last = try await trial.vrs(["make"])
            #expect(last.status == 0, "\(last.output)\(last.errors)")
            for (number, set) in try await trial.sets().suffix(3).enumerated() {
                let (outcome, file) = try await trial.restored(set, "host-\(number)")
                #expect(outcome.status == 0 && outcome.output.contains("sound"), "\(outcome.output)\(outcome.errors)")
                let verified = try await Program.run(
                    Programs.path("vrs"), ["log", "verify", "--config", file, "--development"], folder: stack.folder)
                #expect(!verified.output.contains("row") || verified.output.contains("sound"), "\(verified.output)")
            }
            // Twice at once is one too many.
            let (first, second) = (
                try Program(
                    Programs.path("vrs"), ["backup", "make", "--config", trial.configuration, "--development"],
                    folder: stack.folder),
                try Program(
                    Programs.path("vrs"), ["backup", "make", "--config", trial.configuration, "--development"],
                    folder: stack.folder)
            )
            let statuses = [try await first.end(), try await second.end()]
            #expect(statuses.contains(0))
            if let refused = zip(statuses, [first, second]).first(where: { $0.0 != 0 })?.1 {
                #expect(refused.errors.contains("使用中"), "\(refused.errors)")
            }
        }
    }

    /// What the service shows of backups.
    private func figures(_ stack: Stack) async throws -> [String: Double] {
        let response = try await HTTPClient.shared.get(url: "http://\(stack.operationsAddress)/metrics").get()
        let text = response.body.map { String(buffer: $0) } ?? ""
        return text.matches(of: /(?m)^vrs_backup_(due_)?timestamp_seconds ([0-9.e+]+)$/).reduce(into: [:]) {
            $0[$1.1 == nil ? "last" : "due"] = Double($1.2)
        }
    }

    @Test(arguments: [false, true])
    func `on an empty host the service starts, issues nothing until the restore is logged, and then pages`(
        isJournalLost: Bool
    ) async throws {
        try await trial { trial in
            let stack = trial.stack
            try await stack.untilUpstreamIsBack()
            let (first, answer) = try await stack.issue()
            let made = try await trial.vrs(["make"])
            #expect(made.status == 0, "\(made.output)\(made.errors)")
            // Taken back behind the backup: the journal, which was followed elsewhere, knows it.
            try await stack.operate(
                "certificates", "void", "\(first.request.municipality)", answer.manifest.certificateID.text)
            try await stack.stopRecordSystem()
            let lost = ["\(stack.folder)/records", "\(stack.keys)/vrs/regions"]
            for path in lost + (isJournalLost ? ["\(stack.folder)/journal"] : []) {
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            let restored = try await trial.vrs(["restore", "--all", "--key", trial.key])
            #expect(restored.status == 0, "\(restored.output)\(restored.errors)")
            #expect(
                restored.output.contains("journal-vrs: left as it is") != isJournalLost
                    && restored.output.contains("復元しました"))
            try await stack.startRecordSystem(
                "backup: {folder: \(stack.folder)/backups, publicKey: \(trial.key).pub}")
            // The records are new here: nobody has noted a backup of them.
            #expect(try await figures(stack)["due"] == 0)
            #expect(try await stack.operate("issuing", "status").contains("control: rollback"))
            try await stack.operate("log", "restored", "all", "--reason", "a drill")
            #expect(try await !stack.operate("issuing", "status").contains("rollback"))
            // Only a journal that was followed elsewhere knows what was taken back behind the backup.
            #expect(try await stack.state(of: answer, first) == (isJournalLost ? "signed" : "voided"))
            try await stack.untilUpstreamIsBack()
            _ = try await stack.issue()
            // The next backup goes on with what is there.
            let next = try await trial.vrs(["make"])
            #expect(next.status == 0, "\(next.output)\(next.errors)")
            #expect(try await trial.sets().count == 2)
            let noted = try await figures(stack)
            let last = try #require(noted["last"])
            #expect(abs(last - Date().timeIntervalSince1970) < 300 && noted["due"] == last + 26 * 3600)
        }
    }

    @Test func `one region comes back beside the others, which go on meanwhile when the service is back`() async throws
    {
        try await trial { trial in
            let stack = trial.stack
            try await stack.untilUpstreamIsBack()
            let (first, answer) = try await stack.issue()
            let code = "\(first.request.municipality)"
            let made = try await trial.vrs(["make"])
            #expect(made.status == 0, "\(made.output)\(made.errors)")
            try await stack.operate("certificates", "void", code, answer.manifest.certificateID.text)
            try await stack.stopRecordSystem()
            let regions = stack.folder + "/records/regions"
            for file in try FileManager.default.contentsOfDirectory(atPath: regions) where file.hasPrefix(code) {
                try FileManager.default.removeItem(atPath: "\(regions)/\(file)")
            }
            let restored = try await trial.vrs(["restore", code, "--key", trial.key])
            #expect(restored.status == 0, "\(restored.output)\(restored.errors)")
            #expect(restored.output.contains("vrs log restored \(code)"), "\(restored.output)")
            try await stack.startRecordSystem()
            try await stack.untilUpstreamIsBack()
            let status = try await stack.operate("issuing", "status")
            #expect(status.contains("\(code): rollback") && !status.contains("control: rollback"), "\(status)")
            try await stack.operate("log", "restored", code, "--reason", "a drill")
            #expect(try await !stack.operate("issuing", "status").contains("rollback"))
            #expect(try await stack.state(of: answer, first) == "voided")
            _ = try await stack.issue()
        }
    }

    @Test func `mistakes are told in both languages, and nothing is half done`() async throws {
        try await trial { trial in
            let stack = trial.stack
            let made = try await trial.vrs(["make"])
            #expect(made.status == 0, "\(made.output)\(made.errors)")
            func refused(
                _ arguments: [String], _ file: String? = nil, _ status: CheckedConfiguration.ExitStatus, _ code: String
            )
                async throws
            {
                let outcome = try await trial.vrs(arguments, file)
                #expect(outcome.status == status.rawValue, "\(arguments): \(outcome.output)\(outcome.errors)")
                #expect(outcome.errors.contains(code), "\(arguments): \(outcome.errors)")
                #expect(outcome.errors.contains("。"), "\(arguments): \(outcome.errors)")
            }
            // What is there is not overwritten.
            try await refused(["restore", "--all", "--key", trial.key], nil, .unavailable, "backup.occupied")
            try await refused(["restore", "990019", "--key", trial.key], nil, .unavailable, "backup.occupied")
            try await refused(["restore", "--all"], nil, .usage, "--key")
            try await refused(["verify", "000099-20260101T000000Z"], nil, .unavailable, "backup.not_found")
            let other = stack.folder + "/other.key"
            _ = try await Program.run(
                Programs.path("vrs"), ["backup", "make-key", "--out", other], folder: stack.folder)
            let host = stack.folder + "/elsewhere"
            for part in ["records", "journal", "keys"] {
                try FileManager.default.createDirectory(
                    atPath: "\(host)/\(part)", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            }
            try trial.write(
                records: host + "/records", journal: host + "/journal", keys: host + "/keys", "elsewhere.yaml")
            let elsewhere = stack.folder + "/elsewhere.yaml"
            try await refused(["restore", "--all", "--key", other], elsewhere, .configuration, "backup.wrong_key")
            #expect(!FileManager.default.fileExists(atPath: host + "/records/control.sqlite"))
            // The disk of the backups takes no more, and then does.
            let full = try await Program.run(
                "env",
                [
                    "--ignore-signal=XFSZ", "prlimit", "--fsize=40000:", Programs.path("vrs"), "backup", "make",
                    "--config",
                    trial.configuration, "--development",
                ], folder: stack.folder)
            if full.status != 0 {
                #expect(
                    full.status == 69 && full.errors.contains("backup.full") && full.errors.contains("空き容量"),
                    "\(full.errors)")
            }
            try FileManager.default.removeItem(atPath: stack.folder + "/backups")
            let none = try await Program.run(
                "env",
                [
                    "--ignore-signal=XFSZ", "prlimit", "--fsize=40000:", Programs.path("vrs"), "backup", "make",
                    "--config",
                    trial.configuration, "--development",
                ], folder: stack.folder)
            #expect(
                none.status == 69 && none.errors.contains("backup.full") && none.errors.contains("空き容量"),
                "\(none.errors)")
            #expect(try await trial.sets().isEmpty)
            let again = try await trial.vrs(["make"])
            #expect(again.status == 0, "\(again.output)\(again.errors)")
            let verified = try await trial.vrs(["verify", "--key", trial.key])
            #expect(
                verified.status == 0 && verified.output.contains("すべて読み取れます"), "\(verified.output)\(verified.errors)")
            let pruned = try await trial.vrs(["prune", "--keep", "1"])
            #expect(pruned.status == 0, "\(pruned.errors)")
            // A configuration without backups says so.
            try stack.write(
                try String(contentsOfFile: trial.configuration, encoding: .utf8).split(separator: "\n")
                    .filter { !$0.hasPrefix("backup:") }.joined(separator: "\n") + "\n", "none.yaml")
            try await refused(["make"], stack.folder + "/none.yaml", .configuration, "backup")
        }
    }
}
