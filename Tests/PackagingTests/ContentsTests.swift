import Foundation
import TestSupport
import Testing

/// What lies in the packages, made from small programs that stand in for the real ones.
@Suite(
    .requires(.command("dpkg-deb", package: "dpkg")), .requires(.command("dpkg-shlibdeps", package: "dpkg-dev")),
    .requires(.program("vrs")), .requires(.program("centre")), .requires(.program("wallet")),
    .requires(.program("verifier")),
    .requires(.program("kiosk-sim")))
struct ContentsTests {
    /// The packages, made once.
    private static let made = Result { try Made(version: "1.2") }

    /// Packages in a folder, by their names.
    private final class Made: Sendable {
        let folder: TemporaryFolder
        let packages: [String: String]

        init(version: String) throws {
            folder = try TemporaryFolder()
            for name in ["vrs", "centre", "wallet", "verifier", "kiosk-sim", "printer-sim"] {
                try folder.write("bin/\(name)", try Data(contentsOf: URL(fileURLWithPath: "/usr/bin/true")))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: folder.file("bin/\(name)"))
            }
            for name in [
                "Akashi_VerifierService.resources/Page/index.html", "Akashi_Terminal.resources/Languages/ja.yaml",
            ] {
                try folder.write("bin/" + name, Data("text".utf8))
            }
            let built = try Program.runBlocking(
                Packaging.folder + "/build",
                [folder.file("bin"), folder.file("out"), "--version", version, "--help-from", Programs.folder])
            let paths = String(decoding: try built.succeeded(), as: UTF8.self).split(separator: "\n").map(String.init)
            packages = Dictionary(
                uniqueKeysWithValues: paths.map { path in
                    (String((path as NSString).lastPathComponent.prefix { $0 != "_" }), path)
                })
        }

        func ask(_ package: String, _ arguments: [String]) throws -> String {
            guard let path = packages[package] else { throw TestFailure("no package \(package)") }
            return String(
                decoding: try Program.runBlocking("dpkg-deb", [arguments[0], path] + arguments.dropFirst()).succeeded(),
                as: UTF8.self)
        }

