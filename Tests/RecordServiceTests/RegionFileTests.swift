import Exchange
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import Synchronization
import TestSupport
import Testing
import Vaccination

/// A region's file that is not what it was: found, told, and the others go on.
@Suite struct RegionFileTests {
    enum Flaw: CaseIterable {
        case overwritten, cut, gone, replaced, anotherRegions, newer

        /// Whether it shows while the file is open, and whether at the next start.
        var shows: (whileOpen: Bool, atStart: Bool) {
            switch self {
            case .newer: (false, true)
            // For a service that starts it is the region's file, put back as it was.
            case .replaced: (true, false)
            default: (true, true)
            }
        }

        func make(_ path: String, other: String) async throws {
            let files = FileManager.default
            switch self {
            case .overwritten: try Data(repeating: 0x41, count: 20_000).write(to: URL(fileURLWithPath: path))
            case .cut: truncate(path, 5000)
            case .gone: try files.removeItem(atPath: path)
            case .replaced:
                try files.copyItem(atPath: path, toPath: path + ".copy")
                rename(path + ".copy", path)
            case .anotherRegions:
                for suffix in ["-wal", "-shm"] { try? files.removeItem(atPath: path + suffix) }
                try files.copyItem(atPath: other, toPath: path + ".copy")
                rename(path + ".copy", path)
            case .newer:
                try await RawDatabase(path).execute("INSERT INTO grdb_migrations VALUES ('region: of tomorrow')")
            }
        }
    }

    private func checked(_ stack: Stack) async throws {
        let person = TestPerson(1)
        #expect(await stack.refusal(try stack.session(person)) == .municipalitySuspended)
        #expect(await stack.refusal(try stack.session(person, in: Stack.rei)) == nil)
        #expect(stack.system.degraded() == [Stack.mihon.code.digits])
        #expect(await stack.system.notReady().isEmpty)
        #expect(stack.metrics.text().contains("vrs_regions_broken 1.0"))
        #expect(stack.logs.text.contains("990019: file: "))
        // What others revoked is published.
        let exported = try await FileCommands.export(
            to: stack.folder + "/public", stack.configuration, now: stack.clock.now)
        #expect(!exported.paths.isEmpty)
    }

    /// Both files with all that they hold in them, and nothing in their logs.
    private func settled() async throws -> (stack: Stack, path: String, other: String) {
        let (stack, _) = try await EvidenceGuardTests.filled()
        let path = EvidenceGuardTests.regionPath(stack)
        let other = path.replacing(Stack.mihon.code.digits, with: Stack.rei.code.digits)
        for file in [path, other] {
            try await RawDatabase(file).execute("PRAGMA wal_checkpoint(TRUNCATE)", foreignKeys: false)
        }
        // A sweep, as there is one each minute, has seen how long they are.
        await stack.system.evidence.sweep()
        return (stack, path, other)
    }

    @Test(arguments: Flaw.allCases.filter(\.shows.whileOpen))
    func `a region whose file goes bad while it is open is told by the next sweep, and stops alone`(
        flaw: Flaw
    ) async throws {
        let (stack, path, other) = try await settled()
        try await flaw.make(path, other: other)
        await stack.system.evidence.sweep()
        try await checked(stack)
    }

    @Test(arguments: Flaw.allCases.filter(\.shows.atStart))
    func `a region whose file is bad at start is told then, and stops alone`(flaw: Flaw) async throws {
        let (stack, path, other) = try await settled()
        try await flaw.make(path, other: other)
        let restarted = try await stack.restarted()
        await restarted.system.evidence.lookAtRegions()
        #expect(restarted.system.degraded() == [Stack.mihon.code.digits])
        try await checked(restarted)
    }

    @Test(arguments: Flaw.allCases.filter(\.shows.atStart))
    func `a region whose file is bad at start issues nothing before it was looked at, and stops with who asks first`(
        flaw: Flaw
    ) async throws {
        let (stack, path, other) = try await settled()
        try await flaw.make(path, other: other)
        try await checked(try await stack.restarted())
    }

    @Test func `a folder that cannot be written to is told before anybody is refused`() async throws {
        let (stack, _, _) = try await settled()
        let root = stack.configuration.rootFile
        try FileManager.default.removeItem(atPath: root)
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        await stack.system.evidence.sweep()
        #expect(await stack.system.notReady() == ["store.unwritable"])
        try FileManager.default.removeItem(atPath: root)
        await stack.system.evidence.sweep()
        #expect(await stack.system.notReady().isEmpty)
    }

    @Test func `regions that cannot be written to rest, the centre is told at once, and they go on by themselves`()
        async throws
    {
        let (stack, _, _) = try await settled()
        let both = [Stack.mihon.code, Stack.rei.code].sorted()
        let control = stack.system.control
        let revision = control.snapshot.access.revision
        // The centre waits for a change: it hears of this one too, though the store has none.
        let told = Mutex<AccessState?>(nil)
        let waiting = Task {
            let access = await control.access(after: revision, timeout: .seconds(120))
            told.withLock { $0 = access }
        }
        try await eventually("the centre is told") {
            stack.store.fail(at: .probe)
            await stack.system.evidence.sweep()
            stack.store.heal()
            await stack.system.evidence.sweep()
            return told.withLock { $0 } != nil
        }
        await waiting.value
        #expect(told.withLock { $0 }?.revision == revision)
        stack.store.fail(at: .probe)
        await stack.system.evidence.sweep()
        #expect(await control.access(after: nil, timeout: .zero).municipalities == both)
        #expect(stack.system.degraded() == both.map(\.digits))
        #expect(await stack.system.notReady().isEmpty)
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == .municipalitySuspended)
        // It is nobody's break: nothing is logged, and nothing has to be restored.
        #expect(control.snapshot.state.brokenRegions.isEmpty)
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                let report = try await client.suspensions()
                #expect(report.degraded == both.map(\.digits) && report.broken == [])
            }
        }
        stack.store.heal()
        await stack.system.evidence.sweep()
        #expect(await control.access(after: nil, timeout: .zero).municipalities == [])
        #expect(stack.system.degraded().isEmpty)
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == nil)
    }
}
