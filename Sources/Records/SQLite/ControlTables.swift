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

    static func state(_ db: Database, _ keys: EvidenceKeys) throws -> ControlState {
        let suspensions = try String.fetchAll(db, sql: "SELECT subject FROM suspension").map { text in
            guard let suspension = Suspension(text) else { throw StoreError.corrupt("column subject") }
            return suspension
        }
        let broken = try StoredRow.fetchAll(db, sql: "SELECT * FROM region_break").compactMap { row in
            try MunicipalityCode(row.parse("region") as String).map { ($0, try row.parse("place") as String) }
        }
        return ControlState(
            revision: try revision(db),
            // A terminal that a hand has let in is none; a look at everything tells of it.
            // Nor is one whose certificate has ended, though a backup calls it active.
            terminals: try StoredRow.fetchAll(db, sql: "SELECT * FROM terminal ORDER BY id").compactMap { row in
                guard (try? Ledger.code(of: row, .terminal, keys)) != nil else { return nil }
                let terminal = try terminal(row)
                let hash = Data(terminal.certificateHash)
                let isActive = terminal.status == .active
                return try isActive && find(.endedCertificate, hash, in: db) != nil ? nil : terminal
            },
            suspensions: Set(suspensions),
            issuingHalted: try String.fetchOne(db, sql: "SELECT halted FROM control WHERE id = 1"),
            brokenRegions: Dictionary(broken) { first, _ in first },
            settings: try DecisionTable.settings(keys, in: db),
            erased: Set(try DecisionTable.erased(in: db).map(\.region)),
            revokedDevices: try DeviceTable.revoked(in: db),
            incarnation: try Int64.fetchOne(db, sql: "SELECT incarnation FROM control WHERE id = 1") ?? 1)
    }

    // MARK: Terminals

    static func terminal(certificateHash: Data, in db: Database) throws -> EnrolledTerminal? {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM terminal WHERE certificate_hash = ?"),
            arguments: [certificateHash]
        ).map(terminal)
    }

    private static func row(_ id: String, in db: Database) throws -> StoredRow {
        guard let row = try StoredRow.fetchOne(db, sql: "SELECT * FROM terminal WHERE id = ?", arguments: [id]) else {
            throw StoreError.notFound("terminal \(EnrolledTerminal.isID(id) ? id : "")")
        }
        return row
    }

    private static func terminal(_ row: StoredRow) throws -> EnrolledTerminal {
        guard
            let terminal = EnrolledTerminal(
                id: try row.parse("id"), shop: try row.parse("shop"),
                certificateHash: try row.parseBytes("certificate_hash"),
                certificateDER: try row.parseBytes("certificate_der"), notAfter: try row.parseInstant("not_after"),
                status: try row.parseCase("status"), enrolledAt: try row.parseInstant("enrolled_at"))
        else { throw StoreError.corrupt("a terminal's row") }
        return terminal
    }

    static func enrol(_ terminal: EnrolledTerminal, now: Date, in ledger: Ledger) throws {
        let db = ledger.db
        try refuseTaken(certificateHash: Data(terminal.certificateHash), in: db)
        guard try StoredRow.fetchOne(db, sql: "SELECT 1 FROM terminal WHERE id = ?", arguments: [terminal.id]) == nil
        else {
            throw StoreError.conflict("terminal \(terminal.id) is enrolled already")
        }
        let columns: Ledger.Columns = [
            "id": terminal.id, "shop": terminal.shop, "certificate_hash": Data(terminal.certificateHash),
            "certificate_der": Data(terminal.certificateDER), "not_after": terminal.notAfter.storedMilliseconds,
            "status": terminal.status.rawValue, "enrolled_at": terminal.enrolledAt.storedMilliseconds,
        ]
        try ledger.insert(columns, into: .terminal)
        try changed(.terminalEnrolled, terminal.id, now, ledger)
    }

    static func renew(
        _ id: String, certificateHash: Data, certificateDER: Data, notAfter: Date, now: Date, in ledger: Ledger
    ) throws {
        try ledger.catchUp()
        let row = try row(id, in: ledger.db)
        let terminal = try terminal(row)
        guard terminal.status == .active else { throw StoreError.conflict("terminal \(id) is revoked") }
        guard Data(terminal.certificateHash) != certificateHash else { return }
        try refuseTaken(certificateHash: certificateHash, in: ledger.db)
        try end(Data(terminal.certificateHash), at: now, in: ledger)
        try replace(row, certificateHash, certificateDER, notAfter, ledger)
        try changed(.terminalRenewed, id, now, ledger)
        let change = JournalEntry.Change.terminalRenewed(
            id: id, endedHash: Data(terminal.certificateHash), certificateHash: certificateHash,
            certificateDER: certificateDER, notAfter: notAfter.storedMilliseconds)
        try ledger.journal(change, at: now)
    }

    private static func replace(_ row: StoredRow, _ hash: Data, _ der: Data, _ notAfter: Date, _ ledger: Ledger) throws
    {
        let columns: Ledger.Columns = [
            "certificate_hash": hash, "certificate_der": der, "not_after": notAfter.storedMilliseconds,
        ]
        try ledger.update(row, of: .terminal, columns)
    }

    static func revoke(_ id: String, now: Date, in ledger: Ledger) throws {
        try ledger.catchUp()
        let row = try row(id, in: ledger.db)
        guard try terminal(row).status == .active else { return }
        try ledger.update(row, of: .terminal, ["status": EnrolledTerminal.Status.revoked.rawValue])
        try changed(.terminalRevoked, id, now, ledger)
        let hash: Data = try row.parse("certificate_hash")
        try end(hash, at: now, in: ledger)
        try ledger.journal(.terminalRevoked(id: id, certificateHash: hash), at: now)
    }

    /// Remembers that a certificate ended before its time, whether or not there is a terminal of it.
    static func end(_ certificateHash: Data, at: Date, in ledger: Ledger) throws {
        guard try find(.endedCertificate, certificateHash, in: ledger.db) == nil else { return }
        try ledger.insert(["hash": certificateHash, "at": at.storedMilliseconds], into: .endedCertificate)
    }

    /// Shuts a terminal out again that a backup brought back. Returns whether there is such a terminal.
    static func redoRevoke(_ id: String, at: Date, in ledger: Ledger) throws -> Bool {
        guard let row = try find(.terminal, id, in: ledger.db) else { return false }
        if try terminal(row).status == .active {
            try ledger.update(row, of: .terminal, ["status": EnrolledTerminal.Status.revoked.rawValue])
            try changed(.terminalRevoked, id, at, ledger)
        }
        return true
    }

    /// Gives a terminal the certificate again that it had got; one that a backup does not know has to be enrolled again.
    static func redoRenew(
        _ id: String, certificateHash: Data, certificateDER: Data, notAfter: Date, at: Date, in ledger: Ledger
    ) throws {
        guard let row = try find(.terminal, id, in: ledger.db), try terminal(row).status == .active,
            try terminal(certificateHash: certificateHash, in: ledger.db) == nil
        else { return try changed(.redone, "terminal \(id)", at, ledger) }
        try replace(row, certificateHash, certificateDER, notAfter, ledger)
        try changed(.terminalRenewed, id, at, ledger)
    }

    private static func refuseTaken(certificateHash: Data, in db: Database) throws {
        guard try find(.endedCertificate, certificateHash, in: db) == nil else {
            throw StoreError.conflict("the certificate was ended, and is good for no terminal any more")
        }
        if let holder = try terminal(certificateHash: certificateHash, in: db) {
            throw StoreError.conflict("the certificate is terminal \(holder.id)'s")
        }
    }

    // MARK: Suspensions, halt, stop list

    static func suspend(_ suspension: Suspension, now: Date, in ledger: Ledger) throws {
        guard try find(.suspension, suspension.text, in: ledger.db) == nil else { return }
        try ledger.insert(["subject": suspension.text, "at": now.storedMilliseconds], into: .suspension)
        try changed(.suspended, suspension.text, now, ledger)
    }

    static func resume(_ suspension: Suspension, now: Date, in ledger: Ledger) throws {
        guard let row = try find(.suspension, suspension.text, in: ledger.db) else { return }
        try ledger.delete(row, of: .suspension)
        try changed(.resumed, suspension.text, now, ledger)
    }

    static func halt(_ reason: String, now: Date, in ledger: Ledger) throws {
        guard let row = try find(.control, 1, in: ledger.db) else { return }
        let halted: String? = try row.parseOptional("halted")
        if let halted, halted == reason || EvidenceBreak.isHaltReason(halted) { return }
        try ledger.update(row, of: .control, ["halted": reason])
        try changed(.issuingHalted, reason, now, ledger)
    }

    static func clearHalt(_ reason: String, now: Date, in ledger: Ledger) throws -> Bool {
        guard let row = try find(.control, 1, in: ledger.db), let halted: String = try row.parseOptional("halted")
        else {
            return true
        }
        guard halted == reason else { return false }
        try ledger.update(row, of: .control, ["halted": nil])
        try changed(.issuingCleared, nil, now, ledger)
        return true
    }

    static func stop(_ subject: StopSubject, key: SymmetricKey, now: Date, in ledger: Ledger) throws {
        try ledger.catchUp()
        guard try find(.stop, subject.hash(key), in: ledger.db) == nil else { return }
        try ledger.insert(["hash": subject.hash(key), "at": now.storedMilliseconds], into: .stop)
        try changed(.stopped, subject.description, now, ledger)
        try ledger.journal(.stopped(hash: subject.hash(key), subject: subject.description), at: now)
    }

    static func unstop(_ subject: StopSubject, key: SymmetricKey, now: Date, in ledger: Ledger) throws {
        try ledger.catchUp()
        guard let row = try find(.stop, subject.hash(key), in: ledger.db) else { return }
        try ledger.delete(row, of: .stop)
        try changed(.unstopped, subject.description, now, ledger)
        try ledger.journal(.unstopped(hash: subject.hash(key), subject: subject.description), at: now)
    }

    /// The row of a table with one column as its key.
    static func find(_ table: EvidentTable, _ key: some DatabaseValueConvertible, in db: Database) throws -> StoredRow?
    {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM \(table.name) WHERE \(table.condition)"), arguments: [key])
    }

    static func isStopped(_ subjects: [StopSubject], key: SymmetricKey, in db: Database) throws -> Bool {
        for subject in subjects {
            let found = try Int.fetchOne(
                try db.cachedStatement(sql: "SELECT 1 FROM stop WHERE hash = ?"), arguments: [subject.hash(key)])
            if found != nil { return true }
        }
        return false
    }

    static func changed(_ event: LogEvent, _ detail: String?, _ now: Date, _ ledger: Ledger) throws {
        guard let row = try find(.control, 1, in: ledger.db) else {
            throw StoreError.corrupt("control has no revision")
        }
        try ledger.update(row, of: .control, ["revision": (try row.parse("revision") as Int64) &+ 1])
        try LogTable.append(event, detail: detail, at: now, to: ledger)
    }
}

extension StopSubject {
    /// What is stored: a keyed hash, since a bare hash of twelve digits is no secret.
    fileprivate func hash(_ key: SymmetricKey) -> Data {
        let text =
            switch self {
            case .number(let number): Array("akashi/stop/number/\(number.digits)".utf8)
            case .chipKey(let hash): Array("akashi/stop/chip_key/".utf8) + hash
            }
        return Data(copying: HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}
