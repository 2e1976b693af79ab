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
}
