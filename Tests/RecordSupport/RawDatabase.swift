package import Foundation
import GRDB

/// The database as someone else with access to its file sees and changes it.
package struct RawDatabase {
    private let queue: DatabaseQueue

    /// Opens the file.
    package init(_ path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.allowsUnsafeTransactions = true
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// How many rows a table has.
    package func count(_ table: String) async throws -> Int {
        try await queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }

    /// The bytes of a column.
    package func blobs(_ column: String, of table: String) async throws -> [Data] {
        try await queue.read { db in try Data.fetchAll(db, sql: "SELECT \(column) FROM \(table)") }
    }

    /// Does anything.
    package func execute(_ sql: String, foreignKeys: Bool = true) async throws {
        try await queue.writeWithoutTransaction { db in
            if !foreignKeys { try db.execute(sql: "PRAGMA foreign_keys = OFF") }
            try db.execute(sql: sql)
        }
    }

    /// Everything that stands in any table, as text or in hex.
    package func everything() async throws -> String {
        try await queue.read { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            return try tables.map { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map(\.debugDescription).joined(separator: "\n")
            }.joined(separator: "\n")
        }
    }
}
