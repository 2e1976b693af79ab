import Foundation
import TestSupport
import Testing

/// What systemd says of the units, and what they must and must not permit.
@Suite(.requires(.command("systemd-analyze", package: "systemd")))
struct UnitTests {
    @Test(arguments: Packaging.units)
    func `a unit's exposure is below 2.0`(_ unit: String) throws {
        let said = try Program.runBlocking(
            "systemd-analyze", ["security", "--offline=true", "--no-pager", "\(Packaging.folder)/\(unit)"])
        let text = said.output + said.errors
        let level = try #require(text.firstMatch(of: /Overall exposure level for .*: ([0-9.]+) \S/), "\(text)")
        #expect(try #require(Double(level.1)) < 2, "\(text)")
    }

    @Test(arguments: Packaging.units + Packaging.timers)
    func `systemd has nothing to say against a unit`(_ unit: String) throws {
        // Its programs are not installed here; whatever is executable stands in for them.
        let folder = try TemporaryFolder()
        for other in Packaging.units + Packaging.timers {
            let text = try Packaging.text(other).replacing(/(?m)^ExecStart=\S+/, with: "ExecStart=/bin/true")
            try folder.write((other as NSString).lastPathComponent, Data(text.utf8))
        }
        let name = (unit as NSString).lastPathComponent.replacing("@.", with: "@tty1.")
        let said = try Program.runBlocking(
            "systemd-analyze", ["verify", "--man=no", folder.file(name)],
            environment: ["SYSTEMD_UNIT_PATH": folder.path + ":/lib/systemd/system"])
        #expect(said.status == 0 && said.output + said.errors == "", "\(said.output)\(said.errors)")
    }

    @Test(arguments: Packaging.units)
    func `a unit has a user of its own, no capability, and a root that it cannot write`(_ unit: String) throws {
        let settings = try Packaging.settings(unit)
        #expect(settings["User"]?.first?.hasPrefix("akashi-") == true && settings["User"] == settings["Group"])
        #expect(settings["CapabilityBoundingSet"] == [""] && settings["AmbientCapabilities"] == [""])
        #expect(settings["ProtectSystem"] == ["strict"])
        // What a web server reads cannot be a state folder, whose mode is the service's own.
        let published = unit.contains("export") ? ["/var/lib/akashi/published"] : nil
        #expect(settings["ReadWritePaths"] == published)
        #expect(settings["NoNewPrivileges"] == ["yes"] && settings["LimitCORE"] == ["0"])
        #expect(settings["MemorySwapMax"] == ["0"] && settings["LimitNOFILE"]?.count == 1)
    }

    @Test func `vrs may write the example's folder of daily keys, which is in memory and outlives a restart`() throws {
        let settings = try Packaging.settings("vrs/akashi-vrs.service")
        let name = try #require(settings["RuntimeDirectory"]?.first)
        #expect(settings["RuntimeDirectoryMode"] == ["0700"] && settings["RuntimeDirectoryPreserve"] == ["yes"])
        let example = try String(
            contentsOfFile: Programs.root + "/.make/package/vrs/vrs.yaml", encoding: .utf8)
        #expect(example.contains("uploadKeys: /run/\(name)\n"))
    }

    @Test(arguments: [
        "centre/akashi-centre.service", "wallet/akashi-wallet.service", "verifier/akashi-verifier.service",
    ])
    func `the centre, the wallet and the verifier have no folder that they can write`(_ unit: String) throws {
        let settings = try Packaging.settings(unit)
        for key in ["StateDirectory", "CacheDirectory", "LogsDirectory", "RuntimeDirectory", "BindPaths"] {
            #expect(settings[key] == nil, "\(key)")
        }
        // Private ones could be written.
        #expect(settings["PrivateTmp"] == nil)
        #expect(settings["InaccessiblePaths"] == ["/tmp /var/tmp /dev/shm /dev/mqueue"])
    }

    @Test(arguments: [
        "vrs/akashi-vrs.service", "centre/akashi-centre.service", "wallet/akashi-wallet.service",
        "verifier/akashi-verifier.service",
    ])
    func `a service says that it is ready, has a watchdog and can be told to reload`(_ unit: String) throws {
        let settings = try Packaging.settings(unit)
        #expect(settings["Type"] == ["notify"])
        #expect(Int(settings["WatchdogSec"]?.first ?? "") ?? 0 > 0)
        // The end that a watchdog brings must not write the memory to a disk.
        #expect(settings["WatchdogSignal"] == ["SIGKILL"])
        #expect(settings["ExecReload"] == ["/bin/kill -HUP $MAINPID"])
    }

