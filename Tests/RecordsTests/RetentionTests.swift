import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

#if canImport(Glibc)
    import Glibc
#endif

/// The yearly run that erases what a region has kept long enough.
@Suite struct RetentionTests {
    /// In the fiscal year behind which everything of ``Sample/now`` is over.
    static let later = Sample.now + 10 * 366 * 86_400

    static func register(_ index: Int, until day: String? = nil) throws -> RegisterEntry {
        try Sample.value(
            RegisterEntry(
                addressee: try Sample.value(AddresseeNumber("0\(index)")),
                residentUntil: day.flatMap(CalendarDate.init(iso:)),
                writtenAt: 2021_04_01_00_00_00))
    }

    /// Somebody who moved away or died so long ago that everything goes.
    static func gone(_ index: Int, _ standing: Standing = .movedAway, doses: Int = 3) throws -> NewPerson {
        try Sample.person(
            index, passport: "XX\(1_000_000 + index)", standing: standing,
            register: try register(index, until: "2022-01-01"), doses: doses, printed: ["XX0000009"])
    }

    /// Somebody whose doses go, and who stays.
    static func resident(_ index: Int) throws -> NewPerson {
        try Sample.person(
            index, passport: "XX\(1_000_000 + index)", register: try register(index), printed: ["XX0000008"])
    }

