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
    func `writing a person again replaces the record, keeps its row and adds to the earlier passports`(engine: Engine)
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
        #expect(after.history.doses.count == 2)
        #expect(after.printedOverseasPassports == ["XX1", "XX2"])
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
            id: 1, vaccinee: person.vaccinee, standing: .resident, history: person.history, printedOverseasPassports: []
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
