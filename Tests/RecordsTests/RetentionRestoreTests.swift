import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

#if canImport(Glibc)
    import Glibc
#endif

/// What was erased since it was kept long enough stays so: after a restore, a rotation, a kill, and on the disk.
@Suite struct RetentionRestoreTests {
    private static let later = RetentionTests.later

    private func logged(_ store: any RecordStore) async throws {
        try await store.noteRestored(.control, reason: "a backup", asItIs: false, now: Self.later)
        try await store.noteRestored(.region(Sample.city), reason: "a backup", asItIs: false, now: Self.later)
        try await RetentionTests.sound(store)
    }

    @Test func `whoever is in a backup that is put back is erased again as it is opened, and nobody else`() async throws
    {
        let place = try Place()
        let (gone, resident, young) = (
            try RetentionTests.gone(1), try RetentionTests.resident(2), try RetentionTests.resident(3)
        )
        let dead = try RetentionTests.gone(4, .deceased)
        var (revoked, good): (CertificateID?, CertificateID?) = (nil, nil)
        let store = try await place.restored { store in
            _ = try await store.write([gone, resident, young, dead], in: Sample.city, now: Sample.now)
            good = try await RetentionTests.issue(store, to: gone)
            revoked = try await RetentionTests.issue(store, to: resident, revocable: RetentionTests.code)
        } after: { store in
            _ = try await store.revoke(try Sample.value(revoked), in: Sample.city, now: Sample.now)
            try await RetentionTests.issue(store, to: young, at: Self.later - 86_400)
            try await store.retain()
        }
        let raw = try await RawDatabase(place.path(of: Sample.city)).count("person")
        #expect(raw == 4)
        #expect(try await store.revoked(in: Sample.city) == [try Sample.value(revoked)])
        #expect(try await store.revokedCodes(in: Sample.city, now: Self.later) == [RetentionTests.code])
        for id in [revoked, good] { #expect(try await store.certificate(try Sample.value(id), in: Sample.city) == nil) }
        #expect(try await RetentionTests.count(place, "person") == 2)
        try await logged(store)
        #expect(try await store.person(gone.number, in: Sample.city) == nil)
        #expect(try await store.person(dead.number, in: Sample.city) == nil)
        let left = try Sample.value(try await store.person(resident.number, in: Sample.city))
        #expect(left.doses.entries.isEmpty && left.printedOverseasPassports.isEmpty && left.passports.entries.isEmpty)
        #expect(try await store.person(young.number, in: Sample.city)?.doses.entries.count == 3)
        // Once: who opens it again changes nothing.
        let lines = try await store.log(in: Sample.city, after: 0, limit: 999).count
        #expect(try await place.sqlite().log(in: Sample.city, after: 0, limit: 999).count == lines)
        // The decision counts again, and ends again.
        #expect(try await store.regionsWithRetention() == [Sample.city])
        #expect(try await store.eraseDue(in: Sample.city, limit: 9, now: Self.later).isDone)
        try await RetentionTests.sound(store)
    }

    @Test func `a number that was erased stays so, whatever its holder's pseudonym was by then`() async throws {
        let place = try Place()
        let rules = try Sample.value(
            RetentionRules(doses: .years(5), provision: .years(7), deceasedNumbers: .years(0)))
        // With a certificate of late that keeps the doses.
        let dead = try RetentionTests.gone(1, .deceased)
        let store = try await place.restored { store in
            try await store.decide(.settings(RegionSettings(retention: rules)))
            _ = try await store.write([dead], in: Sample.city, now: Sample.now)
        } after: { store in
            try await RetentionTests.issue(store, to: dead, at: Self.later - 86_400)
            try await store.retain()
            // Ten years on the certificate goes, and the rest.
            try await store.retain(now: Self.later + 10 * 366 * 86_400)
        }
        try await logged(store)
        #expect(try await RetentionTests.count(place, "person") == 0)
        let events = try await store.log(in: Sample.city, after: 0, limit: 99).map(\.event)
        #expect(events.count { $0 == .recordsErased } == 2)
    }

    @Test func `somebody else in the row of one who was erased stays`() async throws {
        let place = try Place()
        let (kept, gone) = (try RetentionTests.resident(1), try RetentionTests.gone(2))
        var row: Int64 = 0
        let store = try await place.restored { store in
            _ = try await store.write([kept], in: Sample.city, now: Sample.now)
        } after: { store in
            row = try await store.with(gone).id
            try await store.retain()
        }
        try await logged(store)
        // Nobody was there, and nobody gets the row's number.
        let next = try await store.with(try RetentionTests.resident(3))
        #expect(next.id > row)
        #expect(try await store.with(try RetentionTests.gone(2)).id > next.id)
    }

    @Test func `somebody else who has the row in a backup of another life stays`() async throws {
        let place = try Place()
        let (data, copy) = (place.folder + "/data", place.folder + "/copy")
        let (kept, gone) = (try RetentionTests.resident(5), try RetentionTests.gone(6))
        var (keptRow, goneRow): (Int64, Int64) = (0, 1)
        // One life gives the row to somebody; that database is kept, and an older one put back.
        _ = try await place.restored { store in
            _ = try await store.write([try RetentionTests.resident(4)], in: Sample.city, now: Sample.now)
        } after: { store in
            keptRow = try await store.with(kept).id
            _ = try await store.heads()
            try FileManager.default.copyItem(atPath: data, toPath: copy)
        }
        // Another life gives it to somebody who is erased.
        do {
            let store = try place.sqlite()
            _ = try await store.write([try RetentionTests.gone(6)], in: Sample.city, now: Sample.now)
            goneRow = try Sample.value(try await store.person(gone.number, in: Sample.city)).id
            try await store.retain()
            _ = try await store.heads()
            await store.close()
        }
        try await place.closed()
        try #require(keptRow == goneRow)
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: copy, toPath: data)
        let store = try place.sqlite()
        try await store.noteRestored(.control, reason: "a backup", asItIs: false, now: Self.later)
        try await store.noteRestored(.region(Sample.city), reason: "a backup", asItIs: false, now: Self.later)
        #expect(try await store.person(kept.number, in: Sample.city)?.doses.entries.count == 3)
        #expect(try await store.with(gone).id > keptRow)
        try await RetentionTests.sound(store)
    }

