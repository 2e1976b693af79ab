import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// A challenge is used once.
@Suite struct ClaimTests {
    private struct Attempt {
        var challenge = Sample.hash()
        var transcript = Sample.hash()
        var id = Sample.id()
        var day = CalendarDate(year: 2023, month: 11, day: 15)

        func claim(_ store: any RecordStore, at now: Date = Sample.now) async throws -> ClaimOutcome {
            try await store.claim(
                challengeHash: challenge, transcriptHash: transcript, certificateID: id, issuedOn: Sample.value(day),
                expires: Sample.now + 180, now: now)
        }
    }

    @Test(arguments: Engine.all)
    func `the first application is fresh, another one with the same challenge is refused`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = Attempt()
        #expect(try await first.claim(store) == .fresh)
        var other = Attempt()
        other.challenge = first.challenge
        #expect(try await other.claim(store) == .used)
        #expect(try await Attempt().claim(store) == .fresh)
    }

    @Test(arguments: Engine.all)
    func `the same application resumes for ten minutes with what it was given at first`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = Attempt()
        #expect(try await first.claim(store) == .fresh)
        var again = first
        again.id = Sample.id()
        again.day = CalendarDate(year: 2023, month: 11, day: 16)
        let earlier = EarlierClaim(
            certificateID: first.id, issuedOn: try #require(first.day), at: Sample.now)
        #expect(try await again.claim(store, at: Sample.now + 600) == .repeated(earlier))
        #expect(try await store.findClaim(transcriptHash: first.transcript, now: Sample.now + 600) == earlier)
        #expect(try await again.claim(store, at: Sample.now + 600.01) == .used)
        #expect(try await store.findClaim(transcriptHash: first.transcript, now: Sample.now + 600.01) == nil)
        #expect(try await store.findClaim(transcriptHash: Sample.hash(), now: Sample.now) == nil)
    }

    @Test(arguments: Engine.all)
    func `of repetitions racing in two instances no more are counted than the limit allows`(engine: Engine) async throws
    {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        let attempt = Attempt()
        #expect(try await attempt.claim(stores[0]) == .fresh)
        let counted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for caller in 0..<16 {
                group.addTask {
                    try await stores[caller % 2].countRepetition(transcriptHash: attempt.transcript, limit: 5)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(counted == 5)
        #expect(try await stores[1].countRepetition(transcriptHash: attempt.transcript, limit: 6))
        #expect(try await !stores[0].countRepetition(transcriptHash: Sample.hash(), limit: 5))
    }

    @Test(arguments: Engine.all)
    func `the refusal that was kept with a claim first is found with it, in another instance too`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let (refused, other) = (Attempt(), Attempt())
        for attempt in [refused, other] { #expect(try await attempt.claim(store) == .fresh) }
        try await store.keepRefusal("person.not_found", transcriptHash: refused.transcript)
        try await store.keepRefusal("limit.daily", transcriptHash: refused.transcript)
        let again = try engine.open(place)
        let found = try await again.findClaim(transcriptHash: refused.transcript, now: Sample.now)
        #expect(found?.refusal == "person.not_found")
        #expect(try await refused.claim(again) == .repeated(try Sample.value(found)))
        let untouched = try await again.findClaim(transcriptHash: other.transcript, now: Sample.now)
        #expect(untouched != nil && untouched?.refusal == nil)
        for code in ["", String(repeating: "a", count: 65)] {
            await #expect(throws: StoreError.invalid()) {
                try await store.keepRefusal(code, transcriptHash: refused.transcript)
            }
        }
    }

    @Test(arguments: Engine.all)
    func `a used challenge stays used in another instance on the same data`(engine: Engine) async throws {
        let place = try Place()
        let first = Attempt()
        #expect(try await first.claim(try engine.open(place)) == .fresh)
        var other = Attempt()
        other.challenge = first.challenge
        #expect(try await other.claim(try engine.open(place)) == .used)
    }

    @Test(arguments: Engine.all)
    func `of writers racing for one challenge in two instances exactly one is fresh`(engine: Engine) async throws {
        let place = try Place()
        let stores = [try engine.open(place), try engine.open(place)]
        for round in 0..<20 {
            let challenge = Sample.hash()
            let outcomes = try await withThrowingTaskGroup(of: ClaimOutcome.self) { group in
                for writer in 0..<16 {
                    group.addTask {
                        var attempt = Attempt()
                        attempt.challenge = challenge
                        return try await attempt.claim(stores[writer % 2])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .fresh } == 1, "round \(round)")
            #expect(outcomes.count { $0 == .used } == 15, "round \(round)")
        }
    }

    @Test func `a claim is kept until a minute behind its challenge's end and ten minutes behind itself, then removed`()
        async throws
    {
        let place = try Place()
        let store = try place.sqlite()
        let old = (0..<20).map { _ in Attempt() }
        for attempt in old { #expect(try await attempt.claim(store) == .fresh) }
        // At the very end of the ten minutes all are still there.
        #expect(try await Attempt().claim(store, at: Sample.now + 600) == .fresh)
        #expect(try await RawDatabase(place.controlPath).count("claim") == 21)
        // Each later claim removes a few.
        for second in 1...3 {
            #expect(try await Attempt().claim(store, at: Sample.now + 600 + Double(second)) == .fresh)
        }
        #expect(try await RawDatabase(place.controlPath).count("claim") == 4)
    }

    @Test func `a challenge that ends late keeps its claim longer than ten minutes`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let challenge = Sample.hash()
        let day = try #require(CalendarDate(iso: "2023-11-15"))
        func claim(at now: Date) async throws -> ClaimOutcome {
            try await store.claim(
                challengeHash: challenge, transcriptHash: Sample.hash(), certificateID: Sample.id(), issuedOn: day,
                expires: Sample.now + 3600, now: now)
        }
        #expect(try await claim(at: Sample.now) == .fresh)
        #expect(try await Attempt().claim(store, at: Sample.now + 3660) == .fresh)
        #expect(try await claim(at: Sample.now + 3660) == .used)
    }

    @Test(arguments: Engine.all)
    func `hashes of another length are refused`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        var attempt = Attempt()
        attempt.challenge = [1]
        await #expect(throws: StoreError.invalid()) { try await attempt.claim(store) }
    }
}
