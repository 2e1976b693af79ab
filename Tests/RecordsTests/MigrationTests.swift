import Crypto
import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// A database of the version before evidence was kept is taken over as it stands, and is watched from then on.
@Suite struct MigrationTests {
    /// Takes a region's file back to the schema `region 2`.
    private static let regionBefore = """
        DROP INDEX certificate_on_phone;
        DELETE FROM grdb_migrations WHERE identifier = 'region: phones';
        DROP TABLE erasure;
        DELETE FROM grdb_migrations WHERE identifier = 'region: retention';
        DROP TRIGGER log_no_delete;
        DROP TABLE segment;
        DROP TABLE closed_certificate;
        DROP TABLE renumbering;
        DELETE FROM grdb_migrations WHERE identifier = 'region: segments of the log';
        CREATE TRIGGER log_no_delete BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
        DROP TABLE voucher;
        DELETE FROM grdb_migrations WHERE identifier = 'region: vouchers';
        ALTER TABLE certificate DROP COLUMN channel;
        DELETE FROM grdb_migrations WHERE identifier = 'region: channels';
        DROP TABLE import_certificate;
        DROP TABLE import;
        DROP TABLE finding;
        DELETE FROM grdb_migrations WHERE identifier = 'region: imports';
        DROP TABLE journal;
        DROP TABLE tombstone;
        DELETE FROM grdb_migrations WHERE identifier = 'region: journal';
        DROP TABLE individual_number;
        DELETE FROM grdb_migrations WHERE identifier = 'region: individual numbers';
        DROP TABLE head;
        DROP INDEX log_revoked;
        ALTER TABLE log DROP COLUMN actor;
        ALTER TABLE log DROP COLUMN chain;
        ALTER TABLE person DROP COLUMN doses;
        ALTER TABLE person DROP COLUMN doses_hash;
        ALTER TABLE person DROP COLUMN passports_hash;
        ALTER TABLE person DROP COLUMN version;
        ALTER TABLE person DROP COLUMN mac;
        ALTER TABLE certificate DROP COLUMN codes_hash;
        ALTER TABLE certificate DROP COLUMN version;
        ALTER TABLE certificate DROP COLUMN mac;
        DELETE FROM grdb_migrations WHERE identifier = 'region 3';
        """

    /// Takes the control file back to the schema `control 1`, where a claim was made by an application's bytes.
    private static let controlBefore = """
        DROP TABLE device;
        DROP TABLE revoked_device;
        DROP TABLE enrolment_token;
        DROP TABLE attempt;
        DELETE FROM grdb_migrations WHERE identifier = 'control: retention';
        DROP TABLE decision;
        DROP TABLE import_due;
        DROP TABLE journal;
        DROP TABLE ended_certificate;
        DROP TABLE signing_key;
        DROP TABLE head;
        DROP TABLE region_head;
        DROP TABLE region_break;
        DROP TABLE published;
        DROP TABLE published_identifier;
        DROP TABLE published_code;
        ALTER TABLE log DROP COLUMN actor;
        ALTER TABLE log DROP COLUMN chain;
        ALTER TABLE control DROP COLUMN incarnation;
        ALTER TABLE control DROP COLUMN version;
        ALTER TABLE control DROP COLUMN mac;
        ALTER TABLE terminal DROP COLUMN version;
        ALTER TABLE terminal DROP COLUMN mac;
        ALTER TABLE suspension DROP COLUMN version;
        ALTER TABLE suspension DROP COLUMN mac;
        ALTER TABLE stop DROP COLUMN version;
        ALTER TABLE stop DROP COLUMN mac;
        DROP INDEX claim_transcript;
        ALTER TABLE claim RENAME COLUMN transcript_hash TO application_hash;
        ALTER TABLE claim DROP COLUMN repetitions;
        ALTER TABLE claim DROP COLUMN refusal;
        UPDATE claim SET application_hash = randomblob(32);
        CREATE INDEX claim_application ON claim (application_hash);
        DELETE FROM grdb_migrations WHERE identifier LIKE 'control: %';
        """

    /// What a store says of everything that was written to it.
    private struct Contents: Hashable {
        let people: [PersonRecord?]
        let certificates: [CertificateEntry?]
        let revoked: Set<CertificateID>
        let codes: Set<RevocableCode>
        let log: [LogEntry]
        let controlLog: [LogEntry]
        let control: ControlState
        let isStopped: Bool

        init(_ store: any RecordStore, certificates ids: [CertificateID]) async throws {
            let numbers = try (1...4).map { try Sample.person($0).number }
            var people: [PersonRecord?] = []
            for number in numbers { people.append(try await store.person(number, in: Sample.city)) }
            self.people = people
            var certificates: [CertificateEntry?] = []
            for id in ids { certificates.append(try await store.certificate(id, in: Sample.city)) }
            self.certificates = certificates
            revoked = Set(try await store.revoked(in: Sample.city))
            codes = Set(try await store.revokedCodes(in: Sample.city, now: Sample.now))
            log = try await store.log(in: Sample.city, after: 0, limit: 99)
            controlLog = try await store.controlLog(after: 0, limit: 99)
            control = try await store.control()
            isStopped = try await store.isStopped(number: numbers[1], chipKeyHash: Sample.hash())
        }
    }

