import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What changes between the decision of a run and a person's turn keeps what it has to keep.
@Suite struct RetentionChangeTests {
    /// A run that two operators have decided.
    private func approved(_ store: any RecordStore) async throws -> Int64 {
        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "Tests", now: RetentionTests.later)
        return try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: RetentionTests.later
        ).number
    }

    private func carryOut(_ store: any RecordStore) async throws {
        while try await !store.eraseDue(in: Sample.city, limit: 9, now: RetentionTests.later).isDone {}
    }

    @Test(arguments: Engine.all)
    func `who is given longer while a run goes on has it`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = try [RetentionTests.gone(1), RetentionTests.gone(2)]
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        _ = try await approved(store)
        #expect(try await store.eraseDue(in: Sample.city, limit: 1, now: RetentionTests.later).people == 1)
        try await store.decide(
            .settings(
                RegionSettings(
                    retention: try Sample.value(
                        RetentionRules(doses: .forever, provision: .forever, deceasedNumbers: .forever)))))
        try await carryOut(store)
        #expect(try await store.person(people[0].number, in: Sample.city) == nil)
        #expect(try await store.person(people[1].number, in: Sample.city)?.doses.entries.count == 3)
        let proof = try await store.controlLog(after: 0, limit: 99).last { $0.event == .retentionDone }?.detail
        #expect(proof?.hasSuffix("people 1, 2 of 2 gone through") == true)
        try await RetentionTests.sound(store)
    }

    @Test(arguments: Engine.all)
    func `a voucher that was issued since keeps what it belongs to`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = try [RetentionTests.resident(1), RetentionTests.resident(2)]
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        _ = try await approved(store)
        let day = try Sample.value(CalendarDate(iso: "2021-05-10"))
        _ = try await store.issue(
            try VoucherTests.line(1, dose: 4), on: day, to: .number(people[1].number), in: Sample.city,
            now: RetentionTests.later)
        try await carryOut(store)
        #expect(try await store.person(people[0].number, in: Sample.city)?.doses.entries == [])
        let kept = try Sample.value(try await store.person(people[1].number, in: Sample.city))
        #expect(kept.doses.entries.count == 3 && kept.passports.entries.count == 1)
        #expect(try await store.vouchers(ofPerson: kept.id, in: Sample.city).count == 1)
        try await RetentionTests.sound(store)
    }

    @Test(arguments: Engine.all)
    func `doses that came since go with nobody`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let gone = try RetentionTests.gone(1, doses: 0)
        _ = try await store.write([gone], in: Sample.city, now: Sample.now)
        _ = try await approved(store)
        // Old ones, so that they are due by themselves: nobody has listed them.
        _ = try await store.write([RetentionTests.gone(1)], in: Sample.city, now: RetentionTests.later)
        try await carryOut(store)
        #expect(try await store.person(gone.number, in: Sample.city)?.doses.entries.count == 3)
        try await RetentionTests.sound(store)
    }
}
