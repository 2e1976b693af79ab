import Foundation
import IssuerSupport
import TestSupport
import Testing

/// The description of the interface is true: schemathesis asks the service what the description allows and forbids, and
/// compares what it answers.
@Suite(
    .serialized, .requires(.program("verifier")), .requires(.python(.verifierService)))
struct OpenAPITests {
    /// How long schemathesis goes on at most, in seconds: on a busy machine the cases that it always makes alone take
    /// half a minute, and an operation counts as tested only if its cases ended.
    private static let seconds = 120

    @Test func `the service is as its description says`() throws {
        let random = Seeded("schemathesis")
        let folder = try TemporaryFolder()
        try Issuers().writeTrust(to: folder)
        let served = try VerifyTests.serve(folder)
        let configuration = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Python/schemathesis.toml").path
        // No picture or document is made by chance: that what is allowed is also accepted is other tests' work.
        let output = try Program.runBlocking(
            Python.verifierService.interpreter,
            [
                "-m", "schemathesis.cli", "--no-color", "--config-file", configuration, "run",
                "\(served.url)/openapi.json", "--url",
                served.url, "--checks", "all", "--exclude-checks", "positive_data_acceptance", "--phases",
                "examples,coverage,fuzzing", "--suppress-health-check", "all", "--max-time", "\(Self.seconds)",
                "--seed",
                "\(random.seed % 1_000_000)", "--request-timeout", "60",
            ], folder: folder.path
        ).succeeded()
        let report = String(decoding: output, as: UTF8.self)
        #expect(report.contains("3 selected / 3 total"))
        #expect(report.contains("Tested: 3"))
        #expect(try served.stop() == 0)
    }
}
