import StackSupport
import TestSupport
import Testing

/// A disk that takes no more while `vrs` runs, as a limit of the process makes every write of it fail, root's too.
@Suite(.serialized, .requires(.command("prlimit", package: "util-linux")))
struct FullDiskTests {
    @Test
    func
        `a disk that takes no more is told at once everywhere, nothing that was acknowledged is lost, and it heals by itself`()
        async throws
    {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 1, people: 0)
        do {
            // The signal that would end it is ignored, as systemd ignores it for services: writes fail then.
            try await stack.stopRecordSystem()
            try await stack.startRecordSystem(
                "limits: {sweepSeconds: 1}", under: ["env", "--ignore-signal=XFSZ"])
            try await stack.untilUpstreamIsBack()
            @Sendable func limit(_ bytes: String) async throws {
                let pid = try #require(stack.recordSystemPID)
                _ = try await Program.run("prlimit", ["--pid", "\(pid)", "--fsize=\(bytes):"]).succeeded()
            }
            try await FullDisk(
                stack: stack, of: .records, fill: { try await limit("1") }, free: { try await limit("unlimited") }
            )
            .check()
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }
}
