import Foundation
import GRDB

/// The keys of phones that enrolled, the tokens that they used, and the keys that are revoked.
enum DeviceTable {
    /// How many tokens, and how many devices, one enrolment removes that are older than they are kept: more than it adds.
    static let purgedAtOnce = 8

    static func device(keyHash: Data, _ keys: EvidenceKeys, in db: Database) throws -> EnrolledDevice? {
        try row(keyHash, keys, in: db).map { try device($0, in: db) }
    }

    static func device(token: Data, now: Date, _ keys: EvidenceKeys, in db: Database) throws -> EnrolledDevice? {
        let used = try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT key_hash FROM enrolment_token WHERE hash = ? AND keep_until > ?"),
            arguments: [token, now.storedMilliseconds])
        return try used.flatMap { try device(keyHash: $0.parse("key_hash"), keys, in: db) }
    }

    private static func row(_ keyHash: Data, _ keys: EvidenceKeys, in db: Database) throws -> StoredRow? {
        sound(try ControlTables.find(.device, keyHash, in: db), keys)
    }

    /// The row, unless a hand has changed it: then there is no such device, until it enrols again.
    private static func sound(_ row: StoredRow?, _ keys: EvidenceKeys) -> StoredRow? {
        row.flatMap { (try? Ledger.code(of: $0, .device, keys)) == nil ? nil : $0 }
    }

    private static func device(_ row: StoredRow, in db: Database) throws -> EnrolledDevice {
        let keyHash: Data = try row.parse("key_hash")
        guard
            let device = EnrolledDevice(
                keyHash: Array(keyHash), kind: try row.parse("kind"), level: try row.parse("level"),
                notAfter: try row.parseInstant("not_after"), isRevoked: try isRevoked(keyHash, in: db),
                certificateDER: try row.parseBytes("certificate_der"), codeHash: try row.parseBytes("code_hash"))
        else { throw StoreError.corrupt("a device's row") }
        return device
    }

    private static func isRevoked(_ keyHash: Data, in db: Database) throws -> Bool {
        try ControlTables.find(.revokedDevice, keyHash, in: db) != nil
    }

    /// The keys that are revoked.
    static func revoked(in db: Database) throws -> Set<[UInt8]> {
        Set(try Data.fetchAll(db, sql: "SELECT key_hash FROM revoked_device").map { Array($0) })
    }

    // MARK: Enrolling

    static func enrol(
        _ device: EnrolledDevice, token: Data, expires: Date, now: Date, in ledger: Ledger
    ) throws -> DeviceEnrolmentOutcome {
        let db = ledger.db
        let keyHash = Data(device.keyHash)
        let earlier = try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT key_hash FROM enrolment_token WHERE hash = ?"), arguments: [token])
        if let earlier, try earlier.parse("key_hash") != keyHash { return .used }
        try purge(now: now, in: ledger)
        guard try !isRevoked(keyHash, in: db) else {
            throw StoreError.conflict("device \(hexadecimal(keyHash)) is revoked")
        }
        if earlier != nil, let known = try self.device(keyHash: keyHash, ledger.evidence, in: db) {
            return .repeated(known)
        }
        let code = Data(device.codeHash)
        if let holder = try holder(of: code, in: db), try holder.parse("key_hash") != keyHash {
            guard sound(holder, ledger.evidence) == nil else {
                throw StoreError.conflict("the code is another device's")
            }
            try db.cachedStatement(sql: "DELETE FROM device WHERE code_hash = ?").execute(arguments: [code])
        }
        let columns: Ledger.Columns = [
            "key_hash": keyHash, "kind": device.kind, "level": device.level,
            "not_after": device.notAfter.storedMilliseconds, "certificate_der": Data(device.certificateDER),
            "code_hash": code,
        ]
        try ledger.put(columns, into: .device)
        let keepUntil = max(expires + StoreTimes.claimMargin, now + StoreTimes.repetition)
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO enrolment_token (hash, key_hash, keep_until) VALUES (?, ?, ?)"
        ).execute(arguments: [token, keyHash, keepUntil.storedMilliseconds])
        return .fresh
    }

    private static func holder(of code: Data, in db: Database) throws -> StoredRow? {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM device WHERE code_hash = ?"), arguments: [code])
    }

    private static func purge(now: Date, in ledger: Ledger) throws {
        let db = ledger.db
        try db.cachedStatement(
            sql: """
                DELETE FROM enrolment_token WHERE hash IN (
                    SELECT hash FROM enrolment_token WHERE keep_until < ? ORDER BY keep_until LIMIT ?)
                """
        ).execute(arguments: [now.storedMilliseconds, purgedAtOnce])
        let end = (now - StoreTimes.deviceMargin).storedMilliseconds
        try db.cachedStatement(
            sql: """
                DELETE FROM device WHERE key_hash IN (
                    SELECT key_hash FROM device WHERE not_after < ? ORDER BY not_after LIMIT ?)
                """
        ).execute(arguments: [end, purgedAtOnce])
        let revoked = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM revoked_device WHERE not_after < ? ORDER BY not_after LIMIT ?"),
            arguments: [end, purgedAtOnce])
        for row in revoked { try ledger.delete(row, of: .revokedDevice) }
    }

    // MARK: Revoking

    /// Revokes the device that has a code. Returns the hash of its key; `nil` if there is none.
    static func revoke(codeHash: Data, now: Date, in ledger: Ledger) throws -> Data? {
        try ledger.catchUp()
        guard let row = sound(try holder(of: codeHash, in: ledger.db), ledger.evidence) else { return nil }
        return try revoke(row, now: now, in: ledger)
    }

    static func revoke(keyHash: Data, now: Date, in ledger: Ledger) throws {
        try ledger.catchUp()
        guard let row = try row(keyHash, ledger.evidence, in: ledger.db) else {
            // One that was revoked, and that a backup lacks.
            if try isRevoked(keyHash, in: ledger.db) { return }
            throw StoreError.notFound("device \(hexadecimal(keyHash))")
        }
        _ = try revoke(row, now: now, in: ledger)
    }

    private static func revoke(_ row: StoredRow, now: Date, in ledger: Ledger) throws -> Data {
        let (keyHash, end): (Data, Int64) = (try row.parse("key_hash"), try row.parse("not_after"))
        guard try add(keyHash, notAfter: end, at: now, in: ledger) else { return keyHash }
        try ControlTables.changed(.deviceRevoked, hexadecimal(keyHash), now, ledger)
        try ledger.journal(.deviceRevoked(keyHash: keyHash, notAfter: end), at: now)
        return keyHash
    }

    /// Whether it was not revoked before.
    private static func add(_ keyHash: Data, notAfter: Int64, at: Date, in ledger: Ledger) throws -> Bool {
        guard try !isRevoked(keyHash, in: ledger.db) else { return false }
        let columns: Ledger.Columns = ["key_hash": keyHash, "not_after": notAfter, "at": at.storedMilliseconds]
        try ledger.insert(columns, into: .revokedDevice)
        return true
    }

    /// Revokes a device again that a backup brought back, or lacks.
    static func redoRevoke(_ keyHash: Data, notAfter: Int64, at: Date, in ledger: Ledger) throws {
        guard try add(keyHash, notAfter: notAfter, at: at, in: ledger) else { return }
        let isThere = try ControlTables.find(.device, keyHash, in: ledger.db) != nil
        let name = hexadecimal(keyHash)
        try ControlTables.changed(isThere ? .deviceRevoked : .redone, isThere ? name : "device \(name)", at, ledger)
    }

    /// Puts all that is revoked into a journal that begins.
    static func begin(_ now: Date, in ledger: Ledger) throws {
        for row in try StoredRow.fetchAll(ledger.db, sql: "SELECT * FROM revoked_device ORDER BY key_hash") {
            let change = JournalEntry.Change.deviceRevoked(
                keyHash: try row.parse("key_hash"), notAfter: try row.parse("not_after"))
            try ledger.journal(change, at: now)
        }
    }

    private static func hexadecimal(_ bytes: Data) -> String { Suspension.hexadecimal(bytes) }
}
