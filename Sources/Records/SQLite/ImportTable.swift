import Crypto
import Foundation
import GRDB
import Vaccination

/// A region's imports: how far each has come, who approved it, and the key under which its rows wait.
struct ImportTable: Sendable {
    let encryptor: FieldEncryptor

    /// An import's row that was read in this transaction.
    struct Found {
        let row: StoredRow
        let report: RecordImport
        /// The certificate with which the first operator approved it.
        let firstCertificate: String?
        /// Where the next record to be written stands in its file.
        let place: Int64
    }

    // MARK: Reading

    func find(_ number: Int64, in db: Database) throws -> Found {
        let statement = try db.cachedStatement(sql: "SELECT * FROM import WHERE id = ?")
        guard let row = try StoredRow.fetchOne(statement, arguments: [number]) else {
            throw StoreError.notFound("import \(number) of region \(encryptor.region)")
        }
        return try found(row, in: db)
    }

    /// The last of them, newest first.
    func last(_ limit: Int, in db: Database) throws -> [Found] {
        try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM import ORDER BY id DESC LIMIT ?"), arguments: [limit]
        ).map { try found($0, in: db) }
    }

    /// Those of which something may still go in, or that were broken off.
    func open(in db: Database) throws -> [Found] {
        let states = ImportState.allCases.filter(\.isOpen).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM import WHERE state IN (\(states)) ORDER BY id")
        ).map { try found($0, in: db) }
    }

    private func found(_ row: StoredRow, in db: Database) throws -> Found {
        // Approvals decide what goes in: nothing is believed that evidence does not prove.
        try Ledger.code(of: row, .import, encryptor.evidence)
        let number: Int64 = try row.parse("id")
        var counts = ImportCounts()
        for (column, path) in Self.counts { counts[keyPath: path] = try row.parse(column) }
        guard
            let origin = ImportOrigin(
                medium: try row.parse("medium"), purpose: try row.parse("purpose"), format: try row.parseCase("format"))
        else { throw StoreError.corrupt("import \(number) of region \(encryptor.region)") }
        let open = """
            FROM import_certificate JOIN certificate ON id = certificate
            WHERE import = ? AND state <> 'voided' AND revoked_at IS NULL
            """
        let affected = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT certificate \(open) ORDER BY certificate LIMIT ?"),
            arguments: [number, RecordImport.maximumAffected]
        ).map { try $0.parseCertificateID("certificate") }
        let affectedCount =
            affected.count < RecordImport.maximumAffected
            ? affected.count
            : try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) \(open)"), arguments: [number]) ?? 0
        let approvals: [String?] = [try row.parseOptional("first_approval"), try row.parseOptional("second_approval")]
        return Found(
            row: row,
            report: RecordImport(
                number: number, state: try row.parseCase("state"), change: try row.parseCase("change"), origin: origin,
                at: try row.parseInstant("at"),
                endedAt: try (row.parseOptional("ended") as Int64?).map { Date(storedMilliseconds: $0) },
                stagedBy: try row.parse("staged_by"), approvals: approvals.compactMap { $0 },
                erasureConfirmedBy: try row.parseOptional("erased_by"), counts: counts, affected: affected,
                affectedCount: affectedCount),
            firstCertificate: try row.parseOptional("first_certificate"), place: try row.parse("place"))
    }

    private static var counts: [(String, WritableKeyPath<ImportCounts, Int>)] {
        [
            ("rows", \.rows), ("refused", \.refused), ("unchanged", \.unchanged), ("older", \.older), ("new", \.new),
            ("changed", \.changed), ("unclear", \.unclear), ("ended_doses", \.endedDoses),
            ("removed_passports", \.removedPassports),
            ("renumbered", \.renumbered), ("applied", \.applied), ("skipped", \.skipped),
        ]
    }

    /// The key under which an import's rows wait; `nil` if they are gone for good.
    func key(of found: Found) throws -> SymmetricKey? {
        guard let sealed = try found.row.parseOptional("sealed") as Data? else { return nil }
        let text = try encryptor.decrypt(String.self, from: sealed, of: .importKey(found.report.number))
        guard let bytes = Data(base64Encoded: text), bytes.count == 32 else {
            throw StoreError.corrupt("the key of import \(found.report.number) of region \(encryptor.region)")
        }
        return SymmetricKey(data: bytes)
    }

    // MARK: Writing

    /// Adds an import whose file begins to be read.
    /// - Returns: its number and key.
    func begin(
        _ origin: ImportOrigin, as change: RecordChange, now: Date, in ledger: Ledger
    ) throws -> (number: Int64, key: SymmetricKey) {
        let number = (try Int64.fetchOne(ledger.db, sql: "SELECT max(id) FROM import") ?? 0) + 1
        let key = SymmetricKey(size: .bits256)
        let text = key.withUnsafeBytes { Data($0).base64EncodedString() }
        var columns: Ledger.Columns = [
            "id": number, "state": ImportState.staging.rawValue, "format": origin.format.rawValue,
            "change": change.rawValue, "medium": origin.medium,
            "purpose": origin.purpose, "at": now.storedMilliseconds, "staged_by": LogActor.current ?? LogActor.local,
            "place": 0, "sealed": try encryptor.encrypt(text, for: .importKey(number)),
        ]
        for (column, _) in Self.counts { columns[column] = 0 }
        try ledger.insert(columns, into: .import)
        return (number, key)
    }

    /// Changes an import's row.
    func update(_ found: Found, _ columns: Ledger.Columns, in ledger: Ledger) throws {
        try ledger.update(found.row, of: .import, columns)
    }

    static func columns(_ counts: ImportCounts) -> Ledger.Columns {
        Dictionary(uniqueKeysWithValues: Self.counts.map { ($0.0, counts[keyPath: $0.1]) })
    }

    func note(affected certificates: [CertificateID], by number: Int64, in db: Database) throws {
        for certificate in certificates {
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO import_certificate (import, certificate) VALUES (?, ?)")
                .execute(arguments: [number, certificate.text])
        }
    }

    // MARK: Rotation

    /// Writes every import's row anew under the keys that took over: the rows that wait are under a key of their own.
    func renew(in ledger: Ledger) throws {
        for row in try StoredRow.fetchAll(ledger.db, sql: "SELECT * FROM import") {
            let verified = try ledger.verified(row, of: .import)
            let sealed = try (row.parseOptional("sealed") as Data?).flatMap {
                try encryptor.renewed($0, of: .importKey(try row.parse("id")))
            }
            try ledger.update(verified, sealed.map { ["sealed": $0] } ?? [:], unlessCurrent: sealed == nil)
        }
    }

    /// Throws unless every key opens.
    func checkAllOpen(_ db: Database) throws {
        for row in try StoredRow.fetchAll(db, sql: "SELECT id, sealed FROM import WHERE sealed IS NOT NULL") {
            _ = try encryptor.renewed(try row.parse("sealed"), of: .importKey(try row.parse("id")))
        }
    }
}
