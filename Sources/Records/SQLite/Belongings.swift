import Crypto
import Foundation
import GRDB

/// Digests of the rows that belong to a person or a certificate: what its own row's code covers in their place.
enum Belongings {
    /// The entries of a person's doses as they are stored, and SHA-256 over their places and ciphertexts.
    static func doses(of person: Int64, in db: Database) throws -> (rows: [StoredRow], hash: Data) {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT number, sealed FROM dose WHERE person = ? ORDER BY number"),
            arguments: [person])
        return (rows, digest(try rows.map { try [$0.value("number"), $0.value("sealed")] }))
    }

    static func doses(_ entries: [(entry: Int, sealed: Data)]) -> Data {
        digest(entries.sorted { $0.entry < $1.entry }.map { [$0.entry.databaseValue, $0.sealed.databaseValue] })
    }

    /// A person's earlier passports as they are stored, and SHA-256 over their places and ciphertexts.
    static func passports(of person: Int64, in db: Database) throws -> (rows: [StoredRow], hash: Data) {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: "SELECT position, sealed FROM earlier_passport WHERE person = ? ORDER BY position"),
            arguments: [person])
        return (rows, digest(try rows.map { try [$0.value("position"), $0.value("sealed")] }))
    }

    static func passports(_ passports: [(position: Int, sealed: Data)]) -> Data {
        digest(
            passports.sorted { $0.position < $1.position }.map { [$0.position.databaseValue, $0.sealed.databaseValue] })
    }

    /// SHA-256 over the codes of a certificate, and what revokes those that no identifier revokes.
    static func codes(of certificate: String, in db: Database) throws -> Data {
        let codes = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT hash FROM code WHERE certificate = ? ORDER BY hash"),
            arguments: [certificate])
        let revocable = try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: """
                    SELECT key_id, hash, expires FROM revocable_code WHERE certificate = ? ORDER BY key_id, hash
                    """), arguments: [certificate])
        return digest(
            try codes.map { try [$0.value("hash")] }
                + revocable.map { try [$0.value("key_id"), $0.value("hash"), $0.value("expires")] })
    }

    /// What ``codes(of:in:)`` gives for a certificate without any.
    static let noCodes = digest([])

    private static func digest(_ rows: [[DatabaseValue]]) -> Data {
        var input: [UInt8] = []
        for row in rows {
            input.appendInteger(UInt64(row.count))
            for value in row { input.appendColumn(value) }
        }
        return Data(copying: SHA256.hash(data: input))
    }
}

extension StoredRow {
    /// A column as it is stored.
    fileprivate func value(_ column: String) throws -> DatabaseValue {
        guard let value = stored(column) else { throw StoreError.corrupt("column \(column)") }
        return value
    }
}
