import Crypto
import Foundation
import RecordSupport
import Records
import Synchronization
import TestSupport
import Testing
import Vaccination

/// Backups of a store on SQLite, and what comes back of them.
@Suite struct BackupTests {
    private final class End: Sendable {
        let isDone = Mutex(false)
    }

    /// A place with people in two regions.
    private func filled(_ people: Int = 40) async throws -> Place {
        let place = try Place()
        let store = try place.sqlite()
        for region in [Sample.city, Sample.town] {
            _ = try await store.write(try (0..<people).map { try Sample.person($0) }, in: region, now: Sample.now)
        }
        await store.close()
        return place
    }

    @Test func `on an empty host everything comes back, is sound, and goes on`() async throws {
        let place = try await filled()
        let (store, vault) = (try place.sqlite(), Vault(of: place))
        let id = try await store.certificate(in: .printed)
        // The service runs meanwhile: nothing was brought from its log into the files.
        let report = try await vault.make()
        #expect(report.missing.isEmpty && report.set.number == 1)
        #expect(
            Set(report.set.parts.map(\.part)).isSuperset(of: [.control, .region(Sample.city), .region(Sample.town)]))
        // Of a region that nobody was written to there are keys.
        #expect(report.set.parts.first { $0.part == .region(Sample.village) }?.bytes == 0)
        await store.close()

