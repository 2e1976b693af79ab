import Crypto
import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// What becomes of regions' keys in backups: nothing brings back what was erased.
@Suite struct BackupKeyTests {
    private func filled() async throws -> (Place, Vault) {
        let place = try Place()
        let store = try place.sqlite()
        for region in [Sample.city, Sample.town] {
            _ = try await store.write([try Sample.person(1)], in: region, now: Sample.now)
        }
        await store.close()
        return (place, Vault(of: place))
    }

    @Test(arguments: [true, false])
    func `destroyed keys are in no backup any more, and the others come back`(byCommand: Bool) async throws {
        let nowhere = Place.empty()
        defer { nowhere.remove() }
        let (place, vault) = try await filled()
        let old = try await vault.make()
        if byCommand {
            #expect(try vault.backups.forgetKeys(of: Sample.city))
            #expect(try !vault.backups.forgetKeys(of: Sample.city))
        } else {
            try FileManager.default.removeItem(atPath: "\(place.keys.path)/\(Sample.city.digits).json")
            let left = [Sample.town, Sample.village]
            // It may be lost by accident, and a region that is served no more is not one that was erased.
            #expect(try await vault.make(left, served: left).forgotten == [])
            try place.keys.markErased(Sample.city)
            let report = try await vault.make(left, served: left)
            #expect(report.forgotten == [Sample.city])
        }
        #expect(try !vault.files().contains { $0.hasPrefix("keys/\(Sample.city)") })
        for set in try vault.backups.sets() {
            let report = try await vault.check(set)
            #expect(report.faults.isEmpty && report.erased == (set == old.set.name ? [.region(Sample.city)] : []))
        }
        await #expect(throws: BackupError.notFound()) {
            try await vault.restore(old.set.name, only: [Sample.city], to: nowhere)
        }
        let host = Place.empty()
        defer { host.remove() }
        let back = try await vault.restore(old.set.name, to: host)
        #expect(back.erased == [Sample.city] && back.restored.contains(.region(Sample.town)))
        #expect(!FileManager.default.fileExists(atPath: host.path(of: Sample.city)))
        await #expect(throws: BackupError.keysGone()) {
            try await vault.restore(old.set.name, only: [Sample.city], to: host)
        }
    }

    @Test func `a region that is called erased loses its keys though it is still served`() async throws {
        let (place, vault) = try await filled()
        _ = try await vault.make()
        try FileManager.default.removeItem(atPath: "\(place.keys.path)/\(Sample.city.digits).json")
        let report = try await vault.make(erased: [Sample.city])
        #expect(report.forgotten == [Sample.city] && report.missing.isEmpty)
        #expect(!report.set.parts.map(\.part).contains(.region(Sample.city)))
        #expect(try !vault.files().contains { $0.hasPrefix("keys/\(Sample.city)") })
    }

    @Test
    func `what two operators erased is erased in backups by the next one, and before it where the journal comes first`()
        async throws
    {
        let (place, vault) = try await filled()
        let old = try await vault.make()
        do {
            let store = try place.sqlite()
            try await store.decide(.settings(RegionSettings(state: .sealed)))
            try await store.decide(.erasure)
        }
        // The copies of the keys are still there; the journal of then is put in place before the set.
        let early = Place.empty()
        defer { early.remove() }
        try FileManager.default.copyItem(atPath: place.journal.folder, toPath: early.journal.folder)
        #expect(try await vault.restore(old.set.name, to: early).erased.isEmpty)
        let again = try early.sqlite()
        await #expect(throws: StoreError.erased()) {
            try await again.person(Sample.person(1).number, in: Sample.city)
        }
        try await again.carryOutErasures(now: Sample.now)
        #expect(!FileManager.default.fileExists(atPath: "\(early.keys.path)/\(Sample.city.digits).json"))

        let report = try await vault.make(erased: Set(Sample.municipalities.map(\.code).filter(place.keys.isErased)))
        #expect(report.forgotten == [Sample.city] && report.missing.isEmpty)
        let late = Place.empty()
        defer { late.remove() }
        #expect(try await vault.restore(old.set.name, to: late).erased == [Sample.city])
    }

    @Test(arguments: ["keys/131016", "keys/990019/link"])
    func `links in the place of backups lead nowhere`(link: String) async throws {
        let (place, vault) = try await filled()
        _ = try await vault.make()
        let before = try FileManager.default.contentsOfDirectory(atPath: place.keys.path).sorted()
        try FileManager.default.createSymbolicLink(
            atPath: "\(vault.folder)/\(link)", withDestinationPath: place.keys.path)
        for name in ["unfinished.part", "unfinished"] {
            unlink("\(vault.folder)/\(name)")
            try FileManager.default.createSymbolicLink(
                atPath: "\(vault.folder)/\(name)", withDestinationPath: "\(place.keys.path)/control.json")
        }
        let control = try Data(contentsOf: URL(fileURLWithPath: "\(place.keys.path)/control.json"))
        let code = try #require(MunicipalityCode("131016"))
        _ = try? await vault.make(erased: [code])
        #expect(throws: BackupError.self) {
            _ = try vault.backups.forgetKeys(of: code)
            if link != "keys/131016" { throw BackupError.notFound("there is none") }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.keys.path).sorted() == before)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(place.keys.path)/control.json")) == control)
    }

    @Test func `the keys of a served region that are gone by accident stay in the backups`() async throws {
        let (place, vault) = try await filled()
        _ = try await vault.make()
        try FileManager.default.removeItem(atPath: "\(place.keys.path)/\(Sample.city.digits).json")
        let report = try await vault.make()
        #expect(report.missing.map(\.part) == [.region(Sample.city)] && report.missing.first?.error == .keyMissing())
        #expect(report.forgotten.isEmpty)
        let host = Place.empty()
        defer { host.remove() }
        #expect(try await vault.restore(try vault.backups.sets().first, to: host).erased.isEmpty)
    }

    @Test func `a set from before a rotation comes back with the keys of then, until it is removed`() async throws {
        let (place, vault) = try await filled()
        let old = try await vault.make()
        let store = try place.sqlite()
        _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in }
        await store.close()
        _ = try await vault.make()
        func names() throws -> Int { try vault.files().count { $0.hasPrefix("keys/\(Sample.city)/") } }
        #expect(try names() == 2)
        for set in try vault.backups.sets() {
            let host = Place.empty()
            defer { host.remove() }
            _ = try await vault.restore(set, to: host)
            let again = try host.sqlite(mayBegin: false)
            #expect(try await again.person(try Sample.person(1).number, in: Sample.city) != nil)
            await again.close()
            // Another set's keys are there: they are not exchanged unasked.
            for file in try FileManager.default.subpathsOfDirectory(atPath: host.folder + "/data")
            where file.contains("\(Sample.city)") {
                try FileManager.default.removeItem(atPath: "\(host.folder)/data/\(file)")
            }
            for other in try vault.backups.sets() where other != set {
                let error = await #expect(throws: BackupError.self) {
                    try await vault.restore(other, only: [Sample.city], to: host)
                }
                #expect(error == .keysDiffer())
            }
        }
        let (backups, host) = (vault.backups, try vault.host())
        _ = try await Vault.apart {
            try BackupPruning(backups, host).prune(try Sample.value(BackupRetention(newest: 1, months: 0)))
        }
        #expect(try names() == 1)
        #expect(try !vault.backups.sets().contains(old.set.name))
    }

    @Test func `while the keys of a region rotate, each set has those that open it`() async throws {
        let place = try Place()
        let (store, vault) = (try place.sqlite(), Vault(of: place))
        _ = try await store.write(try (0..<400).map { try Sample.person($0) }, in: Sample.city, now: Sample.now)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 1...3 { _ = try await store.rotateKeys(of: Sample.city, now: Sample.now) { _ in } }
            }
            group.addTask {
                for _ in 1...10 {
                    // A set without the region is one that met every change of its keys; it says so.
                    let made = try await vault.make([Sample.city])
                    #expect(made.missing.allSatisfy { $0.error == .wrongKey() })
                }
            }
            try await group.waitForAll()
        }
        _ = try await vault.make([Sample.city])
        await store.close()
        var count = 0
        for set in try vault.backups.sets() {
            let host = Place.empty()
            defer { host.remove() }
            let back = try await vault.restore(set, to: host)
            guard back.restored.contains(.region(Sample.city)) else { continue }
            count += 1
            // With what the file of keys says now: both, while a rotation is under way.
            for code in [Sample.town, Sample.village] {
                try FileManager.default.copyItem(
                    atPath: "\(place.keys.path)/\(code.digits).json", toPath: "\(host.keys.path)/\(code.digits).json")
            }
            let again = try host.sqlite(mayBegin: false)
            for index in [0, 200, 399] {
                #expect(try await again.person(try Sample.person(index).number, in: Sample.city) != nil, "\(set)")
            }
            await again.close()
        }
        #expect(count > 3)
    }

    @Test func `the host that makes backups opens no block of them, and no key`() async throws {
        let (place, vault) = try await filled()
        _ = try await vault.make()
        // It sees what a set consists of, and compares files with their hashes.
        let report = try await vault.check(by: try vault.host())
        #expect(report.faults.isEmpty && !report.isDeep && report.segments > 0)
        let host = Place.empty()
        defer { host.remove() }
        let reader = try vault.host()
        await #expect(throws: BackupError.wrongKey()) { try await vault.restore(to: host, by: reader) }
        // Nothing of a key, and nothing of a database as SQLite writes it, lies there as it is.
        let key = try String(contentsOfFile: "\(place.keys.path)/\(Sample.city.digits).json", encoding: .utf8)
        for file in try vault.files() {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(vault.folder)/\(file)"))
            #expect(bytes.range(of: Data("SQLite format 3".utf8)) == nil)
            #expect(bytes.range(of: Data(key.suffix(60).utf8)) == nil)
        }
    }

    @Test func `under another backup key everything is written again, and opens with that alone`() async throws {
        let (_, vault) = try await filled()
        let first = try await vault.make()
        try Data(first.set.recipient.utf8).write(to: URL(fileURLWithPath: vault.folder + "/unfinished"))
        let other = vault.withOtherKey()
        let second = try await other.make()
        #expect(second.written == first.written && second.passedOver.count == 1)
        let host = Place.empty()
        defer { host.remove() }
        await #expect(throws: BackupError.wrongKey()) { try await vault.restore(second.set.name, to: host) }
        #expect(try await other.restore(second.set.name, to: host).restored.contains(.region(Sample.city)))
        #expect(try await other.make().written == 0)
        // The old one opens what was sealed to it.
        let older = Place.empty()
        defer { older.remove() }
        #expect(try await vault.restore(first.set.name, to: older).restored.contains(.region(Sample.city)))
    }

    @Test func `other keys, other signers and other installations are told apart`() async throws {
        let nowhere = Place.empty()
        defer { nowhere.remove() }
        let (place, vault) = try await filled()
        _ = try await vault.make()
        let other = Vault(of: place)
        await #expect(throws: BackupError.wrongSigner()) {
            try await vault.restore(to: nowhere, by: other.holder)
        }
        let stranger = BackupReader(privateKey: P256.KeyAgreement.PrivateKey(), signers: vault.holder.signers)
        await #expect(throws: BackupError.wrongKey()) { try await vault.restore(to: nowhere, by: stranger) }
        let elsewhere = try Place()
        let keys = elsewhere.keys
        await #expect(throws: BackupError.otherInstallation()) { try await vault.make(keys: keys) }
        for error in [BackupError.wrongKey("x"), .wrongSigner("x"), .otherInstallation("x")] {
            #expect(error.advice.english.count > 20 && error.advice.japanese.count > 10)
        }
    }
}
