import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// What else may go on, or be wrong, while lines are closed: another who closes them, a clock, a hand.
@Suite struct SegmentRaceTests {
    private static func folder(_ place: Place) -> String { "\(place.folder)/data/segments/\(Sample.city.digits)" }

    @Test func `two who close the same lines at once close each once, and lose none`() async throws {
        let place = try Place()
        let (one, other) = (try place.sqlite(), try place.sqlite())
        try await SegmentTests.fill(one)
        let before = try await SegmentTests.all(one)
        // One line a segment: as many moments as there are lines in which both are at the same one.
        @Sendable func close(_ store: any RecordStore) async throws {
            while true {
                do {
                    _ = try await store.closeLog(
                        of: Sample.city, keeping: SegmentTests.keeping(1), now: SegmentTests.later)
                    return
                } catch let error as StoreError where error == .locked() {
                    // On a slow disk the other one has it for longer than it is waited for.
                }
            }
        }
        async let first: Void = close(one)
        async let second: Void = close(other)
        _ = try await (first, second)
        let closed = try await one.segments(of: Sample.city)
        #expect(closed.map(\.first) == (1...Int64(before.count)).map { $0 })
        for store in [one, other] {
            #expect(try await Array(SegmentTests.all(store).prefix(before.count)) == before)
            #expect(try await SegmentTests.sound(store))
        }
    }

    @Test func `what a closing that was broken off left is taken away by the next`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await SegmentTests.fill(store)
        try FileManager.default.createDirectory(atPath: Self.folder(place), withIntermediateDirectories: true)
        let half = Self.folder(place) + "/.000000000001-9-0123456789abcdef.segment"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: half))
        #expect(try await SegmentTests.sound(store))
        _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(10), now: SegmentTests.later)
        #expect(!FileManager.default.fileExists(atPath: half))
        #expect(try await SegmentTests.sound(store))
    }

    @Test func `a clock that is years ahead for a moment removes nothing`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await SegmentTests.fill(store)
        _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(10), now: SegmentTests.later)
        let before = try await SegmentTests.all(store)
        let ahead = SegmentTests.later + 9 * 366 * 86_400
        let closing = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(), now: ahead)
        #expect(closing.removed.isEmpty)
        #expect(try await Array(SegmentTests.all(store).prefix(before.count)) == before)
        #expect(try await SegmentTests.sound(store))
    }

    @Test func `a line that a clock ahead wrote keeps none behind it at hand`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.signed(try Sample.person(1))
        _ = try await store.signed(try Sample.person(2), at: Sample.now + 3 * 366 * 86_400)
        _ = try await store.signed(try Sample.person(3), at: Sample.now + 60)
        let before = try await SegmentTests.all(store)
        let closing = try await store.closeLog(
            of: Sample.city, keeping: SegmentTests.keeping(), now: SegmentTests.later)
        #expect(closing.closed.map(\.last) == [Int64(before.count)])
        #expect(try await Array(SegmentTests.all(store).prefix(before.count)) == before)
    }

    @Test func `a segment that a hand made up takes no line with it when a region is accepted as it is`() async throws {
        let place = try Place()
        let lines: [LogEntry]
        do {
            let store = try place.sqlite()
            try await SegmentTests.fill(store)
            _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(10), now: SegmentTests.later)
            _ = try await store.signed(try Sample.person(5), at: SegmentTests.later)
            lines = try await SegmentTests.all(store)
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(
            """
            INSERT INTO segment SELECT \(Int64.max), first, hash, file, bytes, from_at, to_at, removed, version, mac
            FROM segment ORDER BY last LIMIT 1
            """)
        let store = try place.sqlite()
        #expect(try await !store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
        try await store.noteRestored(.region(Sample.city), reason: "Tests", asItIs: true, now: SegmentTests.later)
        #expect(try await Array(SegmentTests.all(store).prefix(lines.count)) == lines)
        #expect(try await SegmentTests.sound(store))
    }

    @Test func `a region that is broken is not closed`() async throws {
        let place = try Place()
        do { try await SegmentTests.fill(try place.sqlite()) }
        try await RawDatabase(place.path(of: Sample.city)).execute("UPDATE head SET sealed = zeroblob(200)")
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) {
            try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(), now: SegmentTests.later)
        }
        #expect(!FileManager.default.fileExists(atPath: Self.folder(place)))
    }

    @Test func `in a sealed region lines are searched, and nobody is looked up`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await SegmentTests.fill(store)
        _ = try await store.decide(.settings(RegionSettings(state: .sealed)))
        var made = LogQuery()
        made.person = .found(.number(try Sample.person(1).number))
        let query = made
        await #expect(throws: StoreError.regionClosed()) {
            _ = try await store.searchLog(
                query, in: .region(Sample.city), for: "Tests", after: 0, limit: 99, now: SegmentTests.later)
        }
        let all = try await store.searchLog(
            LogQuery(), in: .region(Sample.city), for: "Tests", after: 0, limit: 99, now: SegmentTests.later)
        #expect(!all.entries.isEmpty)
    }
}
