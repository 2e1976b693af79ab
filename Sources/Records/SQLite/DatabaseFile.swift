import Foundation
import GRDB
import Vaccination

/// One SQLite file, opened so that what is committed is durable, and migrated to the newest schema.
final class DatabaseFile: Sendable {
    /// What an error says the file is.
    let name: String
    private let pool: DatabasePool
    private let writer: GroupWriter

    /// How long one process waits for another that writes, in seconds.
    static let busyTimeout: Double = 5

    /// Opens the file, or creates it the first time. Throws ``StoreError/corrupt(_:)`` where it was created before and is
    /// missing or empty now: an empty database would say of everybody that there is no record.
    init(path: String, name: String, migrator: DatabaseMigrator) throws {
        var configuration = Configuration()
        configuration.label = name
        configuration.busyMode = .timeout(Self.busyTimeout)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = 2
        do {
            // Turning WAL on and migrating are not safe against another process doing the same.
            let lock = try DatabaseLock(of: path)
            defer { lock.release() }
            guard try !lock.wasMade() || Self.hasContent(path) else {
                throw StoreError.corrupt("\(name): \(path) was there before and is missing or empty")
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL with WAL, which loses acknowledged commits with the power.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
                guard level == 2 else { throw StoreError.unavailable("\(name): synchronous is not FULL") }
            }
            guard try pool.read({ db in try !migrator.hasBeenSuperseded(db) }) else {
                throw StoreError.unavailable("\(name): the database was made by a newer version of this program")
            }
            try migrator.migrate(pool)
            try lock.noteMade()
            self.name = name
            self.pool = pool
            writer = GroupWriter(pool)
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    private static func hasContent(_ path: String) -> Bool {
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
        return (size?.int64Value ?? 0) > 0
    }

    /// Runs a read on a consistent snapshot.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Runs a write and returns once it is durable.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await writer.write(body)
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Runs a write at once on the caller's thread; for opening.
    func writeNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try pool.write(body)
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// The settings of the writing connection, as SQLite reports them.
    func settings() async throws -> (journalMode: String, synchronous: Int, foreignKeys: Int) {
        do {
            return try await pool.writeWithoutTransaction { db in
                (
                    try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? "",
                    try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1,
                    try Int.fetchOne(db, sql: "PRAGMA foreign_keys") ?? -1
                )
            }
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }
}

extension StoreError {
    /// What an SQLite, GRDB or coding error means to the caller. SQLite's message is left out: it may quote values.
    init(translating error: any Error, in name: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            let detail = "\(name): SQLite result \(error.extendedResultCode.rawValue)"
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(detail)
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(detail)
            case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH: self = .conflict(detail)
            default: self = .unavailable(detail)
            }
        case is CancellationError: self = .unavailable("\(name): cancelled")
        case is DecodingError, is RowDecodingError: self = .corrupt("\(name): a stored value cannot be read")
        default: self = .unavailable("\(name): \(type(of: error))")
        }
    }
}
