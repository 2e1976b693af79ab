import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Lines are found wherever they lie, and that somebody searched is one itself.
@Suite struct LogSearchTests {
    private static func query(_ change: (inout LogQuery) -> Void) -> LogQuery {
        var query = LogQuery()
        change(&query)
        return query
    }

    private static func find(
        _ query: LogQuery, _ store: any RecordStore, after: Int64 = 0, limit: Int = 1000
    ) async throws -> LogPage {
        try await store.searchLog(
            query, in: .region(Sample.city), for: "Tests", after: after, limit: limit, now: Sample.now)
    }

    /// What is asked, and the rule that says of a line whether it should be found.
    private static let questions: [(LogQuery, @Sendable (LogEntry) -> Bool)] = [
        (LogQuery(), { _ in true }),
        (query { $0.inquiry = "MH-R3" }, { $0.inquiry == "MH-R3" }),
        (query { $0.terminal = "cdcdcd" }, { $0.terminal?.hasPrefix("cdcdcd") ?? false }),
        (query { $0.actor = "local:77" }, { $0.actor?.hasPrefix("local:77") ?? false }),
        (query { $0.events = [.refused, .voided] }, { [.refused, .voided].contains($0.event) }),
        (query { $0.from = Sample.now + 2 }, { $0.at >= Sample.now + 2 }),
        (query { $0.to = Sample.now + 2 }, { $0.at < Sample.now + 2 }),
        (query { $0.numbersOnly = true }, { $0.usesNumber }),
        (
            query {
                $0.events = [.refused]
                $0.from = Sample.now + 1
                $0.to = Sample.now + 5
            }, { $0.event == .refused && $0.at >= Sample.now + 1 && $0.at < Sample.now + 5 }
        ),
        (query { $0.inquiry = "' OR 1 = 1 --" }, { _ in false }),
    ]

    private static func filled(_ engine: Engine, _ place: Place) async throws -> (any RecordStore, [LogEntry]) {
        let store = try engine.open(place)
        try await SegmentTests.fill(store)
        try await LogActor.$current.withValue("local:77") {
            _ = try await store.find(
                .number(try Sample.person(2).number), for: "Tests", in: Sample.city, now: Sample.now + 30)
        }
        return (store, try await SegmentTests.all(store))
    }

    @Test(arguments: Engine.all, [0, 7, 20_000])
    func `each question finds the lines that fit it, in segments and at hand`(engine: Engine, closed: Int64)
        async throws
    {
        let place = try Place()
        let (store, lines) = try await Self.filled(engine, place)
        if closed > 0 {
            _ = try await store.closeLog(
                of: Sample.city, keeping: SegmentTests.keeping(closed), now: SegmentTests.later)
        }
        for (query, fits) in Self.questions {
            let found = try await Self.find(query, store)
            #expect(found.entries.filter { $0.sequence <= lines.count } == lines.filter(fits), "\(query)")
            #expect(found.next == nil && !found.isTooMany)
            // Page by page the same.
            var (pages, after): ([LogEntry], Int64?) = ([], 0)
            while let last = after {
                let page = try await Self.find(query, store, after: last, limit: 3)
                #expect(page.entries.count <= 3)
                pages += page.entries
                after = page.next.flatMap { $0 <= lines.count ? $0 : nil }
            }
            #expect(pages.filter { $0.sequence <= lines.count } == lines.filter(fits), "\(query)")
        }
    }

