import Foundation
import GRDB
import RecordSupport
import Records
import Testing
import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What was acknowledged is there.
@Suite struct DurabilityTests {
    @Test func `every file is in WAL mode with synchronous FULL and foreign keys`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        for region in [nil, Sample.city, Sample.town] {
            // After a write too: nothing on the way sets it back.
            _ = try await store.write([try Sample.person()], in: Sample.city, now: Sample.now)
            let settings = try await store.settings(of: region)
            #expect(settings.journalMode == "wal")
            #expect(settings.synchronous == 2)
            #expect(settings.foreignKeys == 1)
        }
    }

    @Test(arguments: 1...3)
    func `a process killed in the midst of writing has lost nothing that it acknowledged`(round: Int) async throws {
        let place = try Place()
        let folder = place.folder
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, round = round as Int] in
            try await KilledWriter.run(in: folder, killAfter: 40 + 37 * round)
        }
        let acknowledged = try KilledWriter.acknowledged(in: folder)
        #expect(acknowledged.count >= 40)
        let store = try place.sqlite()
        let day = try #require(CalendarDate(iso: "2023-11-15"))
        for line in acknowledged {
            let id = try #require(CertificateID(line.id))
            if line.kind == "claim" {
                let outcome = try await store.claim(
                    challengeHash: KilledWriter.hash(line.id), transcriptHash: Sample.hash(),
                    certificateID: Sample.id(),
                    issuedOn: day, expires: Sample.now + 180, now: Sample.now)
                #expect(outcome == .used)
            } else {
                let entry = try #require(try await store.certificate(id, in: Sample.city))
                #expect(entry.state == .signed || entry.state == .printed)
                if line.kind == "printed" { #expect(entry.state == .printed) }
            }
        }
        // No half state: the log tells of exactly what the register holds.
        let log = try await store.log(in: Sample.city, after: 0, limit: 10_000)
        for state in CertificateState.allCases {
            let entries = try await store.certificates(in: Sample.city, state: state, limit: 10_000)
            for entry in entries {
                let events = log.filter { $0.certificateID == entry.certificateID }.map(\.event)
                let expected: [LogEvent] =
                    switch state {
                    case .intended: [.intent]
                    case .signed: [.intent, .signed]
                    default: [.intent, .signed, .printed]
                    }
                #expect(events == expected)
            }
        }
    }

    @Test(arguments: Engine.all)
    func `one writer's error undoes its own write and no other of the same commit`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        func terminal(_ index: Int, _ id: String) throws -> EnrolledTerminal {
            try Sample.value(
                EnrolledTerminal(
                    id: id, shop: "見本商店", certificateHash: Sample.hash(), certificateDER: [1], notAfter: Sample.now,
                    enrolledAt: Sample.now))
        }
        let results = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<60 {
                group.addTask {
                    do {
                        // Every third wants the same name.
                        let id = index % 3 == 0 ? "SAME" : "T\(index)"
                        try await store.enrol(try terminal(index, id), now: Sample.now)
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { $0 } == 41)
        let control = try await store.control()
        #expect(control.terminals.count == 41)
        #expect(control.revision == 42)
        #expect(try await store.controlLog(after: 0, limit: 100).map(\.sequence) == Array(1...41))
    }

    @Test func `a write that fails half way leaves nothing of itself, and takes no other of the same commit with it`()
        async throws
    {
        let place = try Place()
        let store = try place.sqlite()
        let record = try await store.with(try Sample.person())
        // The log line is the last thing that recording an intent writes.
        try await RawDatabase(place.path(of: Sample.city)).execute(
            """
            CREATE TRIGGER half_way BEFORE INSERT ON log WHEN NEW.inquiry = 'FAILS'
            BEGIN SELECT RAISE(ABORT, 'half way'); END
            """)
        let intents = try (0..<60).map { try Sample.intent(of: record, inquiry: $0 % 3 == 0 ? "FAILS" : "MH-\($0)") }
        await withTaskGroup(of: Void.self) { group in
            for intent in intents {
                group.addTask {
                    let outcome = try? await store.record(intent, limit: DailyLimit(1000))
                    #expect((outcome == .recorded) == (intent.inquiry != "FAILS"))
                }
            }
        }
        for intent in intents {
            let entry = try await store.certificate(intent.certificateID, in: Sample.city)
            #expect((entry != nil) == (intent.inquiry != "FAILS"))
        }
        #expect(try await store.log(in: Sample.city, after: 1, limit: 100).count == 40)
    }

    @Test func `a damaged file is an error of that region and of no other`() async throws {
        let place = try Place()
        let people = [try Sample.person(1), try Sample.person(2)]
        do {
            let store = try place.sqlite()
            _ = try await store.write([people[0]], in: Sample.city, now: Sample.now)
            _ = try await store.write([people[1]], in: Sample.town, now: Sample.now)
        }
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: place.path(of: Sample.city) + suffix)
        }
        try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: place.path(of: Sample.city)))
        let store = try place.sqlite()
        await #expect(throws: StoreError.corrupt()) { try await store.person(people[0].number, in: Sample.city) }
        #expect(try await store.person(people[1].number, in: Sample.town) != nil)
        await #expect(throws: StoreError.corrupt()) {
            try await store.markUnreported(olderThan: Sample.now, now: Sample.now)
        }
    }

    @Test(arguments: [100, 512, 5000, 12_288])
    func `a torn file is told as damaged, in both languages and with its place`(count: Int) async throws {
        let place = try Place()
        let person = try Sample.person()
        do { _ = try await place.sqlite().write([person], in: Sample.city, now: Sample.now) }
        try await place.closed()
        for (path, name) in [(place.path(of: Sample.city), "region 990019"), (place.controlPath, "control")] {
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try #require(whole.count > count)
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: StoreError.self) {
                _ = try await place.sqlite().person(person.number, in: Sample.city)
            }
            #expect(error == .corrupt())
            let text = try #require(error?.errorDescription)
            #expect(text.contains(name) && text.contains("backup") && text.contains("バックアップ"), "\(text)")
            try whole.write(to: URL(fileURLWithPath: path))
        }
        #expect(try await place.sqlite().person(person.number, in: Sample.city) != nil)
    }

    /// Ways in which a database is lost, each given the file's path.
    private static let losses: [(name: String, lose: @Sendable (String) throws -> Void)] = [
        ("removed", { try FileManager.default.removeItem(atPath: $0) }),
        ("emptied", { try Data().write(to: URL(fileURLWithPath: $0)) }),
        // What a database is as long as nothing of its log was brought into it.
        (
            "only its first page is left",
            { path in
                try FileManager.default.removeItem(atPath: path)
                let queue = try DatabaseQueue(path: path)
                try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            }
        ),
        (
            "a link to nothing",
            { path in
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path + ".elsewhere")
            }
        ),
    ]

    @Test(arguments: losses.indices, [true, false])
    func `a database that is gone is damage and no new beginning`(loss: Int, isRegion: Bool) async throws {
        let place = try Place()
        let person = try Sample.person()
        do { _ = try await place.sqlite().write([person], in: Sample.city, now: Sample.now) }
        try await place.closed()
        let path = isRegion ? place.path(of: Sample.city) : place.controlPath
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try Self.losses[loss].lose(path)
        let error = await #expect(throws: StoreError.self) {
            _ = try await place.sqlite().person(person.number, in: Sample.city)
        }
        #expect(error == .corrupt(), "\(Self.losses[loss].name)")
        #expect(error?.detail.contains(path) == true)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try whole.write(to: URL(fileURLWithPath: path))
        #expect(try await place.sqlite().person(person.number, in: Sample.city) != nil)
        // Who wants to begin anew says so by removing what remembers.
        guard isRegion else { return }
        for suffix in ["", ".lock"] { try FileManager.default.removeItem(atPath: path + suffix) }
        // And logs it: the control file knows that there was more.
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) { try await store.person(person.number, in: Sample.city) }
        try await store.noteRestored(.region(Sample.city), reason: "begun anew", asItIs: false, now: Sample.now)
        #expect(try await store.person(person.number, in: Sample.city) == nil)
    }

    @Test func `a region that goes while the store is open is an error of each sweep until it is back`() async throws {
        let place = try Place()
        do { _ = try await place.sqlite().write([try Sample.person()], in: Sample.city, now: Sample.now) }
        try await place.closed()
        let store = try place.sqlite()
        let path = place.path(of: Sample.city)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.removeItem(atPath: path)
        for _ in 0..<2 {
            await #expect(throws: StoreError.corrupt()) {
                try await store.markUnreported(olderThan: Sample.now, now: Sample.now)
            }
        }
        try whole.write(to: URL(fileURLWithPath: path))
        #expect(try await store.markUnreported(olderThan: Sample.now, now: Sample.now) == 0)
    }

    @Test func `a folder without records is no store where none may be begun`() throws {
        let place = try Place()
        #expect(throws: StoreError.corrupt()) { try place.sqlite(mayBegin: false) }
        #expect(!FileManager.default.fileExists(atPath: place.folder + "/data"))
        _ = try place.sqlite()
        _ = try place.sqlite(mayBegin: false)
    }

    @Test
    func `while another process writes, callers wait; too many of them are told at once, and none that waited is lost`()
        async throws
    {
        let place = try Place()
        let store = try place.sqlite()
        let day = try #require(CalendarDate(iso: "2023-11-15"))
        let raw = try RawDatabase(place.controlPath)
        try await raw.execute("BEGIN IMMEDIATE")
        // One transaction takes 256 writes and 4,096 wait: of 5,000 at least 648 are refused while the lock is held.
        let results = try await withThrowingTaskGroup(of: Result<ClaimOutcome, StoreError>.self) { group in
            for _ in 0..<5000 {
                group.addTask {
                    do {
                        return .success(
                            try await store.claim(
                                challengeHash: Sample.hash(), transcriptHash: Sample.hash(),
                                certificateID: Sample.id(),
                                issuedOn: day, expires: Sample.now + 180, now: Sample.now))
                    } catch let error as StoreError {
                        return .failure(error)
                    }
                }
            }
            var results: [Result<ClaimOutcome, StoreError>] = []
            while let result = try await group.next() {
                results.append(result)
                if results.count == 648 { try await raw.execute("COMMIT") }
            }
            return results
        }
        let fresh = results.count { $0 == .success(.fresh) }
        let refused = results.count { $0 == .failure(StoreError.busy()) }
        #expect(refused >= 648)
        #expect(fresh + refused == 5000)
        #expect(try await raw.count("claim") == fresh)
    }

    @Test func `the folders are their owner's alone`() async throws {
        let place = try Place()
        _ = try place.sqlite()
        for folder in ["/data", "/data/regions", "/keys"] {
            let mode =
                try FileManager.default.attributesOfItem(atPath: place.folder + folder)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o700)
        }
    }

    @Test func `looking for certificates without a report makes no file for a region that has none`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.markUnreported(olderThan: Sample.now, now: Sample.now)
        #expect(!FileManager.default.fileExists(atPath: place.path(of: Sample.city)))
        #expect(await store.openRegionCount == 0)
    }

    // Whoever waits for a connection while holding a thread that all tasks share may wait for one that its holder can only
    // give back on such a thread.
    @Test(arguments: Engine.all)
    func `many who look at the evidence and at the control file at once are all answered`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([try Sample.person()], in: Sample.city, now: Sample.now)
        let reports = try await withThrowingTaskGroup(of: EvidenceReport.self) { group in
            for index in 0..<400 {
                group.addTask {
                    _ = try await store.controlRevision()
                    return try await store.verify(
                        .region(index % 2 == 0 ? Sample.city : Sample.town), pins: [], everything: false)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.count == 400 && reports.allSatisfy { $0.breaks.isEmpty })
    }

    @Test func `only so many regions are open at a time, and each still answers`() async throws {
        let place = try Place()
        let store = try place.sqlite(maximumOpenRegions: 2)
        let person = try Sample.person()
        for region in [Sample.city, Sample.town, Sample.village] {
            _ = try await store.write([person], in: region, now: Sample.now)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<60 {
                group.addTask {
                    let region = [Sample.city, Sample.town, Sample.village][index % 3]
                    let found = try await store.person(person.number, in: region)
                    #expect(found != nil)
                }
            }
            try await group.waitForAll()
        }
        #expect(await store.openRegionCount <= 2)
    }

    @Test(arguments: Engine.all)
    func `a store that was closed holds nothing open, and all that was acknowledged is there`(_ engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        let person = try Sample.person()
        for region in [Sample.city, Sample.town, Sample.village] {
            _ = try await store.write([person], in: region, now: Sample.now)
        }
        await store.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        #expect(!files.contains { $0.hasPrefix(place.folder + "/data/") })
        // What was written lies in the files themselves.
        let logs = try FileManager.default.subpathsOfDirectory(atPath: place.folder + "/data")
        #expect(!logs.contains { $0.hasSuffix("-wal") })
        let again = try engine.open(place)
        for region in [Sample.city, Sample.town, Sample.village] {
            #expect(try await again.person(person.number, in: region) != nil)
        }
    }
}