    /// A certificate of somebody who is there, printed, and revoked if that is asked for.
    @discardableResult
    static func issue(
        _ store: any RecordStore, to person: NewPerson, revoked: Bool = false, revocable: RevocableCode? = nil,
        at: Date = Sample.now
    ) async throws -> CertificateID {
        let record = try Sample.value(try await store.person(person.number, in: Sample.city))
        let intent = try Sample.intent(of: record, kind: .overseas, at: at)
        let id = intent.certificateID
        _ = try await store.record(intent, limit: DailyLimit(99))
        _ = try await store.recordSigned(
            id, in: Sample.city, codeHashes: [Sample.hash()], revocable: revocable, now: at)
        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: at)
        if revoked { _ = try await store.revoke(id, in: Sample.city, now: at) }
        return id
    }

    static func sound(_ store: any RecordStore) async throws {
        for log in [LogName.control, .region(Sample.city)] {
            let report = try await store.verify(log, pins: [], everything: true)
            for found in report.breaks { Issue.record("\(found)") }
            for found in report.irregularities { Issue.record("\(found)") }
        }
    }

    static func count(_ place: Place, _ table: String) async throws -> Int {
        try await RawDatabase(place.path(of: Sample.city)).count(table)
    }

    static let code = RevocableCode(
        keyID: [1, 2, 3, 4, 5, 6, 7, 8], hash: [UInt8](repeating: 9, count: 16), expires: later + 1000)

    @Test(arguments: Engine.all)
    func `two operators have what is due erased, and nothing finds it any more`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (gone, resident, dead) = (try Self.gone(1), try Self.resident(2), try Self.gone(3, .deceased, doses: 0))
        let young = try Self.resident(4)
        _ = try await store.write([gone, resident, dead, young], in: Sample.city, now: Sample.now)
        let revoked = try await Self.issue(store, to: gone, revoked: true, revocable: Self.code)
        let good = try await Self.issue(store, to: resident)
        let kept = try await Self.issue(store, to: young, at: Self.later - 86_400)
        let before = try await store.publish(Publication(), now: Sample.now)
        #expect(before.identifiers == [])

        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "kept long enough", now: Self.later)
        guard case .retention(let run) = proposed.subject else { throw Sample.Missing() }
        var counts = RetentionCounts()
        (counts.people, counts.doses, counts.certificates, counts.listed) = (2, 2, 2, 3)
        #expect(run.counts == counts && run.cutoff.description == "2033-04-01")
        #expect(try await store.regionsWithRetention() == [])
        await #expect(throws: StoreError.conflict()) {
            try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-a", now: Self.later)
        }
        #expect(try await store.eraseDue(in: Sample.city, limit: 99, now: Self.later).people == 0)
        #expect(try await store.person(gone.number, in: Sample.city) != nil)
        let approved = try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
        #expect(approved.state == .approved)
        #expect(try await store.regionsWithRetention() == [Sample.city])
        #expect(
            try await store.progress(ofRetention: proposed.number, in: Sample.city)
                == RetentionProgress(erased: 0, left: 3))
        await #expect(throws: StoreError.conflict()) {
            try await store.proposeRetention(for: Sample.city, by: "operator-a", reason: "again", now: Self.later)
        }
        let first = try await store.eraseDue(in: Sample.city, limit: 1, now: Self.later)
        #expect(first == RetentionStep(people: 1, isDone: false))
        #expect(try await store.eraseDue(in: Sample.city, limit: 99, now: Self.later).isDone)
        #expect(try await store.regionsWithRetention() == [])
        #expect(try await store.decisions(of: Sample.city).first?.state == .done)

        for person in [gone, dead] {
            #expect(try await store.person(person.number, in: Sample.city) == nil)
            let addressee = try Sample.value(person.register?.addressee)
            for search in [
                PersonSearch.addressee(addressee), .number(person.number),
                .name(person.vaccinee.name, birthDate: person.vaccinee.birthDate, sex: person.vaccinee.sex),
            ] {
                #expect(try await store.find(search, for: "Tests", in: Sample.city, now: Self.later) == .people([]))
            }
        }
        let left = try Sample.value(try await store.person(resident.number, in: Sample.city))
        #expect(left.doses.entries.isEmpty && left.passports.entries.isEmpty && left.printedOverseasPassports.isEmpty)
        #expect(left.vaccinee.passport == nil && left.vaccinee.name == resident.vaccinee.name)
        #expect(try await store.person(young.number, in: Sample.city)?.doses.entries.count == 3)
        for id in [revoked, good] { #expect(try await store.certificate(id, in: Sample.city) == nil) }
        #expect(try await store.certificate(kept, in: Sample.city)?.state == .printed)
        // Revoked is revoked, by identifier and by code.
        #expect(try await store.revoked(in: Sample.city) == [revoked])
        #expect(try await store.revokedCodes(in: Sample.city, now: Self.later) == [Self.code])

        let log = try await store.log(in: Sample.city, after: 0, limit: 999)
        let erased = log.filter { $0.event == .recordsErased }
        #expect(erased.count == 3 && log.filter { $0.event == .certificateErased }.count == 2)
        let kinds = erased.compactMap { $0.detail?.split(separator: " ").dropFirst().joined(separator: " ") }
        #expect(
            kinds == [
                "certificates,doses,person decision 1", "certificates,doses decision 1", "person decision 1",
            ])
        let proof = try await store.controlLog(after: 0, limit: 99).filter { $0.event == .retentionDone }
        #expect(
            proof.compactMap(\.detail) == [
                "region \(Sample.city), decision 1, 2033-04-01: certificates 2, doses 2, numbers 0, people 2, "
                    + "3 of 3 gone through"
            ])
        try await Self.sound(store)
        // Nothing is left of it, and what is closed later is whole.
        await #expect(throws: StoreError.conflict()) {
            try await store.proposeRetention(for: Sample.city, by: "operator-a", reason: "again", now: Self.later)
        }
        let closing = try await store.closeLog(
            of: Sample.city, keeping: SegmentTests.keeping(5), now: Self.later + 200 * 86_400)
        #expect(closing.closed.count > 2)
        #expect(try await SegmentTests.sound(store))
        #expect(try await store.revoked(in: Sample.city) == [revoked])
        // The one that was kept is revoked behind a closed line, and found.
        #expect(try await store.revoke(kept, in: Sample.city, now: Self.later) == .changed)
        #expect(try await SegmentTests.sound(store))
    }

    @Test(arguments: Engine.all)
    func `who comes back is a new person in a row of their own`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let gone = try Self.gone(1)
        let first = try await store.with(gone)
        try await store.retain()
        let again = try await store.with(try Sample.person(1, register: try Self.register(7), doses: 1))
        #expect(again.id > first.id && again.doses.entries.count == 1 && again.register?.addressee.text == "07")
        try await Self.sound(store)
    }

    @Test(arguments: Engine.all)
    func `the number of somebody who died finds nobody, and no file brings it back`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        try await store.decide(
            .settings(
                RegionSettings(
                    retention: try Sample.value(
                        RetentionRules(doses: .forever, provision: .forever, deceasedNumbers: .years(0))))))
        let dead = try Self.gone(1, .deceased)
        let record = try await store.with(dead)
        let addressee = PersonSearch.addressee(try Sample.value(dead.register?.addressee))
        try await store.retain()
        #expect(try await store.person(dead.number, in: Sample.city) == nil)
        func find(_ search: PersonSearch) async throws -> [PersonRecord] {
            guard
                case .people(let people) = try await store.find(search, for: "Tests", in: Sample.city, now: Self.later)
            else { throw Sample.Missing() }
            return people
        }
        #expect(try await find(.number(dead.number)) == [])
        #expect(try await find(addressee) == [record])
        // As the register tells it again, later.
        let entry = try Sample.value(
            RegisterEntry(
                addressee: try Sample.value(dead.register?.addressee), residentUntil: CalendarDate(iso: "2022-01-01"),
                writtenAt: 2024_04_01_00_00_00))
        let told = try Sample.person(1, standing: .deceased, register: entry)
        await #expect(throws: StoreError.conflict()) {
            try await store.write([told], in: Sample.city, now: Self.later)
        }
        #expect(try await find(addressee) == [record])
        #expect(try await store.person(dead.number, in: Sample.city) == nil)
        // The log still knows who it was, and keys rotate without the number.
        for person in [LogQuery.Person.found(.number(dead.number)), .found(addressee)] {
            var query = LogQuery()
            (query.person, query.events) = (person, [.recordsErased])
            let page = try await store.searchLog(
                query, in: .region(Sample.city), for: "Tests", after: 0,
                limit: 99, now: Self.later)
            #expect(page.entries.count == 1)
        }
        for _ in 1...2 {
            let report = try await store.rotateKeys(of: Sample.city, now: Self.later) { _ in }
            #expect(report.withoutNumber == 0 && !report.keepsIndexKey)
            #expect(try await find(addressee) == [record])
            #expect(try await find(.number(dead.number)) == [])
        }
        await #expect(throws: StoreError.conflict()) { try await store.retain() }
        try await Self.sound(store)
    }

    @Test(arguments: Engine.all)
    func `somebody who asks for a page while the run goes on is read anew, and is nobody or kept`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let (gone, other) = (try Self.gone(1), try Self.gone(2))
        let (record, kept) = (try await store.with(gone), try await store.with(other))
        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        _ = try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
        #expect(
            try await store.record(try Sample.intent(of: kept, at: Self.later), limit: DailyLimit(9), of: kept.version)
                == .recorded)
        while try await !store.eraseDue(in: Sample.city, limit: 9, now: Self.later).isDone {}
        #expect(
            try await store.record(
                try Sample.intent(of: record, at: Self.later), limit: DailyLimit(9), of: record.version)
                == .recordChanged)
        #expect(try await store.person(gone.number, in: Sample.city) == nil)
        // Whose page was asked for is kept, doses and all.
        #expect(try await store.person(other.number, in: Sample.city) == kept)
        let proof = try await store.controlLog(after: 0, limit: 99).last?.detail
        #expect(proof?.hasSuffix("doses 1, numbers 0, people 1, 2 of 2 gone through") == true)
        try await Self.sound(store)
    }

    @Test(arguments: Engine.all)
    func `of two who approve at once one waits for the other, and nobody is lost from the list`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let (store, other) = (try engine.open(place), try engine.open(place))
        let people = try (1...300).map { try Self.gone($0) }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        await withTaskGroup(of: Void.self) { group in
            for one in [store, other, store] {
                group.addTask {
                    _ = try? await one.approve(
                        decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
                }
            }
        }
        let approved = try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
        #expect(approved.state == .approved)
        let progress = try await store.progress(ofRetention: proposed.number, in: Sample.city)
        #expect(progress == RetentionProgress(erased: 0, left: people.count))
    }

    @Test(arguments: Engine.all)
    func `what is due by the second approval has to be what was due by the first`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([try Self.gone(1)], in: Sample.city, now: Sample.now)
        func propose() async throws -> RegionDecision {
            try await store.proposeRetention(for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        }
        let first = try await propose()
        _ = try await store.write([try Self.gone(2)], in: Sample.city, now: Self.later)
        await #expect(throws: StoreError.conflict()) {
            try await store.approve(decision: first.number, of: Sample.city, by: "operator-b", now: Self.later)
        }
        #expect(try await Self.count(place, "erasure") == 0)
        _ = try await store.withdraw(decision: first.number, of: Sample.city, now: Self.later)
        let second = try await propose()
        _ = try await store.approve(decision: second.number, of: Sample.city, by: "operator-b", now: Self.later)
        // Whoever is not due any more when the turn comes stays; nobody is added.
        let back = try Sample.person(
            1,
            register: try Sample.value(
                RegisterEntry(
                    addressee: try Sample.value(AddresseeNumber("01")), writtenAt: 2024_04_01_00_00_00)), doses: 3)
        _ = try await store.write([back, try Self.gone(3)], in: Sample.city, now: Self.later)
        while try await !store.eraseDue(in: Sample.city, limit: 1, now: Self.later).isDone {}
        let (one, two, three) = (
            try await store.person(try Self.gone(1).number, in: Sample.city),
            try await store.person(try Self.gone(2).number, in: Sample.city),
            try await store.person(try Self.gone(3).number, in: Sample.city)
        )
        #expect(one?.doses.entries.isEmpty == true && two == nil && three?.doses.entries.count == 3)
        try await Self.sound(store)
    }

    @Test(arguments: Engine.all)
    func `a run waits for an import, goes on in a region that is sealed, and is none where it is erased`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([try Self.gone(1)], in: Sample.city, now: Sample.now)
        let report = try await store.stage(.people, [try Self.gone(2)], as: .addition)
        await #expect(throws: StoreError.importOpen()) {
            try await store.proposeRetention(for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        }
        _ = try await store.discard(report.number, in: Sample.city, now: Sample.now)
        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        _ = try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
        let other = try await store.stage(.people, [try Self.gone(2)], as: .addition)
        await #expect(throws: StoreError.importOpen()) {
            try await store.eraseDue(in: Sample.city, limit: 9, now: Self.later)
        }
        _ = try await store.discard(other.number, in: Sample.city, now: Sample.now)
        try await store.decide(.settings(RegionSettings(state: .sealed)))
        #expect(try await store.eraseDue(in: Sample.city, limit: 9, now: Self.later).isDone)
        #expect(try await Self.count(place, "person") == 0)
        try await Self.sound(store)
        try await store.decide(.erasure)
        await #expect(throws: StoreError.erased()) {
            try await store.proposeRetention(for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        }
        await #expect(throws: StoreError.invalid()) {
            try await store.propose(
                proposed.subject, for: Sample.town, by: "operator-a", reason: "Tests", insteadOf: nil, now: Self.later)
        }
    }

    @Test(arguments: [FaultyStore.Moment.before, .after])
    func `broken off at any step, the run goes on where it stopped`(moment: FaultyStore.Moment) async throws {
        let place = try Place()
        let store = FaultyStore(try place.sqlite())
        let people = try (1...7).map { try Self.gone($0) }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        for person in people { try await Self.issue(store, to: person) }
        let steps: [(any RecordStore) async throws -> Void] = [
            { _ = try await $0.proposeRetention(for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later) },
            { _ = try await $0.approve(decision: 1, of: Sample.city, by: "operator-b", now: Self.later) },
        ]
        for step in steps {
            store.failNextWrites([moment])
            await #expect(throws: StoreError.unavailable()) { try await step(store) }
            // A proposal that was made though nobody heard of it waits.
            do { try await step(store) } catch let error as StoreError where error == .conflict() {}
        }
        while true {
            store.failNextWrites([moment])
            await #expect(throws: StoreError.unavailable()) {
                try await store.eraseDue(in: Sample.city, limit: 2, now: Self.later)
            }
            if try await store.eraseDue(in: Sample.city, limit: 2, now: Self.later).isDone { break }
        }
        for table in ["person", "certificate", "code"] { #expect(try await Self.count(place, table) == 0) }
        let events = try await store.log(in: Sample.city, after: 0, limit: 999).map(\.event)
        #expect(events.count { $0 == .recordsErased } == 7 && events.count { $0 == .certificateErased } == 7)
        #expect(try await store.controlLog(after: 0, limit: 99).count { $0.event == .retentionDone } == 1)
        try await Self.sound(store)
    }
}

extension RecordStore {
    /// Has everything erased that is due, by two operators.
    func retain(now: Date = RetentionTests.later) async throws {
        let proposed = try await proposeRetention(for: Sample.city, by: "operator-a", reason: "Tests", now: now)
        _ = try await approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: now)
        while try await !eraseDue(in: Sample.city, limit: 64, now: now).isDone {}
    }
}
