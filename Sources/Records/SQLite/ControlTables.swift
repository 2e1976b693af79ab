import Crypto
import Foundation
import GRDB
import Vaccination

/// What operators set for all regions: terminals, suspensions, the halt, the stop list. Every change adds a log line
/// and one to the revision; a call that changes nothing adds neither.
enum ControlTables {
    static func revision(_ db: Database) throws -> Int64 {
        guard let revision = try Int64.fetchOne(db, sql: "SELECT revision FROM control WHERE id = 1") else {
            throw StoreError.corrupt("control has no revision")
        }
        return revision
    }

    static func state(_ db: Database) throws -> ControlState {
        let suspensions = try String.fetchAll(db, sql: "SELECT subject FROM suspension").map { text in
            guard let suspension = Suspension(text) else { throw StoreError.corrupt("column subject") }
            return suspension
        }
        return ControlState(
            revision: try revision(db),
            terminals: try Row.fetchAll(db, sql: "SELECT * FROM terminal ORDER BY id").map(terminal),
            suspensions: Set(suspensions),
            issuingHalted: try String.fetchOne(db, sql: "SELECT halted FROM control WHERE id = 1"))
    }

    // MARK: Terminals

    static func terminal(certificateHash: Data, in db: Database) throws -> EnrolledTerminal? {
        try Row.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM terminal WHERE certificate_hash = ?"),
            arguments: [certificateHash]
        ).map(terminal)
    }

    private static func terminal(id: String, in db: Database) throws -> EnrolledTerminal {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM terminal WHERE id = ?", arguments: [id]) else {
            throw StoreError.notFound("terminal \(EnrolledTerminal.isID(id) ? id : "")")
        }
        return try terminal(row)
    }

    private static func terminal(_ row: Row) throws -> EnrolledTerminal {
        guard
            let terminal = EnrolledTerminal(
                id: try row.parse("id"), shop: try row.parse("shop"),
                certificateHash: try row.parseBytes("certificate_hash"),
                certificateDER: try row.parseBytes("certificate_der"), notAfter: try row.parseInstant("not_after"),
                status: try row.parseCase("status"), enrolledAt: try row.parseInstant("enrolled_at"))
        else { throw StoreError.corrupt("a terminal's row") }
        return terminal
    }

    static func enrol(_ terminal: EnrolledTerminal, now: Date, in db: Database) throws {
        try refuseTaken(certificateHash: Data(terminal.certificateHash), in: db)
        guard try Row.fetchOne(db, sql: "SELECT 1 FROM terminal WHERE id = ?", arguments: [terminal.id]) == nil else {
            throw StoreError.conflict("terminal \(terminal.id) is enrolled already")
        }
        try db.execute(
            sql: """
                INSERT INTO terminal (id, shop, certificate_hash, certificate_der, not_after, status, enrolled_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                terminal.id, terminal.shop, Data(terminal.certificateHash), Data(terminal.certificateDER),
                terminal.notAfter.storedMilliseconds, terminal.status.rawValue, terminal.enrolledAt.storedMilliseconds,
            ])
        try changed(.terminalEnrolled, terminal.id, now, db)
    }

    static func renew(
        _ id: String, certificateHash: Data, certificateDER: Data, notAfter: Date, now: Date, in db: Database
    ) throws {
        let terminal = try terminal(id: id, in: db)
        guard terminal.status == .active else { throw StoreError.conflict("terminal \(id) is revoked") }
        guard Data(terminal.certificateHash) != certificateHash else { return }
        try refuseTaken(certificateHash: certificateHash, in: db)
        try db.execute(
            sql: "UPDATE terminal SET certificate_hash = ?, certificate_der = ?, not_after = ? WHERE id = ?",
            arguments: [certificateHash, certificateDER, notAfter.storedMilliseconds, id])
        try changed(.terminalRenewed, id, now, db)
    }

    static func revoke(_ id: String, now: Date, in db: Database) throws {
        guard try terminal(id: id, in: db).status == .active else { return }
        try db.execute(sql: "UPDATE terminal SET status = 'revoked' WHERE id = ?", arguments: [id])
        try changed(.terminalRevoked, id, now, db)
    }

    private static func refuseTaken(certificateHash: Data, in db: Database) throws {
        if let holder = try terminal(certificateHash: certificateHash, in: db) {
            throw StoreError.conflict("the certificate is terminal \(holder.id)'s")
        }
    }

    // MARK: Suspensions, halt, stop list

    static func suspend(_ suspension: Suspension, now: Date, in db: Database) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO suspension (subject, at) VALUES (?, ?)",
            arguments: [suspension.text, now.storedMilliseconds])
        if db.changesCount > 0 { try changed(.suspended, suspension.text, now, db) }
    }

    static func resume(_ suspension: Suspension, now: Date, in db: Database) throws {
        try db.execute(sql: "DELETE FROM suspension WHERE subject = ?", arguments: [suspension.text])
        if db.changesCount > 0 { try changed(.resumed, suspension.text, now, db) }
    }

    static func setHalted(_ reason: String?, now: Date, in db: Database) throws {
        try db.execute(
            sql: "UPDATE control SET halted = ? WHERE id = 1 AND halted IS NOT ?", arguments: [reason, reason])
        if db.changesCount > 0 { try changed(reason == nil ? .issuingCleared : .issuingHalted, reason, now, db) }
    }

    static func stop(_ subject: StopSubject, key: SymmetricKey, now: Date, in db: Database) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO stop (hash, at) VALUES (?, ?)",
            arguments: [subject.hash(key), now.storedMilliseconds])
        if db.changesCount > 0 { try changed(.stopped, subject.description, now, db) }
    }

    static func unstop(_ subject: StopSubject, key: SymmetricKey, now: Date, in db: Database) throws {
        try db.execute(sql: "DELETE FROM stop WHERE hash = ?", arguments: [subject.hash(key)])
        if db.changesCount > 0 { try changed(.unstopped, subject.description, now, db) }
    }

    static func isStopped(_ subjects: [StopSubject], key: SymmetricKey, in db: Database) throws -> Bool {
        for subject in subjects {
            let found = try Int.fetchOne(
                try db.cachedStatement(sql: "SELECT 1 FROM stop WHERE hash = ?"), arguments: [subject.hash(key)])
            if found != nil { return true }
        }
        return false
    }

    private static func changed(_ event: LogEvent, _ detail: String?, _ now: Date, _ db: Database) throws {
        try db.execute(sql: "UPDATE control SET revision = revision + 1 WHERE id = 1")
        try LogTable.append(event, detail: detail, at: now, to: db)
    }
}

extension StopSubject {
    /// What is stored: a keyed hash, since a bare hash of twelve digits is no secret.
    fileprivate func hash(_ key: SymmetricKey) -> Data {
        let text: Data
        switch self {
        case .number(let number): text = Data("akashi/stop/number/\(number.digits)".utf8)
        case .chipKey(let hash): text = Data("akashi/stop/chip_key/".utf8) + Data(hash)
        }
        return Data(HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}
