import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import StackSupport
import TestSupport
import Testing
import Vaccination

/// A region's file that is overwritten or cut under the started programs.
@Suite(.serialized)
struct TornRegionTests {
    enum Flaw: CaseIterable {
        case overwritten, cut

        func make(_ path: String) throws {
            switch self {
            case .overwritten: try Data(repeating: 0x41, count: 20_000).write(to: URL(fileURLWithPath: path))
            case .cut:
                guard truncate(path, 5000) == 0 else { throw TestFailure("\(path) cannot be cut") }
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `a region whose file is torn under way is named everywhere, its people are sent away at once, others go on`(
        flaw: Flaw
    ) async throws {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 1, people: 0)
        do {
            try await stack.restartRecordSystem("limits: {sweepSeconds: 1}")
            try await stack.untilUpstreamIsBack()
            try await check(stack, flaw)
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private func check(_ stack: Stack, _ flaw: Flaw) async throws {
        let torn = try #require(stack.people.first { $0.isOrdinary })
        let sound = try #require(stack.people.first { $0.isOrdinary && $0.municipality != torn.municipality })
        func text(_ path: String) async throws -> String {
            let response = try await HTTPClient.shared.get(url: "http://\(stack.operationsAddress)/\(path)").get()
            return String(buffer: try #require(response.body))
        }
        // The file is open, and a sweep has seen how long it is.
        _ = try await stack.issue()
        let before = try await text("metrics").firstMatch(of: /(?m)^vrs_root_signed_timestamp_seconds (\S+)/)?.1
        try await eventually("a sweep has come by") {
            try await text("metrics").firstMatch(of: /(?m)^vrs_root_signed_timestamp_seconds (\S+)/)?.1 != before
        }
        try flaw.make("\(stack.folder)/records/regions/\(torn.municipality).sqlite")
        try await eventually("readiness names the region") {
            try await text("ready").contains("\"degraded\":[\"\(torn.municipality)\"]")
        }
        let ready = try await text("ready")
        #expect(ready.contains("\"missing\":[]") && ready.contains("\"ready\":true"), "\(ready)")
        #expect(try await text("metrics").contains("\nvrs_regions_broken 1.0\n"))
        let status = try await stack.operate("issuing", "status")
        #expect(status.contains("evidence broken: \(torn.municipality): file: "), "\(status)")

        let begun = ContinuousClock.now
        let refused = try await stack.visit(
            card: stack.save(stack.card(torn)),
            .init(municipality: torn.municipality, expect: "municipality.suspended"))
        #expect(refused.ended == "municipality.suspended", "\(refused.output)\(refused.errors)")
        // Nobody pays, or waits for a limit in time.
        #expect(!refused.output.contains("\"payment\"") && begun.duration(to: .now) < .seconds(15))
        let printed = try await stack.visit(
            card: stack.save(stack.card(sound)), .init(municipality: sound.municipality))
        #expect(printed.ended == "printed", "\(printed.output)\(printed.errors)")

        let exported = try await Program.run(
            Programs.path("vrs"),
            ["export", "--config", stack.folder + "/vrs.yaml", "--development", "--out", stack.folder + "/published"])
        // Exported, but for what may be new in the torn region.
        #expect(exported.status == 1, "\(exported.output)\(exported.errors)")
        #expect((exported.output + exported.errors).contains(torn.municipality.digits))
        #expect(FileManager.default.fileExists(atPath: stack.folder + "/published/trust/manifest.signed"))
    }
}
