import Foundation
import GRDB
import Vaccination

/// How a database follows the journal: how much of it it holds, what it says for the journal to begin with, and how what it
/// lacks is done again.
enum JournalTable {
    /// The order of the last change of this database that stands in the journal.
    static func applied(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(try db.cachedStatement(sql: "SELECT applied FROM journal WHERE id = 1")) ?? 0
    }

    /// Sets columns of the database's place in the journal.
    static func set(_ columns: Ledger.Columns, in ledger: Ledger) throws {
        guard let row = try ControlTables.find(.journal, 1, in: ledger.db) else {
            // A hand has taken it away, which the sum tells: all of the journal is made again, and changes nothing.
            let beginning: Ledger.Columns = ["id": 1, "applied": 0, "known": 0, "roots": 0]
            return try ledger.insert(beginning.merging(columns) { $1 }, into: .journal)
        }
        try ledger.update(row, of: .journal, columns)
    }

    /// The line that the journal knew of when the database had fewer: it was put back, and nobody has logged that yet. 0
    /// otherwise.
    static func knownLine(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT known FROM journal WHERE id = 1") ?? 0
    }

    /// How many roots were begun over the records; counted in the control file.
    static func roots(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT roots FROM journal WHERE id = 1") ?? 0
    }

    /// A restore was logged: that the database was put back is nothing to stop for any more.
    static func forgetKnownLine(in ledger: Ledger) throws {
        if try knownLine(ledger.db) > 0 { try set(["known": 0], in: ledger) }
    }

    /// Throws ``StoreError/journalShort(_:)`` if the journal lacks something that the database holds: what is published
    /// then could be taken back by the next restore.
    static func refuseShort(_ journal: Journal, _ log: LogName, in db: Database) throws {
        guard try journal.span(of: log).covers(applied(db)) else { throw StoreError.journalShort("\(log)") }
    }

    // MARK: Beginning

    /// Everything in a region that would have to survive its restore.
    static func beginRegion(_ now: Date, in ledger: Ledger) throws {
        let db = ledger.db
        try ledger.journal(.begun, at: now)
        let revoked = try StoredRow.fetchAll(
            db,
            sql:
                "SELECT id, state, revoked_at FROM certificate WHERE state = 'voided' OR revoked_at IS NOT NULL ORDER BY id"
        )
        for row in revoked {
            let id: String = try row.parse("id")
            let wasPrinted = try row.parseOptional("revoked_at") as Int64? != nil
            let event = wasPrinted ? LogEvent.revokedByOperator : .voidedByOperator
            try ledger.journal(
                .revoked(certificate: id, event: event.rawValue, codes: try codes(of: id, in: db)), at: now)
        }
        for row in try StoredRow.fetchAll(db, sql: "SELECT * FROM tombstone ORDER BY certificate") {
            let event: String = try row.parse("event")
            try ledger.journal(
                .revoked(certificate: try row.parse("certificate"), event: event, codes: try storedCodes(row)), at: now)
        }
        // Behind what was revoked: it leaves a tombstone before it is erased.
        try ErasureTable.begin(in: ledger)
    }

    /// Everything that operators set and that would have to survive a restore.
    static func beginControl(_ now: Date, in ledger: Ledger) throws {
        let db = ledger.db
        try ledger.journal(.begun, at: now)
        for hash in try Data.fetchAll(db, sql: "SELECT hash FROM ended_certificate ORDER BY hash") {
            try ledger.journal(.ended(certificateHash: hash), at: now)
        }
        for row in try StoredRow.fetchAll(db, sql: "SELECT id, certificate_hash FROM terminal WHERE status = 'revoked'")
        {
            let hash: Data = try row.parse("certificate_hash")
            try ledger.journal(.terminalRevoked(id: try row.parse("id"), certificateHash: hash), at: now)
        }
        try DeviceTable.begin(now, in: ledger)
        for hash in try Data.fetchAll(db, sql: "SELECT hash FROM stop ORDER BY hash") {
            // Whether it is a person or a card is not kept.
            try ledger.journal(.stopped(hash: hash, subject: "unknown"), at: now)
        }
        if let row = try ControlTables.find(.publishedCounter, 1, in: db) {
            try ledger.journal(.published(counter: try row.parse("counter")), at: now)
        }
        try DecisionTable.begin(now, in: ledger)
        if let row = try ControlTables.find(.control, 1, in: db) {
            try ledger.journal(.incarnation(try row.parse("incarnation")), at: now)
        }
    }