        /// The paths in a package, without folders, with their mode and owner.
        func contents(_ package: String) throws -> [String: String] {
            try ask(package, ["--contents"]).split(separator: "\n").reduce(into: [:]) { files, line in
                let words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
                guard words.count > 5, !words[0].hasPrefix("d") else { return }
                files[String(words[5].dropFirst())] = words[0] + " " + words[1]
            }
        }
    }

    private static let common = ["README.md", "Reference.md", "keys.md"]

    @Test(arguments: [
        (
            "vrs", "vrs",
            [
                "/lib/systemd/system/akashi-vrs.service", "/lib/systemd/system/akashi-vrs-export.service",
                "/lib/systemd/system/akashi-vrs-export.timer", "/lib/systemd/system/akashi-vrs-backup.service",
                "/lib/systemd/system/akashi-vrs-backup.timer", "/usr/share/akashi/templates/domestic.json",
                "/usr/share/akashi/templates/overseas.json", "/usr/share/doc/akashi-vrs/examples/vrs.yaml",
                "/usr/share/doc/akashi-vrs/examples/operator.yaml", "/usr/share/doc/akashi-vrs/examples/clients.yaml",
            ]
                + ["Production", "Alarms", "Backup", "Drills", "Upgrades", "DataFiles"].map {
                    "/usr/share/doc/akashi-vrs/\($0).md"
                }
        ),
        (
            "centre", "centre",
            ["/lib/systemd/system/akashi-centre.service", "/usr/share/doc/akashi-centre/examples/centre.yaml"]
        ),
        (
            "wallet", "wallet",
            [
                "/lib/systemd/system/akashi-wallet.service", "/usr/share/doc/akashi-wallet/examples/wallet.yaml",
                "/usr/share/doc/akashi-wallet/phones.json",
            ]
        ),
        (
            "verifier", "verifier",
            [
                "/lib/systemd/system/akashi-verifier.service", "/etc/akashi/verifier/verifier.env",
                "/usr/lib/akashi-verifier/Akashi_VerifierService.resources/Page/index.html",
            ]
        ),
        (
            "kiosk-sim", "kiosk-sim",
            [
                "/lib/systemd/system/akashi-kiosk@.service", "/usr/share/doc/akashi-kiosk-sim/examples/terminal.yaml",
                "/usr/lib/akashi-kiosk-sim/Akashi_Terminal.resources/Languages/ja.yaml",
                "/usr/lib/akashi-kiosk-sim/printer-sim",
            ]
        ),
    ])
    func `a program's package holds it, its unit, its examples and its page, and nothing else`(
        _ name: String, _ program: String, _ own: [String]
    ) throws {
        let package = "akashi-" + name
        let contents = try Self.made.get().contents(package)
        let expected =
            own + Self.common.map { "/usr/share/doc/\(package)/\($0)" }
            + [
                "/usr/lib/\(package)/\(program)", "/usr/lib/\(package)/akashi.version", "/usr/bin/\(program)",
                "/usr/share/man/man1/\(program).1.gz",
            ]
        #expect(Set(contents.keys).symmetricDifference(expected) == [])
        #expect(contents["/usr/lib/\(package)/\(program)"] == "-rwxr-xr-x root/root")
        for (path, mode) in contents where !path.hasSuffix("/" + program) && !path.hasSuffix("/printer-sim") {
            #expect(mode == "-rw-r--r-- root/root", "\(path)")
        }
    }

    @Test func `the package of what to watch needs nothing and holds rules, their tests and a dashboard`() throws {
        let made = try Self.made.get()
        #expect(
            Set(try made.contents("akashi-monitoring").keys)
                == [
                    "/usr/share/akashi/monitoring/akashi.rules.yml",
                    "/usr/share/akashi/monitoring/akashi.rules.test.yml",
                    "/usr/share/akashi/monitoring/akashi.dashboard.json",
                    "/usr/share/doc/akashi-monitoring/Alarms.md",
                    "/usr/share/doc/akashi-monitoring/Reference.md",
                ])
        #expect(try made.ask("akashi-monitoring", ["--field", "Architecture"]) == "all\n")
    }

    @Test(arguments: ["akashi-vrs", "akashi-centre", "akashi-wallet", "akashi-verifier", "akashi-kiosk-sim"])
    func `a package depends on the libraries of its program, and its scripts are whole`(_ package: String) throws {
        let made = try Self.made.get()
        let depends = try made.ask(package, ["--field", "Depends"])
        #expect(depends.contains("libc6 (>= ") && depends.contains("adduser"), "\(depends)")
        #expect(depends.contains("fonts-ipaexfont") == (package == "akashi-vrs"))
        #expect(depends.contains("pcscd") == (package == "akashi-kiosk-sim"))
        #expect(try made.ask(package, ["--field", "Version"]) == "1.2\n")
        let folder = try TemporaryFolder()
        _ = try made.ask(package, ["--control", folder.path])
        for script in ["postinst", "prerm", "postrm"] {
            #expect(try Program.runBlocking("/bin/sh", ["-n", folder.file(script)]).status == 0)
            #expect(try folder.text(script).firstMatch(of: /@[A-Z]+@/) == nil)
        }
        // What dpkg asks about before it replaces it, and takes away with a purge alone.
        let conffiles = (try? folder.text("conffiles")) ?? ""
        #expect(conffiles == (package == "akashi-verifier" ? "/etc/akashi/verifier/verifier.env\n" : ""))
    }

    @Test func `the same programs and commit make the same bytes`() throws {
        let (first, second) = (try Self.made.get(), try Made(version: "1.2"))
        #expect(first.packages.count == 6)
        for (name, path) in first.packages {
            let other = try #require(second.packages[name])
            #expect(FileManager.default.contentsEqual(atPath: path, andPath: other), "\(name)")
        }
    }

    @Test(
        .requires(.command("mandoc", package: "mandoc")),
        arguments: ["vrs", "centre", "wallet", "verifier", "kiosk-sim"])
    func `a program's page is well formed and tells of each command that its help shows`(_ program: String) throws {
        let folder = try TemporaryFolder()
        let made = try Program.runBlocking(
            Packaging.folder + "/manual", [Programs.path(program), "1.2", "1790000000"])
        try folder.write("page.1", try made.succeeded())
        let lint = try Program.runBlocking("mandoc", ["-T", "lint", "-W", "warning", folder.file("page.1")])
        #expect(lint.status == 0, "\(lint.output)\(lint.errors)")
        let page = try folder.text("page.1")
        let help = try Program.runBlocking(Programs.path(program), ["--help"]).output
        let commands = (help.components(separatedBy: "SUBCOMMANDS:\n").last ?? "").matches(of: /(?m)^  ([a-z-]+)/)
        #expect(!commands.isEmpty)
        for command in commands where command.1 != "help" {
            #expect(page.contains("\n.Ss \(command.1)"), "\(command.1)")
        }
        // What nobody types is in no page.
        #expect(!page.contains("scan-worker"))
    }

    /// The line of the unit or script that each of these names as a command is one that the program knows.
    @Test func `the units start commands that the programs have`() throws {
        for unit in Packaging.units {
            let words = try #require(try Packaging.settings(unit)["ExecStart"]?.first).split(separator: " ").map(
                String.init)
            let program = (words[0] as NSString).lastPathComponent
            // `backup make` too.
            let command = Array(words.dropFirst().prefix { $0.wholeMatch(of: /[a-z][a-z-]*/) != nil })
            let help = try Program.runBlocking(Programs.path(program), command + ["--help"])
            #expect(help.status == 0, "\(unit)")
            for option in words.dropFirst() where option.hasPrefix("--") {
                let all =
                    program == "kiosk-sim"
                    ? try Program.runBlocking(Programs.path(program), ["interactive", "--help"]) : help
                #expect(all.output.contains(option), "\(unit): \(option)")
            }
        }
    }
}
