import Crypto
import Foundation
import GRDB

/// How often phones and cards have tried something: keyed hashes with a count and an end, beside claims and committed with them.
enum AttemptTable {
    /// How many subjects a call counts at most.
    static let maximumSubjects = 8
    /// How many counts that have ended one call removes: more than it adds.
    static let purgedAtOnce = 16

    /// - Parameter limits: keyed hashes, each with the number of attempts that it has.
    static func count(_ limits: [Data: Int], until: Date, now: Date, in db: Database) throws -> Bool {
        let time = now.storedMilliseconds
        for (hash, limit) in limits {
            let select = try db.cachedStatement(sql: "SELECT count FROM attempt WHERE hash = ? AND until > ?")
            guard try (Int.fetchOne(select, arguments: [hash, time]) ?? 0) < limit else { return false }
        }
        try db.cachedStatement(
            sql: "DELETE FROM attempt WHERE hash IN (SELECT hash FROM attempt WHERE until <= ? ORDER BY until LIMIT ?)"
        ).execute(arguments: [time, purgedAtOnce])
        for hash in limits.keys {
            try db.cachedStatement(
                sql: """
                    INSERT INTO attempt (hash, count, until) VALUES (?1, 1, ?2)
                    ON CONFLICT (hash) DO UPDATE SET
                        count = CASE WHEN until > ?3 THEN count + 1 ELSE 1 END,
                        until = CASE WHEN until > ?3 THEN until ELSE excluded.until END
                    """
            ).execute(arguments: [hash, until.storedMilliseconds, time])
        }
        return true
    }

    /// Notes a device's own count if it is the highest. The row is a count's, so that it is removed like one: its end says when it last
    /// rose.
    /// - Returns: the highest before; `nil` if none is known.
    static func note(_ value: UInt32, of hash: Data, now: Date, in db: Database) throws -> HighestCounter? {
        let select = try db.cachedStatement(sql: "SELECT count, until FROM attempt WHERE hash = ? AND until > ?")
        let earlier = try StoredRow.fetchOne(select, arguments: [hash, now.storedMilliseconds]).map { row in
            let count: Int64 = try row.parse("count")
            let end: Date = try row.parseInstant("until")
            return HighestCounter(value: UInt32(clamping: count), at: end - StoreTimes.counterKept)
        }
        if let earlier, earlier.value >= value { return earlier }
        try db.cachedStatement(
            sql: """
                INSERT INTO attempt (hash, count, until) VALUES (?, ?, ?)
                ON CONFLICT (hash) DO UPDATE SET count = excluded.count, until = excluded.until
                """
        ).execute(arguments: [hash, Int64(value), (now + StoreTimes.counterKept).storedMilliseconds])
        return earlier
    }
}

extension DeviceCounter {
    /// What is stored, as of ``AttemptSubject``; no kind of attempt has this text.
    func hash(_ key: SymmetricKey) -> Data {
        let text = Array("akashi/attempt/counter/device/".utf8) + keyHash
        return Data(copying: HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}

extension AttemptSubject {
    /// What is stored: nobody who has the file alone can tell whose count it is.
    func hash(_ kind: AttemptKind, _ key: SymmetricKey) -> Data {
        let text = Array("akashi/attempt/\(kind.rawValue)/\(self)/".utf8) + hash
        return Data(copying: HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}
