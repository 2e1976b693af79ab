import Foundation
import GRDB

/// What was ever published of revocation, in the control file.
enum PublicationTable {
    static func publish(_ found: Publication, now: Date, in db: Database) throws -> Publication {
        var grew = false
        for identifier in found.identifiers {
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO published_identifier (identifier, at) VALUES (?, ?)")
                .execute(arguments: [identifier, now.storedMilliseconds])
            grew = grew || db.changesCount > 0
        }
        for code in found.codes where code.expires >= now {
            try db.cachedStatement(
                sql: """
                    INSERT INTO published_code (key_id, hash, expires) VALUES (?, ?, ?)
                    ON CONFLICT (key_id, hash) DO UPDATE SET expires = max(expires, excluded.expires)
                    """
            ).execute(arguments: [Data(code.keyID), Data(code.hash), code.expires.storedMilliseconds])
        }
        try db.execute(sql: "DELETE FROM published_code WHERE expires < ?", arguments: [now.storedMilliseconds])
        let identifiers = try Row.fetchAll(db, sql: "SELECT identifier FROM published_identifier").map { row in
            try row.parse("identifier") as String
        }
        let before = try Int64.fetchOne(db, sql: "SELECT counter FROM published WHERE id = 1") ?? 0
        // As large as the list at least: so it counted before there was a counter of its own.
        var counter = max(before, found.counter, Int64(identifiers.count))
        if grew, counter <= max(before, found.counter), counter < .max {
            counter += 1
        }
        try db.execute(
            sql: "INSERT INTO published (id, counter) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET counter = ?",
            arguments: [counter, counter])
        let codes = try Row.fetchAll(db, sql: "SELECT * FROM published_code").map { row in
            RevocableCode(
                keyID: try row.parseBytes("key_id"), hash: try row.parseBytes("hash"),
                expires: try row.parseInstant("expires"))
        }
        return Publication(identifiers: Set(identifiers), codes: Set(codes), counter: counter)
    }
}
