import Foundation
import TestSupport
import Testing

/// The production guide, and the drills behind it, are done as they are written: its own commands and files, the packages' units and examples, without the
/// development switch. What stands in for hosts, Debian's commands and hardware is said in `Python/hosts.py`.
@Suite(
    .requires(.command("python3", package: "python3")), .requires(.command("openssl", package: "openssl")),
    .requires(.command("curl", package: "curl")), .requires(.command("sqlite3", package: "sqlite3")),
    .requires(.command("ssh-keygen", package: "openssh-client")),
    .requires(.command("promtool", package: "prometheus")),
    .requires(.command("dpkg-deb", package: "dpkg")), .requires(.command("dpkg-shlibdeps", package: "dpkg-dev")),
    .requires(.program("vrs")), .requires(.program("centre")), .requires(.program("wallet")),
    .requires(.program("verifier")),
    .requires(.program("kiosk-sim")), .requires(.program("printer-sim")))
struct GuideTests {
    /// What a verifier says of one code.
    private struct Verdict: Decodable {
        struct Remark: Decodable { let code: String }
        let verdict: String
        let test: Bool
        let caution: Bool?
        let format: String
        let reasons: [Remark]
        let warnings: [Remark]
        let certificateId: String?
    }

    /// What became of a manifest that nobody signed.
    private struct Import: Decodable {
        let path: String
        let refused: Bool
        let written: [String]
    }

    /// What is done, one behind the other. A drill is done again.
    private static let guides = ["Production", "Backup", "Drills", "Drills"].map {
        Programs.root + "/Sources/vrs/vrs.docc/\($0).md"
    }

    private func run(reader: UInt16, leavingOut step: String? = nil) async throws -> Program.Outcome {
        let folder = try TemporaryFolder()
        let script = Programs.root + "/Tests/OperationTests/Python/guide.py"
        let outcome = try await Program.run(
            "python3",
            ["-B", script, Self.guides.joined(separator: ","), Programs.folder, folder.path, "\(reader)"]
                + (step.map { [$0] } ?? []),
            environment: VirtualReader.environment, within: .seconds(300))
        return withExtendedLifetime(folder) { outcome }
    }

    @Test
    func `whoever follows the guides gets a page that is plainly valid, takes it back, and restores a backup`()
        async throws
    {
        let outcome = try await VirtualReader.use { try await run(reader: $0.port) }
        #expect(outcome.status == 0, "\(outcome.errors)")
        let said = try JSONDecoder().decode([[Verdict]].self, from: outcome.bytes)
        try #require(said.count == 2)
        #expect(Set(said[0].map(\.format)) == ["shc", "vdsnc", "dcc"])
        for code in said[0] {
            #expect(code.verdict == "valid" && !code.test && code.caution != true && code.warnings.isEmpty, "\(code)")
        }
        #expect(said[1].count == said[0].count)
        for code in said[1] { #expect(code.reasons.contains { $0.code.contains("revoked") }, "\(code)") }
    }

    @Test
    func `a manifest that names a place outside of its folder is refused before anything is fetched`() async throws {
        let outcome = try await run(reader: 0, leavingOut: "--hostile")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let imports = try JSONDecoder().decode([Import].self, from: outcome.bytes)
        #expect(imports.contains { $0.path == "../../trust/escaped" })
        for one in imports { #expect(one.refused && one.written.isEmpty, "\(one)") }
    }

    @Test(arguments: [
        ("chown -R akashi-vrs:", "akashi-vrs cannot read it"),
        ("vrs records load", "not printed: 131016"),
        ("systemctl start akashi-vrs-export.service", "akashi-vrs.service ended with 78"),
        ("cp -r /media/centre/cards /etc/akashi/centre/trust/card", "exit 78"),
    ])
    func `a guide without one of its steps ends where the step is missed`(_ step: String, _ what: String) async throws {
        let outcome = try await run(reader: 0, leavingOut: step)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(what), "\(outcome.errors)")
    }
}
