import AsyncHTTPClient
import Foundation
import NIOCore
import StackSupport
import TestSupport
import Testing
import Vaccination

/// Folders and files that become read-only under the started programs: as a mount over them, which stops root too, in a place
/// of its own among the mounts.
@Suite(.serialized, .requires(.root), .requires(.command("nsenter", package: "util-linux")))
struct ReadOnlyFolderTests {
    /// A `vrs` that sees its files through mounts of its own, and what is put over them while it runs.
    private struct Place: Sendable {
        let stack: Stack

        /// Restarts `vrs` in a place of its own among the mounts.
        init(_ stack: Stack, _ more: String = "") async throws {
            self.stack = stack
            try await stack.stopRecordSystem()
            try await stack.startRecordSystem(
                "limits: {sweepSeconds: 1}\n" + more, under: ["unshare", "-m", "--propagation", "private"])
            try await stack.untilUpstreamIsBack()
        }

        private var inside: [String] { ["-t", "\(stack.recordSystemPID ?? 0)", "-m"] }

        /// Runs a command where `vrs` sees its files.
        func run(_ command: String...) async throws -> Program.Outcome {
            try await Program.run("nsenter", inside + command, folder: stack.folder)
        }

        /// Puts the same files over a folder or file, read-only. It is read-only before it is in its place.
        func close(_ path: String) async throws {
            let beside = "\(stack.folder)/closed-\(UUID().uuidString)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            let make = isFolder.boolValue ? "mkdir" : "touch"
            let script = """
                \(make) "$2" && mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" && mount --bind "$2" "$1"
                """
            _ = try await run("sh", "-c", script, "sh", path, beside).succeeded()
        }

        /// Puts an empty folder over one.
        func hide(_ path: String) async throws { _ = try await run("mount", "-t", "tmpfs", "none", path).succeeded() }

        /// Takes away what was put over it. What is open of it ends by itself.
        func open(_ path: String) async throws { _ = try await run("umount", "-l", path).succeeded() }

        func text(_ path: String) async throws -> String {
            let response = try await HTTPClient.shared.get(url: "http://\(stack.operationsAddress)/\(path)").get()
            return response.body.map { String(buffer: $0) } ?? ""
        }

        func export() async throws -> Program.Outcome {
            try await run(
                Programs.path("vrs"), "export", "--config", stack.folder + "/vrs.yaml", "--development", "--out",
                "\(stack.folder)/published")
        }

