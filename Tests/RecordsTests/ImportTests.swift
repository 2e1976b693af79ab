import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Files that go into a region in steps.
@Suite struct ImportTests {
    private static let origin = ImportOrigin(medium: "MADE-UP-01", purpose: "Tests")

    /// Rows of people, as a file gives them.
    private func rows(_ people: [NewPerson]) -> [ImportRow] {
        people.enumerated().map { ImportRow(line: $0 + 2, text: { "" }, person: .success($1)) }
    }

    private func refused(_ line: Int) throws -> ImportRow {
        var refusals: CSVRefusals?
        do { _ = try PeopleCSV.parse(Array("not,the,header\n".utf8)) } catch { refusals = error }
        return ImportRow(line: line, text: { "line \(line)" }, person: .failure(try #require(refusals)))
    }

    private func stage(
        _ rows: [ImportRow], as change: RecordChange = .addition, atMost share: Int = 5, in store: any RecordStore
    ) async throws -> RecordImport {
        var batches = stride(from: 0, to: rows.count, by: 3).map { Array(rows[$0..<min($0 + 3, rows.count)]) }
        return try await store.stage(
            try #require(Self.origin), as: change, in: Sample.city, maximumRefused: share, now: Sample.now
        ) { batches.isEmpty ? nil : batches.removeFirst() }
    }

    private func approve(_ report: RecordImport, in store: any RecordStore) async throws {
        for name in ["operator-a", "operator-b"] {
            _ = try await store.approve(report.number, by: name, in: Sample.city, now: Sample.now)
        }
    }

    /// Applies an import to its end.
    private func apply(
        _ report: RecordImport, by limit: Int = 4, in store: any RecordStore
    ) async throws -> RecordImport {
        while true {
            let report = try await store.apply(report.number, in: Sample.city, limit: limit, now: Sample.now)
            if report.state != .applying { return report }
        }
    }

    private func refusedRows(_ report: RecordImport, in store: any RecordStore) async throws -> [RefusedRow] {
        var rows: [RefusedRow] = []
        try await store.refusedRows(of: report.number, in: Sample.city) { rows.append($0) }
        return rows
    }

    private func files(_ place: Place) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: place.folder + "/data/imports")
            .filter { !$0.hasSuffix(".lock") }.sorted()
    }

    // MARK: The way of a file

