import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// People in a region.
@Suite struct PeopleTests {
    @Test(arguments: Engine.all)
    func `a person written is found by the number with everything that was written`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person(
            name: "葛\u{E0100}城　例子", passport: "XX0000001", standing: .movedAway, doses: 7,
            printed: ["XX0000001", "XX9"])
        #expect(try await store.write([person], in: Sample.city, now: Sample.now) == 1)
        let found = try #require(try await store.person(person.number, in: Sample.city))
        #expect(found.vaccinee == person.vaccinee)
        #expect(Array(found.vaccinee.name.unicodeScalars) == Array(person.vaccinee.name.unicodeScalars))
        #expect(found.standing == .movedAway)
        #expect(found.history == person.history)
        #expect(found.printedOverseasPassports == ["XX0000001", "XX9"])
    }

    @Test(arguments: Engine.all)
    func `a person of one region is not found in another`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person()
        _ = try await store.write([person], in: Sample.city, now: Sample.now)
        #expect(try await store.person(person.number, in: Sample.town) == nil)
    }

    @Test(arguments: Engine.all)
    func `a region that the store does not serve is an error, never an empty answer`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let number = try Sample.person().number
        await #expect(throws: StoreError.unknownRegion()) { try await store.person(number, in: Sample.elsewhere) }
        await #expect(throws: StoreError.unknownRegion()) { try await store.revoked(in: Sample.elsewhere) }
    }

    @Test(arguments: Engine.all)
    func `writing a person again replaces the name, keeps the row and adds to doses and earlier passports`(
        engine: Engine
    )
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let before = try await store.with(try Sample.person(doses: 5, printed: ["XX1"]))
        let second = try Sample.person(name: "見本　改名", doses: 2, printed: ["XX2"])
        #expect(try await store.write([second], in: Sample.city, now: Sample.now) == 0)
        let after = try #require(try await store.person(second.number, in: Sample.city))
        #expect(after.id == before.id)
        #expect(after.vaccinee.name == "見本　改名")
        #expect(after.doses.entries.count == 5)
        #expect(after.history == before.history)
        #expect(after.printedOverseasPassports == ["XX1", "XX2"])
    }

    // MARK: Doses

    private static let later = Sample.now + 86_400

    /// A made-up person with doses of these numbers, on days of December 2023.
    private func person(_ doses: [(number: Int, day: Int)]) throws -> NewPerson {
        let like = try Sample.person()
        let doses = try doses.map { number, day in
            try Sample.value(
                Dose(
                    number: number, date: try Sample.value(CalendarDate(year: 2023, month: 12, day: day)),
                    product: try Sample.value(Product.withCode("PFIZER-12")), lot: "MH\(number)-\(day)"))
        }
        return try Sample.value(
            NewPerson(
                number: like.number, vaccinee: like.vaccinee, standing: .resident,
                history: try Sample.value(History(doses))))
    }

    /// What a second source says of doses 1 and 2 on days 1 and 20, and what then counts.
    static let additions:
        [(
            String, second: [(number: Int, day: Int)], counted: [[Int]], isUnclear: Bool
        )] = [
            ("nothing", [], [[1, 1], [2, 20]], false),
            ("the same", [(1, 1), (2, 20)], [[1, 1], [2, 20]], false),
            ("one more", [(3, 21)], [[1, 1], [2, 20], [3, 21]], false),
            ("a number twice", [(2, 21)], [[1, 1], [2, 20], [2, 21]], true),
            ("a number twice on one day", [(1, 2)], [[1, 1], [1, 2], [2, 20]], true),
            ("a date that goes back", [(3, 19)], [[1, 1], [2, 20], [3, 19]], true),
        ]

    @Test(arguments: Engine.all, additions)
    func `a second source adds to the doses, and what contradicts them stands beside them`(
        engine: Engine,
        addition: (String, second: [(number: Int, day: Int)], counted: [[Int]], isUnclear: Bool)
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([try person([(1, 1), (2, 20)])], in: Sample.city, now: Sample.now)
        let second = try person(addition.second)
        let written = try await store.write([second], as: .addition, in: Sample.city, now: Self.later)
        #expect((written.added, written.unclear) == (0, addition.isUnclear ? 1 : 0))
        #expect(written.affected.isEmpty)
        let found = try #require(try await store.person(second.number, in: Sample.city))
        #expect(found.doses.counted.map { [$0.number, $0.date.day] } == addition.counted)
        #expect((found.doses.history == nil) == addition.isUnclear)
        #expect(found.doses.entries.prefix(2).allSatisfy { $0.recordedAt == Sample.now && $0.source == .file })
        #expect(found.doses.entries.dropFirst(2).allSatisfy { $0.recordedAt == Self.later })
        let unclear = try await store.unclear(in: Sample.city, after: 0, limit: 10)
        #expect(unclear.people == (addition.isUnclear ? [found] : []) && unclear.last == nil)
    }

    @Test(arguments: Engine.all)
    func `a correction ends what it does not say, keeps it, and names the certificates of it`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let first = try person([(1, 1), (2, 20)])
        _ = try await store.write([first], in: Sample.city, now: Sample.now)
        let record = try #require(try await store.person(first.number, in: Sample.city))
        let (kept, voided) = (try Sample.intent(of: record), try Sample.intent(of: record))
        for intent in [kept, voided] {
            _ = try await store.record(intent, limit: DailyLimit(9))
        }
        _ = try await store.void(voided.certificateID, in: Sample.city, now: Sample.now)

        let correction = try person([(1, 1), (2, 21)])
        let written = try await store.write([correction], as: .correction, in: Sample.city, now: Self.later)
        #expect(written.affected == [kept.certificateID])
        #expect((written.added, written.unclear) == (0, 0))
        let after = try #require(try await store.person(first.number, in: Sample.city))
        #expect(after.history == correction.history)
        #expect(after.doses.entries.map(\.endedAt) == [nil, Self.later, nil])
        #expect(after.doses.entries.map(\.source) == [.file, .file, .correction])
        #expect(try await store.log(in: Sample.city, after: 0, limit: 99).map(\.event).last == .corrected)

        // The same again changes nothing, and neither does the file that was wrong.
        for (people, change) in [(correction, RecordChange.correction), (first, .addition)] {
            let again = try await store.write([people], as: change, in: Sample.city, now: Self.later + 1)
            #expect((again.added, again.unclear, again.passedOver) == (0, 0, change == .addition ? 1 : 0))
            // What there is to decide is said as often as it is asked.
            #expect(again.affected == (change == .correction ? [kept.certificateID] : []))
            #expect(try await store.person(first.number, in: Sample.city)?.doses == after.doses)
        }
        // Who was right after all is said by a correction again.
        _ = try await store.write([first], as: .correction, in: Sample.city, now: Self.later + 2)
        let back = try #require(try await store.person(first.number, in: Sample.city))
        #expect(back.history == first.history && back.doses.entries.count == 4)
    }

    @Test(arguments: Engine.all)
    func `no intent is recorded of a record that was written since it was read`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try person([(1, 1), (2, 20)])
        _ = try await store.write([first], in: Sample.city, now: Sample.now)
        let read = try #require(try await store.person(first.number, in: Sample.city))
        let early = try Sample.intent(of: read)
        #expect(try await store.record(early, limit: DailyLimit(9), of: read.version) == .recorded)
        _ = try await store.write([try person([(1, 1)])], as: .correction, in: Sample.city, now: Self.later)
        let late = try Sample.intent(of: read)
        #expect(try await store.record(late, limit: DailyLimit(9), of: read.version) == .recordChanged)
        #expect(try await store.certificate(late.certificateID, in: Sample.city) == nil)
        // What was recorded before is resumed all the same.
        #expect(try await store.record(early, limit: DailyLimit(9), of: read.version) == .resumed(early))
        let now = try #require(try await store.person(first.number, in: Sample.city))
        #expect(try await store.record(try Sample.intent(of: now), limit: DailyLimit(9), of: now.version) == .recorded)
    }

    @Test(arguments: Engine.all)
    func `more entries than a person can have are refused, and nothing of the file is written`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        var count = 0
        while count < 90 {
            let day = 1 + count % 28
            let doses = (count..<count + 9).map { (number: 1 + $0, day: day) }
            _ = try await store.write([try person(doses)], in: Sample.city, now: Sample.now)
            count += doses.count
        }
        let other = try Sample.person(7)
        await #expect(throws: StoreError.invalid()) {
            _ = try await store.write([other, try person([(1, 28)])], in: Sample.city, now: Self.later)
        }
        #expect(try await store.person(other.number, in: Sample.city) == nil)
        #expect(try await store.person(person([]).number, in: Sample.city)?.doses.entries.count == count)
        // A correction is still taken.
        let right = try person([(1, 28)])
        _ = try await store.write([right], as: .correction, in: Sample.city, now: Self.later)
        #expect(try await store.person(right.number, in: Sample.city)?.history == right.history)
    }

    @Test(arguments: Engine.all)
    func `people whose doses contradict each other are found a few at a time, and listed with all entries`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let rows = MadeUpPeople.rows(count: 40, municipality: Sample.city, firstNumber: 500, seed: 2)
        _ = try await store.write(rows.map(\.person), as: .madeUp, in: Sample.city, now: Sample.now)
        let wrong = try rows.enumerated().filter { $0.offset % 10 == 3 }.map { _, row in
            let dose = try Sample.value(row.person.history.doses.first)
            let other = try Sample.value(
                Dose(
                    number: dose.number, date: dose.date, product: dose.product, lot: "MH-OTHER", country: dose.country)
            )
            return try Sample.value(
                NewPerson(
                    number: row.person.number, vaccinee: row.person.vaccinee, standing: row.person.standing,
                    history: try Sample.value(History([other]))))
        }
        #expect(try await store.write(wrong, as: .addition, in: Sample.city, now: Self.later).unclear == 4)
        var (found, last): ([String], Int64?) = ([], 0)
        while let behind = last {
            let some = try await store.unclear(in: Sample.city, after: behind, limit: 7)
            found += some.people.map(\.vaccinee.name)
            last = some.last
        }
        #expect(found == wrong.map(\.vaccinee.name))
        let list = try await UnclearCSV.list(Sample.city, of: store)
        #expect(list.people == 4)
        let lines = list.text.split(separator: "\n")
        let entries = rows.filter { found.contains($0.person.vaccinee.name) }.map(\.person.history.doses.count)
        #expect(lines.count == 1 + entries.reduce(0, +) + 4)
        #expect(lines.filter { $0.contains("MH-OTHER") && $0.contains(",file,") }.count == 4)
        #expect(!rows.contains { list.text.contains($0.person.number.digits) })
    }

    @Test(arguments: Engine.all)
    func `a refusal stands in the region's log, and names a person by a pseudonym of that region`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let (one, other) = (try Sample.person(1), try Sample.person(2))
        let asked = [(one, Sample.city), (one, Sample.city), (other, Sample.city), (one, Sample.town)]
        for (person, region) in asked {
            try await store.noteRefusal(
                "person.not_found", of: .domestic, for: person.number, terminal: "ab", inquiry: "MH-0001", in: region,
                now: Sample.now)
        }
        let lines = try await store.log(in: Sample.city, after: 0, limit: 9)
        let elsewhere = try await store.log(in: Sample.town, after: 0, limit: 9)
        #expect(
            (lines + elsewhere).allSatisfy { $0.event == .refused && $0.terminal == "ab" && $0.inquiry == "MH-0001" })
        let details = (lines + elsewhere).compactMap(\.detail)
        #expect(details.count == 4 && details[0] == details[1] && Set(details).count == 3)
        #expect(details.allSatisfy { $0.wholeMatch(of: /person\.not_found domestic [0-9a-f]{24}/) != nil })
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test(arguments: Engine.all)
    func `two thousand made-up people are written in one transaction and each is found`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let rows = MadeUpPeople.rows(count: 2000, municipality: Sample.city, firstNumber: 500, seed: 1)
        #expect(Set(rows.map(\.person.number)).count == 2000)
        #expect(Set(rows.map(\.person.vaccinee.name)).count == 2000)
        #expect(try await store.write(rows.map(\.person), in: Sample.city, now: Sample.now) == 2000)
        for row in rows {
            #expect(try await store.person(row.person.number, in: Sample.city)?.vaccinee == row.person.vaccinee)
        }
        let log = try await store.log(in: Sample.city, after: 0, limit: 10)
        #expect(log.map(\.event) == [.imported])
        #expect(log.first?.detail == "2000")
    }

    @Test func `a record shows nothing of the person in text or dump`() throws {
        let person = try Sample.person(name: "見本　花子")
        let record = PersonRecord(
            id: 1, vaccinee: person.vaccinee, standing: .resident, doses: DoseRecord(person.history),
            printedOverseasPassports: []
        )
        var dumped = ""
        dump([record], to: &dumped)
        dump([person], to: &dumped)
        let content = IssueContent(vaccinee: person.vaccinee, doses: [], exceeds: false)
        dump([content], to: &dumped)
        dumped += "\(record) \(person) \(content)"
        #expect(!dumped.contains("見本"))
    }
}
