public import Foundation
import GRDB
public import Vaccination

// Single use: the control file, which all regions share. What each does is said at ClaimStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func claim(
        challengeHash: [UInt8], transcriptHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome {
        guard challengeHash.count == 32, transcriptHash.count == 32 else {
            throw StoreError.invalid("hashes have 32 bytes")
        }
        return try await control.write { ledger in
            try ClaimTable.use(
                challengeHash: Data(challengeHash), transcriptHash: Data(transcriptHash),
                certificateID: certificateID,
                issuedOn: issuedOn, expires: expires, now: now, in: ledger.db)
        }
    }

    public func findClaim(transcriptHash: [UInt8], now: Date) async throws -> EarlierClaim? {
        try await control.lookUp { db in
            try ClaimTable.find(transcriptHash: Data(transcriptHash), now: now, in: db)
        }
    }

    public func countRepetition(transcriptHash: [UInt8], limit: Int) async throws -> Bool {
        try await control.write { ledger in
            try ClaimTable.countRepetition(transcriptHash: Data(transcriptHash), limit: limit, in: ledger.db)
        }
    }

    public func keepRefusal(_ code: String, transcriptHash: [UInt8]) async throws {
        guard (1...64).contains(code.utf8.count) else { throw StoreError.invalid("a refusal's code has 1 to 64 bytes") }
        try await control.write { ledger in
            try ClaimTable.keepRefusal(code, transcriptHash: Data(transcriptHash), in: ledger.db)
        }
    }
}
