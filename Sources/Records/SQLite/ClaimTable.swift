import Foundation
import GRDB
import Vaccination

/// The challenges that were used.
enum ClaimTable {
    /// How many expired claims one call removes: more than it adds, so that they do not pile up, and few enough that no
    /// caller waits for them.
    static let purgedAtOnce = 8

    static func use(
        challengeHash: Data, applicationHash: Data, certificateID: CertificateID, issuedOn: CalendarDate, expires: Date,
        now: Date, in db: Database
    ) throws -> ClaimOutcome {
        let earlier = try Row.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM claim WHERE challenge_hash = ?"), arguments: [challengeHash])
        if let earlier {
            guard try earlier.parse("application_hash") == applicationHash, let claim = try recent(earlier, now: now)
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
                INSERT INTO claim (challenge_hash, application_hash, certificate, issued_on, at, keep_until)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                challengeHash, applicationHash, certificateID.text, issuedOn.daysSince1970, now.storedMilliseconds,
                keepUntil.storedMilliseconds,
            ])
        return .fresh
    }

    static func find(applicationHash: Data, now: Date, in db: Database) throws -> EarlierClaim? {
        let row = try Row.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM claim WHERE application_hash = ? ORDER BY at LIMIT 1"),
            arguments: [applicationHash])
        return try row.flatMap { try recent($0, now: now) }
    }

    private static func recent(_ row: Row, now: Date) throws -> EarlierClaim? {
        let at = try row.parseInstant("at")
        guard now <= at + StoreTimes.repetition else { return nil }
        return EarlierClaim(
            certificateID: try row.parseCertificateID("certificate"), issuedOn: try row.parseDay("issued_on"), at: at)
    }
}