    /// What lists by code have to name of a certificate.
    static func codes(of certificate: String, in db: Database) throws -> [JournalEntry.Code] {
        try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: "SELECT key_id, hash, expires FROM revocable_code WHERE certificate = ? ORDER BY key_id, hash"),
            arguments: [certificate]
        ).map { row in
            JournalEntry.Code(
                RevocableCode(
                    keyID: try row.parseBytes("key_id"), hash: try row.parseBytes("hash"),
                    expires: try row.parseInstant("expires")))
        }
    }

    // MARK: Doing again

    /// Makes a change of the journal again that a region lacks: a backup was put back, or the machine stopped between
    /// the journal and the commit.
    static func redo(_ entry: JournalEntry, encryptor: FieldEncryptor, in ledger: Ledger) throws {
        let at = Date(storedMilliseconds: entry.at)
        switch entry.change {
        case .begun: return
        case .revoked(let certificate, let name, let codes):
            guard let id = CertificateID(certificate), let event = LogEvent(rawValue: name) else {
                throw StoreError.corrupt("journal: a certificate's entry")
            }
            let isKnown = try CertificateTable(encryptor: encryptor).redo(event, id, at: at, in: ledger)
            if !isKnown {
                try LogTable.append(.redone, detail: "\(name) \(certificate)", at: at, to: ledger)
            }
            // Also where there is a row: it may be older than the codes.
            try bury(certificate, event: name, codes: codes, at: entry.at, in: ledger)
        case .erased(let erasures):
            let table = ErasureTable(encryptor: encryptor)
            for erasure in erasures { try table.redo(erasure, at: at, in: ledger) }
        default: throw StoreError.corrupt("journal: an entry of control in a region")
        }
    }

    /// The same in the control file.
    static func redoControl(_ entry: JournalEntry, in ledger: Ledger) throws {
        let (db, at) = (ledger.db, Date(storedMilliseconds: entry.at))
        switch entry.change {
        case .begun: return
        case .ended(let hash): try ControlTables.end(hash, at: at, in: ledger)
        case .terminalRevoked(let id, let hash):
            try ControlTables.end(hash, at: at, in: ledger)
            if try !ControlTables.redoRevoke(id, at: at, in: ledger) {
                try ControlTables.changed(.redone, "terminal \(id)", at, ledger)
            }
        case .terminalRenewed(let id, let ended, let hash, let der, let notAfter):
            try ControlTables.end(ended, at: at, in: ledger)
            try ControlTables.redoRenew(
                id, certificateHash: hash, certificateDER: der, notAfter: Date(storedMilliseconds: notAfter), at: at,
                in: ledger)
        case .deviceRevoked(let keyHash, let notAfter):
            try DeviceTable.redoRevoke(keyHash, notAfter: notAfter, at: at, in: ledger)
        case .stopped(let hash, let subject):
            guard try ControlTables.find(.stop, hash, in: db) == nil else { return }
            try ledger.insert(["hash": hash, "at": entry.at], into: .stop)
            try ControlTables.changed(.stopped, subject, at, ledger)
        case .unstopped(let hash, let subject):
            guard let row = try ControlTables.find(.stop, hash, in: db) else { return }
            try ledger.delete(row, of: .stop)
            try ControlTables.changed(.unstopped, subject, at, ledger)
        case .published(let counter): try PublicationTable.raise(counter, in: ledger)
        case .decided(let decision): try DecisionTable.redo(decision, at: at, in: ledger)
        case .incarnation(let number):
            guard let row = try ControlTables.find(.control, 1, in: db), try row.parse("incarnation") < number else {
                return
            }
            try ledger.update(row, of: .control, ["incarnation": number])
            try ControlTables.changed(.redone, "incarnation \(number)", at, ledger)
        case .revoked, .erased: throw StoreError.corrupt("journal: an entry of a region in control")
        }
    }

    // MARK: Tombstones

    /// Remembers that a certificate is revoked, whatever the register knows of it.
    static func bury(
        _ certificate: String, event: String, codes: [JournalEntry.Code], at: Int64, in ledger: Ledger
    ) throws {
        guard try ControlTables.find(.tombstone, certificate, in: ledger.db) == nil else { return }
        let columns: Ledger.Columns = [
            "certificate": certificate, "event": event, "at": at, "codes": try JSONEncoder().encode(codes),
        ]
        try ledger.insert(columns, into: .tombstone)
    }

    private static func storedCodes(_ row: StoredRow) throws -> [JournalEntry.Code] {
        guard let codes = try? JSONDecoder().decode([JournalEntry.Code].self, from: try row.parse("codes") as Data)
        else {
            throw StoreError.corrupt("column codes")
        }
        return codes
    }

    /// The codes of tombstones that have not ended by themselves.
    static func buriedCodes(now: Date, in db: Database) throws -> [RevocableCode] {
        try StoredRow.fetchAll(db, sql: "SELECT codes FROM tombstone").flatMap { row in
            try storedCodes(row).filter { $0.expires >= now.storedMilliseconds }.map { code in
                RevocableCode(
                    keyID: Array(code.keyID), hash: Array(code.hash), expires: Date(storedMilliseconds: code.expires))
            }
        }
    }
}