    private static let challenge = Sample.hash()
    private static let transcript = Sample.hash()

    private static func claim(_ store: any RecordStore) async throws -> ClaimOutcome {
        try await store.claim(
            challengeHash: challenge, transcriptHash: transcript, certificateID: Sample.id(),
            issuedOn: try Sample.value(CalendarDate(year: 2023, month: 11, day: 15)), expires: Sample.now + 180,
            now: Sample.now)
    }

    /// Fills both files, takes them back to the schema before, and gives what was in them.
    private static func fill(_ place: Place) async throws -> (ids: [CertificateID], contents: Contents) {
        let filled: (ids: [CertificateID], contents: Contents)
        do {
            let store = try place.sqlite()
            let ids = try await EvidenceTests.fill(store)
            let terminal = try Sample.value(
                EnrolledTerminal(
                    id: "T0001", shop: "見本商店 例示支店", certificateHash: Sample.hash(), certificateDER: [0x30, 0x00],
                    notAfter: Sample.now + 86_400, enrolledAt: Sample.now))
            try await store.enrol(terminal, now: Sample.now)
            try await store.stop(.number(try Sample.person(2).number), now: Sample.now)
            try await store.suspend(.kind(.overseas), now: Sample.now)
            #expect(try await claim(store) == .fresh)
            filled = (ids, try await Contents(store, certificates: ids))
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(regionBefore, foreignKeys: false)
        try await RawDatabase(place.controlPath).execute(controlBefore, foreignKeys: false)
        try FileManager.default.removeItem(atPath: place.journal.folder)
        return filled
    }

    private static func breaks(_ store: any RecordStore, _ log: LogName) async throws -> [EvidenceBreak] {
        try await store.verify(log, pins: [], everything: true).breaks
    }

    @Test func `files of the version before are sound, hold what they held, and go on`() async throws {
        let place = try Place()
        let before = try await Self.fill(place)
        let store = try place.sqlite()
        for log in [LogName.control, .region(Sample.city), .region(Sample.town)] {
            let report = try await store.verify(log, pins: [], everything: true)
            #expect(report.breaks.isEmpty && report.irregularities.isEmpty, "\(report)")
        }
        #expect(try await Contents(store, certificates: before.ids) == before.contents)
        #expect(try await store.heads().heads.keys.contains(.region(Sample.city)))
        // A claim of before was made by other bytes: its challenge stays used all the same.
        #expect(try await Self.claim(store) == .used)
        #expect(try await store.findClaim(transcriptHash: Self.transcript, now: Sample.now) == nil)

        // Who was there is found by name with the next file of them, or with a rotation.
        let person = try Sample.person(1)
        let (name, birth, sex) = (person.vaccinee.name, person.vaccinee.birthDate, person.vaccinee.sex)
        let search = PersonSearch.name(name, birthDate: birth, sex: sex)
        #expect(try await store.find(search, for: "Tests", in: Sample.city, now: Sample.now) == .people([]))
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        guard case .people(let found) = try await store.find(search, for: "Tests", in: Sample.city, now: Sample.now)
        else {
            throw Sample.Missing()
        }
        #expect(found.map(\.vaccinee.name) == [name])

        _ = try await store.signed(try Sample.person(4))
        try await store.resume(.kind(.overseas), now: Sample.now)
        let again = try place.sqlite()
        for log in [LogName.control, .region(Sample.city)] { #expect(try await Self.breaks(again, log).isEmpty) }
        #expect(try await again.log(in: Sample.city, after: 0, limit: 99).count > before.contents.log.count)
    }

    @Test func `what was revoked and stopped before there was a journal is in it from the first start on`() async throws
    {
        let place = try Place()
        let before = try await Self.fill(place)
        do { #expect(try await place.sqlite().revoked(in: Sample.city).isEmpty == false) }
        // Nothing at all is put back.
        try FileManager.default.removeItem(atPath: place.folder + "/data")
        let store = try place.sqlite()
        #expect(try await Set(store.revoked(in: Sample.city)) == before.contents.revoked)
        #expect(try await Set(store.revokedCodes(in: Sample.city, now: Sample.now)) == before.contents.codes)
        let stopped = try Sample.person(2).number
        #expect(try await store.isStopped(number: stopped, chipKeyHash: Sample.hash()))
    }

    @Test(arguments: EvidenceTests.attacks.prefix(5) + EvidenceTests.attacks.suffix(2))
    func `a hand in a file that was taken over is found`(attack: EvidenceTests.Attack) async throws {
        let place = try Place()
        _ = try await Self.fill(place)
        do { #expect(try await Self.breaks(try place.sqlite(), .region(Sample.city)).isEmpty) }
        try await RawDatabase(place.path(of: Sample.city)).execute(attack.sql, foreignKeys: false)
        let store = try place.sqlite()
        let breaks = try await Self.breaks(store, .region(Sample.city))
        #expect(breaks.contains { $0.kind == attack.finds && $0.place.contains(attack.place) }, "\(breaks)")
        #expect(try await Self.breaks(store, .control).isEmpty)
    }

    @Test func `a terminal put into a control file that was taken over is found`() async throws {
        let place = try Place()
        _ = try await Self.fill(place)
        do { #expect(try await Self.breaks(try place.sqlite(), .control).isEmpty) }
        try await RawDatabase(place.controlPath).execute("UPDATE terminal SET not_after = not_after + 1")
        let breaks = try await Self.breaks(try place.sqlite(), .control)
        #expect(breaks.contains { $0.kind == .row && $0.place == "terminal T0001" }, "\(breaks)")
    }

    // MARK: Doses of versions that named a row by the dose's number

    /// A dose as versions before region 6 sealed it, in hexadecimal.
    private static func sealed(_ dose: Dose, row: Int, _ place: Place) throws -> String {
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(place.keys.path)/\(Sample.city.digits).json"))
        let members = try JSONSerialization.jsonObject(with: file) as? [String: Any]
        let key = try Sample.value((members?["dataKey"] as? String).flatMap { Data(base64Encoded: $0) })
        func bytes(_ value: Int64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        var location = Array("akashi/records/v1".utf8)
        for part in [Array(Sample.city.digits.utf8), Array("dose".utf8), bytes(1), bytes(Int64(row))] {
            location += [UInt8(part.count)] + part
        }
        let box = try AES.GCM.seal(
            try JSONEncoder().encode(dose), using: SymmetricKey(data: key), authenticating: location)
        return try Sample.value(box.combined).map { String(format: "%02x", $0) }.joined()
    }

    /// Numbers of the doses that are there, of what comes, whether it corrects, and of what counts then.
    static let gaps: [(before: [Int], written: [Int], change: RecordChange, after: [Int])] = [
        ([3, 4], [5], .addition, [3, 4, 5]), ([2, 3], [2], .correction, [2]),
        ([2, 3], [2, 3, 4], .correction, [2, 3, 4]),
        ([99], [1, 98], .addition, [1, 98, 99]), ([1, 3], [1, 2, 3], .addition, [1, 2, 3]),
    ]

    @Test(arguments: gaps)
    func `doses whose rows a version before named with gaps are added to and corrected, and none is lost`(
        before: [Int], written: [Int], change: RecordChange, after: [Int]
    ) async throws {
        let place = try Place()
        func person(_ numbers: [Int], _ lot: String) throws -> NewPerson {
            let like = try Sample.person()
            let doses = try numbers.map {
                try Sample.value(
                    Dose(
                        number: $0, date: try Sample.value(CalendarDate(iso: "2023-12-01")),
                        product: try Sample.value(Product.withCode("PFIZER-12")), lot: "\(lot)-\($0)"))
            }
            return try Sample.value(
                NewPerson(
                    number: like.number, vaccinee: like.vaccinee, standing: .resident,
                    history: try Sample.value(History(doses))))
        }
        let old = try person(before, "MH")
        do { _ = try await place.sqlite().write([old], in: Sample.city, now: Sample.now) }
        try await place.closed()
        var rows = "DELETE FROM dose;"
        for dose in old.history.doses {
            let sealed = try Self.sealed(dose, row: dose.number, place)
            rows += "INSERT INTO dose (person, number, sealed) VALUES (1, \(dose.number), x'\(sealed)');"
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(rows + Self.regionBefore, foreignKeys: false)
        try await RawDatabase(place.controlPath).execute(Self.controlBefore, foreignKeys: false)
        try FileManager.default.removeItem(atPath: place.journal.folder)

        let store = try place.sqlite()
        let taken = try #require(try await store.person(old.number, in: Sample.city))
        #expect(taken.history == old.history)
        #expect(taken.doses.entries.allSatisfy { $0.source == nil && $0.recordedAt == nil })
        // The same file again adds nothing, whoever recorded what is there.
        _ = try await store.write([old], in: Sample.city, now: Sample.now)
        #expect(try await store.person(old.number, in: Sample.city)?.doses == taken.doses)

        let next = try person(written, change == .correction ? "MX" : "MH")
        let result = try await store.write([next], as: change, in: Sample.city, now: Sample.now + 60)
        #expect(result.unclear == 0)
        let found = try #require(try await store.person(old.number, in: Sample.city))
        #expect(found.history?.doses.map(\.number) == after)
        #expect(Set(found.doses.entries.map(\.dose)).isSuperset(of: old.history.doses))
        #expect(found.doses.entries.prefix(before.count).map(\.dose) == old.history.doses)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
        // And under other keys.
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        #expect(try await store.person(old.number, in: Sample.city)?.doses == found.doses)
    }
}
