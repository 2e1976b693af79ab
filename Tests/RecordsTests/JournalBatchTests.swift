import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// A region that lacks much of what the journal knows.
@Suite struct JournalBatchTests {
    private static let count = 2 * Journal.batch.entries + 88

    /// A store that was opened once, and whose journal then got erasures of people who are not in the records.
    /// - Parameter last: what stands behind them.
    private func place(lines: Int64 = 0, last: JournalEntry.Change? = nil) async throws -> Place {
        let place = try Place()
        do {
            let store = try place.sqlite()
            #expect(try await store.person(try Sample.person(0).number, in: Sample.city) == nil)
            await store.close()
        }
        try await place.closed()
        let log = LogName.region(Sample.city)
        let journal = try Journal(place.journal, key: try place.keys.controlKey())
        let first = try journal.span(of: log).last + 1
        var changes = (0..<Int64(Self.count)).map { index in
            JournalEntry.Change.erased([
                .init(
                    person: 1000 + index, pseudonyms: ["0123456789abcdef01234567"], decision: 1, certificates: [],
                    doses: true, number: true, numberHash: nil, isWhole: true)
            ])
        }
        if let last { changes.append(last) }
        try journal.append(
            changes.enumerated().map {
                JournalEntry(
                    log: "\(log)", order: first + Int64($0), lines: $0 == changes.count - 1 ? lines : 0, at: 1,
                    change: $1)
            })
        return place
    }

    @Test func `all of it is made again, once`() async throws {
        let place = try await place()
        for _ in 1...2 {
            let store = try place.sqlite()
            #expect(try await store.person(try Sample.person(0).number, in: Sample.city) == nil)
            #expect(try await RawDatabase(place.path(of: Sample.city)).count("erasure") == Self.count)
            let lines = try await store.log(in: Sample.city, after: 0, limit: 10_000)
            #expect(lines.count { $0.event == .redone } == Self.count)
            #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
            await store.close()
        }
    }

    @Test func `what was made again stays where the rest cannot be`() async throws {
        // No region knows what to do with it.
        let place = try await place(last: .published(counter: 1))
        for _ in 1...2 {
            let store = try place.sqlite()
            await #expect(throws: StoreError.corrupt()) {
                try await store.person(try Sample.person(0).number, in: Sample.city)
            }
            #expect(
                try await RawDatabase(place.path(of: Sample.city)).count("erasure") == 2 * Journal.batch.entries)
            await store.close()
        }
    }

    @Test func `a region that is broken as well is accepted as it is, and all of it is made again`() async throws {
        let place = try await place()
        try await RawDatabase(place.path(of: Sample.city)).execute(
            EvidenceTests.withoutTriggers + "DELETE FROM head;" + EvidenceTests.triggersAgain)
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) {
            try await store.person(try Sample.person(0).number, in: Sample.city)
        }
        try await store.noteRestored(.region(Sample.city), reason: "no backup", asItIs: true, now: Sample.now)
        #expect(try await store.person(try Sample.person(0).number, in: Sample.city) == nil)
        #expect(try await RawDatabase(place.path(of: Sample.city)).count("erasure") == Self.count)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
        await store.close()
    }

    @Test func `lines that are added by making it again do not hide that the database was put back`() async throws {
        // It had more lines than the database, and fewer than the database has once the first of it was made again.
        let place = try await place(lines: 5)
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) {
            try await store.person(try Sample.person(0).number, in: Sample.city)
        }
        #expect(try await RawDatabase(place.path(of: Sample.city)).count("erasure") == Self.count)
        await store.close()
    }
}
