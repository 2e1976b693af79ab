import Crypto
import Foundation
import RecordSupport
import Records
import Testing
import Vaccination
import Waiting

/// The file that outlives the records.
@Suite struct JournalTests {
    private let place = JournalPlace(folder: NSTemporaryDirectory() + "akashi-journal-\(UUID().uuidString)")
    private let key = SymmetricKey(size: .bits256)
    private let log = LogName.region(Sample.city)
    private var path: String { place.folder + "/vrs.journal" }

    private func entry(_ order: Int64, _ change: JournalEntry.Change = .published(counter: 1)) -> JournalEntry {
        JournalEntry(log: "\(log)", order: order, lines: 0, at: 1, change: change)
    }

    private static let changes: [JournalEntry.Change] = [
        .begun,
        .revoked(
            certificate: "0123456789abcdef0123456789abcdef", event: "voided",
            codes: [
                .init(
                    RevocableCode(
                        keyID: Array(repeating: 1, count: 8), hash: Array(repeating: 2, count: 16), expires: Sample.now)
                )
            ]),
        .ended(certificateHash: Data(repeating: 8, count: 32)),
        .terminalRevoked(id: "T0001", certificateHash: Data(repeating: 3, count: 32)),
        .terminalRenewed(
            id: "T0001", endedHash: Data(repeating: 4, count: 32), certificateHash: Data(repeating: 5, count: 32),
            certificateDER: Data([1, 2, 3]), notAfter: 7),
        .deviceRevoked(keyHash: Data(repeating: 9, count: 32), notAfter: 8),
        .stopped(hash: Data(repeating: 6, count: 32), subject: "number"),
        .unstopped(hash: Data(repeating: 6, count: 32), subject: "number"),
        .published(counter: 9), .incarnation(2),
        .erased([
            .init(
                person: 7, pseudonyms: ["0123456789abcdef01234567"], decision: 3,
                certificates: ["0123456789abcdef0123456789abcdef"], doses: true, number: true,
                numberHash: Data(repeating: 7, count: 32), isWhole: false)
        ]),
    ]

    @Test func `entries are read as they were written, by another who opens it too`() throws {
        let journal = try Journal(place, key: key)
        let other = try Journal(place, key: key)
        let entries = Self.changes.enumerated().map { entry(Int64($0 + 1), $1) }
        try journal.append(Array(entries.prefix(3)))
        try other.append(Array(entries.dropFirst(3)))
        for reader in [journal, other, try Journal(place, key: key)] {
            #expect(try reader.entries(of: log, after: 0) == entries)
            #expect(try reader.entries(of: log, after: 8) == Array(entries.suffix(3)))
            #expect(try reader.span(of: log).last == 11)
            #expect(try reader.entries(of: .control, after: 0).isEmpty)
        }
    }

    @Test func `the files of several instances are read together, in the order of the database`() throws {
        let first = try Journal(place, key: key)
        let second = try Journal(JournalPlace(folder: place.folder, instance: "other"), key: key)
        try first.append([entry(1, .begun), entry(3)])
        try second.append([entry(2)])
        #expect(try first.entries(of: log, after: 0).map(\.order) == [1, 2, 3])
        #expect(try first.span(of: log).covers(3))
    }

