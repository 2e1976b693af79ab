import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// A hand in the database, with every right that the file gives: what it does is found, and said with its place.
@Suite struct EvidenceTests {
    /// What a hand does to a region's file, and what a look at everything finds.
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let finds: EvidenceBreak.Kind
        let place: String

        init(_ name: String, _ sql: String, _ finds: EvidenceBreak.Kind, _ place: String) {
            testDescription = name
            self.sql = sql
            self.finds = finds
            self.place = place
        }
    }

    /// Before and after what the log's triggers forbid.
    static let withoutTriggers = """
        DROP TRIGGER log_no_update; DROP TRIGGER log_no_delete;
        """
    static let triggersAgain = """
        CREATE TRIGGER log_no_update BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
        CREATE TRIGGER log_no_delete BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
        """

    static let attacks: [Attack] = [
        Attack(
            "a voided certificate is set back to printed",
            """
            UPDATE certificate SET state = 'printed' WHERE state = 'voided'
            """, .row, "certificate "),
        Attack(
            "a revoked certificate's mark is taken away",
            """
            UPDATE certificate SET revoked_at = NULL WHERE revoked_at IS NOT NULL
            """, .row, "certificate "),
        Attack(
            "a printed certificate becomes another person's",
            """
            UPDATE certificate SET person = 2 WHERE state = 'printed'
            """, .row, "certificate "),
        Attack(
            "a state is set back and its log line with it",
            """
            \(withoutTriggers) UPDATE certificate SET state = 'printed' WHERE state = 'voided'; DELETE FROM \
            log WHERE event = 'voided'; \(triggersAgain)
            """, .chain, "line "),
        Attack(
            "two of five doses are deleted",
            """
            DELETE FROM dose WHERE number > 3
            """, .row, "doses of person 1"),
        Attack(
            "a dose is another one",
            """
            UPDATE dose SET sealed = (SELECT sealed FROM dose WHERE number = 1 AND person = 1) WHERE number \
            = 2
            """, .row, "doses of person 1"),
        Attack(
            "an earlier passport is deleted",
            """
            DELETE FROM earlier_passport
            """, .row, "earlier passports of person "),
        Attack(
            "what revokes a code is deleted",
            """
            DELETE FROM revocable_code
            """, .row, "codes of certificate "),
        Attack(
            "a code is deleted",
            """
            DELETE FROM code
            """, .row, "codes of certificate "),
        Attack(
            "lines of voided and revoked certificates are deleted and the triggers made again",
            """
            \(withoutTriggers) DELETE FROM log WHERE event IN ('voided', 'revoked_by_operator'); \
            \(triggersAgain)
            """, .chain, "line "),
        Attack(
            "a line says something else",
            """
            \(withoutTriggers) UPDATE log SET event = 'printed' WHERE event = 'voided'; \(triggersAgain)
            """, .chain, "line "),
        Attack(
            "the last line is deleted",
            """
            \(withoutTriggers) DELETE FROM log WHERE sequence = (SELECT max(sequence) FROM log); \
            \(triggersAgain)
            """, .chain, "the log ends at line "),
        Attack(
            "a line is put in behind the last",
            """
            INSERT INTO log (at, event, chain) SELECT at, 'imported', chain FROM log WHERE event = 'voided'
            """, .chain, "line "),
        Attack(
            "a person is deleted whole",
            """
            DELETE FROM dose WHERE person = 3; DELETE FROM person WHERE id = 3
            """, .sum, "rows where "),
        Attack(
            "a certificate is deleted whole",
            """
            DELETE FROM certificate WHERE state = 'voided'
            """, .state, "gone; its log says voided"),
        Attack(
            "the head is deleted",
            """
            DELETE FROM head
            """, .head, "head"),
        Attack(
            "the head is another's",
            """
            UPDATE head SET sealed = zeroblob(108)
            """, .head, "head"),
    ]

    private static let code = RevocableCode(
        keyID: [1, 2, 3, 4, 5, 6, 7, 8], hash: [UInt8](repeating: 9, count: 16), expires: Sample.now + 1000)

    /// A region with three people and a printed, a voided and a revoked certificate.
    static func fill(_ store: any RecordStore) async throws -> [CertificateID] {
        let people = try [
            Sample.person(1, passport: "XX0000001", doses: 5, printed: ["XX0000009"]), Sample.person(2),
            Sample.person(3),
        ]
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        let record = try #require(try await store.person(people[0].number, in: Sample.city))
        var ids: [CertificateID] = []
        for outcome in ["printed", "voided", "revoked"] {
            let intent = try Sample.intent(of: record, kind: .overseas)
            let id = intent.certificateID
            _ = try await store.record(intent, limit: DailyLimit(9))
            _ = try await store.recordSigned(
                id, in: Sample.city, codeHashes: [Sample.hash()], revocable: Self.code, now: Sample.now)
            _ = try await store.recordOutcome(
                id, in: Sample.city, printed: outcome != "voided", now: Sample.now)
            if outcome == "revoked" { _ = try await store.revoke(id, in: Sample.city, now: Sample.now) }
            ids.append(id)
        }
        return ids
    }

    private static func breaks(_ store: any RecordStore, _ log: LogName = .region(Sample.city), pins: [LogHead] = [])
        async throws -> [EvidenceBreak]
    {
        try await store.verify(log, pins: pins, everything: true).breaks
    }

    @Test(arguments: Engine.all)
    func `what nobody touched is sound, in every log, from any beginning, and counted`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await Self.fill(store)
        let heads = try await store.heads()
        for log in [LogName.control, .region(Sample.city), .region(Sample.town)] {
            for everything in [true, false] {
                let report = try await store.verify(
                    log, pins: heads.heads[log].map { [$0] } ?? [], everything: everything)
                #expect(report.breaks.isEmpty && report.irregularities.isEmpty, "\(report)")
            }
        }
        let report = try await store.verify(.region(Sample.city), pins: [], everything: true)
        #expect(report.rows == 13 && report.lines == 11)
        #expect(report.head == heads.heads[.region(Sample.city)])
        #expect(heads.incarnation == 1)
    }

    @Test(arguments: attacks)
    func `a hand in a region's database is found, with its place, and leaves other regions alone`(
        attack: Attack
    ) async throws {
        let place = try Place()
        do { _ = try await Self.fill(try place.sqlite()) }
        try await RawDatabase(place.path(of: Sample.city)).execute(attack.sql, foreignKeys: false)
        let store = try place.sqlite()
        let breaks = try await Self.breaks(store)
        #expect(breaks.contains { $0.kind == attack.finds && $0.place.contains(attack.place) }, "\(breaks)")
        #expect(try await Self.breaks(store, .region(Sample.town)).isEmpty)
        #expect(try await Self.breaks(store, .control).isEmpty)
    }

    @Test func `older ciphertexts put back with their own codes are found by the sum`() async throws {
        let place = try Place()
        let person = try Sample.person(1, doses: 2)
        do {
            let store = try place.sqlite()
            _ = try await store.write([person], in: Sample.city, now: Sample.now)
            let raw = try RawDatabase(place.path(of: Sample.city))
            try await raw.execute(
                "CREATE TABLE old_person AS SELECT * FROM person; CREATE TABLE old_dose AS SELECT * FROM dose")
            _ = try await store.write([try Sample.person(1, doses: 5)], in: Sample.city, now: Sample.now)
            try await raw.execute(
                """
                DELETE FROM dose; INSERT INTO dose SELECT * FROM old_dose;
                UPDATE person SET (sealed, doses, doses_hash, passports_hash, version, mac) =
                    (SELECT sealed, doses, doses_hash, passports_hash, version, mac FROM old_person);
                DROP TABLE old_person; DROP TABLE old_dose
                """, foreignKeys: false)
        }
        let store = try place.sqlite()
        // Each row is one that was written; only together they are not.
        #expect(try await store.person(person.number, in: Sample.city)?.history?.doses.count == 2)
        #expect(try await Self.breaks(store).map(\.kind) == [.sum])
    }

    @Test func `a head put back with everything as it is now is found`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store)
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute("CREATE TABLE old_head AS SELECT * FROM head")
        _ = try await store.write([try Sample.person(4)], in: Sample.city, now: Sample.now)
        try await raw.execute("UPDATE head SET sealed = (SELECT sealed FROM old_head); DROP TABLE old_head")
        let kinds = Set(try await Self.breaks(try place.sqlite()).map(\.kind))
        #expect(kinds.isSuperset(of: [.chain, .sum]))
    }

    /// A region with a backup of before its last certificates.
    private static func withBackup(_ place: Place) async throws -> LogHeads {
        do {
            let store = try place.sqlite()
            _ = try await fill(store)
        }
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let path = place.path(of: Sample.city)
        try FileManager.default.copyItem(atPath: path, toPath: path + ".copy")
        let store = try place.sqlite()
        _ = try await store.signed(try Sample.person(5))
        return try await store.heads()
    }

    private static func putBack(_ place: Place) throws {
        let path = place.path(of: Sample.city)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.copyItem(atPath: path + ".copy", toPath: path)
    }

    @Test func `a region's whole file put back is a rollback, stops that region alone, and a logged restore clears it`()
        async throws
    {
        let place = try Place()
        let before = try await Self.withBackup(place)
        try Self.putBack(place)
        let store = try place.sqlite()
        let person = try Sample.person(1)
        #expect(try await Self.breaks(store).map(\.kind) == [.rollback])
        await #expect(throws: StoreError.broken()) { try await store.person(person.number, in: Sample.city) }
        let record = try await store.with(person, in: Sample.town)
        let elsewhere = try Sample.intent(of: record, in: Sample.town)
        #expect(try await store.record(elsewhere, limit: DailyLimit(9)) == .recorded)
        await #expect(throws: StoreError.broken()) {
            _ = try await store.record(try Sample.intent(of: record), limit: DailyLimit(9))
        }
        // It stays broken after another start.
        await #expect(throws: StoreError.broken()) { try await place.sqlite().person(person.number, in: Sample.city) }

        try await store.noteRestored(.region(Sample.city), reason: "backup of Monday", asItIs: false, now: Sample.now)
        #expect(try await Self.breaks(store).isEmpty)
        #expect(try await store.person(person.number, in: Sample.city) != nil)
        #expect(try await place.sqlite().person(person.number, in: Sample.city) != nil)
        #expect(try await store.heads().incarnation == before.incarnation + 1)
        #expect(try await store.log(in: Sample.city, after: 0, limit: 99).last?.event == .restored)
        let line = try await store.controlLog(after: 0, limit: 99).last
        #expect(line?.event == .restored && line?.detail == "990019: backup of Monday")
        #expect(try await Self.breaks(store, .control).isEmpty)
    }

    @Test func `a region's file of another history, longer than the one that is known, is a rollback`() async throws {
        let place = try Place()
        do { _ = try await Self.fill(try place.sqlite()) }
        for path in [place.path(of: Sample.city), place.controlPath] {
            try await RawDatabase(path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let folder = place.folder + "-copy"
        try FileManager.default.copyItem(atPath: place.folder, toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let known: LogHead?
        do {
            let store = try place.sqlite()
            _ = try await store.signed(try Sample.person(5))
            known = try await store.heads().heads[.region(Sample.city)]
        }
        let other = Place(existing: folder)
        do {
            let store = try other.sqlite()
            for index in 6...7 { _ = try await store.signed(try Sample.person(index)) }
        }
        try await RawDatabase(other.path(of: Sample.city)).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let path = place.path(of: Sample.city)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.copyItem(atPath: other.path(of: Sample.city), toPath: path)
        let store = try place.sqlite()
        let breaks = try await Self.breaks(store)
        let line = try #require(known).count
        #expect(breaks.map(\.kind) == [.rollback])
        #expect(breaks.first?.place == "line \(line) is not the one that was known")
        await #expect(throws: StoreError.broken()) {
            try await store.person(try Sample.person(5).number, in: Sample.city)
        }
    }

    @Test func `a region that is gone with its lock is a rollback too`() async throws {
        let place = try Place()
        do { _ = try await Self.fill(try place.sqlite()) }
        for suffix in ["", "-wal", "-shm", ".lock"] {
            try? FileManager.default.removeItem(atPath: place.path(of: Sample.city) + suffix)
        }
        let store = try place.sqlite()
        #expect(try await Self.breaks(store).map(\.kind) == [.rollback])
        let number = try Sample.person(1).number
        await #expect(throws: StoreError.broken()) { try await store.person(number, in: Sample.city) }
    }

    @Test func `a region ahead of the control file with the same beginning is sound`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store)
        _ = try await store.heads()
        let control = try RawDatabase(place.controlPath)
        let known = try await control.count("region_head")
        _ = try await store.signed(try Sample.person(6))
        // Opened before the head reached the control file.
        #expect(try await Self.breaks(try place.sqlite()).isEmpty)
        #expect(known == 1)
    }

    @Test func `doses that were deleted stop a person's certificate at once`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store)
        try await RawDatabase(place.path(of: Sample.city)).execute("DELETE FROM dose WHERE number > 3 AND person = 1")
        let error = await #expect(throws: StoreError.self) {
            _ = try await store.person(try Sample.person(1).number, in: Sample.city)
        }
        #expect(error == .broken() && error?.found?.place == "doses or earlier passports of person 1")
        #expect(try await store.person(try Sample.person(2).number, in: Sample.city) != nil)
    }

    @Test func `what the log calls revoked stays in the export, whatever the register says`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let ids = try await Self.fill(store)
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "UPDATE certificate SET state = 'printed', revoked_at = NULL")
        #expect(Set(try await store.revoked(in: Sample.city)) == Set(ids.dropFirst()))
        #expect(try await store.revokedCodes(in: Sample.city, now: Sample.now).isEmpty == false)
    }

    @Test func `a changed row is not taken for a base of the next change`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let ids = try await Self.fill(store)
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "UPDATE certificate SET state = 'signed' WHERE state = 'voided'")
        let attempts: [() async throws -> StateTransition] = [
            { try await store.recordOutcome(ids[1], in: Sample.city, printed: true, now: Sample.now) },
            { try await store.void(ids[1], in: Sample.city, now: Sample.now) },
            { try await store.recordSigned(ids[1], in: Sample.city, codeHashes: [], now: Sample.now) },
        ]
        for attempt in attempts {
            await #expect(throws: StoreError.broken()) { try await attempt() }
        }
    }

    @Test func `a restore of what is not whole in itself is refused, unless it is accepted as it is`() async throws {
        let place = try Place()
        do { _ = try await Self.fill(try place.sqlite()) }
        try await RawDatabase(place.path(of: Sample.city)).execute(
            Self.withoutTriggers + """
                DELETE FROM log WHERE event = 'voided'; DELETE FROM dose WHERE number > 3;
                UPDATE certificate SET state = 'printed' WHERE state = 'voided'; DELETE FROM head;
                """ + Self.triggersAgain)
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) {
            try await store.noteRestored(.region(Sample.city), reason: "looked", asItIs: false, now: Sample.now)
        }
        try await store.noteRestored(.region(Sample.city), reason: "no backup", asItIs: true, now: Sample.now)
        let breaks = try await Self.breaks(store)
        // Everything is sealed anew; that the log does not lead to the state stays visible.
        #expect(Set(breaks.map(\.kind)).isSubset(of: [.state]), "\(breaks)")
        #expect(try await store.person(try Sample.person(1).number, in: Sample.city)?.history?.doses.count == 3)
        _ = try await store.signed(try Sample.person(7))
        await #expect(throws: (any Error).self) {
            try await RawDatabase(place.path(of: Sample.city)).execute("DELETE FROM log")
        }
    }

    @Test func `a break is noted once, is in the state, and is gone with the restore`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store)
        let found = EvidenceBreak(log: .region(Sample.city), kind: .row, place: "person 1")
        for _ in 1...2 { try await store.noteBreak(found, in: Sample.city, now: Sample.now) }
        #expect(try await place.sqlite().control().brokenRegions == [Sample.city: "990019: row: person 1"])
        #expect(try await store.controlLog(after: 0, limit: 9).map(\.event) == [.evidenceBroken])
        try await store.noteRestored(.region(Sample.city), reason: "looked", asItIs: false, now: Sample.now)
        #expect(try await store.control().brokenRegions.isEmpty)
        #expect(try await Self.breaks(store, .control).isEmpty)
    }
}
