import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What a transaction takes with it where a write fails or a read is given up.
@Suite struct TransactionTests {
    @Test func `a write that fails with no other beside it leaves nothing of itself, and the next is written`()
        async throws
    {
        let place = try Place()
        let store = try place.sqlite()
        let record = try await store.with(try Sample.person())
        // The log line is the last thing that recording an intent writes.
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute(
            """
            CREATE TRIGGER half_way BEFORE INSERT ON log WHEN NEW.inquiry = 'FAILS'
            BEGIN SELECT RAISE(ABORT, 'half way'); END
            """)
        for round in 0..<3 {
            let failing = try Sample.intent(of: record, inquiry: "FAILS")
            await #expect(throws: StoreError.conflict()) { try await store.record(failing, limit: DailyLimit(99)) }
            #expect(try await store.certificate(failing.certificateID, in: Sample.city) == nil)
            let next = try Sample.intent(of: record, inquiry: "MH-\(round)")
            #expect(try await store.record(next, limit: DailyLimit(99)) == .recorded)
            // What fails in the store's own words is told in them.
            let other = try Sample.intent(of: record, id: next.certificateID)
            await #expect(throws: StoreError.conflict()) { try await store.record(other, limit: DailyLimit(99)) }
        }
        #expect(try await raw.count("certificate") == 3)
        #expect(try await store.log(in: Sample.city, after: 1, limit: 100).map(\.event) == [.intent, .intent, .intent])
        let report = try await store.verify(.region(Sample.city), pins: [], everything: true)
        #expect(report.breaks.isEmpty)
        #expect(report.head?.count == 4)
    }

    @Test func `a read sees a person's row and doses of one moment, whoever writes`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let people = try [1, 3].map { try Sample.person(doses: $0) }
        _ = try await store.with(people[0])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<60 { _ = try await store.write([people[round % 2]], in: Sample.city, now: Sample.now) }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<120 {
                        let record = try await store.person(people[0].number, in: Sample.city)
                        #expect(people.map(\.history).contains { $0 == record?.history })
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a read that fails or is given up leaves no snapshot behind`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let person = try Sample.person(doses: 1)
        _ = try await store.with(person)
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute("UPDATE person SET doses = doses + 1")
        // More often than there are connections.
        for _ in 0..<6 {
            await #expect(throws: StoreError.broken()) { try await store.person(person.number, in: Sample.city) }
        }
        try await raw.execute("UPDATE person SET doses = doses - 1")
        #expect(try await store.person(person.number, in: Sample.city)?.history == person.history)
        for _ in 0..<100 {
            let reading = Task { try await store.person(person.number, in: Sample.city) }
            reading.cancel()
            _ = await reading.result
        }
        let later = try Sample.person(doses: 3)
        _ = try await store.write([later], in: Sample.city, now: Sample.now)
        for _ in 0..<6 {
            #expect(try await store.person(person.number, in: Sample.city)?.history == later.history)
        }
    }
}
