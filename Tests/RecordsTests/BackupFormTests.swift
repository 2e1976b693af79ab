import Crypto
import Foundation
import GRDB
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// The readers of what lies with the backups, and of a database's log, under bad input.
@Suite struct BackupFormTests {
    /// One file of each kind as a backup writes it, opened as far as it goes without a key.
    private static func samples() async throws -> [String: [[UInt8]]] {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.write([try Sample.person(1)], in: Sample.city, now: Sample.now)
        let vault = Vault(of: place)
        _ = try await vault.make()
        var samples: [String: [[UInt8]]] = [:]
        for file in try vault.files() {
            let kind = String(file.prefix { $0 != "/" })
            samples[kind, default: []].append(
                Array(try Data(contentsOf: URL(fileURLWithPath: "\(vault.folder)/\(file)"))))
        }
        samples["log"] = [Array(try Data(contentsOf: URL(fileURLWithPath: place.path(of: Sample.city) + "-wal")))]
        await store.close()
        return samples
    }

    private static let set = """
        {"at":1763864100000,"format":1,"formats":"region 7, control 6, journal 1","missing":["990027"],"number":17,"parts":[\
        {"bytes":40960,"digest":"\(Data(repeating: 7, count: 32).base64EncodedString())","files":[1,2,3],\
        "index":"00112233445566778899aabbccddeeff","keyMark":"AAECAwQFBgcICQoLDA0ODw==","keys":"0011223344556677",\
        "part":"990019"},{"bytes":0,"digest":"\(Data(repeating: 8, count: 32).base64EncodedString())","files":[],\
        "index":"ffeeddccbbaa99887766554433221100","part":"journal-vrs"}],\
        "recipient":"0123456789abcdef"}
        """

    /// An index of two segments and three blocks.
    private static let index: [UInt8] =
        [1] + [0, 0, 0, 0, 0, 0, 0x80, 1] + [0, 0, 0, 2]
        + (0..<16) + [UInt8](repeating: 3, count: 32) + [0, 0, 0, 2]
        + (16..<32) + [UInt8](repeating: 4, count: 32) + [0, 0, 0, 1]
        + [0, 0, 0, 3]
        + [UInt8](repeating: 5, count: 16) + [0, 0, 0, 0, 0, 0, 0, 1]
        + [UInt8](repeating: 6, count: 16) + [0, 0, 0, 1, 0, 0, 0, 0]
        + [UInt8](repeating: 5, count: 16) + [0, 0, 0, 0, 0, 0, 0, 1]

    @Test func `what is read is written as the same bytes again`() throws {
        let set = try BackupSet(json: Data(Self.set.utf8))
        #expect(set.name == "000017-20251123T021500Z" && set.parts.count == 2)
        #expect(String(decoding: try set.json, as: UTF8.self) == Self.set)
        #expect(Array(try BackupIndex(parsing: Data(Self.index)).encoded) == Self.index)
    }

    @Test func `bad input never traps a reader of sets`() async throws {
        await BadInput.run("backup set", samples: [Array(Self.set.utf8)]) { bytes in
            let set = try BackupSet(json: Data(bytes))
            guard try BackupSet(json: set.json) == set else { fatalError("a set is not read as it was written") }
        }
    }

    @Test func `bad input never traps a reader of indexes, and there is one form of each`() async throws {
        await BadInput.run("backup index", samples: [Self.index]) { bytes in
            let index = try BackupIndex(parsing: Data(bytes))
            guard Array(index.encoded) == bytes else { fatalError("an index has a second form") }
        }
    }

    @Test func `bad input never traps a reader of envelopes`() async throws {
        let samples = try await Self.samples()
        let envelopes = ["sets", "indexes", "keys"].flatMap { samples[$0] ?? [] }
        #expect(envelopes.count > 4)
        await BadInput.run("backup envelope", samples: envelopes) { try BackupForms.envelope(Data($0)) }
    }

    @Test func `bad input never traps a reader of segments`() async throws {
        let segments = try await Self.samples()["segments"] ?? []
        let smallest = try #require(segments.min { $0.count < $1.count })
        #expect(try BackupForms.segment(Data(smallest)) > 0)
        await BadInput.run("backup segment", samples: [smallest]) { _ = try BackupForms.segment(Data($0)) }
    }

    @Test func `bad input never traps a reader of archives, and no name leads out of the folder`() async throws {
        func file(_ name: String, _ size: Int) -> [UInt8] {
            var bytes = Array("AKASHI-FILE-1\n".utf8) + [0, 0, 0, 0, 0, 0, UInt8(size >> 8), UInt8(size & 255)]
            bytes += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            bytes += [UInt8](repeating: 0, count: 512 - bytes.count) + [UInt8](repeating: 7, count: size)
            return bytes + [UInt8](repeating: 0, count: (16_384 - bytes.count % 16_384) % 16_384)
        }
        @Sendable func read(_ bytes: [UInt8]) throws -> [String] {
            var names: [String] = []
            try BackupArchive.read(bytes.count) { place, count in
                Data(bytes.dropFirst(place).prefix(count))
            } found: { name, place, count in
                guard place + count <= bytes.count, !name.contains("/"), !name.hasPrefix(".") else {
                    fatalError("a file leads out of its archive")
                }
                names.append(name)
            }
            return names
        }
        let whole = file("a.segment", 300) + file("b.segment", 20_000)
        #expect(try read(whole) == ["a.segment", "b.segment"])
        for name in ["", ".a", "../a", "a/b", "ä", String(repeating: "a", count: 201)] {
            #expect(throws: BackupError.damaged()) { try read(file(name, 1)) }
        }
        #expect(throws: BackupError.damaged()) { try read(file("b", 1) + file("a", 1)) }
        await BadInput.run("backup archive", samples: [whole]) { _ = try read($0) }
    }

    @Test func `bad input never traps the reader of a database's log`() async throws {
        let log = try #require(try await Self.samples()["log"]?.first)
        let head = Array(log.prefix(32 + 4 * (24 + 4096)))
        #expect(BackupForms.log(Data(head), pageBytes: 4096) == BackupForms.log(Data(head), pageBytes: 4096))
        await BadInput.run("write-ahead log", samples: [head], cases: BadInput.cases / 4) { bytes in
            _ = BackupForms.log(Data(bytes), pageBytes: 4096)
        }
    }

    @Test func `the log of a database is read as SQLite reads it, at each length that a crash may leave`() async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path + "/one.sqlite"
        let queue = try DatabasePool(path: path)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)")
            for number in 0..<12 {
                try db.inTransaction {
                    for _ in 0...number { try db.execute(sql: "INSERT INTO t (v) VALUES (randomblob(900))") }
                    return .commit
                }
            }
        }
        let (file, log) = (
            try Data(contentsOf: URL(fileURLWithPath: path)), try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        )
        var random = Seeded("lengths of a log")
        for _ in 0..<25 {
            let cut = Int.random(in: 0...log.count, using: &random)
            let copy = "\(folder.path)/\(UUID().uuidString)"
            try file.write(to: URL(fileURLWithPath: copy))
            try log.prefix(cut).write(to: URL(fileURLWithPath: copy + "-wal"))
            let frames = BackupForms.log(log.prefix(cut), pageBytes: 4096)
            // What SQLite makes of the two, brought into one file.
            do {
                let opened = try DatabaseQueue(path: copy)
                try await opened.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            }
            let merged = try Data(contentsOf: URL(fileURLWithPath: copy))
            #expect(frames.merged(file, log, pageBytes: 4096) == merged, "\(cut) of \(log.count) bytes")
        }
    }
}
