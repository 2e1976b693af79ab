import Foundation
import RecordSupport
import StackSupport
import TestSupport
import Testing

/// Records and settings that programs of before left, under those of now. See `Fixtures/README.md`.
@Suite struct UpgradeTests {
    /// The fixture's folder, with the settings' placeholders filled in as far as they are known.
    private struct Installation {
        let folder: TemporaryFolder

        init() async throws {
            folder = try TemporaryFolder()
            let archive = Programs.root + "/Tests/OperationTests/Fixtures/before-journal.tar.gz"
            _ = try await Program.run("tar", ["-xzf", archive, "-C", folder.path]).succeeded()
            for name in ["vrs", "operator", "centre", "terminal"] { try fill(name, ["@VRS_CENTRE_PORT@": "0"]) }
        }

        /// Fills in placeholders of a program's settings.
        func fill(_ name: String, _ values: [String: String]) throws {
            let form = folder.file("\(name).yaml")
            let isFirst = !FileManager.default.fileExists(atPath: form)
            var text = try String(contentsOfFile: isFirst ? form + ".in" : form, encoding: .utf8)
            let places = [
                "WORK": folder.path, "TEMPLATES": Programs.root + "/templates", "@VRS_INNER_PORT@": "0",
                "@VRS_OPERATIONS_PORT@": "0", "@TERMINAL@": "T0001",
            ]
            for (key, value) in places.merging(values, uniquingKeysWith: { $1 }) {
                text = text.replacing(key, with: value)
            }
            try folder.write("\(name).yaml", Data(text.utf8))
        }

        /// Writes a line into `vrs.yaml` where a key belongs.
        func add(_ line: String, below section: String?) throws {
            let path = folder.file("vrs.yaml")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let added =
                section.map { text.replacing("\n\($0):\n", with: "\n\($0):\n  \(line)\n") } ?? "\(text)\(line)\n"
            #expect(added != text)
            try folder.write("vrs.yaml", Data(added.utf8))
        }

        func vrs(_ arguments: [String], _ settings: String = "vrs.yaml") async throws -> Program.Outcome {
            try await Program.run(
                Programs.path("vrs"),
                arguments + ["--config", folder.file(settings)] + (settings == "vrs.yaml" ? ["--development"] : []),
                folder: folder.path)
        }

        /// The steps of `Records.docc/Journal.md`, "From a store without a journal".
        func upgrade() async throws {
            _ = try await Program.run(
                Programs.path("vrs"), ["keys", "development", "--out", folder.file("keys"), "--terminals", "1"]
            ).succeeded()
            let lacking = [
                ("records.journal", "journal: \(folder.path)/journal", "records"),
                ("records.rootKey", "rootKey: \(folder.path)/keys/vrs/root-signing.pem", "records"),
                ("clients", "clients: \(folder.path)/keys/vrs/clients.yaml", nil),
            ]
            for (key, line, section) in lacking {
                let said = try await vrs(["check-config"])
                #expect(said.status == 78 && said.errors.contains(":\(key): missing"), "\(said.errors)")
                #expect(said.errors.contains("ありません"))
                try add(line, below: section)
            }
            let said = try await vrs(["check-config"])
            #expect(said.status == 0, "\(said.errors)")
        }
    }

    private func check(_ installation: Installation, _ page: String) async throws -> Program.Outcome {
        // By the time at which the fixture was made, whatever this machine's clock says.
        try await Program.run(
            Programs.verifier,
            [
                "check", "--trust", installation.folder.file("public/trust"), "--at", "2026-12-01T00:00:00Z",
                installation.folder.file(page),
            ])
    }

