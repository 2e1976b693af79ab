import Foundation
import RecordSupport
import Records
import Synchronization
import TestSupport
import Testing
import Vaccination
import Waiting

/// A region gets new keys while it is served.
@Suite struct KeyRotationTests {
    /// What a region holds, as its users see it.
    private struct Contents: Equatable {
        var people: [PersonRecord?] = []
        var certificates: [CertificateEntry?] = []
        var revoked: Set<CertificateID> = []
        var log: [LogEntry] = []

        init(_ store: any RecordStore, _ people: [NewPerson], _ ids: [CertificateID]) async throws {
            for person in people { self.people.append(try await store.person(person.number, in: Sample.city)) }
            for id in ids { certificates.append(try await store.certificate(id, in: Sample.city)) }
            revoked = Set(try await store.revoked(in: Sample.city))
            log = try await store.log(in: Sample.city, after: 0, limit: 9999).filter { entry in
                entry.event != .keyRotationBegun && entry.event != .keyRotationEnded
            }
        }
    }

    private static func people(_ count: Int) throws -> [NewPerson] {
        try (10..<10 + count).map { index in
            try Sample.person(
                index, passport: index % 3 == 0 ? "XX\(1_000_000 + index)" : nil, register: register(index),
                doses: index % 6, printed: index % 5 == 0 ? ["XX\(2_000_000 + index)"] : [])
        }
    }

    /// What the register says of every other person.
    private static func register(_ index: Int) -> RegisterEntry? {
        guard index % 2 == 0, let addressee = AddresseeNumber("0\(index)") else { return nil }
        return RegisterEntry(addressee: addressee, readings: ["みほん　\(index)"], writtenAt: 2021_04_01_00_00_00)
    }

    /// Whether everybody is found by name and register too.
    private static func areFound(_ people: [NewPerson], in store: any RecordStore) async throws -> Bool {
        for person in people.prefix(20) {
            let vaccinee = person.vaccinee
            var searches = [PersonSearch.name(vaccinee.name, birthDate: vaccinee.birthDate, sex: vaccinee.sex)]
            if let addressee = person.register?.addressee { searches.append(.addressee(addressee)) }
            for search in searches {
                let found = try await store.find(search, for: "Tests", in: Sample.city, now: Sample.now)
                guard case .people(let records) = found, records.contains(where: { $0.vaccinee == vaccinee }) else {
                    return false
                }
            }
        }
        return true
    }

    /// People, certificates in all states, and a tombstone's worth of revocations.
    private static func fill(_ store: any RecordStore, _ count: Int) async throws -> ([NewPerson], [CertificateID]) {
        let people = try people(count)
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        return (people, try await EvidenceTests.fill(store))
    }

    private static func isSound(_ store: any RecordStore) async throws -> Bool {
        try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty
    }

    private static func text(_ place: Place) throws -> String {
        try String(contentsOfFile: keyFile(place), encoding: .utf8)
    }

    private static func keyFile(_ place: Place) -> String { "\(place.keys.path)/\(Sample.city.digits).json" }

    /// The text of a key file with other keys in it.
    private static func withOtherKeys(_ text: String) -> String {
        text.replacing(/"[A-Za-z0-9+\/]{43}="/) {
            "\"\(String($0.output.dropFirst().dropLast(2).reversed()).dropFirst())A=\""
        }
    }

