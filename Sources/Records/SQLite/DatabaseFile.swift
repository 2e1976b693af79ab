import Foundation
import GRDB
import Synchronization
import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The keys of a region's file are others now than those that it was opened with: it has to be opened anew.
struct KeysChanged: Error {}

/// One SQLite file, opened so that what is committed is durable, and migrated to the newest schema.
final class DatabaseFile: Sendable {
    /// What an error says the file is.
    let name: String
    let keys: EvidenceKeys
    private let pool: DatabasePool
    private let writer: GroupWriter
    private let reader: GroupReader
    private let follower: JournalFollower
    private let isCurrent: @Sendable (Database) throws -> Bool
    /// Which file was opened: device and inode.
    private let identity: [UInt64]?
    /// The most bytes that it had.
    private let largest: Mutex<Int64>

    /// How long one process waits for another that writes, in seconds.
    static let busyTimeout: Double = 5
    private static let readers = 2

    /// Opens the file, or creates it the first time. Throws ``StoreError/corrupt(_:)`` if it was created before and is
    /// missing or empty now: an empty database would say of everybody that there is no record.
    /// - Parameters:
    ///   - follower: the journal; what it knows and the file lacks is for the caller to have made again.
    ///   - isCurrent: whether the file is still under the keys that it is opened with; asked in each transaction, before
    ///     anything else.
    ///   - committed: hears of every head that became durable.
    init(
        path: String, name: String, migrator: DatabaseMigrator, keys: EvidenceKeys, follower: JournalFollower,
        isCurrent: @escaping @Sendable (Database) throws -> Bool = { _ in true },
        committed: @escaping @Sendable (LogHead) -> Void = { _ in }
    ) throws {
        var configuration = Configuration()
        configuration.label = name
        configuration.busyMode = .timeout(Self.busyTimeout)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = Self.readers
        do {
            // Turning WAL on and migrating are not safe against another process doing the same.
            let lock = try DatabaseLock(of: path)
            defer { lock.release() }
            let wasMade = try lock.wasMade()
            if wasMade { try Self.refuseGone(path: path, name: name) }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL with WAL, which loses acknowledged commits with the power.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
                guard level == 2 else { throw StoreError.unavailable("\(name): synchronous is not FULL") }
                // What is erased is written over, and does not stay in pages that are free.
                try db.execute(sql: "PRAGMA secure_delete = ON")
            }
            let (isNewer, isBare) = try pool.read { db in
                (try migrator.hasBeenSuperseded(db), try migrator.appliedMigrations(db).isEmpty)
            }
            if isNewer { throw StoreError.newer(name) }
            // Up to its first checkpoint all of a database lies in its log.
            if wasMade, isBare { throw StoreError.corrupt("\(name): what was in \(path)-wal is gone") }
            try migrator.migrate(pool)
            try lock.noteMade()
            self.name = name
            self.keys = keys
            self.pool = pool
            self.follower = follower
            self.isCurrent = isCurrent
            identity = Self.identity(path)
            largest = Mutex(Self.size(path))
            writer = GroupWriter(
                pool, keys: keys, follower: follower, isCurrent: isCurrent, committed: committed)
            reader = GroupReader(pool, connections: Self.readers) { db, body in
                try Self.onSnapshot(of: db) { db in
                    guard try isCurrent(db) else { throw KeysChanged() }
                    body(db)
                }
            }
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// What a file says before it is opened to be used; `nil` if there is none.
    @available(*, noasync)
    static func peek<Value>(
        _ path: String, name: String, _ body: (Database) throws -> Value?
    ) throws(StoreError) -> Value? {
        guard size(path) > 0 else { return nil }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(busyTimeout)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read { db in
                try db.tableExists("meta") ? try body(db) : nil
            }
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Throws ``StoreError/corrupt(_:)`` if a database that was made is missing or empty.
    static func refuseGone(path: String, name: String) throws(StoreError) {
        guard size(path) == 0 else { return }
        throw .corrupt("\(name): \(path) was there before and is missing or empty")
    }

    /// A file's bytes, behind symbolic links; 0 if there is none. What cannot be asked is left to SQLite to say.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        if stat(path, &status) == 0 { return Int64(status.st_size) }
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1
    }

    /// Why a file or folder cannot be written to, in the system's words; `nil` if nothing is known against it. Root may
    /// write anywhere but on a file system that is read-only.
    static func whyUnwritable(_ path: String) -> String? {
        guard access(path, W_OK) != 0, [EROFS, EACCES, EPERM].contains(errno) else { return nil }
        return String(cString: strerror(errno))
    }

    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }

    /// Whether the file of this name is the one that is open.
    func isStillThere(_ path: String) -> Bool { identity == Self.identity(path) }

    /// Whether the file is shorter than it was: a database with a log beside it never is. Asked of the system alone: whoever
    /// opens a database's file beside SQLite, and closes it, takes away the locks that this process has on it.
    func hasShrunk(_ path: String) -> Bool {
        let now = Self.size(path)
        return largest.withLock { largest in
            defer { largest = max(largest, now) }
            return now < largest
        }
    }

    /// Runs a read on a consistent snapshot. Throws ``KeysChanged`` as it is, as ``write(_:)`` does.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.unsafeRead { [isCurrent] db in
                try Self.onSnapshot(of: db) { db in
                    guard try isCurrent(db) else { throw KeysChanged() }
                    return try body(db)
                }
            }
        } catch let error as KeysChanged {
            throw error
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Runs a short read, of some rows that are looked up, as ``read(_:)`` does; under load it shares a snapshot with others.
    func lookUp<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await reader.read(body)
        } catch let error as KeysChanged {
            throw error
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// What GRDB's own `read` does, which compiles the two statements each time.
    private static func onSnapshot<Value>(of db: Database, _ body: (Database) throws -> Value) throws -> Value {
        try db.cachedStatement(sql: "BEGIN DEFERRED TRANSACTION").execute()
        defer {
            // The one may fail where a caller has given up; nothing was written, and the snapshot ends with either.
            do { try db.cachedStatement(sql: "COMMIT TRANSACTION").execute() } catch { try? db.rollback() }
        }
        return try body(db)
    }

    /// Runs a write and returns once it is durable. What has to be made again before it is, a part in each transaction.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Ledger) throws -> Value) async throws -> Value {
        do {
            while true {
                do {
                    return try await writer.write(body)
                } catch is BehindJournal {
                    while try await writer.write({ try $0.catchUpPartly() }) {}
                }
            }
        } catch let error as KeysChanged {
            throw error
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Runs a write at once on the caller's thread; for opening.
    ///
    /// Never on a thread that tasks share: whoever reads asynchronously gives a connection back on one of these, and if all
    /// of them wait for a connection, nobody ever does.
    @available(*, noasync)
    func writeNow<Value>(_ body: (Ledger) throws -> Value) throws -> Value {
        func transaction<Other>(_ body: (Ledger) throws -> Other) throws -> Other {
            try pool.write { db in
                let ledger = Ledger(db, keys, follower)
                let value = try body(ledger)
                try ledger.finish()
                return value
            }
        }
        do {
            while true {
                do {
                    return try transaction(body)
                } catch is BehindJournal {
                    while try transaction({ try $0.catchUpPartly() }) {}
                }
            }
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Runs a read at once on the caller's thread; for opening, and as with ``writeNow(_:)`` never on one that tasks share.
    @available(*, noasync)
    func readNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    /// Takes all that the database's log holds into the file and cuts the log off, so that what was erased does not stay in it. Where
    /// somebody reads, it stays until it is written over: nobody waits for this.
    func emptyLog() async {
        try? await pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA busy_timeout = 0")
            defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Int(Self.busyTimeout * 1000))") }
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// Closes the file once what is under way has ended; one that cannot be closed now is when the last reference goes.
    func close() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [pool] in
                // GRDB closes the writer before the readers, and only the last connection takes the log into the file.
                pool.invalidateReadOnlyConnections()
                try? pool.close()
                continuation.resume()
            }
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