/// A process that writes from many tasks, notes what was acknowledged, and kills itself without warning.
enum KilledWriter {
    static func run(in folder: String, killAfter count: Int) async throws {
        let store = try Place(existing: folder).sqlite()
        let record = try await store.with(try Sample.person())
        let day = try Sample.value(CalendarDate(iso: "2023-11-15"))
        let notes = open(folder + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for step in 0..<1000 {
                        let id = Sample.id()
                        let outcome = try await store.claim(
                            challengeHash: hash(id.text), transcriptHash: Sample.hash(), certificateID: id,
                            issuedOn: day,
                            expires: Sample.now + 180, now: Sample.now)
                        if outcome == .fresh { note("claim \(id)", notes) }
                        _ = try await store.record(try Sample.intent(of: record, id: id), limit: DailyLimit(1_000_000))
                        _ = try await store.recordSigned(
                            id, in: Sample.city, codeHashes: [Sample.hash()], now: Sample.now)
                        note("signed \(id)", notes)
                        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
                        note("printed \(id)", notes)
                        if writer == 0, step * 8 >= count { kill(getpid(), SIGKILL) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// One write to a file opened for appending is whole or absent after a kill.
    private static func note(_ text: String, _ file: Int32) {
        let line = Array((text + "\n").utf8)
        _ = write(file, line, line.count)
    }

    static func acknowledged(in folder: String) throws -> [(kind: String, id: String)] {
        let text = try String(contentsOfFile: folder + "/acknowledged", encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ")
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }

    /// A challenge hash that belongs to a certificate's identifier.
    static func hash(_ id: String) -> [UInt8] { Array((id + id + id).utf8.prefix(32)) }
}