    @Test
    func `records of before the journal are taken as documented: what was issued verifies, what was revoked stays so`()
        async throws
    {
        let installation = try await Installation()
        let folder = installation.folder
        try await installation.upgrade()
        let program = try Program(
            Programs.path("vrs"), ["serve", "--config", folder.file("vrs.yaml"), "--development"], folder: folder.path)
        let addresses = Stack.addresses(try await program.line(beginning: "listening "))
        try installation.fill("operator", ["@VRS_INNER@": try #require(addresses["inner"])])
        let listed = try await installation.vrs(
            ["certificates", "list", "990019", "--state", "printed"], "operator.yaml")
        #expect(listed.output.contains("XZ1K9F6FZZV8"), "\(listed.errors)")

        let exported = try await installation.vrs(["export", "--out", folder.file("public")])
        #expect(exported.status == 0, "\(exported.output)\(exported.errors)")
        let valid = try await check(installation, "pages/valid.pdf")
        #expect(valid.status == 0, "\(valid.output)")
        let revoked = try await check(installation, "pages/revoked.pdf")
        #expect(revoked.status == 1 && revoked.output.contains("(revocation.revoked)"), "\(revoked.output)")
        let verified = try await installation.vrs(["log", "verify"])
        #expect(verified.status == 0, "\(verified.output)")

        // The terminal's certificate of then has ended, as far as the test is concerned.
        let renewed = try await installation.vrs(
            [
                "terminal", "renew", "--id", "T0001", "--certificate",
                folder.file("keys/terminals/T0001/terminal.pem"),
            ], "operator.yaml")
        #expect(renewed.status == 0, "\(renewed.errors)")
        try await issue(installation, record: try #require(addresses["centre"]))
        #expect(try await program.stop() == 0)
    }

    /// A page for the fixture's person, from the centre and the terminal with their settings of before.
    private func issue(_ installation: Installation, record: String) async throws {
        let folder = installation.folder
        try installation.fill("centre", ["@VRS_CENTRE@": record])
        let centre = try Program(
            Programs.path("centre"), ["serve", "--config", folder.file("centre.yaml"), "--development"],
            folder: folder.path)
        let addresses = Stack.addresses(try await centre.line(beginning: "listening "))
        let pages = folder.file("new")
        try FileManager.default.createDirectory(atPath: pages, withIntermediateDirectories: true)
        try installation.fill(
            "terminal",
            [
                "@CENTRE_TERMINAL@": try #require(addresses["terminal"]),
                "@CARD@": "simulated: \(folder.file("card.json"))",
                "@PRINTER@": "command: [\(Programs.path("printer-sim")), --out, \(pages)]",
            ])
        let script = "municipality: \"990019\"\nkind: domestic\npins: [\"1234\"]\nexpect: printed\n"
        try folder.write("script.yaml", Data(script.utf8))
        let visit = try await Program.run(
            Programs.path("kiosk-sim"), ["run", folder.file("script.yaml"), "--config", folder.file("terminal.yaml")],
            folder: folder.path)
        #expect(visit.status == 0, "\(visit.output)\(visit.errors)")
        let page = try #require(
            try FileManager.default.contentsOfDirectory(atPath: pages).first { $0.hasSuffix(".pdf") })
        let checked = try await Program.run(
            Programs.verifier, ["check", "--trust", folder.file("public/trust"), "\(pages)/\(page)"])
        #expect(checked.status == 0, "\(checked.output)")
        try await centre.stop()
    }

    @Test func `records that a newer program brought to its form are refused, in both languages, and not changed`()
        async throws
    {
        let installation = try await Installation()
        try await installation.upgrade()
        let begun = try await installation.vrs(["export", "--out", installation.folder.file("public")])
        #expect(begun.status == 0, "\(begun.errors)")
        let control = installation.folder.file("records/control.sqlite")
        try await RawDatabase(control).execute("INSERT INTO grdb_migrations VALUES ('control: of tomorrow')")
        /// What the database says, without the free pages and counters that whoever opens it leaves.
        func content(_ name: String) async throws -> Data {
            let copy = installation.folder.file(name)
            try await RawDatabase(control).execute("VACUUM INTO '\(copy)'")
            return try Data(contentsOf: URL(fileURLWithPath: copy)).dropFirst(100)
        }
        let before = try await content("before.sqlite")
        let refused = try await installation.vrs(["serve"])
        #expect(refused.status == 69, "\(refused.output)")
        #expect(refused.errors.contains("store.newer") && refused.errors.contains("新しい版のプログラム"), "\(refused.errors)")
        #expect(try await content("after.sqlite") == before)
    }
}
