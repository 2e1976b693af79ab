import CheckedConfiguration
import CommandFrame
import Foundation
import StackSupport
import TestSupport
import Testing

/// What every started program does alike.
extension Operating {
    @Test(arguments: ["vrs", "centre", "kiosk-sim", "verifier", "printer-sim", "phone-sim"])
    func `each program says its version, and the formats that it shares with others`(name: String) async throws {
        let said = try await Program.run(Programs.path(name), ["--version"])
        #expect(said.status == 0)
        let lines = said.output.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasPrefix("\(name) \(ProgramVersion.number) (Akashi, ") == true, "\(said.output)")
        switch name {
        case "vrs": #expect(lines.contains { $0.hasPrefix("store: region ") && $0.contains("control") })
        case "verifier": #expect(lines.contains("formats: shc, vdsnc, dcc"))
        case "printer-sim": #expect(lines.contains("print stream: 1"))
        default: break
        }
        if ["vrs", "centre", "kiosk-sim"].contains(name) {
            #expect(lines.contains { $0.hasPrefix("protocol: akashi/application/v1, ") })
        }
    }

    /// A wrong use of each program, and what it has in common.
    @Test(arguments: [
        ("vrs", ["nothing"]), ("centre", ["serve"]), ("kiosk-sim", ["run"]), ("verifier", ["check"]),
        ("printer-sim", []), ("phone-sim", ["run"]),
        ("vrs", ["certificates", "list", "123456", "--config", "CONFIG"]),
    ])
    func `a wrong use ends with the same status everywhere`(name: String, arguments: [String]) async throws {
        let operators = try Stack.current.folder + "/operator.yaml"
        let ended = try await Program.run(
            Programs.path(name), arguments.map { $0.replacing("CONFIG", with: operators) })
        #expect(ended.status == ExitStatus.usage.rawValue, "\(ended.errors)")
        #expect(!ended.errors.isEmpty)
    }

    @Test func `an operator's command that is refused says why and what to do, in both languages`() async throws {
        let stack = try Stack.current
        let config = ["--config", stack.folder + "/operator.yaml"]
        for (arguments, status, english, japanese) in [
            (
                ["terminal", "revoke", "--id", "T9999"], ExitStatus.no,
                "not_found): there is nothing of that name; look it up", "その名前のものはありません"
            ),
            (["certificates", "list", "123456"], .usage, "six digits, the last a check digit", "団体コードではありません"),
            (
                ["terminal", "enrol", "--id", "T9998", "--csr", "/nowhere.pem"], .usage,
                "is no PEM file; name the request", "PEMのファイルではありません"
            ),
            (["terminal", "enrol-folder", "/nowhere"], .usage, "no folder that can be read", "読めるフォルダーではありません"),
        ] {
            let ended = try await Program.run(Programs.path("vrs"), arguments + config)
            #expect(ended.status == status.rawValue, "\(arguments): \(ended.errors)")
            #expect(ended.errors.contains(english) && ended.errors.contains(japanese), "\(ended.errors)")
        }
        // Nobody listens there.
        let good = try String(contentsOfFile: stack.folder + "/operator.yaml", encoding: .utf8)
        try stack.write(good.replacing(/127\.0\.0\.1:\d+/, with: "127.0.0.1:1"), "operator-nowhere.yaml")
        let lost = try await Program.run(
            Programs.path("vrs"), ["terminal", "list", "--config", stack.folder + "/operator-nowhere.yaml"])
        #expect(lost.status == ExitStatus.unavailable.rawValue)
        #expect(lost.errors.contains("see that vrs runs") && lost.errors.contains("vrs が動いているか"), "\(lost.errors)")
    }

    @Test(arguments: ["vrs", "centre"])
    func `a listener whose port is taken is named, with the address`(name: String) async throws {
        let stack = try Stack.current
        let taken = name == "vrs" ? stack.innerAddress : String(stack.centre.dropFirst("https://".count))
        let port = try #require(taken.split(separator: ":").last)
        let good = try String(contentsOfFile: "\(stack.folder)/\(name).yaml", encoding: .utf8)
        let key = name == "vrs" ? "certificate: \(stack.keys)/vrs/centre" : "certificate: \(stack.keys)/centre/server"
        let changed = good.replacing(try Regex("port: \\d+\n    \(key)"), with: "port: \(port)\n    \(key)")
            // The running one has its own.
            .replacing(
                try Regex("port: \\d+\n    certificate: \(stack.keys)/vrs/inner"),
                with: "port: 0\n    certificate: \(stack.keys)/vrs/inner"
            )
            .replacing(try Regex("operations:\n    port: \\d+"), with: "operations:\n    port: 0")
        try stack.write(changed, "taken.yaml")
        let ended = try await Program.run(
            Programs.path(name), ["serve", "--config", stack.folder + "/taken.yaml", "--development"])
        #expect(ended.status == ExitStatus.unavailable.rawValue, "\(ended.errors)")
        let listener = name == "vrs" ? "centre" : "terminal"
        #expect(ended.errors.contains("the listener \(listener) cannot listen on 127.0.0.1:\(port)"), "\(ended.errors)")
        #expect(ended.errors.contains("入口 \(listener) は 127.0.0.1:\(port) で待ち受けできません"))
    }

    /// The paths below a folder whose mode is another than it should be.
    private func wrong(_ folder: String, files: Int, folders: Int) throws -> [String] {
        let manager = FileManager.default
        return try ([""] + manager.subpathsOfDirectory(atPath: folder)).filter { path in
            let attributes = try manager.attributesOfItem(atPath: path.isEmpty ? folder : "\(folder)/\(path)")
            guard let mode = attributes[.posixPermissions] as? Int else { return true }
            return mode != (attributes[.type] as? FileAttributeType == .typeDirectory ? folders : files)
        }
    }

    @Test func `what a program makes only its owner reads, and what is published everybody`() async throws {
        let stack = try Stack.current
        // Other processes of the test write beside them, so what the services keep is looked at alone.
        for folder in ["records", "journal", "keys/vrs/regions"] {
            #expect(try wrong("\(stack.folder)/\(folder)", files: 0o600, folders: 0o700) == [], "\(folder)")
        }
        let folder = try TemporaryFolder()
        let out = folder.file("published/export")
        _ = try await Program.run(
            Programs.path("vrs"), ["export", "--config", stack.folder + "/vrs.yaml", "--development", "--out", out]
        ).succeeded()
        #expect(try wrong(out, files: 0o644, folders: 0o755) == [])
        let trust = folder.file("deep/trust")
        let issuer = stack.keys + "/trust/test/shc/issuer.json"
        _ = try await Program.run(Programs.verifier, ["trust", "import", "--test", "--trust", trust, issuer])
            .succeeded()
        #expect(try wrong(trust, files: 0o644, folders: 0o755) == [])
        _ = try await Program.run(Programs.path("kiosk-sim"), ["card", "pool", "--help"]).succeeded()
    }

    @Test func `a first import that is refused leaves no folder behind`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("nothing.txt", Data("nothing of use\n".utf8))
        let ended = try await Program.run(
            Programs.verifier, ["trust", "import", "--trust", folder.file("a/b/trust"), folder.file("nothing.txt")])
        #expect(ended.status == ExitStatus.no.rawValue, "\(ended.output)\(ended.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["nothing.txt"])
    }

    @Test func `a store that others can open is refused at the start with the remedy`() async throws {
        let stack = try Stack.current
        let copy = try await RecordsCopy(stack, "open")
        let folder = copy.records
        try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: folder)
        let text = try String(contentsOfFile: stack.folder + "/vrs.yaml", encoding: .utf8)
            .replacing("folder: \(stack.folder)/records\n", with: "folder: \(folder)\n")
            .replacing(/port: \d+/, with: "port: 0")
        try stack.write(text, "open.yaml")
        let arguments = ["--config", stack.folder + "/open.yaml", "--development"]
        for command in [["serve"], ["log", "verify"]] {
            let ended = try await Program.run(Programs.path("vrs"), command + arguments)
            #expect(ended.status == ExitStatus.configuration.rawValue, "\(ended.errors)")
            #expect(ended.errors.contains("chmod -R go= \(folder)") && ended.errors.contains("所有者以外が読めます"))
        }
    }
}
