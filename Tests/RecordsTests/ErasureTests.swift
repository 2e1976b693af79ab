import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The end of a region: its keys are destroyed by the decision of two operators.
@Suite struct ErasureTests {
    private func seal(_ store: any RecordStore) async throws {
        try await store.decide(.settings(RegionSettings(state: .sealed)))
    }

    private func keyFile(_ place: Place, _ region: MunicipalityCode = Sample.city) -> String {
        "\(place.keys.path)/\(region.digits).json"
    }

    @Test(arguments: Engine.all)
    func `only a sealed region is erased, and then nobody reads it, here or in another process`(
        engine: Engine
    ) async throws {
        let place = try Place()
        let (store, other) = (try engine.open(place), try engine.open(place))
        let (person, neighbour) = (try Sample.person(1), try Sample.person(2))
        _ = try await store.write([person], in: Sample.city, now: Sample.now)
        _ = try await store.write([neighbour], in: Sample.town, now: Sample.now)
        #expect(try await other.person(person.number, in: Sample.city) != nil)
        await #expect(throws: StoreError.conflict()) { try await store.decide(.erasure) }
        try await seal(store)
        let proposed = try await store.decide(.erasure, approving: false)
        #expect(FileManager.default.fileExists(atPath: keyFile(place)))
        await #expect(throws: StoreError.conflict()) {
            try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-a", now: Sample.now)
        }
        let done = try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        #expect(done.state == .done)
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
        // Another process hears of it with the control state that it asks for every second.
        #expect(try await other.control().erased == [Sample.city])
        for store in [store, other, try engine.open(place)] {
            await #expect(throws: StoreError.erased()) { try await store.person(person.number, in: Sample.city) }
            await #expect(throws: StoreError.erased()) {
                try await store.write([person], in: Sample.city, now: Sample.now)
            }
            #expect(try await store.municipalities().map(\.code) == [Sample.village, Sample.town].sorted())
            #expect(try await store.person(neighbour.number, in: Sample.town) != nil)
            await #expect(throws: StoreError.erased()) { try await store.decide(.settings(.initial)) }
            #expect(try await store.decisions(of: Sample.city).count == 2)
            #expect(try await store.heads().heads[.region(Sample.city)] == nil)
            #expect(try await store.verify(.control, pins: [], everything: true).breaks.isEmpty)
        }
        // Nor are there keys again for whoever asks for those of all that is configured.
        try place.keys.createMissing(for: [Sample.city], development: true)
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
    }

    @Test func `the control log proves which log ended, by its last line`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
        try await seal(store)
        let head = try #require(try await store.heads().heads[.region(Sample.city)])
        try await store.decide(.erasure)
        let line = try #require(try await store.controlLog(after: 0, limit: 99).last)
        #expect(line.event == .regionErased)
        let hash = head.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(
            line.detail
                == "region \(Sample.city), decision 2, log of \(head.count) lines ending in \(hash)")
        // The file stays, for as long as its log has to; nobody has the keys of the people in it.
        let text = try await RawDatabase(place.path(of: Sample.city)).everything()
        #expect(text.contains("imported"))
        #expect(!text.contains(try Sample.person(1).vaccinee.name))
    }

    @Test func `what the region had revoked stays published`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let id = try await store.signed(Sample.person(1))
        let code = RevocableCode(
            keyID: [1, 2, 3, 4, 5, 6, 7, 8], hash: [UInt8](repeating: 9, count: 16), expires: Sample.now + 1000)
        _ = try await store.recordSigned(id, in: Sample.city, codeHashes: [], revocable: code, now: Sample.now)
        _ = try await store.revoke(id, in: Sample.city, now: Sample.now)
        let before = try await store.publish(Publication(), now: Sample.now)
        #expect(before.identifiers == [])
        try await seal(store)
        try await store.decide(.erasure)
        let after = try await store.publish(Publication(), now: Sample.now)
        #expect((after.identifiers, after.codes) == ([id.text], [code]))
        #expect(after.counter > before.counter)
    }

    @Test func `a backup of records and keys brings nobody back`() async throws {
        let place = try Place()
        let keys = place.keys.path
        let store = try await place.restored { store in
            _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
            try FileManager.default.copyItem(atPath: keys, toPath: keys + "-backup")
        } after: { store in
            try await seal(store)
            try await store.decide(.erasure)
            try FileManager.default.removeItem(atPath: keys)
            try FileManager.default.moveItem(atPath: keys + "-backup", toPath: keys)
        }
        #expect(FileManager.default.fileExists(atPath: keyFile(place)))
        await #expect(throws: StoreError.erased()) {
            try await store.person(Sample.person(1).number, in: Sample.city)
        }
        try await store.carryOutErasures(now: Sample.now)
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
        #expect(try await store.decisions(of: Sample.city).first?.state == .done)
    }

    @Test func `keys that are put back alone are destroyed again`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let copy = try Data(contentsOf: URL(fileURLWithPath: keyFile(place)))
        try await seal(store)
        try await store.decide(.erasure)
        #expect(
            FileManager.default.createFile(
                atPath: keyFile(place), contents: copy, attributes: [.posixPermissions: 0o600]))
        let again = try place.sqlite()
        await #expect(throws: StoreError.erased()) {
            try await again.person(Sample.person(1).number, in: Sample.city)
        }
        for _ in 1...2 { try await again.carryOutErasures(now: Sample.now) }
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
        let redone = try await again.controlLog(after: 0, limit: 99).filter { $0.event == .redone }
        #expect(redone.compactMap(\.detail) == ["erasure of region \(Sample.city)"])
    }

    @Test func `an erasure that could not be carried out counts, and is carried out later`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let person = try Sample.person(1)
        _ = try await store.write([person], in: Sample.city, now: Sample.now)
        try await seal(store)
        let proposed = try await store.decide(.erasure, approving: false)
        // Somebody else changes keys.
        let folder = open(place.keys.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(folder >= 0)
        try #require(flock(folder, LOCK_EX | LOCK_NB) == 0)
        let counting = try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        #expect(counting.state == .approved)
        await #expect(throws: StoreError.locked()) { try await store.carryOutErasures(now: Sample.now) }
        await #expect(throws: StoreError.erased()) { try await store.person(person.number, in: Sample.city) }
        close(folder)
        let done = try await store.approve(
            decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        #expect(done.state == .done)
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
    }

    @Test func `a damaged region is erased as well`() async throws {
        let place = try Place()
        do {
            let store = try place.sqlite()
            _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
            try await seal(store)
            _ = try await store.heads()
        }
        try await place.closed()
        let path = place.path(of: Sample.city)
        try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: path))
        let store = try place.sqlite()
        let done = try await store.decide(.erasure)
        #expect(done.state == .done)
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
    }

    @Test func `a region that is damaged is closed and erased, and keeps no other from it`() async throws {
        let place = try Place()
        do {
            let store = try place.sqlite()
            _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
            _ = try await store.heads()
        }
        try await place.closed()
        try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: place.path(of: Sample.city)))
        let store = try place.sqlite()
        try await seal(store)
        // As a process leaves them that was ended between writing over the keys and removing them.
        try place.keys.markErased(Sample.city)
        try Data("noise".utf8).write(to: URL(fileURLWithPath: keyFile(place)))
        let done = try await store.decide(.erasure)
        #expect(done.state == .done)
        #expect(!FileManager.default.fileExists(atPath: keyFile(place)))
        try await store.decide(.settings(RegionSettings(state: .sealed)), for: Sample.town)
        #expect(try await store.decide(.erasure, for: Sample.town).state == .done)
    }

    @Test(arguments: [
        "UPDATE decision SET state = 'approved', approved_by = 'operator-b' WHERE subject = 'erasure'",
        "UPDATE decision SET state = 'done' WHERE subject = 'erasure'",
        """
        INSERT INTO decision (id, region, subject, state, reason, at, proposed_by, approved_by, version, mac)
        VALUES (99, '990019', 'erasure', 'approved', 'a hand', 0, 'a', 'b', 1, x'00')
        """,
    ])
    func `a hand in the database destroys no keys, and the region is closed`(hand: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.write([Sample.person(1)], in: Sample.city, now: Sample.now)
        try await seal(store)
        try await store.decide(.erasure, approving: false)
        try await RawDatabase(place.controlPath).execute(hand)
        for _ in 1...2 {
            await #expect(throws: StoreError.broken()) { try await store.carryOutErasures(now: Sample.now) }
        }
        #expect(FileManager.default.fileExists(atPath: keyFile(place)))
        #expect(!place.keys.isErased(Sample.city))
        await #expect(throws: StoreError.erased()) {
            try await store.person(Sample.person(1).number, in: Sample.city)
        }
    }

    @Test func `a region whose keys were destroyed keeps no other from being served, whatever the control file knows`()
        async throws
    {
        let place = try Place()
        do {
            let store = try place.sqlite()
            _ = try await store.write([Sample.person(1)], in: Sample.town, now: Sample.now)
        }
        try FileManager.default.removeItem(atPath: keyFile(place))
        #expect(throws: StoreError.keyMissing()) { try place.sqlite() }
        try place.keys.markErased(Sample.city)
        let store = try place.sqlite()
        #expect(try await store.person(Sample.person(1).number, in: Sample.town) != nil)
        await #expect(throws: StoreError.erased()) {
            try await store.person(Sample.person(1).number, in: Sample.city)
        }
    }

    @Test func `what waited to be imported goes too`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.stage(.people, [Sample.person(1)], as: .correction)
        let imports = "\(place.folder)/data/imports"
        func files() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: imports).filter { !$0.hasSuffix(".lock") }
        }
        #expect(try files().count > 0)
        // A correction is let in by this state; by being sealed it is not.
        let proposed = try await store.decide(.settings(RegionSettings(state: .sealed)), approving: false)
        await #expect(throws: StoreError.importOpen()) {
            try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        }
        _ = try await store.discard(1, in: Sample.city, now: Sample.now)
        _ = try await store.approve(decision: proposed.number, of: Sample.city, by: "operator-b", now: Sample.now)
        try Data("left by a process that ended".utf8).write(
            to: URL(fileURLWithPath: "\(imports)/\(Sample.city.digits)-9.people"))
        try await store.decide(.erasure)
        #expect(try files() == [])
    }
}

extension Place {
    /// Does something before a backup of the records and something after it, and puts the backup back: not the journal, nor the
    /// keys.
    func restored(
        before: (any RecordStore) async throws -> Void, after: (any RecordStore) async throws -> Void
    ) async throws -> any RecordStore {
        func quietly(_ body: (any RecordStore) async throws -> Void) async throws {
            let store = try sqlite()
            try await body(store)
            _ = try await store.heads()
        }
        try await quietly(before)
        try await closed()
        try FileManager.default.copyItem(atPath: folder + "/data", toPath: folder + "/backup")
        try await quietly(after)
        try await closed()
        try FileManager.default.removeItem(atPath: folder + "/data")
        try FileManager.default.copyItem(atPath: folder + "/backup", toPath: folder + "/data")
        return try sqlite()
    }
}