    @Test(arguments: ["Drills", "Upgrades"])
    func `where an article begins with an empty trust folder, it has a running verifier read it and looks`(
        _ article: String
    ) throws {
        #expect(try Packaging.settings("verifier/akashi-verifier.service")["ExecReload"] == ["/bin/kill -HUP $MAINPID"])
        let text = try String(
            contentsOfFile: "\(Programs.root)/Sources/vrs/vrs.docc/\(article).md", encoding: .utf8)
        let paragraphs = text.split(separator: "\n\n").filter { $0.contains("empty trust folder") }
        #expect(!paragraphs.isEmpty)
        for paragraph in paragraphs {
            let line = paragraph.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            for step in [
                "rm -r /var/lib/akashi/trust", "akashi-import", "systemctl reload akashi-verifier", "/v1/trust",
            ] {
                #expect(line.contains(step), "\(step)")
            }
        }
    }

    /// The system calls that a unit permits, as systemd expands its filters.
    private func permitted(_ unit: String) throws -> Set<String> {
        func calls(_ name: Substring) throws -> Set<String> {
            guard name.hasPrefix("@") else { return [String(name)] }
            let listed = String(
                decoding: try Program.runBlocking("systemd-analyze", ["syscall-filter", String(name)]).succeeded(),
                as: UTF8.self)
            let members = listed.split(separator: "\n").dropFirst().map { $0.trimmingCharacters(in: .whitespaces) }
            return try members.filter { !$0.hasPrefix("#") }.reduce(into: []) { $0.formUnion(try calls(Substring($1))) }
        }
        // Those that systemd always permits to who has a list.
        var permitted = try calls("@default")
        for filter in try Packaging.settings(unit)["SystemCallFilter"] ?? [] {
            let named = try filter.drop { $0 == "~" }.split(separator: " ").reduce(into: Set<String>()) {
                $0.formUnion(try calls($1))
            }
            if filter.hasPrefix("~") { permitted.subtract(named) } else { permitted.formUnion(named) }
        }
        return permitted
    }

    @Test(arguments: ["verifier/akashi-verifier.service", "kiosk-sim/akashi-kiosk@.service"])
    func `a unit leaves the process that reads pictures what it confines itself with`(_ unit: String) throws {
        let permitted = try permitted(unit)
        for call in ["seccomp", "prctl", "prlimit64"] { #expect(permitted.contains(call), "\(call)") }
        #expect(permitted.isDisjoint(with: ["ptrace", "mount", "setuid", "chown", "reboot", "bpf"]))
    }

    @Test(.requires(.command("strace", package: "strace")), .requires(.program("verifier")))
    func `every system call of the verifier, and of the process that reads a picture for it, is permitted`()
        async throws
    {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("trust"), withIntermediateDirectories: true)
        let program = try Program(
            "strace",
            [
                "-f", "-qq", "-e", "signal=none", "-s", "0", "-o", folder.file("calls"), Programs.verifier, "serve",
                "--trust", folder.file("trust"), "--address", "127.0.0.1:0",
            ])
        let line = try await program.line(beginning: "listening ")
        // No PDF that can be read, but one that the process has to look at.
        try folder.write("page.pdf", Data("%PDF-1.4\n%%EOF\n".utf8))
        let asked = try await Program.run(
            "curl",
            [
                "-s", "-H", "Content-Type: application/pdf", "--data-binary", "@" + folder.file("page.pdf"),
                line.dropFirst("listening ".count) + "/v1/verify",
            ])
        #expect(asked.output.contains("scan.broken_document"), "\(asked.output)")
        _ = try await Program.run("pkill", ["-TERM", "-P", "\(program.pid)"])
        try await program.end()
        let made = Set(try folder.text("calls").matches(of: /(?m)^\d+ +([a-z0-9_]+)\(/).map { String($0.1) })
        #expect(made.count > 40 && made.contains("seccomp"))
        // Threads ask for priorities, which are refused to any user, and do without.
        let refused = made.subtracting(try permitted("verifier/akashi-verifier.service"))
        #expect(refused.subtracting(["setpriority"]).sorted() == [])
    }

    @Test(arguments: [
        "centre/akashi-centre.service", "wallet/akashi-wallet.service", "kiosk-sim/akashi-kiosk@.service",
    ])
    func `who locks all of its memory is not limited in it`(_ unit: String) throws {
        #expect(try Packaging.settings(unit)["LimitMEMLOCK"] == ["infinity"])
    }

    @Test func `every folder that an example names is one that a unit may write, or its own configuration`() throws {
        let folders = ["vrs/akashi-vrs.service", "vrs/akashi-vrs-backup.service", "kiosk-sim/akashi-kiosk@.service"]
        let writable =
            try folders.flatMap { try Packaging.settings($0)["StateDirectory"] ?? [] }
            .flatMap { $0.split(separator: " ").map { "/var/lib/" + $0 } }
            + (try Packaging.settings("vrs/akashi-vrs-export.service")["ReadWritePaths"] ?? [])
        for example in ["vrs/vrs.yaml", "kiosk-sim/terminal.yaml"] {
            for place in try Packaging.text(example).matches(of: /: (\/var\/lib\/\S+)/) {
                #expect(writable.contains { place.1.hasPrefix($0) }, "\(place.1)")
            }
        }
    }
}