    @Test(arguments: Engine.all)
    func `people go in when two operators of different names approved the file`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = try (0..<10).map { try Sample.person($0) }
        let staged = try await stage(rows(people), in: store)
        #expect(staged.state == .staged)
        #expect((staged.counts.rows, staged.counts.new, staged.counts.applied) == (10, 10, 0))
        #expect(try await store.person(people[0].number, in: Sample.city) == nil)
        await #expect(throws: StoreError.conflict()) {
            try await store.apply(staged.number, in: Sample.city, limit: 10, now: Sample.now)
        }
        for _ in 1...2 {
            let once = try await store.approve(staged.number, by: "operator-a", in: Sample.city, now: Sample.now)
            #expect((once.state, once.approvals) == (.approved, ["operator-a"]))
        }
        await #expect(throws: StoreError.conflict()) {
            try await store.apply(staged.number, in: Sample.city, limit: 10, now: Sample.now)
        }
        let twice = try await store.approve(staged.number, by: "operator-b", in: Sample.city, now: Sample.now)
        #expect((twice.state, twice.approvals) == (.applying, ["operator-a", "operator-b"]))
        #expect(try await store.regionsWithImports() == [Sample.city])
        let applied = try await apply(staged, in: store)
        #expect((applied.state, applied.counts.applied) == (.applied, 10))
        #expect(applied.endedAt == Sample.now)
        #expect(try await store.regionsWithImports() == [])
        for person in people {
            let found = try #require(try await store.person(person.number, in: Sample.city))
            #expect(found.history == person.history)
        }
        #expect(try files(place) == [])
        let events = try await store.log(in: Sample.city, after: 0, limit: 100).map(\.event)
        #expect(events == [.importStaged, .importApproved, .importApproved, .imported])
    }

    @Test(arguments: Engine.all)
    func `the same file again changes nothing, and waits for nobody`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = try (0..<5).map { try Sample.person($0) }
        let first = try await stage(rows(people), in: store)
        try await approve(first, in: store)
        _ = try await apply(first, in: store)
        let before = try #require(try await store.person(people[3].number, in: Sample.city))
        let second = try await stage(rows(people), in: store)
        #expect((second.state, second.counts.unchanged, second.counts.staged) == (.applied, 5, 0))
        let after = try #require(try await store.person(people[3].number, in: Sample.city))
        #expect(after == before)
        #expect(after.version == before.version)
    }

    @Test(arguments: Engine.all)
    func `an import says before it goes in who is new, changed or unclear then`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Sample.person(0), Sample.person(1)], in: Sample.city, now: Sample.now)
        let unclear = try Sample.value(
            NewPerson(
                number: Sample.person(1).number, vaccinee: Sample.person(1).vaccinee, standing: .resident,
                history: Sample.value(
                    History([
                        Sample.value(
                            Dose(
                                number: 1, date: Sample.value(CalendarDate(iso: "2021-03-01")),
                                product: Sample.value(Product.withCode("PFIZER-12")), lot: "OTHER"))
                    ]))))
        let staged = try await stage(
            rows([Sample.person(0, name: "見本　改名"), unclear, Sample.person(2), Sample.person(0)]), in: store)
        #expect((staged.counts.new, staged.counts.changed, staged.counts.unclear) == (1, 2, 1))
        #expect(staged.counts.unchanged == 1)
    }

    // MARK: Rows that are refused

    @Test(arguments: Engine.all)
    func `rows that are refused come back with their reason, and the others go in`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let all = try rows((0..<8).map { try Sample.person($0) }) + [refused(10), refused(11)]
        let staged = try await stage(all, atMost: 20, in: store)
        #expect((staged.state, staged.counts.refused, staged.counts.staged) == (.staged, 2, 8))
        try await approve(staged, in: store)
        _ = try await apply(staged, in: store)
        let back = try await refusedRows(staged, in: store)
        #expect(back.map(\.line) == [10, 11])
        #expect(back.map(\.text) == ["line 10", "line 11"])
        #expect(back.allSatisfy { $0.reason.contains("[csv.header]") })
        let ended = try await store.confirmErasure(
            of: staged.number, by: "operator-a", in: Sample.city, now: Sample.now)
        #expect(ended.erasureConfirmedBy == "operator-a")
        #expect(try files(place) == [])
        await #expect(throws: StoreError.notFound()) { try await refusedRows(staged, in: store) }
    }

    @Test(arguments: Engine.all)
    func `above the share of refused rows nothing of a file goes in`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let staged = try await stage(
            rows((0..<8).map { try Sample.person($0) }) + [refused(10), refused(11)], atMost: 19, in: store)
        #expect(staged.state == .refused)
        await #expect(throws: StoreError.conflict()) {
            try await store.approve(staged.number, by: "operator-a", in: Sample.city, now: Sample.now)
        }
        #expect(try await refusedRows(staged, in: store).count == 2)
        #expect(try files(place) == ["\(Sample.city.digits)-1.refused"])
    }

    // MARK: What is there already

    /// U+798F as it is registered (U+FA1B), which Swift takes for the same.
    @Test(arguments: Engine.all)
    func `a registered variant of a character is another one, and goes in`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Sample.person(0, name: "福見　例子")], in: Sample.city, now: Sample.now)
        let person = try Sample.person(0, name: "\u{FA1B}見　例子")
        let staged = try await stage(rows([person]), in: store)
        #expect((staged.counts.changed, staged.counts.unchanged) == (1, 0))
        try await approve(staged, in: store)
        _ = try await apply(staged, in: store)
        let found = try #require(try await store.person(person.number, in: Sample.city))
        #expect(found.vaccinee.name.unicodeScalars.first == "\u{FA1B}")
    }

    @Test(arguments: Engine.all, [true, false])
    func `a file that knows of no passports leaves those that are recorded, and one that does says who loses theirs`(
        engine: Engine, keeps: Bool
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([Sample.person(0, passport: "XX0000001")], in: Sample.city, now: Sample.now)
        let like = try Sample.person(0, name: "見本　改名")
        let person = try Sample.value(
            NewPerson(
                number: like.number, vaccinee: like.vaccinee, standing: .resident, history: like.history,
                keepsPassport: keeps))
        let staged = try await stage(rows([person]), in: store)
        #expect((staged.counts.changed, staged.counts.removedPassports) == (1, keeps ? 0 : 1))
        try await approve(staged, in: store)
        _ = try await apply(staged, in: store)
        let found = try #require(try await store.person(like.number, in: Sample.city))
        #expect(found.vaccinee.name == "見本　改名")
        #expect(found.vaccinee.passport?.number == (keeps ? "XX0000001" : nil))
    }

    @Test(arguments: Engine.all)
    func `a correction says how many doses it ends, and which certificates name them until these are revoked`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let record = try await store.with(try Sample.person(0, doses: 3))
        let intent = try Sample.intent(of: record, id: Sample.id(), application: Sample.hash())
        _ = try await store.record(intent, limit: DailyLimit(9))
        _ = try await store.recordSigned(
            intent.certificateID, in: Sample.city, codeHashes: [Sample.hash()], now: Sample.now)
        let staged = try await stage(rows([Sample.person(0, doses: 1)]), as: .correction, in: store)
        #expect((staged.counts.changed, staged.counts.endedDoses) == (1, 2))
        try await approve(staged, in: store)
        let applied = try await apply(staged, in: store)
        #expect((applied.affected, applied.affectedCount) == ([intent.certificateID], 1))
        _ = try await store.revoke(intent.certificateID, in: Sample.city, now: Sample.now)
        #expect(try await store.imports(in: Sample.city).first?.affectedCount == 0)
    }

    @Test(arguments: Engine.all)
    func `somebody whose record grew meanwhile to where nothing can be added is left, and the others go in`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let staged = try await stage(rows([Sample.person(0, doses: 1), Sample.person(1)]), in: store)
        for index in 0..<30 {
            let like = try Sample.person(0)
            let doses = try (1...3).map { number in
                try Sample.value(
                    Dose(
                        number: number, date: try Sample.value(CalendarDate(daysSince1970: 19_000 + number)),
                        product: try Sample.value(Product.withCode("PFIZER-12")), lot: "L\(index)-\(number)"))
            }
            _ = try await store.write(
                [
                    Sample.value(
                        NewPerson(
                            number: like.number, vaccinee: like.vaccinee, standing: .resident,
                            history: Sample.value(History(doses))))
                ], in: Sample.city, now: Sample.now)
        }
        try await approve(staged, in: store)
        let applied = try await apply(staged, in: store)
        #expect((applied.state, applied.counts.applied, applied.counts.skipped) == (.applied, 2, 1))
        let other = try Sample.person(1).number
        #expect(try await store.person(other, in: Sample.city) != nil)
        #expect(try await store.log(in: Sample.city, after: 0, limit: 100).last?.detail == "1 import 1")
    }

    // MARK: Interrupted, twice, and by a hand

    @Test(arguments: Engine.all)
    func `what went in before an import was discarded stays, and stands in the log`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let staged = try await stage(rows((0..<6).map { try Sample.person($0) }), in: store)
        try await approve(staged, in: store)
        _ = try await store.apply(staged.number, in: Sample.city, limit: 2, now: Sample.now)
        let discarded = try await store.discard(staged.number, in: Sample.city, now: Sample.now)
        #expect((discarded.state, discarded.counts.applied) == (.discarded, 2))
        let last = try await store.log(in: Sample.city, after: 0, limit: 100).suffix(2)
        #expect(last.map(\.event) == [.imported, .importDiscarded])
        #expect(last.first?.detail == "2 import 1")
        #expect(try files(place) == [])
        #expect(try await store.regionsWithImports() == [])
    }

    @Test(arguments: Engine.all)
    func `a file that is discarded while it is read is not staged`(engine: Engine) async throws {
        let place = try Place()
        let (store, other) = (try engine.open(place), try engine.open(place))
        // Beside the threads that tasks share, one of which waits for it.
        var isRead = false
        await #expect(throws: StoreError.conflict()) {
            try await store.stage(
                try #require(Self.origin), as: .addition, in: Sample.city, maximumRefused: 5, now: Sample.now
            ) {
                if isRead { return nil }
                isRead = true
                let discarded = DispatchSemaphore(value: 0)
                Task(executorPreference: LongRunning.threads) {
                    defer { discarded.signal() }
                    _ = try await other.discard(1, in: Sample.city, now: Sample.now)
                }
                discarded.wait()
                return try self.rows([Sample.person(1)])
            }
        }
        #expect(try await store.imports(in: Sample.city).map(\.state) == [.discarded])
        #expect(try files(place) == [])
    }

    @Test(arguments: Engine.all)
    func `one certificate is one operator, whatever it is called`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let staged = try await stage(rows([Sample.person(1)]), in: store)
        for name in ["a", "b"] {
            let report = try await LogActor.$current.withValue("one certificate") {
                try await store.approve(staged.number, by: name, in: Sample.city, now: Sample.now)
            }
            #expect((report.state, report.approvals) == (.approved, ["a"]))
        }
        let report = try await LogActor.$current.withValue("another one") {
            try await store.approve(staged.number, by: "b", in: Sample.city, now: Sample.now)
        }
        #expect(report.state == .applying)
    }

    @Test func `an approved import that no hint names is found when the next file comes`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let staged = try await stage(rows([Sample.person(1)]), in: store)
        try await approve(staged, in: store)
        // As in a backup whose control file was copied before the approval.
        try await RawDatabase(place.controlPath).execute("DELETE FROM import_due")
        #expect(try await store.regionsWithImports() == [])
        await #expect(throws: StoreError.importOpen()) { try await stage(rows([Sample.person(2)]), in: store) }
        #expect(try await store.regionsWithImports() == [Sample.city])
    }

    @Test func `what a process that ended behind the last step left is removed`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let staged = try await stage(rows([Sample.person(1)]), in: store)
        try await approve(staged, in: store)
        let path = place.folder + "/data/imports/\(Sample.city.digits)-1.people"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        _ = try await apply(staged, in: store)
        try bytes.write(to: URL(fileURLWithPath: path))
        try await store.tidyImports(in: Sample.city)
        #expect(try files(place) == [])
    }

    @Test(arguments: Engine.all)
    func `an import goes on behind the last person who went in, in another process too`(engine: Engine) async throws {
        let place = try Place()
        let people = try (0..<10).map { try Sample.person($0) }
        let staged: RecordImport
        do {
            let store = try engine.open(place)
            staged = try await stage(rows(people), in: store)
            try await approve(staged, in: store)
            let part = try await store.apply(staged.number, in: Sample.city, limit: 3, now: Sample.now)
            #expect(part.counts.applied == 3)
        }
        let (one, other) = (try engine.open(place), try engine.open(place))
        #expect(try await one.regionsWithImports() == [Sample.city])
        async let first = apply(staged, by: 1, in: one)
        async let second = apply(staged, by: 2, in: other)
        #expect(try await [first.counts.applied, second.counts.applied] == [10, 10])
        for person in people { #expect(try await one.person(person.number, in: Sample.city) != nil) }
        let lines = try await one.log(in: Sample.city, after: 0, limit: 100)
        #expect(lines.filter { $0.event == .imported }.map(\.detail) == ["10 import 1"])
    }

    private struct BrokenOff: Error {}

    @Test(arguments: Engine.all)
    func `a file that could not be read to its end leaves nothing`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        var count = 0
        await #expect(throws: BrokenOff.self) {
            try await store.stage(
                try #require(Self.origin), as: .addition, in: Sample.city, maximumRefused: 5, now: Sample.now
            ) {
                count += 1
                guard count < 3 else { throw BrokenOff() }
                return try self.rows([Sample.person(count)])
            }
        }
        #expect(try files(place) == [])
        #expect(try await store.imports(in: Sample.city).map(\.state) == [.discarded])
        #expect(try await stage(rows([Sample.person(1)]), in: store).state == .staged)
    }

    @Test(arguments: Engine.all)
    func `a region has one open import, and a discarded one makes room`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let first = try await stage(rows([Sample.person(1)]), in: store)
        await #expect(throws: StoreError.importOpen()) { try await stage(rows([Sample.person(2)]), in: store) }
        _ = try await store.discard(first.number, in: Sample.city, now: Sample.now)
        #expect(try await store.discard(first.number, in: Sample.city, now: Sample.now).state == .discarded)
        #expect(try await stage(rows([Sample.person(2)]), in: store).number == 2)
    }

    @Test func `while one file of a region is read, another is told who reads`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await stage(rows([Sample.person(1)]), in: store)
        _ = try await store.discard(1, in: Sample.city, now: Sample.now)
        let descriptor = open("\(place.folder)/data/imports/\(Sample.city.digits).lock", O_RDWR)
        defer { close(descriptor) }
        var batches = [try rows([Sample.person(2)])]
        _ = try await store.stage(
            try #require(Self.origin), as: .addition, in: Sample.city, maximumRefused: 5, now: Sample.now
        ) {
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
            return batches.popLast()
        }
        _ = try await store.discard(2, in: Sample.city, now: Sample.now)
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        await #expect(throws: StoreError.locked()) { try await stage(rows([Sample.person(2)]), in: store) }
    }

    @Test(arguments: Engine.all)
    func `an import outlives a rotation of the region's keys`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        let people = try (0..<4).map { try Sample.person($0) }
        let staged = try await stage(rows(people) + [refused(9)], atMost: 50, in: store)
        try await approve(staged, in: store)
        _ = try await store.apply(staged.number, in: Sample.city, limit: 1, now: Sample.now)
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        let applied = try await apply(staged, in: store)
        #expect((applied.state, applied.counts.applied) == (.applied, 4))
        #expect(try await refusedRows(staged, in: store).count == 1)
        #expect(try await store.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
    }

    @Test func `an approval that a hand wrote into the database lets nothing in`() async throws {
        let place = try Place()
        let staged: RecordImport
        do {
            let store = try place.sqlite()
            staged = try await stage(rows([Sample.person(1)]), in: store)
            await store.close()
        }
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "UPDATE import SET state = 'applying', first_approval = 'a', second_approval = 'b'")
        let store = try place.sqlite()
        await #expect(throws: StoreError.broken()) {
            try await store.apply(staged.number, in: Sample.city, limit: 9, now: Sample.now)
        }
    }

    enum Hand: CaseIterable { case bit, end, exchanged, gone }

    @Test(arguments: Hand.allCases)
    func `rows that a hand changed, cut off, exchanged or took away do not go in`(hand: Hand) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let staged = try await stage(rows((0..<6).map { try Sample.person($0) }), in: store)
        try await approve(staged, in: store)
        let path = place.folder + "/data/imports/\(Sample.city.digits)-1.people"
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        func length(_ at: Int) -> Int { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } + 4 }
        let first = length(0)
        switch hand {
        case .bit: bytes[bytes.count / 2] ^= 1
        case .end: bytes.removeLast(length(0))
        case .exchanged:
            bytes = Array(bytes[first..<(first + length(first))] + bytes[..<first] + bytes[(first + length(first))...])
        case .gone: try FileManager.default.removeItem(atPath: path)
        }
        if hand != .gone { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        await #expect(throws: StoreError.corrupt()) { try await apply(staged, by: 6, in: store) }
        #expect(try await store.person(Sample.person(0).number, in: Sample.city) == nil)
    }

    @Test func `what waits can be read by nobody without the region's keys`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let person = try Sample.person(name: "見本　待機")
        _ = try await stage(rows([person]) + [refused(3)], atMost: 50, in: store)
        for name in try files(place) {
            let path = place.folder + "/data/imports/" + name
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for text in ["見本", "待機", person.number.digits, "line 3", "PFIZER"] {
                #expect(bytes.range(of: Data(text.utf8)) == nil)
            }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }
}
