import Foundation
import GRDB
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// The formats that `vrs --version` says are those on the disk.
@Suite struct StoreFormatTests {
    @Test func `the formats that are said are how many steps each schema has had`() async throws {
        let folder = try TemporaryFolder()
        let code = try #require(MunicipalityCode("990019"))
        let municipality = Municipality(
            code: code, prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon", nameEnglish: "Mihon City")
        let keys = RegionKeyFolder(path: folder.file("keys"), allowDevelopment: true)
        try keys.createMissing(for: [code], development: true)
        let store = try SQLiteRecordStore(
            folder: folder.file("records"), keys: keys,
            journal: JournalPlace(folder: folder.file("journal"), instance: "vrs"), regions: [municipality])
        _ = try await store.write([], in: code, now: Date())
        func steps(_ name: String) throws -> Int {
            try DatabaseQueue(path: folder.file("records/\(name).sqlite")).read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM grdb_migrations") ?? 0
            }
        }
        #expect(try steps("control") == StoreFormat.control)
        #expect(try steps("regions/990019") == StoreFormat.region)
        let lines = try String(contentsOfFile: folder.file("journal/vrs.journal"), encoding: .utf8)
        #expect(lines.contains("\"journal\":\(StoreFormat.journal)"), "\(lines.prefix(300))")
    }
}