    @Test func `a line that was not written to its end goes, and the next takes its place`() throws {
        let journal = try Journal(place, key: key)
        try journal.append([entry(1, .begun)])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try journal.append([entry(2)])
        let both = try Data(contentsOf: URL(fileURLWithPath: path))
        for end in whole.count + 1..<both.count {
            try both.prefix(end).write(to: URL(fileURLWithPath: path))
            let again = try Journal(place, key: key)
            #expect(try again.entries(of: log, after: 0).map(\.order) == [1])
            try again.append([entry(2)])
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == both)
        }
    }

    @Test func `a line that a hand has changed, removed or moved is found`() throws {
        let journal = try Journal(place, key: key)
        try journal.append((1...4).map { entry($0, $0 == 1 ? .begun : .published(counter: $0)) })
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        let flaws = [
            lines.prefix(3) + lines.suffix(1), [lines[0], lines[2], lines[1]] + lines.suffix(2),
            lines.prefix(2) + [lines[2].replacingOccurrences(of: "\"counter\":2", with: "\"counter\":3")]
                + lines.suffix(2),
        ]
        for flaw in flaws {
            try (flaw.joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
            #expect(throws: StoreError.journalDamaged()) { try Journal(place, key: key).check() }
        }
    }

    @Test func `a journal that another process holds is not waited for without end, and nothing is written`() throws {
        let journal = try Journal(place, key: key)
        try journal.append([entry(1, .begun)])
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let other = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        try FileLock.take(other.fileDescriptor, of: path)
        let failure = #expect(throws: StoreError.locked()) {
            try FileLock.$limit.withValue(.milliseconds(100)) { try journal.append([entry(2)]) }
        }
        #expect(failure?.isTransient == true)
        let advice = try #require(failure?.advice)
        #expect(advice.english.contains(path) && advice.japanese.contains(path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        try other.close()
        try journal.append([entry(2)])
        #expect(try journal.entries(of: log, after: 0).map(\.order) == [1, 2])
    }

    @Test func `the journal of another store is refused`() throws {
        try Journal(place, key: key).append([entry(1, .begun)])
        #expect(throws: StoreError.journalDamaged()) {
            try Journal(place, key: SymmetricKey(size: .bits256)).check()
        }
    }

    @Test(arguments: ["cut", "removed", "replaced by an older copy", "replaced by the same"])
    func `a file that is changed under an open journal is written on under its name, and what is lost shows`(
        what: String
    ) throws {
        let journal = try Journal(place, key: key)
        try journal.append([entry(1, .begun)])
        let older = try Data(contentsOf: URL(fileURLWithPath: path))
        try journal.append([entry(2)])
        let same = try Data(contentsOf: URL(fileURLWithPath: path))
        switch what {
        case "cut": truncate(path, off_t(older.count))
        case "removed": try FileManager.default.removeItem(atPath: path)
        case "replaced by an older copy": try older.write(to: URL(fileURLWithPath: path), options: .atomic)
        default: try same.write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        try journal.append([entry(3)])
        let isWhole = what == "replaced by the same"
        let orders: [Int64] = isWhole ? [1, 2, 3] : what == "removed" ? [3] : [1, 3]
        for reader in [journal, try Journal(place, key: key)] {
            #expect(try reader.entries(of: log, after: 0).map(\.order) == orders)
            #expect(try reader.span(of: log).covers(3) == isWhole)
        }
        // The file is put back, while it is open.
        if !isWhole {
            try same.write(to: URL(fileURLWithPath: path), options: .atomic)
            #expect(try journal.span(of: log).covers(2))
        }
    }

    @Test func `many who write at once each find their lines, in one chain`() async throws {
        let journals = try (0..<4).map { _ in try Journal(place, key: key) }
        try await withThrowingTaskGroup { group in
            for (number, journal) in journals.enumerated() {
                group.addTask {
                    for step in 0..<25 { try journal.append([entry(Int64(number * 25 + step + 1))]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try Journal(place, key: key).entries(of: log, after: 0).map(\.order) == Array(1...100))
    }

    @Test(arguments: [
        ([1, 2, 3], 3, true), ([1, 2], 3, false), ([2, 3], 3, false), ([1, 3], 3, false), ([1, 2, 3, 4], 3, true),
        ([], 0, false),
    ])
    func `a journal covers what a database holds if nothing of it is missing`(
        orders: [Int64], applied: Int64, covers: Bool
    ) {
        var span = JournalSpan()
        for order in orders { span.add(entry(order, order == 1 ? .begun : .published(counter: order))) }
        #expect(span.covers(applied) == covers)
    }

    @Test func `a journal that begins anew covers what follows`() {
        var span = JournalSpan()
        span.add(entry(1, .begun))
        span.add(entry(7, .begun))
        span.add(entry(8))
        #expect(span.covers(8))
        #expect(!span.covers(9))
    }

    @Test
    func `in whatever order files are read, and however often an entry stands in them, what is covered is the same`() {
        let entries = [entry(12, .begun), entry(13), entry(14), entry(16), entry(15), entry(15), entry(11)]
        for start in entries.indices {
            var span = JournalSpan()
            for entry in entries[start...] + entries[..<start] { span.add(entry) }
            #expect(span.covers(16) && !span.covers(17))
        }
    }
}
