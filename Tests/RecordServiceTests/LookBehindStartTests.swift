import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import Testing
import Vaccination

/// Regions are compared with the last signed root behind the start: what happens in between.
@Suite struct LookBehindStartTests {
    private static func regionPath(_ stack: Stack, _ region: Municipality) -> String {
        "\(stack.configuration.recordFolder)/regions/\(region.code.digits).sqlite"
    }

    private static func controlPath(_ stack: Stack) -> String { "\(stack.configuration.recordFolder)/control.sqlite" }

    /// Keeps databases as they are, with nothing in their logs.
    private func keep(_ paths: [String]) async throws {
        for path in paths {
            try await RawDatabase(path).execute("PRAGMA wal_checkpoint(TRUNCATE)", foreignKeys: false)
            try FileManager.default.copyItem(atPath: path, toPath: path + ".before")
        }
    }

    private func putBack(_ paths: [String]) {
        for path in paths {
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            rename(path + ".before", path)
        }
    }

    @Test func `a region that was put back and written over is never issued from, and no newer root forgets it`()
        async throws
    {
        let (first, _) = try await EvidenceGuardTests.filled()
        let paths = [Self.regionPath(first, Stack.mihon)]
        try await keep(paths)
        _ = try await first.issue(try first.session(TestPerson(1)))
        await first.system.evidence.sweep()
        let root = first.system.evidence.root
        putBack(paths)

        let second = try await first.restarted()
        // More lines than were lost.
        for number in 2...9 { try await second.write(TestPerson(number)) }
        await second.system.evidence.sign()
        await second.system.evidence.sweep()
        #expect(root != nil && second.system.evidence.root == root)

        // The one before ended while it had not looked.
        let third = try await second.restarted()
        #expect(third.system.evidence.root == root)
        let early = await third.refusal(try third.session(TestPerson(1)))
        #expect(early == .municipalitySuspended)
        await third.system.evidence.lookAtRegions()
        #expect(third.system.degraded() == [Stack.mihon.code.digits])
        #expect(third.system.evidence.root != root)
        #expect(await third.refusal(try third.session(TestPerson(1), in: Stack.rei)) == nil)
    }

    @Test func `a restore that is logged before the look is not undone by it`() async throws {
        let (first, _) = try await EvidenceGuardTests.filled()
        let paths =
            [Self.controlPath(first)] + [Stack.mihon, Stack.rei].map { Self.regionPath(first, $0) }
        try await keep(paths)
        for region in [Stack.mihon, Stack.rei] {
            _ = try await first.issue(try first.session(TestPerson(1), in: region))
        }
        await first.system.evidence.sweep()
        putBack(paths)

        let second = try await first.restarted()
        #expect(await second.system.notReady() == ["issuing.halted"])
        try await second.system.evidence.restored(.control, reason: "all was put back", asItIs: false)
        await second.system.evidence.lookAtRegions()
        await second.system.evidence.sweepEverything()
        #expect(second.system.degraded() == [])
        for region in [Stack.mihon, Stack.rei] {
            #expect(await second.refusal(try second.session(TestPerson(1), in: region)) == nil)
        }
    }
}
