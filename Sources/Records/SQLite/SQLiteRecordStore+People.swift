public import Foundation
import GRDB
public import Vaccination

// People: each call goes to one region's file. What each does is said at PersonStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord? {
        try await read(from: region, sound: true) { db, encryptor in
            try PersonTable(encryptor: encryptor).find(number, in: db)
        }
    }

    public func write(_ people: [NewPerson], in region: MunicipalityCode, now: Date) async throws -> Int {
        guard !people.isEmpty else { return try await withRegion(region) { _ in 0 } }
        let added = try await write(to: region) { ledger, encryptor in
            let added = try PersonTable(encryptor: encryptor).write(people, to: ledger)
            try LogTable.append(.imported, detail: String(people.count), at: now, to: ledger)
            return added
        }
        // A command that ends now leaves no head behind; nothing depends on it.
        try? await heads.flush()
        return added
    }
}
