import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Lines that left a region's database are in its backups, in whichever moment these are made.
@Suite struct SegmentBackupTests {
    @Test func `closed lines come back with their region on an empty host`() async throws {
        let place = try Place()
        let (store, vault) = (try place.sqlite(), Vault(of: place))
        try await SegmentTests.fill(store)
        let lines = try await SegmentTests.all(store)
        let closing = try await store.closeLog(
            of: Sample.city, keeping: SegmentTests.keeping(10), now: SegmentTests.later)
        #expect(closing.closed.count > 1)
        let after = try await SegmentTests.all(store)
        #expect(try await vault.make().missing.isEmpty)
        await store.close()

        let host = Place.empty()
        defer { host.remove() }
        _ = try await vault.restore(to: host)
        let again = try host.sqlite(mayBegin: false)
        #expect(try await SegmentTests.all(again) == after)
        #expect(Array(after.prefix(lines.count)) == lines)
        #expect(try await SegmentTests.sound(again))
        await again.close()
    }

    @Test func `each of the backups made while lines are closed has every line`() async throws {
        let place = try Place()
        let (store, vault) = (try place.sqlite(), Vault(of: place))
        try await SegmentTests.fill(store)
        let lines = try await SegmentTests.all(store)
        // One segment a line: files appear behind the moment when the backup looked for them.
        async let closing = store.closeLog(
            of: Sample.city, keeping: SegmentTests.keeping(1), now: SegmentTests.later)
        var sets: [String] = []
        for _ in 0..<4 { sets.append(try await vault.make().set.name) }
        #expect(try await closing.closed.count == lines.count)
        await store.close()
        for set in sets {
            let host = Place.empty()
            defer { host.remove() }
            _ = try await vault.restore(set, to: host)
            let again = try host.sqlite(mayBegin: false)
            #expect(try await Array(SegmentTests.all(again).prefix(lines.count)) == lines, "\(set)")
            await again.close()
        }
    }

    @Test func `a region put back to before its lines were closed has them at hand, and closes them again`()
        async throws
    {
        let place = try Place()
        var store = try place.sqlite()
        let vault = Vault(of: place)
        try await SegmentTests.fill(store)
        let lines = try await SegmentTests.all(store)
        _ = try await vault.make()
        _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(10), now: SegmentTests.later)
        await store.close()

        let host = Place.empty()
        defer { host.remove() }
        _ = try await vault.restore(to: host)
        // What the later life closed lies there still.
        try host.takeSegments(of: place)
        store = try host.sqlite(mayBegin: false)
        #expect(try await Array(SegmentTests.all(store).prefix(lines.count)) == lines)
        _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(7), now: SegmentTests.later)
        #expect(try await Array(SegmentTests.all(store).prefix(lines.count)) == lines)
        #expect(try await SegmentTests.sound(store))
        await store.close()
    }
}
