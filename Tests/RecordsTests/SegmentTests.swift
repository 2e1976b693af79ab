import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Lines that are no longer at hand leave for files, and the chain is whole across them.
@Suite struct SegmentTests {
    /// Long enough behind ``Sample/now`` for everything of it to be closed.
    static let later = Sample.now + 150 * 86_400

    static func keeping(_ lines: Int64 = 20_000, years: Int? = 7) -> LogKeeping {
        var keeping = LogKeeping(yearsKept: years)
        keeping.linesPerSegment = lines
        return keeping
    }

    /// Certificates of every kind of end, searches and refusals: some 30 lines.
    static func fill(_ store: any RecordStore) async throws {
        let ids = try await EvidenceTests.fill(store)
        for index in 0..<8 {
            try await store.noteRefusal(
                "record.unclear", of: .domestic, for: try Sample.person(index % 3).number,
                terminal: String(repeating: index < 4 ? "ab" : "cd", count: 32), inquiry: "MH-R\(index)",
                in: Sample.city, now: Sample.now + Double(index))
        }
        _ = try await store.find(
            .number(try Sample.person(1).number), for: "\"見本\", Tests", in: Sample.city, now: Sample.now + 20)
        try #require(!ids.isEmpty)
    }

    /// Every line of the region's log, wherever it lies.
    static func all(_ store: any RecordStore) async throws -> [LogEntry] {
        try await store.foldLog(
            .region(Sample.city), from: .distantPast, to: .distantFuture, into: [] as [LogEntry]
        ) { $0.append($1) }
    }

    static func sound(_ store: any RecordStore) async throws -> Bool {
        let lines = try await store.verify(.region(Sample.city), pins: [], everything: true)
        let files = try await store.verifySegments(of: Sample.city, pins: [])
        for found in lines.breaks + files.breaks { Issue.record("\(found)") }
        return (lines.breaks + files.breaks).isEmpty && lines.irregularities.isEmpty && files.irregularities.isEmpty
    }

