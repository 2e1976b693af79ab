import Foundation
import GRDB

/// What was ever published of revocation, in the control file.
enum PublicationTable {
    static func publish(_ found: Publication, now: Date, in ledger: Ledger) throws -> Publication {
        try ledger.catchUp()
        let db = ledger.db
        let rows = try StoredRow.fetchAll(db, sql: "SELECT identifier FROM published_identifier")
        var identifiers = Set(try rows.map { row in try row.parse("identifier") as String })
        let new = found.identifiers.subtracting(identifiers)
        for identifier in new.sorted() {
            try ledger.insert(["identifier": identifier, "at": now.storedMilliseconds], into: .publishedIdentifier)
        }
        identifiers.formUnion(new)
        try publish(found.codes, now: now, in: ledger)
        let last = try ControlTables.find(.publishedCounter, 1, in: db)
        let before = max(try last?.parse("counter") ?? 0, found.counter)
        // As large as the list at least: so it counted before there was a counter of its own.
        var counter = max(before, Int64(identifiers.count))
        if !new.isEmpty, counter == before, counter < .max { counter += 1 }
        if try last?.parseOptional("counter") != counter {
            try raise(counter, in: ledger)
            try ledger.journal(.published(counter: counter), at: now)
        }
        let codes = try StoredRow.fetchAll(db, sql: "SELECT * FROM published_code").map { row in
            RevocableCode(
                keyID: try row.parseBytes("key_id"), hash: try row.parseBytes("hash"),
                expires: try row.parseInstant("expires"))
        }
        return Publication(identifiers: identifiers, codes: Set(codes), counter: counter)
    }

    /// Sets the counter; it never goes back.
    static func raise(_ counter: Int64, in ledger: Ledger) throws {
        guard let last = try ControlTables.find(.publishedCounter, 1, in: ledger.db) else {
            return try ledger.insert(["id": 1, "counter": counter], into: .publishedCounter)
        }
        guard try last.parse("counter") < counter else { return }
        try ledger.update(last, of: .publishedCounter, ["counter": counter])
    }

    private static func publish(_ codes: Set<RevocableCode>, now: Date, in ledger: Ledger) throws {
        let db = ledger.db
        let ended = try StoredRow.fetchAll(
            db, sql: "SELECT * FROM published_code WHERE expires < ?", arguments: [now.storedMilliseconds])
        for row in ended { try ledger.delete(row, of: .publishedCode) }
        for code in codes where code.expires >= now {
            let statement = try db.cachedStatement(sql: "SELECT * FROM published_code WHERE key_id = ? AND hash = ?")
            let expires = code.expires.storedMilliseconds
            if let row = try StoredRow.fetchOne(statement, arguments: [Data(code.keyID), Data(code.hash)]) {
                guard try row.parse("expires") < expires else { continue }
                try ledger.update(row, of: .publishedCode, ["expires": expires])
            } else {
                let columns: Ledger.Columns = [
                    "key_id": Data(code.keyID), "hash": Data(code.hash), "expires": expires,
                ]
                try ledger.insert(columns, into: .publishedCode)
            }
        }
    }
}
