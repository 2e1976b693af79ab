import Foundation
import StackSupport
import TestSupport
import Testing

/// A small disk under what `vrs` writes, filled while it runs: in a place of its own among the mounts, which only root has.
@Suite(.serialized, .requires(.root), .requires(.command("nsenter", package: "util-linux")))
struct FullDiskTests {
    @Test(arguments: FullDisk.Place.allCases)
    func
        `a small disk that is full is told at once everywhere, nothing that was acknowledged is lost, and it heals by itself`(
            place: FullDisk.Place
        ) async throws
    {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 1, people: 0)
        do {
            try await stack.stopRecordSystem()
            let disk = "\(stack.folder)/\(place.rawValue)"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            let mount = """
                cp -a "$1" "$1.before" && mount -t tmpfs -o size=16m,mode=0700 small "$1" && cp -a "$1.before/." "$1" &&
                shift && exec "$@"
                """
            try await stack.startRecordSystem(
                "limits: {sweepSeconds: 1}",
                under: ["unshare", "-m", "--propagation", "private", "sh", "-c", mount, "sh", disk])
            try await stack.untilUpstreamIsBack()
            let pid = try #require(stack.recordSystemPID)
            let fill = "/proc/\(pid)/root\(disk)/fill"
            try await FullDisk(
                stack: stack, of: place, inside: ["nsenter", "-t", "\(pid)", "-m"],
                fill: {
                    // It ends with the last byte that there is room for.
                    let filled = try await Program.run("dd", ["if=/dev/zero", "of=\(fill)", "bs=4096"])
                    #expect(filled.errors.contains("No space left"), "\(filled.errors)")
                },
                free: { try FileManager.default.removeItem(atPath: fill) }
            ).check()
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }
}