    @Test(arguments: Engine.all)
    func `closed lines are found in their files, and what follows them continues their chain`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        try await Self.fill(store)
        let before = try await Self.all(store)
        try #require(before.count >= 20)
        #expect(try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Sample.now).closed.isEmpty)
        let closing = try await store.closeLog(of: Sample.city, keeping: Self.keeping(10), now: Self.later)
        #expect(
            closing.closed.map(\.last) == stride(from: 10, to: before.count, by: 10).map { Int64($0) } + [
                Int64(before.count)
            ])
        #expect(
            try await store.log(in: Sample.city, after: 0, limit: 99).map(\.event)
                == closing.closed.map { _ in .segmentClosed })
        let after = try await Self.all(store)
        #expect(Array(after.prefix(before.count)) == before)
        #expect(
            after.dropFirst(before.count).map { $0.detail?.split(separator: " ").prefix(2).joined(separator: " ") }
                == closing.closed.map { "\($0.last - $0.first + 1) \($0.last)" })
        #expect(try await Self.sound(store))
        #expect(try await store.closeLog(of: Sample.city, keeping: Self.keeping(10), now: Self.later).closed.isEmpty)

        // The next ones go on behind them, and so does another instance.
        _ = try await store.signed(try Sample.person(5), at: Self.later)
        let again = try engine.open(place)
        _ = try await again.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later + 150 * 86_400)
        #expect(try await Array(Self.all(again).prefix(before.count)) == before)
        #expect(try await Self.sound(again))
    }

    @Test(arguments: Engine.all)
    func `what a certificate's closed lines say still counts`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        try await Self.fill(store)
        let id = try await store.signed(try Sample.person(6))
        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
        // A contradiction is logged once, wherever its line lies.
        let voided = try await store.signed(try Sample.person(7))
        _ = try await store.recordOutcome(voided, in: Sample.city, printed: false, now: Sample.now)
        _ = try await store.recordOutcome(voided, in: Sample.city, printed: true, now: Sample.now)
        let revoked = Set(try await store.revoked(in: Sample.city))
        let lines = try await Self.all(store).count
        _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(7), now: Self.later)
        #expect(try await Set(store.revoked(in: Sample.city)) == revoked)
        _ = try await store.recordOutcome(voided, in: Sample.city, printed: true, now: Self.later)
        _ = try await store.revoke(id, in: Sample.city, now: Self.later)
        let after = try await Self.all(store).dropFirst(lines).map(\.event).filter { $0 != .segmentClosed }
        #expect(after == [.revokedByOperator])
        #expect(try await Self.sound(store))
    }

    @Test func `a certificate that closed lines call void stays revoked whatever a hand writes into its row`()
        async throws
    {
        let place = try Place()
        let id: CertificateID
        do {
            let store = try place.sqlite()
            id = try await store.signed(try Sample.person())
            _ = try await store.void(id, in: Sample.city, now: Sample.now)
            _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later)
        }
        try await RawDatabase(place.path(of: Sample.city)).execute("UPDATE certificate SET state = 'printed'")
        let store = try place.sqlite()
        #expect(try await store.revoked(in: Sample.city) == [id])
        let report = try await store.verify(.region(Sample.city), pins: [], everything: true)
        #expect(Set(report.breaks.map(\.kind)) == [.row, .sum, .state])
    }

    @Test func `the engine refuses to remove a line that no segment has`() async throws {
        let place = try Place()
        do {
            let store = try place.sqlite()
            try await Self.fill(store)
            _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later)
        }
        let raw = try RawDatabase(place.path(of: Sample.city))
        await #expect(throws: (any Error).self) { try await raw.execute("DELETE FROM log") }
        await #expect(throws: (any Error).self) { try await raw.execute("UPDATE log SET at = 0") }
        // With a row of its own making the engine gives way, and the evidence tells.
        try await raw.execute(
            """
            INSERT INTO segment SELECT max(sequence), 1, zeroblob(32), 'x', 1, 0, 0, NULL, 1, zeroblob(32) FROM log;
            DELETE FROM log
            """)
        let report = try await place.sqlite().verify(.region(Sample.city), pins: [], everything: true)
        #expect(report.breaks.contains { $0.kind == .row } && report.breaks.contains { $0.kind == .sum })
    }

    // MARK: Damage

    /// What a hand does to the files of a region, given their paths in order, and what is found.
    static let damages: [(name: String, words: String, damage: @Sendable ([String]) throws -> Void)] = [
        ("removed", "is missing", { try FileManager.default.removeItem(atPath: $0[1]) }),
        (
            "swapped", "is another segment's",
            { files in
                try FileManager.default.moveItem(atPath: files[0], toPath: files[0] + "x")
                try FileManager.default.moveItem(atPath: files[1], toPath: files[0])
                try FileManager.default.moveItem(atPath: files[0] + "x", toPath: files[1])
            }
        ),
        (
            "cut", "ends before its last line",
            { files in
                let data = try Data(contentsOf: URL(fileURLWithPath: files[1]))
                try data.dropLast(1).write(to: URL(fileURLWithPath: files[1]))
            }
        ),
        (
            "one bit", "is not what was written",
            { files in
                var data = try Data(contentsOf: URL(fileURLWithPath: files[1]))
                data[data.count - 20] ^= 1
                try data.write(to: URL(fileURLWithPath: files[1]))
            }
        ),
        (
            "its header", "is another segment's",
            { files in
                var data = try Data(contentsOf: URL(fileURLWithPath: files[1]))
                data[30] ^= 1
                try data.write(to: URL(fileURLWithPath: files[1]))
            }
        ),
    ]

    @Test(arguments: damages.indices)
    func `a file that is missing, changed, swapped or cut is found, and everything else goes on`(index: Int)
        async throws
    {
        let (name, words, damage) = Self.damages[index]
        let place = try Place()
        let store = try place.sqlite()
        try await Self.fill(store)
        // Lines of another city's beginning are as long, so that two files have one size.
        let closing = try await store.closeLog(of: Sample.city, keeping: Self.keeping(5), now: Self.later)
        let folder = "\(place.folder)/data/segments/\(Sample.city.digits)/"
        try damage(closing.closed.map { folder + $0.file })
        let report = try await store.verifySegments(of: Sample.city, pins: [])
        #expect(!report.breaks.isEmpty && report.breaks.allSatisfy { $0.kind == .segment }, "\(name)")
        #expect(report.breaks.allSatisfy { $0.place.contains(words) }, "\(name): \(report.breaks)")
        let error = await #expect(throws: StoreError.self) { _ = try await Self.all(store) }
        #expect(error == .segmentDamaged())
        let text = try #require(error?.errorDescription)
        #expect(text.contains("vrs log verify") && text.contains("写し"))
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
        _ = try await store.signed(try Sample.person(4), at: Self.later)
        if name != "one bit", name != "its header", name != "swapped" {
            let again = try await store.closeLog(of: Sample.city, keeping: Self.keeping(5), now: Self.later)
            #expect(again.damaged == [closing.closed[1].file])
        }
    }

    @Test func `a head that was known inside of a segment is compared with it`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await Self.fill(store)
        var known: [LogHead] = []
        for _ in 0..<2 {
            known.append(
                try Sample.value(try await store.verify(.region(Sample.city), pins: [], everything: false).head))
            _ = try await store.signed(try Sample.person(5))
        }
        _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later)
        #expect(try await store.verify(.region(Sample.city), pins: known, everything: true).breaks.isEmpty)
        #expect(try await store.verifySegments(of: Sample.city, pins: known).breaks.isEmpty)
        let other = LogHead(count: known[0].count, hash: Sample.hash())
        let report = try await store.verifySegments(of: Sample.city, pins: [other])
        #expect(report.breaks.map(\.kind) == [.rollback])
    }

    @Test func `lines that are not as they were written are not closed`() async throws {
        let place = try Place()
        do { try await Self.fill(try place.sqlite()) }
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "DROP TRIGGER log_no_update; UPDATE log SET detail = 'other' WHERE sequence = 7")
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) {
            try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later)
        }
        #expect(try await store.segments(of: Sample.city).isEmpty)
    }

    @Test func `a folder that cannot be written to is an error, and no line is lost`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await Self.fill(store)
        let before = try await Self.all(store)
        // A file stands where the folder should be.
        try Data().write(to: URL(fileURLWithPath: place.folder + "/data/segments"))
        let error = await #expect(throws: StoreError.self) {
            _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later)
        }
        #expect(error == .unavailable() && error?.detail.contains("segments") == true)
        #expect(try await Self.all(store) == before)
        try FileManager.default.removeItem(atPath: place.folder + "/data/segments")
        _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later)
        #expect(try await Array(Self.all(store).prefix(before.count)) == before)
    }

    // MARK: Keys, years, restores

    @Test func `files open after keys rotated, and are sound`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await Self.fill(store)
        let before = try await Self.all(store)
        _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(10), now: Self.later)
        for _ in 0..<2 { _ = try await store.rotateKeys(of: Sample.city, now: Self.later) { _ in } }
        #expect(try await Array(Self.all(store).prefix(before.count)) == before)
        #expect(try await Self.sound(store))
        #expect(try await Self.sound(place.sqlite()))
    }

    @Test func `a segment is removed when it was kept for seven years, or never`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        try await Self.fill(store)
        let first = try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: Self.later).closed
        let folder = "\(place.folder)/data/segments/\(Sample.city.digits)/"
        let years = Sample.now + 7 * 366 * 86_400
        _ = try await store.signed(try Sample.person(5), at: years)
        #expect(
            try await store.closeLog(of: Sample.city, keeping: Self.keeping(years: nil), now: years).removed.isEmpty)
        #expect(FileManager.default.fileExists(atPath: folder + first[0].file))
        #expect(
            try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: years).removed.map(\.file)
                == first.map(\.file))
        #expect(!FileManager.default.fileExists(atPath: folder + first[0].file))
        #expect(try await Self.all(store).contains { $0.event == .segmentRemoved })
        #expect(try await Self.sound(store))
        #expect(try await store.closeLog(of: Sample.city, keeping: Self.keeping(), now: years).removed.isEmpty)
    }

    @Test func `a region that is accepted as it is goes on behind its segments`() async throws {
        let place = try Place()
        do {
            let store = try place.sqlite()
            try await Self.fill(store)
            _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(10), now: Self.later)
            _ = try await store.signed(try Sample.person(5), at: Self.later)
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "DROP TRIGGER log_no_update; UPDATE log SET detail = 'other' WHERE event = 'segment_closed'")
        let store = try place.sqlite()
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.map(\.kind) == [.chain])
        try await store.noteRestored(.region(Sample.city), reason: "Tests", asItIs: true, now: Self.later)
        #expect(try await Self.sound(store))
        let entries = try await Self.all(store)
        #expect(entries.map(\.sequence) == (1...Int64(entries.count)).map { $0 })
    }

    @Test func `a backup from before a closing closes the same lines again, and what it lacks stays in files`()
        async throws
    {
        let place = try Place()
        let database = place.path(of: Sample.city)
        let before: [LogEntry]
        do {
            let store = try place.sqlite()
            try await Self.fill(store)
            before = try await Self.all(store)
        }
        try await place.closed()
        let backup = try Data(contentsOf: URL(fileURLWithPath: database))
        do {
            let store = try place.sqlite()
            _ = try await store.signed(try Sample.person(5))
            _ = try await store.closeLog(of: Sample.city, keeping: Self.keeping(10), now: Self.later)
        }
        try await place.closed()
        try backup.write(to: URL(fileURLWithPath: database))
        let store = try place.sqlite()
        try await store.noteRestored(.region(Sample.city), reason: "Tests", asItIs: false, now: Self.later)
        let closing = try await store.closeLog(of: Sample.city, keeping: Self.keeping(10), now: Self.later)
        #expect(closing.closed.count == (before.count + 9) / 10)
        #expect(try await Array(Self.all(store).prefix(before.count)) == before)
        let report = try await store.verifySegments(of: Sample.city, pins: [])
        #expect(report.breaks.isEmpty)
        // The file that holds a line which the backup never had is told, and kept.
        #expect(report.irregularities.count == 1)
    }
}