    @Test func `one who got another number since the backup is known by the pseudonym of before`() async throws {
        let place = try Place()
        let one = try RetentionTests.gone(1)
        let store = try await place.restored { store in
            _ = try await store.write([one], in: Sample.city, now: Sample.now)
        } after: { store in
            let entry = try Sample.value(
                RegisterEntry(
                    addressee: try Sample.value(one.register?.addressee),
                    residentUntil: CalendarDate(iso: "2022-01-01"),
                    writtenAt: 2024_04_01_00_00_00))
            let told = try Sample.value(
                NewPerson(
                    number: try Sample.person(9).number, vaccinee: one.vaccinee, standing: .movedAway, register: entry,
                    history: one.history))
            _ = try await store.write([told], in: Sample.city, now: Sample.now)
            try await store.retain()
        }
        try await logged(store)
        #expect(try await RetentionTests.count(place, "person") == 0)
    }

    @Test func `a journal that begins anew knows of every erasure`() async throws {
        let place = try Place()
        let store = try await place.restored { store in
            _ = try await store.write([try RetentionTests.gone(1)], in: Sample.city, now: Sample.now)
            try await RetentionTests.issue(store, to: try RetentionTests.gone(1), revoked: true)
        } after: { store in
            try await store.retain()
            try FileManager.default.removeItem(atPath: place.folder + "/journal/vrs.journal")
            for log in [LogName.control, .region(Sample.city)] {
                try await store.noteRestored(log, reason: "lost", asItIs: false, now: Self.later)
            }
        }
        try await logged(store)
        #expect(try await RetentionTests.count(place, "person") == 0)
        #expect(try await store.revoked(in: Sample.city).count == 1)
    }