        /// A customer at the terminal who is sent away, and says so without a page or a fee.
        func isSentAway(_ municipality: MunicipalityCode, with code: String) async throws {
            let person = try #require(stack.people.last { $0.isOrdinary && $0.municipality == municipality })
            let begun = ContinuousClock.now
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)), .init(municipality: municipality, expect: code))
            #expect(visit.ended == code, "\(visit.output)\(visit.errors)")
            #expect(!visit.output.contains("\"payment\"") && begun.duration(to: .now) < .seconds(15))
        }

        func isServed(_ municipality: MunicipalityCode) async throws {
            let person = try #require(stack.people.first { $0.isOrdinary && $0.municipality == municipality })
            let visit = try await stack.visit(card: stack.save(stack.card(person)), .init(municipality: municipality))
            #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
        }
    }

    private func withStack(_ body: (Stack) async throws -> Void) async throws {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 1, people: 0)
        do { try await body(stack) } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    @Test
    func
        `a region whose file is read-only is named everywhere, its people are sent away at once, others go on, and it heals`()
        async throws
    {
        try await withStack { stack in
            let place = try await Place(stack)
            let (closed, other) = (try #require(stack.municipalities.first), try #require(stack.municipalities.last))
            let path = "\(stack.folder)/records/regions/\(closed).sqlite"
            try await place.close(path)
            try await eventually("readiness names the region") {
                try await place.text("ready").contains("\"degraded\":[\"\(closed)\"]")
            }
            let ready = try await place.text("ready")
            #expect(ready.contains("\"missing\":[]") && ready.contains("\"ready\":true"), "\(ready)")
            #expect(try await place.text("metrics").contains("\nvrs_regions_broken 1.0\n"))
            let status = try await stack.operate("issuing", "status")
            #expect(status == "degraded: \(closed) / 一部に問題があります\n", "\(status)")
            #expect(stack.logs(of: "vrs").contains("Read-only file system"))
            try await place.isSentAway(closed, with: "municipality.suspended")
            try await place.isServed(other)

            try await place.open(path)
            try await eventually("the region goes on") {
                try await place.text("ready").contains("\"degraded\":[]")
            }
            #expect(try await place.text("metrics").contains("\nvrs_regions_broken 0.0\n"))
            try await place.isServed(closed)
            #expect(try await stack.operate("issuing", "status").hasPrefix("everything is in service"))
        }
    }

    @Test
    func `a folder of records that is read-only is told everywhere, nobody is told a record is missing, and it heals`()
        async throws
    {
        try await withStack { stack in
            let place = try await Place(stack)
            let (asked, other) = (try #require(stack.municipalities.first), try #require(stack.municipalities.last))
            let records = stack.folder + "/records"
            // One region's file is open from before.
            try await place.isServed(asked)
            try await place.close(records)
            try await eventually("readiness says what is the matter") {
                let ready = try await place.text("ready")
                return ready.contains("\"missing\":[\"store.unwritable\"]") && ready.contains("\"\(other)\"")
            }
            #expect(try await place.text("metrics").contains("\nakashi_ready 0.0\n"))
            let status = try await stack.operate("issuing", "status")
            #expect(status.contains("not ready: store.unwritable / 交付できません"), "\(status)")
            #expect(status.contains("degraded: \(other) / "), "\(status)")
            try await place.isSentAway(other, with: "municipality.suspended")
            try await place.isSentAway(asked, with: "municipality.suspended")
            // A command beside it says file and remedy, in both languages.
            let exported = try await place.export()
            #expect(exported.status == 69, "\(exported.output)\(exported.errors)")
            #expect(exported.errors.contains(records) && exported.errors.contains("権限"), "\(exported.errors)")

            try await place.open(records)
            try await eventually("readiness is back") {
                let ready = try await place.text("ready")
                return ready.contains("\"missing\":[]") && ready.contains("\"degraded\":[]")
            }
            try await place.isServed(other)
            try await place.isServed(asked)
            #expect(try await place.export().status == 0)
            let sound = try await place.run(
                Programs.path("vrs"), "log", "verify", "--config", stack.folder + "/vrs.yaml", "--development")
            #expect(sound.status == 0, "\(sound.output)\(sound.errors)")
        }
    }

    @Test
    func `a published folder that is read-only or gone stops the export or the terminals' trust alone, and it heals`()
        async throws
    {
        try await withStack { stack in
            let published = stack.folder + "/published"
            let first = try await Program.run(
                Programs.path("vrs"),
                ["export", "--config", stack.folder + "/vrs.yaml", "--development", "--out", published],
                folder: stack.folder)
            #expect(first.status == 0, "\(first.errors)")
            let place = try await Place(stack, "publishing: {folder: \(published)}")
            let municipality = try #require(stack.municipalities.first)
            try await place.close(published)
            let refused = try await place.export()
            #expect(refused.status == 69, "\(refused.output)\(refused.errors)")
            #expect(
                refused.errors.contains(published) && refused.errors.contains("Read-only file system")
                    && refused.errors.contains("書き込めません"), "\(refused.errors)")
            // The service only reads there.
            let ready = try await place.text("ready")
            #expect(ready.contains("\"degraded\":[]") && ready.contains("\"missing\":[]"), "\(ready)")
            try await place.isServed(municipality)
            try await place.open(published)
            #expect(try await place.export().status == 0)

            try await place.hide(published)
            try await eventually("readiness says what is the matter") {
                try await place.text("ready").contains("\"degraded\":[\"trust.unreadable\"]")
            }
            #expect(try await place.text("metrics").contains("\nakashi_ready 1.0\n"))
            let status = try await stack.operate("issuing", "status")
            #expect(status == "degraded: trust.unreadable / 一部に問題があります\n", "\(status)")
            try await place.isServed(municipality)
            try await place.open(published)
            try await eventually("readiness is back") { try await place.text("ready").contains("\"degraded\":[]") }
            #expect(try await stack.operate("issuing", "status").hasPrefix("everything is in service"))
        }
    }
}
