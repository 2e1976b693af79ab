public import Foundation
import GRDB
public import Vaccination

// Single use: the control file, which all regions share. What each does is said at ClaimStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func claim(
        challengeHash: [UInt8], applicationHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome {
        guard challengeHash.count == 32, applicationHash.count == 32 else {
            throw StoreError.invalid("hashes have 32 bytes")
        }
        return try await control.write { db in
            try ClaimTable.use(
                challengeHash: Data(challengeHash), applicationHash: Data(applicationHash),
                certificateID: certificateID,
                issuedOn: issuedOn, expires: expires, now: now, in: db)
        }
    }

    public func findClaim(applicationHash: [UInt8], now: Date) async throws -> EarlierClaim? {
        try await control.read { db in
            try ClaimTable.find(applicationHash: Data(applicationHash), now: now, in: db)
        }
    }
}