    @Test func `keys rotate over what was erased, and what waits`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.write(
            try (1...130).map { try RetentionTests.gone($0) }, in: Sample.city, now: Sample.now)
        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        // What is due is the same under other keys.
        _ = try await store.rotateKeys(of: Sample.city, now: Self.later) { _ in }
        _ = try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
        _ = try await store.eraseDue(in: Sample.city, limit: 60, now: Self.later)
        #expect(try await store.rotateKeys(of: Sample.city, now: Self.later) { _ in }.people == 70)
        try await RetentionTests.sound(store)
        while try await !store.eraseDue(in: Sample.city, limit: 60, now: Self.later).isDone {}
        #expect(try await store.rotateKeys(of: Sample.city, now: Self.later) { _ in }.people == 0)
        try await RetentionTests.sound(store)
    }

    @Test func `nothing of who was erased stays in the file, nor beside it`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let people = try (1...40).map { try RetentionTests.gone($0) }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        try await RetentionTests.issue(store, to: people[0])
        let path = place.path(of: Sample.city)
        let raw = try RawDatabase(path)
        var sealed: [Data] = []
        for (table, column) in [
            ("person", "sealed"), ("person", "number_hash"), ("dose", "sealed"), ("individual_number", "sealed"),
            ("certificate", "sealed"), ("earlier_passport", "sealed"),
        ] {
            sealed += try await raw.blobs(column, of: table)
        }
        try #require(sealed.count > 200)
        try await store.retain()
        let bytes = try [path, path + "-wal"].map { name in
            FileManager.default.fileExists(atPath: name) ? try Data(contentsOf: URL(fileURLWithPath: name)) : Data()
        }
        for field in sealed.map({ $0.prefix(24) }) {
            for file in bytes { #expect(file.range(of: field) == nil) }
        }
    }

    @Test(arguments: [
        "DELETE FROM person WHERE id = 1", "DELETE FROM certificate", "DELETE FROM dose WHERE person = 1",
        "UPDATE erasure SET at = NULL", "DELETE FROM erasure", "UPDATE erasure SET content = '{}'",
    ])
    func `a hand that erases is found`(sql: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let kept = try RetentionTests.resident(1)
        _ = try await store.write([kept, try RetentionTests.gone(2)], in: Sample.city, now: Sample.now)
        try await RetentionTests.issue(store, to: kept, at: Self.later - 86_400)
        try await store.retain()
        try await RetentionTests.sound(store)
        for table in ["code", "revocable_code"] {
            try await RawDatabase(place.path(of: Sample.city)).execute("SELECT * FROM \(table)")
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(sql, foreignKeys: false)
        #expect(try await !store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    private static let kills = ProcessInfo.processInfo.environment["AKASHI_KILLS"].flatMap { Int($0) } ?? 3

    @Test func `killed at any moment, nobody is half erased, and the rest goes on`() async throws {
        let place = try Place()
        let count = max(200, Self.kills * 40)
        let store = try place.sqlite()
        let people = try (1...count).map { try RetentionTests.gone($0) }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        for person in people.prefix(20) { try await RetentionTests.issue(store, to: person) }
        let proposed = try await store.proposeRetention(
            for: Sample.city, by: "operator-a", reason: "Tests", now: Self.later)
        _ = try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Self.later)
        await store.close()
        var random = Seeded("kills of erasures")
        var before = 0
        for _ in 0..<Self.kills {
            let (folder, moment) = (place.folder, UInt32.random(in: 1...30_000, using: &random))
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = folder as String, moment = moment as UInt32] in
                try await KilledEraser.run(in: folder, after: moment)
            }
            let acknowledged = KilledEraser.acknowledged(in: folder)
            let again = try place.sqlite()
            let erased = try await again.progress(ofRetention: 1, in: Sample.city)
            #expect(erased.erased >= acknowledged && erased.erased >= before)
            #expect(erased.erased + erased.left == count)
            before = erased.erased
            // What is there of somebody is all that there was.
            let found = try await again.people(in: Sample.city, after: 0, limit: 9999).people
            #expect(found.count == erased.left && found.allSatisfy { $0.doses.entries.count == 3 })
            try await RetentionTests.sound(again)
            await again.close()
        }
        let last = try place.sqlite()
        while try await !last.eraseDue(in: Sample.city, limit: 512, now: Self.later).isDone {}
        let lines = try await last.log(in: Sample.city, after: 0, limit: 99_999).count { $0.event == .recordsErased }
        #expect(lines == count)
        #expect(try await RetentionTests.count(place, "person") == 0)
        try await RetentionTests.sound(last)
    }
}

/// A process that erases until it is killed.
enum KilledEraser {
    static func run(in folder: String, after microseconds: UInt32) async throws {
        let store = try Place(existing: folder).sqlite()
        let notes = open(folder + "/erased", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let step = try await store.eraseDue(in: Sample.city, limit: 1, now: RetentionTests.later)
        note(step.people, notes)
        Thread.detachNewThread {
            usleep(microseconds)
            kill(getpid(), SIGKILL)
        }
        while true {
            let step = try await store.eraseDue(in: Sample.city, limit: 3, now: RetentionTests.later)
            note(step.people, notes)
        }
    }

    /// One write to a file opened for appending is whole or absent after a kill.
    private static func note(_ people: Int, _ file: Int32) {
        let line = Array("\(people)\n".utf8)
        _ = write(file, line, line.count)
    }

    static func acknowledged(in folder: String) -> Int {
        let text = (try? String(contentsOfFile: folder + "/erased", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { Int($0) }.reduce(0, +)
    }
}
