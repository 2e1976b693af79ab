public import Foundation
import GRDB
public import Vaccination

// Certificates: each call goes to one region's file. What each does is said at CertificateStore and RevocationStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func record(_ intent: Intent, limit: DailyLimit, of version: Int64?) async throws -> IntentOutcome {
        guard Copies(intent.copies) != nil, intent.applicationHash.count == 32, intent.transcriptHash.count == 32,
            intent.sessionSigningKey.count <= 256, intent.terminal.utf8.count <= 128, intent.inquiry.utf8.count <= 64,
            intent.content.doses.count <= History.certificateLimit
        else { throw StoreError.invalid("an intent's field is out of its bounds") }
        return try await write(to: intent.municipality, sound: true) { ledger, encryptor in
            try CertificateTable(encryptor: encryptor).record(intent, limit: limit, of: version, in: ledger)
        }
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
        let outcome = try await write(to: region, sound: true) { ledger, encryptor in
            try CertificateTable(encryptor: encryptor).recordSigned(
                id, codeHashes: codeHashes, revocable: revocable, now: now, in: ledger)
        }
        mayBeUnreported(region)
        return outcome
    }

    public func certificate(_ id: CertificateID, in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await lookUp(in: region) { db, encryptor in
            try CertificateTable(encryptor: encryptor).entry(id, in: db)
        }
    }

    public func certificate(transcriptHash: [UInt8], in region: MunicipalityCode) async throws -> CertificateEntry? {
        try await lookUp(in: region) { db, encryptor in
            try CertificateTable(encryptor: encryptor).entry(transcriptHash: transcriptHash, in: db)
        }
    }

    public func standing(of id: CertificateID, in region: MunicipalityCode) async throws -> CertificateStanding? {
        try await lookUp(in: region) { db, encryptor in
            try CertificateTable(encryptor: encryptor).standing(of: id, in: db)
        }
    }

    public func recordOutcome(
        _ id: CertificateID, in region: MunicipalityCode, printed: Bool, now: Date
    ) async throws -> StateTransition {
        try await write(to: region) { ledger, encryptor in
            try CertificateTable(encryptor: encryptor).recordOutcome(id, printed: printed, now: now, in: ledger)
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
                let (marked, remaining) = try await write(to: code) { ledger, encryptor in
                    try CertificateTable(encryptor: encryptor).markUnreported(
                        olderThan: olderThan, now: now, in: ledger)
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
        try await refuseSealed(region)
        return try await read(from: region) { db, encryptor in
            try CertificateTable(encryptor: encryptor).entries(state, after: last, limit: limit, in: db)
        }
    }

    public func void(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition {
        try await write(to: region) { ledger, encryptor in
            try CertificateTable(encryptor: encryptor).void(id, now: now, in: ledger)
        }
    }

    public func revoke(_ id: CertificateID, in region: MunicipalityCode, now: Date) async throws -> StateTransition {
        try await write(to: region) { ledger, encryptor in
            try CertificateTable(encryptor: encryptor).revoke(id, now: now, in: ledger)
        }
    }

    public func revokedCodes(in region: MunicipalityCode, now: Date) async throws -> [RevocableCode] {
        try await read(from: region) { db, encryptor in
            try CertificateTable(encryptor: encryptor).revokedCodes(now: now, in: db)
        }
    }

    public func revoked(in region: MunicipalityCode) async throws -> [CertificateID] {
        try await read(from: region) { [journal] db, encryptor in
            try JournalTable.refuseShort(journal, .region(region), in: db)
            return try CertificateTable(encryptor: encryptor).revoked(in: db)
        }
    }
}
