public import Foundation
import GRDB
public import Vaccination

// Certificates: each call goes to one region's file. What each does is said at CertificateStore and RevocationStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func record(_ intent: Intent, limit: DailyLimit) async throws -> IntentOutcome {
        guard Copies(intent.copies) != nil, intent.applicationHash.count == 32, intent.transcriptHash.count == 32,
            intent.sessionSigningKey.count <= 256, intent.terminal.utf8.count <= 128, intent.inquiry.utf8.count <= 64,
            intent.content.doses.count <= History.certificateLimit
        else { throw StoreError.invalid("an intent's field is out of its bounds") }
        let region = try await soundRegion(intent.municipality)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.write { ledger in try table.record(intent, limit: limit, in: ledger) }
    }

    public func recordSigned(
        _ id: CertificateID, in region: MunicipalityCode, codeHashes: [[UInt8]], revocable: RevocableCode?, now: Date
    ) async throws -> StateTransition {
        guard codeHashes.count <= 16, codeHashes.allSatisfy({ $0.count == 32 }) else {
            throw StoreError.invalid("at most sixteen code hashes of 32 bytes")
        }
        guard revocable.map({ $0.keyID.count == 8 && $0.hash.count == 16 }) ?? true else {
            throw StoreError.invalid("a revocable code's key identifier has 8 bytes and its hash 16")
        }
        let open = try await soundRegion(region)
        let table = CertificateTable(encryptor: open.encryptor)
        let outcome = try await open.file.write { ledger in
            try table.recordSigned(id, codeHashes: codeHashes, revocable: revocable, now: now, in: ledger)
        }
        mayBeUnreported(region)
        return outcome
    }

    public func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry? {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.read { db in try table.entry(id, in: db) }
    }

    public func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry? {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.read { db in try table.entry(transcriptHash: transcriptHash, in: db) }
    }

    public func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> StateTransition {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.write { ledger in
            try table.recordOutcome(id, printed: printed, now: now, in: ledger)
        }
    }

    public func markUnreported(olderThan: Date, now: Date) async throws -> Int {
        var total = 0
        var failure: (any Error)?
        // A region without a file has no certificates, and is not made only to see that.
        for code in takeUnreportedRegions() where wasMade(code) {
            // Opening a country's regions takes seconds, which a service that ends does not have.
            guard !Task.isCancelled else {
                mayBeUnreported(code)
                continue
            }
            do {
                let region = try await self.region(code)
                let table = CertificateTable(encryptor: region.encryptor)
                let (marked, remaining) = try await region.file.write { ledger in
                    try table.markUnreported(olderThan: olderThan, now: now, in: ledger)
                }
                total += marked
                if remaining > 0 { mayBeUnreported(code) }
            } catch {
                // One damaged region must not keep the others from being looked at; it is tried again next time.
                mayBeUnreported(code)
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return total
    }

    public func certificates(
        in region: MunicipalityCode, state: CertificateState, after last: CertificateID?, limit: Int
    ) async throws -> [CertificateEntry] {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.read { db in try table.entries(state, after: last, limit: limit, in: db) }
    }

    public func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.write { ledger in try table.void(id, now: now, in: ledger) }
    }

    public func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.write { ledger in try table.revoke(id, now: now, in: ledger) }
    }

    public func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode] {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.read { db in try table.revokedCodes(now: now, in: db) }
    }

    public func revoked(in region: MunicipalityCode) async throws -> [CertificateID] {
        let region = try await self.region(region)
        let table = CertificateTable(encryptor: region.encryptor)
        return try await region.file.read { [journal] db in
            try JournalTable.refuseShort(journal, .region(region.municipality.code), in: db)
            return try table.revoked(in: db)
        }
    }
}
