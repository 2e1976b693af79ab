import CheckedConfiguration
import Foundation
import HolderGuard
import Glibc
import Terminal
import TestSupport
import Testing

/// The process in which the print guard has pages read.
@Suite(.requires(.program("kiosk-sim")))
struct GuardWorkerTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    @Test(arguments: ["domestic", "overseas"])
    func `a right page is read in a process of its own and printed`(_ kind: String) async throws {
        let script = try Script(
            ConfigurationFile(
                text: "municipality: \"990019\"\nkind: \(kind)\npins: [\"\(TestWorld.pin)\"]\n", name: "test"))
        let course = try await world.run(script, scanProgram: Programs.path("kiosk-sim"))
        #expect(course.ending == .printed)
    }

    @Test(arguments: [
        (TestIssuer.Flaw.garbagePage, GuardFinding.unreadable), (.swappedPNG, .pagesDiffer),
        (.missingCode, .codeHashes),
        (.codeOfAnother, .codeHashes),
    ])
    func `a page with a flaw is found there as well`(_ flaw: TestIssuer.Flaw, _ finding: GuardFinding) async throws {
        let course = try await world.run(
            world.script(), .init(flaw: flaw), scanProgram: Programs.path("kiosk-sim"))
        guard case .outOfService(let findings) = course.ending else {
            Issue.record("ended with \(course.ending.code)")
            return
        }
        #expect(findings.contains(finding), "\(findings)")
        #expect(course.jobs.isEmpty)
    }

    @Test(arguments: ["/nonexistent", "/bin/false"])
    func `without the process no page is printed`(_ program: String) async throws {
        let course = try await world.run(world.script(), scanProgram: program)
        #expect(course.ending == .outOfService([.unreadable]))
        #expect(course.jobs.isEmpty)
    }

    @Test func `the process has the sandbox and the memory protection of a session before it reads a byte`()
        async throws
    {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder.file("in"), 0o600) == 0)
        // It waits for its request: nobody writes into the pipe, which the shell holds open.
        let worker = try Program(
            "/bin/sh", ["-c", #"exec "$0" scan-worker 10 <> "$1""#, Programs.path("kiosk-sim"), folder.file("in")],
            environment: ["SWIFT_BACKTRACE": "enable=no"])
        let status = "/proc/\(worker.pid)/status"
        try await eventually("the sandbox") {
            try String(contentsOfFile: status, encoding: .utf8).contains("\nSeccomp:\t2\n")
        }
        let limits = try String(contentsOfFile: "/proc/\(worker.pid)/limits", encoding: .utf8)
        #expect(limits.contains(#/Max core file size +0 +0/#))
        #expect(limits.contains(#/Max file size +0 +0/#))
        // All of it, or at least the place where the page will lie.
        let text = try String(contentsOfFile: status, encoding: .utf8)
        let locked = try #require(text.firstMatch(of: #/VmLck:\s+([0-9]+) kB/#)?.1)
        #expect((Int(locked) ?? 0) >= 4096)
        worker.signal(SIGKILL)
        try await worker.end()
    }
}
