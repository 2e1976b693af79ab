import Crypto
import Foundation
import GRDBSQLite

/// A region's tables as SQLite alone writes and reads them, with nothing opened or sealed.
final class BareRegion {
    private let database: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens a region's file, or makes one with the same tables and settings.
    init(_ path: String, isNew: Bool) throws {
        var opened: OpaquePointer?
        guard
            sqlite3_open_v2(
                path, &opened, SQLITE_OPEN_READWRITE | (isNew ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX, nil)
                == SQLITE_OK, let opened
        else { throw BenchError("\(path) cannot be opened") }
        database = opened
        try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(database)
    }

    /// The tables of people, each with the column that names the person; the first one's is its own.
    private static let tables = ["dose", "earlier_passport", "individual_number", "finding"]

    /// Writes a region's people again into another file.
    /// - Parameters:
    ///   - id: only people behind this one.
    ///   - batch: how many one transaction takes.
    /// - Returns: how many seconds writing took.
    static func fill(from path: String, behind id: Int64, in folder: String, _ batch: Int) throws -> Double {
        let (source, target) = (
            try BareRegion(path, isNew: false), try BareRegion("\(folder)/bare.sqlite", isNew: true)
        )
        let names = (["person"] + tables).map { "'\($0)'" }.joined(separator: ", ")
        let creation = try source.rows(
            "SELECT sql FROM sqlite_master WHERE tbl_name IN (\(names)) AND sql IS NOT NULL", [])
        for row in creation { if case .text(let sql)? = row.first { try target.execute(sql) } }
        var (last, seconds) = (id, 0.0)
        while true {
            let people = try source.rows(
                "SELECT * FROM person WHERE id > ? ORDER BY id LIMIT ?", [.integer(last), .integer(Int64(batch))])
            guard let end = people.last?.first, case .integer(let next) = end else { return seconds }
            var rows = [("person", people)]
            for table in tables {
                rows.append(
                    (
                        table,
                        try source.rows(
                            "SELECT * FROM \(table) WHERE person > ? AND person <= ?",
                            [.integer(last), .integer(next)])
                    ))
            }
            let begun = ContinuousClock.now
            try target.execute("BEGIN IMMEDIATE")
            for (table, rows) in rows {
                for row in rows {
                    _ = try target.rows(
                        "INSERT INTO \(table) VALUES (\(row.map { _ in "?" }.joined(separator: ", ")))", row)
                }
            }
            try target.execute("COMMIT")
            seconds += (ContinuousClock.now - begun) / .seconds(1)
            last = next
        }
    }

    /// How long a region's file is, its log included, and how many doses are in it.
    static func size(_ path: String) throws -> (bytes: Int, doses: Int) {
        let file = try BareRegion(path, isNew: false)
        func number(_ sql: String) throws -> Int {
            guard case .integer(let number)? = try file.rows(sql, []).first?.first else { throw BenchError(sql) }
            return Int(number)
        }
        return (
            try number("PRAGMA page_count") * number("PRAGMA page_size"), try number("SELECT count(*) FROM dose")
        )
    }

    /// Adds a line to a log, and waits for the disk.
    func note() throws {
        try execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        _ = try rows("INSERT INTO note (text) VALUES (?)", [.text("name 1 0123456789abcdef01234567 Measurement")])
    }

    /// Reads one person's rows.
    func read(_ id: Int64) throws {
        guard try rows("SELECT * FROM person WHERE id = ?", [.integer(id)]).count == 1 else {
            throw BenchError("a person is missing")
        }
        _ = try rows("SELECT number, sealed FROM dose WHERE person = ? ORDER BY number", [.integer(id)])
        _ = try rows("SELECT position, sealed FROM earlier_passport WHERE person = ? ORDER BY position", [.integer(id)])
    }

    /// Reads every line of the log and every row under evidence, and hashes their bytes: what nobody can do without who
    /// verifies them.
    func hashLog() throws {
        try each(
            "SELECT sequence, at, event, certificate, terminal, inquiry, detail, actor, chain FROM log ORDER BY sequence"
        ) {
            _ = SHA256.hash(data: $0)
        }
        let key = SymmetricKey(size: .bits256)
        for table in ["person", "certificate", "individual_number", "finding"] {
            try each("SELECT * FROM \(table)") { _ = HMAC<SHA512>.authenticationCode(for: $0, using: key) }
        }
    }

    /// Looks through every line's detail for a text that is in none.
    func lookThroughLog() throws {
        _ = try rows("SELECT sequence FROM log WHERE instr(detail, ?) > 0", [.text("ffffffffffffffffffffffff")])
    }

    /// Gives the bytes of each row's columns.
    private func each(_ sql: String, _ body: ([UInt8]) -> Void) throws {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw BenchError("SQLite refuses: \(sql)")
        }
        defer { sqlite3_finalize(statement) }
        let columns = sqlite3_column_count(statement)
        var bytes: [UInt8] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            bytes.removeAll(keepingCapacity: true)
            for column in 0..<columns {
                if sqlite3_column_type(statement, column) == SQLITE_INTEGER {
                    withUnsafeBytes(of: sqlite3_column_int64(statement, column).bigEndian) { bytes += $0 }
                } else if let blob = sqlite3_column_blob(statement, column) {
                    let count = Int(sqlite3_column_bytes(statement, column))
                    bytes += UnsafeRawBufferPointer(start: blob, count: count)
                }
            }
            body(bytes)
        }
    }

    private enum Value {
        case null
        case integer(Int64)
        case text(String)
        case blob([UInt8])
    }

    private func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw BenchError("SQLite refuses: \(sql)")
        }
    }

    private func rows(_ sql: String, _ values: [Value]) throws -> [[Value]] {
        if statements[sql] == nil {
            var made: OpaquePointer?
            guard sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil) == SQLITE_OK
            else { throw BenchError("SQLite refuses: \(sql)") }
            statements[sql] = made
        }
        guard let statement = statements[sql] else { throw BenchError("SQLite has no statement") }
        defer { sqlite3_reset(statement) }
        // SQLite copies what it is told to keep.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: sqlite3_bind_null(statement, place)
            case .integer(let number): sqlite3_bind_int64(statement, place, number)
            case .text(let text): sqlite3_bind_text(statement, place, text, -1, transient)
            case .blob(let bytes): sqlite3_bind_blob(statement, place, bytes, Int32(bytes.count), transient)
            }
        }
        var rows: [[Value]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_DONE: return rows
            case SQLITE_ROW:
                rows.append(
                    (0..<sqlite3_column_count(statement)).map { column in
                        switch sqlite3_column_type(statement, column) {
                        case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
                        case SQLITE_TEXT:
                            .text(sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "")
                        case SQLITE_BLOB:
                            .blob(
                                Array(
                                    UnsafeRawBufferPointer(
                                        start: sqlite3_column_blob(statement, column),
                                        count: Int(sqlite3_column_bytes(statement, column)))))
                        default: .null
                        }
                    })
            default: throw BenchError("SQLite: \(String(cString: sqlite3_errmsg(database)))")
            }
        }
    }
}