    @Test(arguments: Engine.all, [false, true])
    func `a person is found by number, addressee and name, before and behind rotations and another number`(
        engine: Engine, isClosed: Bool
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let addressee = try #require(AddresseeNumber("0000000907"))
        let register = try #require(RegisterEntry(addressee: addressee, writtenAt: 20_231_101_000_000))
        let person = try Sample.person(4, register: register)
        let other = try await store.signed(try Sample.person(5))
        let id = try await store.signed(person)
        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
        let nobody = try Sample.person(9).number
        for number in [person.number, nobody] {
            try await store.noteRefusal(
                "record.unclear", of: .domestic, for: number, terminal: "ab", inquiry: "MH-1", in: Sample.city,
                now: Sample.now)
        }
        let before = try await SegmentTests.all(store)
        let expected = before.filter { $0.certificateID == id }.map(\.sequence) + [Int64(before.count - 1)]
        if isClosed {
            _ = try await store.closeLog(of: Sample.city, keeping: SegmentTests.keeping(3), now: SegmentTests.later)
        }
        for round in 0..<3 {
            for search in [
                PersonSearch.number(person.number), .addressee(register.addressee),
                .name(person.vaccinee.name, birthDate: person.vaccinee.birthDate, sex: person.vaccinee.sex),
            ] {
                let found = try await Self.find(Self.query { $0.person = .found(search) }, store)
                #expect(
                    found.entries.filter { $0.sequence <= before.count }.map(\.sequence) == expected,
                    "\(search.kind) in round \(round)")
            }
            // Somebody whom the region does not know has been refused too.
            let unknown = try await Self.find(Self.query { $0.person = .found(.number(nobody)) }, store)
            #expect(unknown.entries.map(\.sequence) == [Int64(before.count)])
            _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        }
        // What was searched for stands nowhere.
        let details = try await SegmentTests.all(store).filter { $0.event == .logSearched }.map { $0.detail ?? "" }
        #expect(details.count == 12 && details[0].hasPrefix("person:number 0 \(expected.count) Tests"))
        #expect(!details.contains { $0.contains("907") || $0.contains(person.number.digits) })
        #expect(try await SegmentTests.sound(store))
        _ = other
    }

    @Test(arguments: Engine.all)
    func `an intent names its person by the pseudonym that searches and refusals have`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person()
        _ = try await store.signed(person)
        try await store.noteRefusal(
            "record.unclear", of: .overseas, for: person.number, terminal: "ab", inquiry: "MH-1", in: Sample.city,
            now: Sample.now)
        _ = try await store.find(.number(person.number), for: "Tests", in: Sample.city, now: Sample.now)
        let lines = try await store.log(in: Sample.city, after: 0, limit: 99)
        func parts(_ event: LogEvent) throws -> [Substring] {
            let line = try #require(lines.first { $0.event == event })
            return (line.detail ?? "").split(separator: " ")
        }
        let name = try #require(try parts(.intent).last)
        #expect(try parts(.intent) == ["domestic", name] && name.count == 24)
        #expect(try parts(.refused) == ["record.unclear", "overseas", name])
        #expect(try parts(.searched) == ["number", "1", name, "Tests"])
        #expect(lines.filter(\.usesNumber).map(\.event) == [.intent, .refused, .searched])
        let found = try await Self.find(Self.query { $0.person = .pseudonym(String(name)) }, store)
        #expect(found.entries.map(\.event) == [.intent, .refused, .searched])
    }

    @Test(arguments: Engine.all)
    func `more people than a search shows are told as too many, and the control log is searched without people`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let one = try Sample.person(0, name: "見本　太郎").vaccinee
        let people = try (0..<6).map { index in
            let like = try Sample.person(index)
            return try Sample.value(
                NewPerson(
                    number: like.number,
                    vaccinee: try Sample.value(
                        Vaccinee(name: one.name, birthDate: one.birthDate, sex: one.sex, passport: nil)),
                    standing: .resident, history: like.history))
        }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        let page = try await Self.find(
            Self.query { $0.person = .found(.name(one.name, birthDate: one.birthDate, sex: one.sex)) }, store)
        #expect(page.isTooMany && page.entries.isEmpty)
        #expect(try await SegmentTests.all(store).last?.detail == "person:name 0 too_many Tests")
        try await store.suspend(.kind(.overseas), now: Sample.now)
        func control(_ query: LogQuery) async throws -> [LogEvent] {
            try await store.searchLog(query, in: .control, for: "Tests", after: 0, limit: 9, now: Sample.now).entries
                .map(\.event)
        }
        #expect(try await control(Self.query { $0.events = [.suspended] }) == [.suspended])
        #expect(try await control(LogQuery()).last == .logSearched)
        await #expect(throws: StoreError.invalid()) {
            _ = try await control(Self.query { $0.person = .pseudonym("0") })
        }
    }
}
