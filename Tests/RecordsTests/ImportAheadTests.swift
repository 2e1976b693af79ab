import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// An import's people who were made ready before their turn.
@Suite struct ImportAheadTests {
    private func staged(_ people: [NewPerson], in store: any RecordStore) async throws -> RecordImport {
        var rows: [ImportRow]? = people.enumerated().map {
            ImportRow(line: $0 + 2, text: { "" }, person: .success($1))
        }
        let staged = try await store.stage(
            try #require(ImportOrigin(medium: "MADE-UP-01", purpose: "Tests")), as: .addition, in: Sample.city,
            maximumRefused: 0, now: Sample.now
        ) {
            defer { rows = nil }
            return rows
        }
        for name in ["operator-a", "operator-b"] {
            _ = try await store.approve(staged.number, by: name, in: Sample.city, now: Sample.now)
        }
        return staged
    }

    private func madeUp(_ range: Range<Int>) -> [NewPerson] {
        MadeUpPeople.rows(count: range.count, municipality: Sample.city, firstNumber: range.lowerBound, seed: 7)
            .map(\.person)
    }

    /// All that the file says of people is found, by number and by name, and every row is proven.
    private func expectAll(_ people: [NewPerson], in store: any RecordStore) async throws {
        for person in people {
            let found = try #require(try await store.person(person.number, in: Sample.city))
            #expect(found.vaccinee == person.vaccinee)
            #expect(found.doses.history == person.history)
            #expect(found.printedOverseasPassports == person.printedOverseasPassports)
            let named = try await store.find(
                .name(person.vaccinee.name, birthDate: person.vaccinee.birthDate, sex: person.vaccinee.sex),
                for: "Tests", in: Sample.city, now: Sample.now)
            #expect(named == .people([found]))
        }
        let ids = try await store.people(in: Sample.city, after: 0, limit: 1000).people.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks == [])
    }

    @Test(arguments: Engine.all, [1, 3, 7, 64])
    func `new people, people who are there and people whom somebody else writes meanwhile go in alike`(
        engine: Engine, limit: Int
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = madeUp(0..<40)
        let others = madeUp(100..<120)
        // Some are there, without their doses.
        let bare = try people[10..<14].map { person in
            try Sample.value(
                NewPerson(
                    number: person.number, vaccinee: person.vaccinee, standing: person.standing,
                    history: Sample.value(History([]))))
        }
        _ = try await store.write(bare, as: .addition, in: Sample.city, now: Sample.now)
        let staged = try await staged(people, in: store)
        #expect((staged.counts.new, staged.counts.changed) == (36, 4))
        var (report, written) = (staged, 0)
        repeat {
            report = try await store.apply(staged.number, in: Sample.city, limit: limit, now: Sample.now)
            // The numbers of the rows that were thought to be free are not any more.
            guard written < others.count, report.state == .applying else { continue }
            _ = try await store.write([others[written]], as: .addition, in: Sample.city, now: Sample.now)
            written += 1
        } while report.state == .applying
        #expect((report.state, report.counts.applied, report.counts.skipped) == (.applied, 40, 0))
        try await expectAll(people + others[..<written], in: store)
    }

    @Test(arguments: Engine.all)
    func `two processes that write one import by turns write each person once`(engine: Engine) async throws {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let people = madeUp(0..<30)
        let staged = try await staged(people, in: stores[0])
        var (report, turn) = (staged, 0)
        repeat {
            // Twice the one, once the other: what was made ready fits, or does not any more.
            report = try await stores[turn % 3 / 2].apply(staged.number, in: Sample.city, limit: 4, now: Sample.now)
            turn += 1
        } while report.state == .applying
        #expect(report.counts.applied == 30)
        for store in stores { try await expectAll(people, in: store) }
        #expect(try await stores[0].people(in: Sample.city, after: 0, limit: 100).people.count == 30)
    }

    @Test(arguments: Engine.all)
    func `a dose is recorded at most a second before its transaction, and never behind it`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = madeUp(0..<12)
        let staged = try await staged(people, in: store)
        // By the limit each time, people are made ready for the next one.
        let moments = [0, 0.5, 3600, 3600.25, 7200, 60].map { Sample.now.addingTimeInterval($0) }
        for moment in moments { _ = try await store.apply(staged.number, in: Sample.city, limit: 2, now: moment) }
        for (index, person) in people.enumerated() {
            let found = try #require(try await store.person(person.number, in: Sample.city))
            let moment = moments[index / 2]
            for entry in found.doses.entries {
                let recorded = try #require(entry.recordedAt)
                #expect(recorded <= moment && moment.timeIntervalSince(recorded) <= 1)
            }
        }
    }

    @Test(arguments: Engine.all)
    func `what was made ready of an import that is discarded does not go in`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = madeUp(0..<10)
        let first = try await staged(people, in: store)
        _ = try await store.apply(first.number, in: Sample.city, limit: 3, now: Sample.now)
        _ = try await store.discard(first.number, in: Sample.city, now: Sample.now)
        await #expect(throws: StoreError.conflict()) {
            try await store.apply(first.number, in: Sample.city, limit: 3, now: Sample.now)
        }
        #expect(try await store.people(in: Sample.city, after: 0, limit: 100).people.count == 3)
        let second = try await staged(people, in: store)
        #expect(second.counts.staged == 7)
        var report = second
        repeat {
            report = try await store.apply(second.number, in: Sample.city, limit: 2, now: Sample.now)
        } while report.state == .applying
        try await expectAll(people, in: store)
    }
}
