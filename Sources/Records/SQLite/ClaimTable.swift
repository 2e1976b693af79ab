import Foundation
import GRDB
import Vaccination

/// The challenges that were used.
enum ClaimTable {
    /// How many expired claims one call removes: more than it adds, so that they do not pile up, and few enough that no
    /// caller waits for them.
    static let purgedAtOnce = 8

    static func use(
        challengeHash: Data, transcriptHash: Data, certificateID: CertificateID, issuedOn: CalendarDate, expires: Date,
        now: Date, in db: Database
    ) throws -> ClaimOutcome {
        let earlier = try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM claim WHERE challenge_hash = ?"), arguments: [challengeHash])
        if let earlier {
            guard try earlier.parse("transcript_hash") == transcriptHash, let claim = try recent(earlier, now: now)
            else {
                return .used
            }
            return .repeated(claim)
        }
        try db.cachedStatement(
            sql: """
                DELETE FROM claim WHERE challenge_hash IN (
                    SELECT challenge_hash FROM claim WHERE keep_until < ? ORDER BY keep_until LIMIT ?)
                """
        ).execute(arguments: [now.storedMilliseconds, purgedAtOnce])
        let keepUntil = max(expires + StoreTimes.claimMargin, now + StoreTimes.repetition)
        try db.cachedStatement(
            sql: """
                INSERT INTO claim (challenge_hash, transcript_hash, certificate, issued_on, at, keep_until)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                challengeHash, transcriptHash, certificateID.text, issuedOn.daysSince1970, now.storedMilliseconds,
                keepUntil.storedMilliseconds,
            ])
        return .fresh
    }

    static func find(transcriptHash: Data, now: Date, in db: Database) throws -> EarlierClaim? {
        let row = try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM claim WHERE transcript_hash = ? ORDER BY at LIMIT 1"),
            arguments: [transcriptHash])
        return try row.flatMap { try recent($0, now: now) }
    }

    static func countRepetition(transcriptHash: Data, limit: Int, in db: Database) throws -> Bool {
        try db.cachedStatement(
            sql: "UPDATE claim SET repetitions = repetitions + 1 WHERE transcript_hash = ? AND repetitions < ?"
        ).execute(arguments: [transcriptHash, limit])
        return db.changesCount > 0
    }

    static func keepRefusal(_ code: String, transcriptHash: Data, in db: Database) throws {
        try db.cachedStatement(sql: "UPDATE claim SET refusal = ? WHERE transcript_hash = ? AND refusal IS NULL")
            .execute(arguments: [code, transcriptHash])
    }

    private static func recent(_ row: StoredRow, now: Date) throws -> EarlierClaim? {
        let at = try row.parseInstant("at")
        guard now <= at + StoreTimes.repetition else { return nil }
        return EarlierClaim(
            certificateID: try row.parseCertificateID("certificate"), issuedOn: try row.parseDay("issued_on"), at: at,
            refusal: try row.parseOptional("refusal"))
    }
}
