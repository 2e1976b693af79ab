import Crypto
import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Damage to what lies with the backups is found, named and never restored.
@Suite struct BackupDamageTests {
    private func filled() async throws -> (Place, Vault) {
        let place = try Place()
        let store = try place.sqlite()
        for region in [Sample.city, Sample.town] {
            _ = try await store.write(try (0..<5).map { try Sample.person($0) }, in: region, now: Sample.now)
        }
        await store.close()
        return (place, Vault(of: place))
    }

    /// Ways to spoil a file, each given its path.
    private static let flaws: [(name: String, error: Set<BackupError>, spoil: @Sendable (String) throws -> Void)] = [
        ("removed", [.missing(), .keysGone()], { try FileManager.default.removeItem(atPath: $0) }),
        (
            "cut", [.damaged(), .wrongSigner()],
            { path in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                try bytes.dropLast(9).write(to: URL(fileURLWithPath: path))
            }
        ),
        (
            "a bit", [.damaged(), .wrongSigner()],
            { path in
                var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: URL(fileURLWithPath: path))
            }
        ),
        ("emptied", [.damaged()], { try Data().write(to: URL(fileURLWithPath: $0)) }),
        (
            "of a newer version", [.newer(), .damaged()],
            { path in
                var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                bytes[14] = UInt8(ascii: "2")
                try bytes.write(to: URL(fileURLWithPath: path))
            }
        ),
    ]

    @Test(arguments: flaws.indices)
    func `every file that is spoiled is named by whoever verifies, and by whoever restores`(flaw: Int) async throws {
        let (_, vault) = try await filled()
        let made = try await vault.make()
        let flaw = Self.flaws[flaw]
        let files = try vault.files()
        #expect(files.count >= 12)
        for file in files {
            let path = "\(vault.folder)/\(file)"
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try flaw.spoil(path)
            var found: [BackupError] = []
            do { found = try await vault.check(made.set.name).faults.map(\.error) } catch let error as BackupError {
                found = [error]
            }
            let isSet = file.hasPrefix("sets/")
            let isKey = file.hasPrefix("keys/9")
            if isSet, flaw.name == "removed" {
                #expect(found == [.notFound()])
            } else if isKey, flaw.name == "removed" {
                // As if it had been erased: that is no damage.
                #expect(found.isEmpty)
            } else {
                #expect(!found.isEmpty, "\(flaw.name): \(file)")
                for error in found {
                    #expect(flaw.error.contains(error), "\(flaw.name): \(file): \(error)")
                    #expect(isSet || error.detail.contains(file), "\(error.detail) does not name \(file)")
                    #expect(!error.advice.english.isEmpty && error.advice.japanese.contains("。"))
                }
            }
            let host = Place.empty()
            defer { host.remove() }
            if !(isKey && flaw.name == "removed") {
                await #expect(throws: BackupError.self, "\(flaw.name): \(file)") {
                    try await vault.restore(made.set.name, to: host)
                }
                #expect(!FileManager.default.fileExists(atPath: host.controlPath))
                #expect(!FileManager.default.fileExists(atPath: host.path(of: Sample.city)))
            }
            try whole.write(to: URL(fileURLWithPath: path))
        }
        let host = Place.empty()
        defer { host.remove() }
        _ = try await vault.restore(made.set.name, to: host)
    }

    @Test func `files that were exchanged are found`() async throws {
        let (place, vault) = try await filled()
        let first = try await vault.make()
        let store = try place.sqlite()
        _ = try await store.write([try Sample.person(9)], in: Sample.city, now: Sample.now)
        await store.close()
        let second = try await vault.make()
        let files = try vault.files()
        func exchanged(_ a: String, _ b: String, _ set: String) async throws {
            let (one, other) = ("\(vault.folder)/\(a)", "\(vault.folder)/\(b)")
            func exchange() throws {
                try FileManager.default.moveItem(atPath: one, toPath: one + "~")
                try FileManager.default.moveItem(atPath: other, toPath: one)
                try FileManager.default.moveItem(atPath: one + "~", toPath: other)
            }
            try exchange()
            let host = Place.empty()
            defer { host.remove() }
            await #expect(throws: BackupError.self, "\(a) and \(b)") { try await vault.restore(set, to: host) }
            #expect(try await !vault.check(set).faults.isEmpty, "\(a) and \(b)")
            try exchange()
        }
        for folder in ["segments", "indexes", "keys"] {
            let all = files.filter { $0.hasPrefix(folder + "/") }
            let city = all.filter { $0.hasPrefix("\(folder)/\(Sample.city)/") }
            let town = all.filter { $0.hasPrefix("\(folder)/\(Sample.town)/") }
            try await exchanged(try #require(city.first), try #require(town.first), first.set.name)
            if city.count > 1 { try await exchanged(city[0], city[1], first.set.name) }
        }
        // An older set does not pass for a newer one.
        try await exchanged("sets/\(first.set.name).set", "sets/\(second.set.name).set", second.set.name)
    }

    @Test func `the next backup writes anew what is damaged or missing of the last one`() async throws {
        let (_, vault) = try await filled()
        let first = try await vault.make()
        let segment = try #require(try vault.files().first { $0.hasPrefix("segments/\(Sample.city)/") })
        try FileManager.default.removeItem(atPath: "\(vault.folder)/\(segment)")
        let index = try #require(try vault.files().first { $0.hasPrefix("indexes/\(Sample.town)/") })
        try Data("spoiled".utf8).write(to: URL(fileURLWithPath: "\(vault.folder)/\(index)"))
        let second = try await vault.make()
        #expect(second.written > 0)
        #expect(try await vault.check(second.set.name).faults.isEmpty)
        #expect(try await vault.check(first.set.name).faults.count > 1)
        // One whose set cannot be read is passed over, and said so.
        let path = "\(vault.folder)/sets/\(second.set.name).set"
        try Data("spoiled".utf8).write(to: URL(fileURLWithPath: path))
        let third = try await vault.make()
        #expect(third.passedOver.count == 1 && third.set.number == 3)
        #expect(try await vault.check(third.set.name).faults.isEmpty)
    }

    @Test func `of a run that was broken off nothing is used that somebody has changed since`() async throws {
        let (_, vault) = try await filled()
        let first = try await vault.make()
        try FileManager.default.removeItem(atPath: "\(vault.folder)/sets/\(first.set.name).set")
        try Data(first.set.recipient.utf8).write(to: URL(fileURLWithPath: vault.folder + "/unfinished"))
        let segment = try #require(try vault.files().first { $0.hasPrefix("segments/\(Sample.city)/") })
        var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(vault.folder)/\(segment)"))
        bytes[5000] ^= 1
        try bytes.write(to: URL(fileURLWithPath: "\(vault.folder)/\(segment)"))
        let second = try await vault.make()
        let city = try #require(second.set.parts.first { $0.part == .region(Sample.city) })
        // That region alone is written again.
        #expect(second.written > 0 && second.written <= city.bytes + 16_384)
        #expect(try await vault.check(second.set.name).faults.isEmpty)
    }

    @Test func `a place that cannot be written, or is something else, is told in both languages`() async throws {
        let (place, vault) = try await filled()
        // Where nobody makes folders, root neither.
        for folder in ["/sys/akashi", "/proc/akashi"] {
            let run = BackupRun(
                place: BackupPlace(folder), records: place.folder + "/data", journal: place.journal.folder,
                keys: place.keys, recipient: vault.key.publicKey,
                signer: BackupSigner(publicKey: vault.holder.signers[0]) { _ in [] })
            let error = await #expect(throws: BackupError.self) {
                try await Vault.apart { try run.run([], served: [], now: Sample.now) }
            }
            #expect(error == .unwritable() && error?.detail.contains(folder) == true)
            #expect(error?.advice.japanese.contains("書き込めません") == true)
        }
        try FileManager.default.createDirectory(atPath: vault.folder, withIntermediateDirectories: true)
        try Data("something".utf8).write(to: URL(fileURLWithPath: vault.folder + "/else"))
        await #expect(throws: BackupError.otherInstallation()) { try await vault.make() }
        #expect(BackupError.full("x").advice.japanese.contains("空き容量"))
    }

    @Test func `a set of a newer format is told as that`() throws {
        let newer = Data(#"{"format":2,"something":"else"}"#.utf8)
        let error = #expect(throws: BackupError.self) { try BackupSet(json: newer) }
        #expect(error == .newer() && error?.advice.japanese.contains("新しい版") == true)
    }
}
