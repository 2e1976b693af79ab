import Crypto
import Foundation
import RecordSupport
import Records
import Synchronization
import TestSupport
import Testing
import Vaccination

/// Regions' keys in files that a master key wraps.
@Suite struct WrappedKeyTests {
    private let place: Place
    private let folder: TemporaryFolder
    private let master: FileMasterKey
    private var all: [MunicipalityCode] { Sample.municipalities.map(\.code) }

    init() throws {
        place = try Place()
        folder = try TemporaryFolder()
        master = try Self.master("master", in: folder)
    }

    private static func master(_ name: String, in folder: TemporaryFolder, mark: Bool = true) throws -> FileMasterKey {
        let text = (mark ? "# AKASHI DEVELOPMENT KEY\n" : "") + FileMasterKey.makeText()
        try folder.write(name, Data(text.utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file(name))
        return try FileMasterKey(file: folder.file(name))
    }

    private func keys(_ masters: any MasterKey...) -> RegionKeyFolder {
        RegionKeyFolder(path: place.keys.path, allowDevelopment: true, masters: masters)
    }

    private func file(_ region: MunicipalityCode) -> String { "\(place.keys.path)/\(region.digits).json" }

    private func store(_ keys: RegionKeyFolder) throws -> SQLiteRecordStore {
        try SQLiteRecordStore(
            folder: place.folder + "/data", keys: keys, journal: place.journal, regions: Sample.municipalities)
    }

    private func text(_ region: MunicipalityCode) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: file(region))), as: UTF8.self)
    }

    @Test func `what was written under plain files is read under the same keys wrapped, by a store opened before too`()
        async throws
    {
        let before = try place.sqlite()
        _ = try await before.write([try Sample.person()], in: Sample.city, now: Sample.now)
        let plain = try place.keys.keys(for: Sample.city)
        let secret = plain.dataKey.withUnsafeBytes { Data($0).base64EncodedString() }
        #expect(try text(Sample.city).replacing("\\/", with: "/").contains(secret))

        let wrapped = keys(master)
        #expect(try wrapped.unwrapped(all).count == all.count + 1)
        #expect(Set(try wrapped.wrap(all)) == Set(all.map(\.digits) + ["control"]))
        #expect(try wrapped.wrap(all) == [] && wrapped.unwrapped(all) == [])
        for region in all {
            let text = try text(region)
            #expect(!text.contains("dataKey") && !text.contains("indexKey") && text.contains(master.name))
        }
        #expect(try !text(Sample.city).replacing("\\/", with: "/").contains(secret))
        let mode = try FileManager.default.attributesOfItem(atPath: file(Sample.city))[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.keys.path).count == all.count + 1)

        for store in [before, try store(wrapped)] {
            #expect(try await store.person(try Sample.person().number, in: Sample.city) != nil)
        }
        let error = #expect(throws: StoreError.self) { try place.sqlite() }
        #expect(error == .keyMissing() && error?.detail.contains(master.name) == true)
    }

    @Test func `a region's keys rotate in a wrapped file, and while the master key is away nothing begins`()
        async throws
    {
        let away = Away(master)
        let wrapped = keys(away)
        _ = try wrapped.wrap(all)
        let store = try store(wrapped)
        let person = try Sample.person()
        _ = try await store.write([person], in: Sample.city, now: Sample.now)
        let before = try text(Sample.city)
        away.isAway.withLock { $0 = true }
        await #expect(throws: StoreError.unavailable()) {
            try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        }
        #expect(try text(Sample.city) == before)
        away.isAway.withLock { $0 = false }
        let shown = Mutex("")
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in
            shown.withLock { $0 = (try? text(Sample.city)) ?? "" }
        }
        for text in [shown.withLock { $0 }, try text(Sample.city)] {
            #expect(text != before && text.contains("wrapped"))
            for name in ["dataKey", "indexKey", "numberKey", "previous"] { #expect(!text.contains(name)) }
        }
        #expect(try await store.person(person.number, in: Sample.city) != nil)
        #expect(try wrapped.unwrapped(all) == [])
    }

    @Test func `new regions get wrapped files, and each file opens in its own place alone`() throws {
        let wrapped = keys(master)
        _ = try wrapped.wrap(all)
        try wrapped.createMissing(for: [Sample.elsewhere], development: true)
        #expect(try text(Sample.elsewhere).contains("wrapped"))
        #expect(try wrapped.keys(for: Sample.elsewhere).isDevelopment)
        // Another region's wrapped keys under this one's name.
        let other = try text(Sample.elsewhere).replacing(Sample.elsewhere.digits, with: Sample.city.digits)
        try Data(other.utf8).write(to: URL(fileURLWithPath: file(Sample.city)))
        let error = #expect(throws: StoreError.self) { try wrapped.keys(for: Sample.city) }
        #expect(error == .keyMissing() && error?.detail.contains(file(Sample.city)) == true)
    }

    @Test func `every changed byte of what is wrapped is found`() throws {
        let wrapped = keys(master)
        _ = try wrapped.wrap(all)
        let right = try text(Sample.city)
        let value = try #require(right.firstMatch(of: /"wrapped":"([^"]*)"/)?.1)
        let bytes = try #require(Data(base64Encoded: String(value)))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            let text = right.replacing(value, with: changed.base64EncodedString())
            try Data(text.utf8).write(to: URL(fileURLWithPath: file(Sample.city)))
            #expect(throws: StoreError.keyMissing(), "byte \(index)") { try wrapped.keys(for: Sample.city) }
        }
        for length in [0, 1, 11, 12, 27, 28, bytes.count - 1] {
            let text = right.replacing(value, with: bytes.prefix(length).base64EncodedString())
            try Data(text.utf8).write(to: URL(fileURLWithPath: file(Sample.city)))
            #expect(throws: StoreError.keyMissing(), "\(length) bytes") { try wrapped.keys(for: Sample.city) }
        }
    }

    @Test func `the next master key takes over file by file, and the one before opens what it has not reached`() throws
    {
        _ = try keys(master).wrap(all)
        let next = try Self.master("next", in: folder)
        #expect(next.name != master.name)
        let both = keys(next, master)
        let before = try both.keys(for: Sample.city).dataKey
        #expect(try both.unwrapped(all).count == all.count + 1)
        #expect(try both.wrap(all).count == all.count + 1)
        #expect(try keys(next).keys(for: Sample.city).dataKey == before)
        #expect(throws: StoreError.keyMissing()) { try keys(master).keys(for: Sample.city) }
    }

    /// A master key that lies elsewhere and may be away.
    private final class Away: MasterKey {
        let key: FileMasterKey
        let isAway = Mutex(false)
        var name: String { key.name }

        init(_ key: FileMasterKey) { self.key = key }

        func wrap(_ plain: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8] {
            try refuse()
            return try key.wrap(plain, associated: associated)
        }

        func unwrap(_ wrapped: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8] {
            try refuse()
            return try key.unwrap(wrapped, associated: associated)
        }

        private func refuse() throws(StoreError) {
            if isAway.withLock({ $0 }) { throw .unavailable("away") }
        }
    }

    @Test func `a region that is opened while the master key is away cannot be asked, and can be once it is back`()
        async throws
    {
        let away = Away(master)
        let wrapped = keys(away)
        _ = try wrapped.wrap(all)
        let store = try store(wrapped)
        let person = try Sample.person()
        away.isAway.withLock { $0 = true }
        // Never "no record".
        let error = await #expect(throws: StoreError.self) { try await store.person(person.number, in: Sample.city) }
        #expect(error?.isTransient == true)
        away.isAway.withLock { $0 = false }
        #expect(try await store.write([person], in: Sample.city, now: Sample.now) == 1)
        away.isAway.withLock { $0 = true }
        #expect(try await store.person(person.number, in: Sample.city) != nil, "what is open stays open")
    }

    @Test func `files that were not reached when the master key went away are wrapped by the next call`() throws {
        let away = Away(master)
        away.isAway.withLock { $0 = true }
        #expect(throws: StoreError.unavailable()) { try keys(away).wrap(all) }
        #expect(try keys(away).unwrapped(all).count == all.count + 1)
        away.isAway.withLock { $0 = false }
        #expect(try keys(away).wrap(all).count == all.count + 1)
    }

    @Test(arguments: [
        "", "\n", "00", String(repeating: "0", count: 63), String(repeating: "g", count: 64),
        String(repeating: "0", count: 64) + "\n" + String(repeating: "1", count: 64), String(repeating: "é", count: 32),
        String(repeating: ":", count: 64), String(repeating: "0", count: 5000),
    ])
    func `what is no key of 64 digits is no master key`(_ text: String) throws {
        try folder.write("bad", Data(text.utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("bad"))
        #expect(throws: StoreError.keyMissing()) { try FileMasterKey(file: folder.file("bad")) }
    }

    @Test func `a master key that others can read, or that is not there, is refused with its path`() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder.file("master"))
        for path in [folder.file("master"), folder.file("nowhere")] {
            let error = #expect(throws: StoreError.self) { try FileMasterKey(file: path) }
            #expect(error == .keyMissing() && error?.detail.contains(path) == true)
        }
    }

    @Test func `a master key shows which it is and never itself`() throws {
        let digits = try folder.text("master").split(separator: "\n")[1]
        var dumped = ""
        dump(master, to: &dumped)
        for shown in [master.name, "\(master)", dumped] { #expect(!shown.contains(digits.prefix(16))) }
        #expect(master.isDevelopment)
        #expect(try !Self.master("real", in: folder, mark: false).isDevelopment)
        // In capitals it is the same key.
        try folder.write("capitals", Data(digits.uppercased().utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("capitals"))
        #expect(try FileMasterKey(file: folder.file("capitals")).name == master.name)
    }
}
