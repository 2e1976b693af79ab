import Foundation
import TestSupport
import Testing

/// The packages of `make package` in a fresh Debian. Only `make test-full` runs this, which makes them.
@Suite(
    .requires(.root), .requires(.command("debootstrap", package: "debootstrap")),
    .requires(.command("curl", package: "curl")))
struct InstallationTests {
    @Test func `packages are installed, configured, upgraded, removed and purged, and what is kept is kept`() throws {
        let environment = ProcessInfo.processInfo.environment
        let packages = try #require(
            environment["AKASHI_PACKAGES"], "the folder of the packages: make test-full sets it")
        let programs = try #require(
            environment["AKASHI_PACKAGED"], "the folder of their programs: make test-full sets it")
        let folder = try TemporaryFolder()
        _ = try Program.runBlocking(
            Programs.root + "/.make/package/build", [programs, folder.file("newer"), "--version", "9999"],
            within: .seconds(900)
        ).succeeded()
        let trial = try Program.runBlocking(
            Programs.root + "/.make/package/trial", [packages, folder.file("newer"), folder.file("debian")],
            within: .seconds(1800))
        #expect(trial.status == 0, "\(trial.output)\(trial.errors)")
        // Each step was reached.
        let steps = trial.output.split(separator: "\n").filter { $0.hasPrefix("ok: ") }
        #expect(steps.count == 9, "\(trial.output)")
    }
}
