public import Foundation
import GRDB
public import Vaccination

// People: each call goes to one region's file. What each does is said at PersonStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord? {
        let region = try await soundRegion(region)
        let people = PersonTable(encryptor: region.encryptor)
        return try await region.file.read { db in try people.find(number, in: db) }
    }

    public func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int {
        let region = try await self.region(region)
        let table = PersonTable(encryptor: region.encryptor)
        guard !people.isEmpty else { return 0 }
        let added = try await region.file.write { ledger in
            let added = try table.write(people, to: ledger)
            try LogTable.append(.imported, detail: String(people.count), at: now, to: ledger)
            return added
        }
        // A command that ends now leaves no head behind; nothing depends on it.
        try? await heads.flush()
        return added
    }
}