    private static func write(_ text: String, _ place: Place) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: keyFile(place)))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyFile(place))
    }

    private func rotate(_ store: any RecordStore) async throws -> KeyRotationReport {
        try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
    }

    // MARK: What it does

    @Test(arguments: Engine.all)
    func `everything is what it was, for who has the region open and for who opens it anew`(engine: Engine) async throws
    {
        let place = try Place()
        let (store, other) = (try engine.open(place), try engine.open(place))
        let (people, ids) = try await Self.fill(store, 230)
        let before = try await Contents(other, people, ids)
        let keysBefore = try place.keys.keys(for: Sample.city)
        let shares = Mutex<[Double]>([])
        let report = try await LogActor.$current.withValue("local:7") {
            try await store.rotateKeys(of: Sample.city, now: Sample.now) { share in shares.withLock { $0.append(share) }
            }
        }
        #expect(report.people == 233 && report.certificates == 3 && report.withoutNumber == 0)
        #expect(!report.isResumed && !report.keepsIndexKey)
        let heard = shares.withLock { $0 }
        #expect(heard.count >= 3 && heard == heard.sorted() && heard.last == 1)

        let keys = try place.keys.keys(for: Sample.city)
        #expect(keys.dataKey != keysBefore.dataKey && keys.indexKey != keysBefore.indexKey)
        #expect(keys.numberKey != keysBefore.numberKey && keys.isDevelopment)
        #expect(try !Self.text(place).contains("previous"))
        for store in [store, other, try engine.open(place)] {
            #expect(try await Contents(store, people, ids) == before)
            #expect(try await Self.isSound(store))
        }
        let log = try await store.log(in: Sample.city, after: 0, limit: 9999).suffix(2)
        #expect(log.map(\.event) == [.keyRotationBegun, .keyRotationEnded] && log.allSatisfy { $0.actor == "local:7" })
        // And again, with what was written in between.
        _ = try await other.write([try Sample.person(900)], in: Sample.city, now: Sample.now)
        #expect(try await rotate(other).people == 234)
        #expect(try await store.person(try Sample.person(900).number, in: Sample.city) != nil)
        #expect(try await Contents(store, people, ids).people == before.people)
        for store in [store, other] { #expect(try await Self.areFound(people, in: store)) }
    }

    @Test func `no bytes that were encrypted or made with the keys before are left`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store, 120)
        var rows = [ImportRow(line: 2, text: { "" }, person: .success(try Sample.person(901)))]
        _ = try await store.stage(
            try #require(ImportOrigin(medium: "MADE-UP", purpose: "Tests")), as: .addition, in: Sample.city,
            maximumRefused: 0, now: Sample.now
        ) { rows.isEmpty ? nil : [rows.removeFirst()] }
        let raw = try RawDatabase(place.path(of: Sample.city))
        let columns = [
            "person": ["number_hash", "sealed", "mac", "doses_hash"], "dose": ["sealed"],
            "earlier_passport": ["sealed"],
            "certificate": ["sealed", "mac"], "individual_number": ["sealed", "mac"], "journal": ["mac"],
            "head": ["sealed"], "meta": ["value"], "import": ["sealed", "mac"],
            "finding": ["hash", "mac"],
        ]
        func values() async throws -> Set<Data> {
            var values: Set<Data> = []
            for (table, names) in columns {
                for name in names { values.formUnion(try await raw.blobs(name, of: table)) }
            }
            return values
        }
        let before = try await values()
        #expect(before.count > 700)
        _ = try await rotate(store)
        // The name of the region, and the digest of doses of people who have none.
        #expect(try await values().intersection(before).count == 2)
    }

    @Test func `the files from before open nothing any more, and the message names the region`() async throws {
        let place = try Place()
        let old = try Self.text(place)
        do {
            let store = try place.sqlite()
            _ = try await Self.fill(store, 5)
            _ = try await rotate(store)
        }
        let new = try Self.text(place)
        try Self.write(old, place)
        let error = #expect(throws: StoreError.self) { try place.sqlite() }
        #expect(error == .wrongKey() && error?.detail.contains(Sample.city.digits) == true)
        try Self.write(new, place)
        #expect(try await place.sqlite().person(try Sample.person(11).number, in: Sample.city) != nil)
    }

    @Test func `a row from before that a hand puts back, whoever has the keys before, is found`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store, 5)
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute("CREATE TABLE copy AS SELECT * FROM person")
        _ = try await rotate(store)
        try await raw.execute(
            """
            UPDATE person SET (number_hash, sealed, doses, doses_hash, passports_hash, version, mac) =
                (SELECT number_hash, sealed, doses, doses_hash, passports_hash, version, mac FROM copy
                 WHERE copy.id = person.id) WHERE id = 2
            """)
        let report = try await store.verify(.region(Sample.city), pins: [], everything: true)
        #expect(report.breaks.contains { $0.kind == .row && $0.place == "person 2" }, "\(report.breaks)")
    }

    // MARK: While others work

    private final class Seen: Sendable {
        let isDone = Mutex(false)
        let printed = Mutex<[CertificateID]>([])
    }

    @Test(arguments: Engine.all)
    func `people are found, and certificates are recorded and reported on, while it goes on`(engine: Engine)
        async throws
    {
        let place = try Place()
        let (store, other) = (try engine.open(place), try engine.open(place))
        let (people, _) = try await Self.fill(store, 150)
        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in [store, other].enumerated() {
                group.addTask {
                    var next = index
                    while !seen.isDone.withLock({ $0 }) {
                        // From the last ones, which the rotation reaches last.
                        let person = people[people.count - 1 - next % people.count]
                        next += 2
                        let record = try #require(try await store.person(person.number, in: Sample.city))
                        let kind = record.vaccinee.passport == nil ? CertificateKind.domestic : .overseas
                        let intent = try Sample.intent(of: record, kind: kind)
                        #expect(try await store.record(intent, limit: DailyLimit(999)) == .recorded)
                        // The same application again gets what was recorded.
                        #expect(try await store.record(intent, limit: DailyLimit(999)) == .resumed(intent))
                        let id = intent.certificateID
                        #expect(
                            try await store.recordSigned(
                                id, in: Sample.city, codeHashes: [Sample.hash()], now: Sample.now)
                                == .changed)
                        #expect(
                            try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
                                == .changed)
                        seen.printed.withLock { $0.append(id) }
                    }
                }
            }
            group.addTask {
                defer { seen.isDone.withLock { $0 = true } }
                for _ in 1...2 {
                    _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
                    let floor = seen.printed.withLock { $0.count }
                    try await eventually("one more behind it") { seen.printed.withLock { $0.count } > floor }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Self.isSound(try engine.open(place)))
        for id in seen.printed.withLock({ $0 }) {
            #expect(try await other.certificate(id, in: Sample.city)?.state == .printed)
        }
        // Each printed overseas certificate added its passport, under whichever keys it came.
        let opened = try engine.open(place)
        for person in people {
            let record = try #require(try await opened.person(person.number, in: Sample.city))
            #expect(record.vaccinee == person.vaccinee && record.history == person.history)
        }
    }

    // MARK: Broken off

    /// Cancels when a share is reached.
    private func breakOff(_ store: any RecordStore, at share: Double) async {
        let task = Mutex<Task<KeyRotationReport, any Error>?>(nil)
        let started = Task {
            try await store.rotateKeys(of: Sample.city, now: Sample.now) { done in
                if done >= share { task.withLock { $0?.cancel() } }
            }
        }
        task.withLock { $0 = started }
        if share == 0 { started.cancel() }
        _ = try? await started.value
    }

    @Test(arguments: Engine.all, [0, 0.2, 0.5, 0.9])
    func `what was broken off loses nothing, and the same call ends it`(engine: Engine, at share: Double) async throws {
        let place = try Place()
        let (people, ids): ([NewPerson], [CertificateID])
        let before: Contents
        do {
            let store = try engine.open(place)
            (people, ids) = try await Self.fill(store, 330)
            before = try await Contents(store, people, ids)
            await breakOff(store, at: share)
        }
        let store = try engine.open(place)
        #expect(try await Contents(store, people, ids) == before)
        #expect(try await Self.isSound(store))
        // What is written in between is under the new keys: a passport of somebody whom it may not have reached.
        let last = try #require(people.last { $0.vaccinee.passport != nil })
        let id = try await store.signed(last, kind: .overseas)
        #expect(try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now) == .changed)
        let isLeft = try Self.text(place).contains("previous")
        let report = try await rotate(store)
        #expect(report.isResumed == isLeft)
        #expect(try !Self.text(place).contains("previous"))
        #expect(try await Self.isSound(store))
        let passport = try #require(last.vaccinee.passport?.number)
        for store in [store, try engine.open(place)] {
            let record = try #require(try await store.person(last.number, in: Sample.city))
            #expect(record.printedOverseasPassports.contains(passport))
            #expect(try await Contents(store, people, ids).people.count { $0 != nil } == people.count)
        }
    }

    /// A file with other keys in use, and those of another text before.
    private static func next(after old: String) throws -> String {
        func key() -> String { Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString() }
        let file = try #require(
            try JSONSerialization.jsonObject(with: Data(old.utf8)) as? [String: Any])
        var previous = file
        previous["region"] = nil
        previous["development"] = nil
        var next: [String: Any] = ["dataKey": key(), "indexKey": key(), "numberKey": key(), "previous": [previous]]
        next["region"] = file["region"]
        next["development"] = true
        return String(decoding: try JSONSerialization.data(withJSONObject: next), as: UTF8.self)
    }

    @Test func `where only the file has the new keys yet, the region goes over to them when it is opened`() async throws
    {
        let place = try Place()
        let (people, ids): ([NewPerson], [CertificateID])
        let before: Contents
        do {
            let store = try place.sqlite()
            (people, ids) = try await Self.fill(store, 20)
            before = try await Contents(store, people, ids)
        }
        try Self.write(try Self.next(after: try Self.text(place)), place)
        let store = try place.sqlite()
        #expect(try await Contents(store, people, ids) == before)
        #expect(try await Self.isSound(store))
        #expect(try await rotate(store).isResumed)
        #expect(try await Contents(try place.sqlite(), people, ids) == before)
    }

    @Test
    func `where only the file has the keys before still, nothing is read under them, and the next call takes them out`()
        async throws
    {
        let place = try Place()
        let old = try Self.text(place)
        do {
            let store = try place.sqlite()
            _ = try await Self.fill(store, 5)
            let raw = try RawDatabase(place.path(of: Sample.city))
            try await raw.execute("CREATE TABLE copy AS SELECT * FROM person")
            _ = try await rotate(store)
        }
        // As if it had been killed before the last step.
        let new = try Self.text(place)
        var both = try #require(try JSONSerialization.jsonObject(with: Data(new.utf8)) as? [String: Any])
        both["previous"] = [try JSONSerialization.jsonObject(with: Data(old.utf8))]
        try Self.write(String(decoding: try JSONSerialization.data(withJSONObject: both), as: UTF8.self), place)
        let store = try place.sqlite()
        let number = try Sample.person(11).number
        #expect(try await store.person(number, in: Sample.city) != nil)
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute(
            """
            UPDATE person SET (number_hash, sealed, doses, doses_hash, passports_hash, version, mac) =
                (SELECT number_hash, sealed, doses, doses_hash, passports_hash, version, mac FROM copy
                 WHERE copy.id = person.id) WHERE id = 2
            """)
        #expect(try await store.person(number, in: Sample.city) == nil, "found under the keys before")
        #expect(try await !Self.isSound(store))
        await #expect(throws: StoreError.broken()) { try await rotate(store) }
        #expect(try Self.text(place).contains("previous"))
    }

    @Test(arguments: ["DELETE FROM meta WHERE name = 'key_check'", "UPDATE meta SET value = substr(value, 1, 48)"])
    func `a hand that calls it done, while it is not, takes nothing away`(sql: String) async throws {
        let place = try Place()
        let (people, ids): ([NewPerson], [CertificateID])
        let before: Contents
        do {
            let store = try place.sqlite()
            (people, ids) = try await Self.fill(store, 330)
            before = try await Contents(store, people, ids)
            await breakOff(store, at: 0.3)
        }
        #expect(try Self.text(place).contains("previous"))
        try await RawDatabase(place.path(of: Sample.city)).execute(
            sql + (sql.hasPrefix("UPDATE") ? " WHERE name = 'key_check'" : ""))
        let store = try place.sqlite()
        // Until somebody does: what is not under the new keys is not found, and that shows.
        #expect(try await !Self.isSound(store))
        #expect(try await rotate(store).isResumed)
        #expect(try await Contents(store, people, ids) == before)
        #expect(try await Self.isSound(try place.sqlite()))
    }

    @Test func `a broken region whose file has the new keys already is opened, looked at and restored`() async throws {
        let place = try Place()
        let people: [NewPerson]
        do { (people, _) = try await Self.fill(try place.sqlite(), 5) }
        try Self.write(try Self.next(after: try Self.text(place)), place)
        try await RawDatabase(place.path(of: Sample.city)).execute("DELETE FROM head")
        let store = try place.sqlite()
        let report = try await store.verify(.region(Sample.city), pins: [], everything: true)
        #expect(report.breaks.contains { $0.kind == .head }, "\(report.breaks)")
        await #expect(throws: StoreError.broken()) { try await rotate(store) }
        try await store.noteRestored(.region(Sample.city), reason: "test", asItIs: true, now: Sample.now)
        #expect(try await rotate(store).isResumed)
        #expect(try await store.person(people[0].number, in: Sample.city) != nil)
        #expect(try await Self.isSound(try place.sqlite()))
    }

    @Test func `what a killed process left of a file of keys goes with the next rotation`() async throws {
        let place = try Place()
        let left = "\(place.keys.path)/.\(Sample.city.digits).\(UUID().uuidString)"
        let other = "\(place.keys.path)/.\(Sample.town.digits).\(UUID().uuidString)"
        for path in [left, other] { try Data("{}".utf8).write(to: URL(fileURLWithPath: path)) }
        _ = try await rotate(try place.sqlite())
        #expect(!FileManager.default.fileExists(atPath: left) && FileManager.default.fileExists(atPath: other))
    }

    // MARK: Numbers that are not known

    @Test
    func `people whose numbers are not kept are found as before, and after the next import the index changes too`()
        async throws
    {
        let place = try Place()
        let people = try Self.people(8)
        // A file of before there was a third key.
        let old = try Self.text(place)
        var file = try #require(try JSONSerialization.jsonObject(with: Data(old.utf8)) as? [String: Any])
        #expect(file.removeValue(forKey: "numberKey") != nil)
        try Self.write(String(decoding: try JSONSerialization.data(withJSONObject: file), as: UTF8.self), place)
        let store = try place.sqlite()
        let index = try place.keys.keys(for: Sample.city).indexKey
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        #expect(try place.keys.keys(for: Sample.city).numberKey == nil)

        var report = try await rotate(store)
        #expect(report.keepsIndexKey && report.withoutNumber == 8)
        #expect(try place.keys.keys(for: Sample.city).indexKey == index)
        #expect(try place.keys.keys(for: Sample.city).numberKey != nil)
        // One of them comes again, and one more person.
        let new = try Sample.person(700)
        _ = try await store.write([people[0], new], in: Sample.city, now: Sample.now)
        report = try await rotate(store)
        #expect(report.keepsIndexKey && report.withoutNumber == 7 && report.people == 9)
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        report = try await rotate(store)
        #expect(!report.keepsIndexKey && report.withoutNumber == 0 && report.people == 9)
        #expect(try place.keys.keys(for: Sample.city).indexKey != index)
        for person in people + [new] {
            #expect(try await store.person(person.number, in: Sample.city)?.vaccinee == person.vaccinee)
        }
        #expect(try await Self.isSound(store))
    }

    @Test func `numbers that are lost while it goes on stop it before anybody is lost, and the next import ends that`()
        async throws
    {
        let place = try Place()
        let people: [NewPerson]
        do {
            let store = try place.sqlite()
            (people, _) = try await Self.fill(store, 230)
            await breakOff(store, at: 0.3)
        }
        try await RawDatabase(place.path(of: Sample.city)).execute("DELETE FROM individual_number WHERE person > 200")
        let store = try place.sqlite()
        try await store.noteRestored(.region(Sample.city), reason: "test", asItIs: true, now: Sample.now)
        let error = await #expect(throws: StoreError.self) { try await rotate(store) }
        #expect(error == .numbersMissing() && error?.detail.contains("33 people") == true)
        for person in people { #expect(try await store.person(person.number, in: Sample.city) != nil) }
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        await #expect(throws: StoreError.numbersMissing()) { try await rotate(store) }
        _ = try await store.write(try (1...3).map { try Sample.person($0) }, in: Sample.city, now: Sample.now)
        #expect(try await rotate(store).people == 233)
        for person in people { #expect(try await store.person(person.number, in: Sample.city) != nil) }
    }

    @Test func `two people's numbers exchanged by a hand stop it, and nothing is lost`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let (people, ids) = try await Self.fill(store, 12)
        let before = try await Contents(store, people, ids)
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await raw.execute("UPDATE individual_number SET person = 999 - person; ", foreignKeys: false)
        try await raw.execute(
            "UPDATE individual_number SET person = person - 980 WHERE person > 980", foreignKeys: false)
        let old = try Self.text(place)
        await #expect(throws: StoreError.broken()) { try await rotate(store) }
        #expect(try Self.text(place) == old)
        #expect(try await Contents(store, people, ids) == before)
    }

    // MARK: Refusals

    @Test(arguments: [
        "UPDATE dose SET number = 9 WHERE person = 4", "DELETE FROM person WHERE id = 2", "DELETE FROM head",
    ])
    func `a region that is not as it was written keeps its keys`(sql: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store, 9)
        try await RawDatabase(place.path(of: Sample.city)).execute(sql, foreignKeys: false)
        let old = try Self.text(place)
        await #expect(throws: StoreError.broken()) { try await rotate(store) }
        #expect(try Self.text(place) == old)
    }

    @Test func `of two at once the second one is told who is at it, and a region that is not served is none`()
        async throws
    {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await Self.fill(store, 1)
        let folder = open(place.keys.path, O_RDONLY | O_DIRECTORY)
        try FileLock.take(folder, of: place.keys.path)
        let error = await #expect(throws: StoreError.self) { try await rotate(store) }
        #expect(error == .locked() && error?.detail.contains(place.keys.path) == true)
        close(folder)
        #expect(try await rotate(store).people == 4)
        await #expect(throws: StoreError.unknownRegion()) {
            try await store.rotateKeys(of: Sample.elsewhere, now: Sample.now) { _ in }
        }
    }

    @Test func `a region that nobody was written to gets new keys too`() async throws {
        let place = try Place()
        let before = try place.keys.keys(for: Sample.city).indexKey
        let report = try await rotate(try place.sqlite())
        #expect(report.people == 0 && !report.keepsIndexKey)
        #expect(try place.keys.keys(for: Sample.city).indexKey != before)
        _ = try await place.sqlite().with(try Sample.person())
    }

    // MARK: Restores

    @Test func `a control file from before is no reason to refuse a region's keys, and another's keys are`()
        async throws
    {
        let place = try Place()
        do { _ = try await Self.fill(try place.sqlite(), 5) }
        try await place.closed()
        let copy = place.folder + "/copy.sqlite"
        try FileManager.default.copyItem(atPath: place.controlPath, toPath: copy)
        do { _ = try await rotate(try place.sqlite()) }
        try await place.closed()
        try FileManager.default.removeItem(atPath: place.controlPath)
        try FileManager.default.copyItem(atPath: copy, toPath: place.controlPath)
        do {
            let store = try place.sqlite()
            try await store.noteRestored(.control, reason: "test", asItIs: true, now: Sample.now)
            #expect(try await store.person(try Sample.person(11).number, in: Sample.city) != nil)
        }
        let other = try Self.next(after: try Self.text(place))
        var keys = try #require(try JSONSerialization.jsonObject(with: Data(other.utf8)) as? [String: Any])
        keys["previous"] = nil
        try Self.write(String(decoding: try JSONSerialization.data(withJSONObject: keys), as: UTF8.self), place)
        #expect(throws: StoreError.wrongKey()) { try place.sqlite() }
    }

    @Test func `a control file from before does not keep regions from service because of one that cannot be read`()
        async throws
    {
        let place = try Place()
        do {
            let store = try place.sqlite()
            _ = try await Self.fill(store, 5)
            _ = try await store.write([try Sample.person(11)], in: Sample.town, now: Sample.now)
        }
        try await place.closed()
        let copy = place.folder + "/copy.sqlite"
        try FileManager.default.copyItem(atPath: place.controlPath, toPath: copy)
        do { _ = try await rotate(try place.sqlite()) }
        try await place.closed()
        try FileManager.default.removeItem(atPath: place.controlPath)
        try FileManager.default.copyItem(atPath: copy, toPath: place.controlPath)
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: place.path(of: Sample.city)))
        let store = try place.sqlite()
        let number = try Sample.person(11).number
        #expect(try await store.person(number, in: Sample.town) != nil)
        await #expect(throws: StoreError.corrupt()) { try await store.person(number, in: Sample.city) }
    }

    @Test func `a region put back from before opens with its file of then, and rotates again`() async throws {
        let place = try Place()
        let people: [NewPerson]
        do { (people, _) = try await Self.fill(try place.sqlite(), 5) }
        try await place.closed()
        let (path, old) = (place.path(of: Sample.city), try Self.text(place))
        try FileManager.default.copyItem(atPath: path, toPath: path + ".copy")
        do { _ = try await rotate(try place.sqlite()) }
        try await place.closed()
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: path + ".copy", toPath: path)
        #expect(throws: StoreError.wrongKey()) {
            try Self.write(Self.withOtherKeys(old), place); _ = try place.sqlite()
        }
        try Self.write(old, place)
        let store = try place.sqlite()
        // Older than what the control file knows: as with every restore somebody has to say so.
        await #expect(throws: StoreError.broken()) { try await store.person(people[0].number, in: Sample.city) }
        try await store.noteRestored(.region(Sample.city), reason: "test", asItIs: false, now: Sample.now)
        #expect(try await store.person(people[0].number, in: Sample.city) != nil)
        #expect(try await rotate(store).people == 8)
        #expect(try await Self.isSound(try place.sqlite()))
    }
}