        let host = Place.empty()
        defer { host.remove() }
        let back = try await vault.restore(to: host)
        #expect(back.erased.isEmpty && back.left.isEmpty && back.older.isEmpty)
        let again = try host.sqlite(mayBegin: false)
        #expect(try await again.certificate(id, in: Sample.city)?.state == .printed)
        for region in [Sample.city, Sample.town] {
            for index in 0..<40 {
                #expect(try await again.person(try Sample.person(index).number, in: region) != nil)
            }
            let found = try await again.verify(.region(region), pins: [], everything: true)
            #expect(found.breaks.isEmpty)
        }
        #expect(try await again.verify(.control, pins: [], everything: true).breaks.isEmpty)
        _ = try await again.certificate(in: .printed)
        await again.close()
    }

    @Test func `a set of some regions alone is passed over by whoever restores all, and named where nothing else is`()
        async throws
    {
        let place = try await filled()
        let vault = Vault(of: place)
        let partial = try await vault.make([Sample.town])
        let alone = Place.empty()
        defer { alone.remove() }
        // What no backup ever had is not there to be waited for, and is said.
        let first = try await vault.restore(to: alone)
        #expect(first.set.name == partial.set.name && first.passedOver.isEmpty)
        #expect(Set(first.absent) == [Sample.city, Sample.village])

        let whole = try await vault.make()
        let later = try await vault.make([Sample.town])
        let host = Place.empty()
        defer { host.remove() }
        let back = try await vault.restore(to: host)
        #expect(back.set.name == whole.set.name && back.passedOver == [later.set.name] && back.absent.isEmpty)
        // For the one region that it has, the newest is the newest.
        try FileManager.default.removeItem(atPath: host.path(of: Sample.town))
        let one = try await vault.restore(only: [Sample.town], to: host)
        #expect(one.set.name == later.set.name && one.passedOver.isEmpty)
        // Whoever names a set gets that one.
        let named = Place.empty()
        defer { named.remove() }
        #expect(Set(try await vault.restore(later.set.name, to: named).absent) == [Sample.city, Sample.village])
    }

    @Test func `a region that could not be backed up does not bring the others back as they were before`() async throws
    {
        let place = try await filled()
        let vault = Vault(of: place)
        _ = try await vault.make()
        try FileManager.default.removeItem(atPath: "\(place.keys.path)/\(Sample.village.digits).json")
        let night = try await vault.make()
        #expect(night.missing.map(\.part) == [.region(Sample.village)])
        let host = Place.empty()
        defer { host.remove() }
        let back = try await vault.restore(to: host)
        #expect(back.set.name == night.set.name && back.absent == [Sample.village])
        // It comes back by itself, from the last set that has it.
        let one = try await vault.restore(try vault.backups.sets().first, only: [Sample.village], to: host)
        #expect(one.set.number == 1)
    }

    @Test func `of sets none of which has all regions, the newest with the most of them is restored`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        let two = try await vault.make([Sample.city, Sample.town])
        _ = try await vault.make([Sample.village])
        let host = Place.empty()
        defer { host.remove() }
        let back = try await vault.restore(to: host)
        #expect(back.set.name == two.set.name && back.absent == [Sample.village] && back.passedOver.count == 1)
    }

    @Test func `a set that cannot be read goes only where every region is in another that stays`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        let old = try await vault.make()
        for _ in 0..<2 { _ = try await vault.make([Sample.town]) }
        let path = "\(vault.folder)/sets/\(old.set.name).set"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let (backups, host, before) = (vault.backups, try vault.host(), try vault.files())
        let retention = try Sample.value(BackupRetention(newest: 1, months: 0))
        let error = await #expect(throws: BackupError.self) {
            _ = try await Vault.apart { try BackupPruning(backups, host).prune(retention) }
        }
        #expect(error == .damaged() || error == .wrongSigner())
        #expect(try vault.files() == before)
        let whole = try await vault.make()
        _ = try await Vault.apart { try BackupPruning(backups, host).prune(retention) }
        #expect(try vault.backups.sets() == [whole.set.name])
    }

    @Test func `what has not changed is not written again, and of a large region a change writes little`() async throws
    {
        let place = try await filled(1500)
        let vault = Vault(of: place)
        let first = try await vault.make()
        let second = try await vault.make()
        #expect(first.written > 2 << 20 && second.written == 0)
        #expect(
            first.set.parts.filter { $0.part.log != nil }.map(\.bytes)
                == second.set.parts.filter { $0.part.log != nil }.map(\.bytes))
        let store = try place.sqlite()
        _ = try await store.write([try Sample.person(1)], as: .addition, in: Sample.city, now: Sample.now)
        _ = try await store.write([try Sample.person(2000)], in: Sample.city, now: Sample.now)
        await store.close()
        let third = try await vault.make()
        #expect(third.written > 0 && third.written < first.written / 4, "\(third.written) of \(first.written)")
        // Each is whole by itself.
        for set in [first, second, third] { #expect(try await vault.check(set.set.name).faults.isEmpty) }
    }

    @Test func `files that the system calls unchanged are not read at all`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        // Later than the files by more than the clock's steps.
        let later = Date() + 60
        let first = try await vault.make(now: later)
        let second = try await vault.make(now: later + 1)
        #expect(second.written == 0)
        let (a, b) = (first.set.parts, second.set.parts)
        #expect(a.map(\.part) == b.map(\.part) && a.map(\.bytes) == b.map(\.bytes))
        #expect(try await vault.check().faults.isEmpty)
    }

    @Test func `while people are written and the log is taken into the file again and again, each set is one state`()
        async throws
    {
        let place = try await filled(200)
        let (store, vault) = (try place.sqlite(), Vault(of: place))
        let end = End()
        let raw = try RawDatabase(place.path(of: Sample.city))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var number = 300
                while !end.isDone.withLock({ $0 }) {
                    _ = try await store.write(
                        try (number..<number + 20).map { try Sample.person($0) }, in: Sample.city, now: Sample.now)
                    number += 20
                }
            }
            group.addTask {
                while !end.isDone.withLock({ $0 }) {
                    for how in ["PASSIVE", "RESTART", "TRUNCATE"] {
                        // Refused where somebody reads.
                        try? await raw.execute("PRAGMA wal_checkpoint(\(how))")
                    }
                }
            }
            group.addTask {
                defer { end.isDone.withLock { $0 = true } }
                for _ in 1...12 {
                    let made = try await vault.make([Sample.city])
                    #expect(made.missing.isEmpty)
                }
            }
            try await group.waitForAll()
        }
        await store.close()
        for set in try vault.backups.sets() {
            let host = Place.empty()
            defer { host.remove() }
            // SQLite's check and every row's evidence: a page of another state would be in neither.
            _ = try await vault.restore(set, to: host)
        }
    }

    @Test func `a run that was broken off leaves no set, and the next one uses what it wrote`() async throws {
        let place = try await filled(300)
        let vault = Vault(of: place)
        let first = try await vault.make()
        try FileManager.default.removeItem(atPath: "\(vault.folder)/sets/\(first.set.name).set")
        try Data(first.set.recipient.utf8).write(to: URL(fileURLWithPath: vault.folder + "/unfinished"))
        try Data("half".utf8).write(
            to: URL(fileURLWithPath: "\(vault.folder)/segments/990019/\(String(repeating: "0", count: 32)).part"))
        #expect(try vault.backups.sets().isEmpty)
        let second = try await vault.make()
        #expect(second.written == 0 && second.bytes == first.bytes)
        #expect(try await vault.check().faults.isEmpty)
        // What nobody needs goes with the next clearing.
        let (backups, host) = (vault.backups, try vault.host())
        let pruned = try await Vault.apart {
            try BackupPruning(backups, host).prune(try Sample.value(BackupRetention(newest: 5, months: 0)))
        }
        #expect(pruned.sets.isEmpty && pruned.files > 0)
        #expect(try await vault.check().faults.isEmpty)
        #expect(try !vault.files().contains { $0.hasSuffix(".part") })
    }

    @Test func `one region comes back beside the others, and is known to be older`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        _ = try await vault.make()
        let store = try place.sqlite()
        _ = try await store.write([try Sample.person(500)], in: Sample.city, now: Sample.now)
        _ = try await store.certificate(in: .printed)
        _ = try await store.heads()
        await store.close()
        // Nothing is overwritten.
        await #expect(throws: BackupError.occupied()) { try await vault.restore(only: [Sample.city], to: place) }
        for file in try FileManager.default.contentsOfDirectory(atPath: place.folder + "/data/regions")
        where file.hasPrefix(Sample.city.digits) {
            try FileManager.default.removeItem(atPath: "\(place.folder)/data/regions/\(file)")
        }
        let back = try await vault.restore(only: [Sample.city], to: place)
        #expect(back.restored == [.region(Sample.city)])
        let again = try place.sqlite()
        let found = try await again.verify(.region(Sample.city), pins: [], everything: true)
        #expect(found.breaks.map(\.kind) == [.rollback])
        try await again.noteRestored(.region(Sample.city), reason: "a drill", asItIs: false, now: Sample.now)
        #expect(try await again.verify(.region(Sample.city), pins: [], everything: true).breaks.isEmpty)
        #expect(try await again.person(try Sample.person(500).number, in: Sample.city) == nil)
        #expect(try await again.person(try Sample.person(1).number, in: Sample.city) != nil)
        _ = try await again.certificate(in: .printed)
        await again.close()
    }

    @Test func `what was revoked behind the backup is revoked again by a journal that is newer`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        let store = try place.sqlite()
        let id = try await store.certificate(in: .printed)
        _ = try await vault.make()
        _ = try await store.revoke(id, in: Sample.city, now: Sample.now)
        await store.close()
        let host = Place.empty()
        defer { host.remove() }
        // The journal comes from where it was followed, not from the set.
        try FileManager.default.createDirectory(atPath: host.folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: place.journal.folder, toPath: host.journal.folder)
        let back = try await vault.restore(to: host)
        #expect(back.left.contains(.journal("vrs")))
        let again = try host.sqlite(mayBegin: false)
        #expect(try await again.revoked(in: Sample.city) == [id])
        await again.close()
    }

    @Test func `files beside a region come back, and are written once`() async throws {
        let place = try await filled()
        let folder = "\(place.folder)/data/segments/\(Sample.city)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var random = Seeded("files beside a region")
        var contents: [String: Data] = [:]
        for (index, size) in [0, 1, 15_871, 15_872, 15_873, 50_000].enumerated() {
            contents["\(index)-\(size).segment"] = Data(random.bytes(size))
        }
        for (name, content) in contents { try content.write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        try Data("half".utf8).write(to: URL(fileURLWithPath: folder + "/.half"))
        let vault = Vault(of: place)
        _ = try await vault.make()
        // One goes, another one comes: the others lie there.
        try FileManager.default.removeItem(atPath: folder + "/1-1.segment")
        contents["1-1.segment"] = nil
        contents["6-900.segment"] = Data(random.bytes(900))
        try contents["6-900.segment"]?.write(to: URL(fileURLWithPath: folder + "/6-900.segment"))
        let second = try await vault.make()
        #expect(second.written == 16_384)
        #expect(try await vault.make(now: Date() + 60).written == 0)
        #expect(try await vault.check().faults.isEmpty)
        let host = Place.empty()
        defer { host.remove() }
        let back = try await vault.restore(to: host)
        #expect(back.restored.contains(.files(Sample.city)))
        let restored = "\(host.folder)/data/segments/\(Sample.city)"
        #expect(try FileManager.default.contentsOfDirectory(atPath: restored).sorted() == contents.keys.sorted())
        for (name, content) in contents {
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(restored)/\(name)")) == content, "\(name)")
        }
    }

    @Test func `two backups at once are one too many, told in both languages`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        _ = try await vault.make()
        let descriptor = open(vault.folder + "/lock", O_RDWR | O_CLOEXEC)
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        let error = await #expect(throws: BackupError.self) { try await vault.make() }
        close(descriptor)
        #expect(error == .locked() && error?.advice.japanese.contains("使用中") == true)
        _ = try await vault.make()
    }

    @Test func `a region that cannot be read is missing in the set, and keeps no other out of it`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        _ = try await vault.make()
        try FileManager.default.removeItem(atPath: place.path(of: Sample.city))
        let report = try await vault.make()
        #expect(report.missing.map(\.part) == [.region(Sample.city)] && report.set.missing == [.region(Sample.city)])
        #expect(report.missing.first?.error == .corrupt())
        #expect(report.set.parts.map(\.part).contains(.region(Sample.town)))
        // Its last state stays, however few sets are to be kept.
        let (backups, host) = (vault.backups, try vault.host())
        let pruned = try await Vault.apart {
            try BackupPruning(backups, host).prune(try Sample.value(BackupRetention(newest: 1, months: 0)))
        }
        #expect(pruned.sets.isEmpty && pruned.stillNeeded.count == 1)
    }

    @Test func `of many sets those stay that are to be kept, whole, and their files alone`() async throws {
        let place = try await filled()
        let vault = Vault(of: place)
        for index in 0..<5 {
            let store = try place.sqlite()
            _ = try await store.write([try Sample.person(600 + index)], in: Sample.town, now: Sample.now)
            await store.close()
            _ = try await vault.make()
        }
        let before = try vault.files().count
        let (backups, host) = (vault.backups, try vault.host())
        let pruned = try await Vault.apart {
            try BackupPruning(backups, host).prune(try Sample.value(BackupRetention(newest: 2, months: 0)))
        }
        #expect(pruned.sets.count == 3 && pruned.files > 0)
        #expect(try vault.files().count < before)
        let kept = try vault.backups.sets()
        #expect(kept.count == 2)
        for set in kept { #expect(try await vault.check(set).faults.isEmpty) }
        // The next one is numbered on.
        #expect(try await vault.make().set.number == 6)
    }

    @Test func `retention keeps the newest, and the last one of each month`() throws {
        let names = [
            "000001-20260110T000000Z", "000002-20260131T000000Z", "000003-20260201T000000Z",
            "000004-20260228T000000Z", "000005-20260301T000000Z", "000006-20260302T000000Z",
        ]
        let retention = try #require(BackupRetention(newest: 1, months: 3))
        #expect(retention.kept(of: names).sorted() == [names[1], names[3], names[5]])
        #expect(try #require(BackupRetention(newest: 2, months: 0)).kept(of: names).sorted() == Array(names[4...]))
        #expect(BackupRetention(newest: 0, months: 1) == nil)
    }
}
