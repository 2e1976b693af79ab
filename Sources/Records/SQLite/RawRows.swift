import Crypto
import Foundation
import GRDB
import GRDBSQLite

/// Rows as SQLite has them, for who looks at every one of a region's: GRDB makes values of every column first, which takes
/// several times as long as comparing or hashing them.
final class RawRows {
    let statement: Statement
    private var raw: OpaquePointer { statement.sqliteStatement }

    init(_ db: Database, sql: String) throws { statement = try db.makeStatement(sql: sql) }

    /// Goes to the next row; `false` behind the last one.
    func next() throws -> Bool {
        switch sqlite3_step(raw) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }

    /// A column's number, or 0.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(raw, column) }

    /// Whether a column has no value.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(raw, column) == SQLITE_NULL }

    /// Whether a column holds a whole number.
    func isInteger(_ column: Int32) -> Bool { sqlite3_column_type(raw, column) == SQLITE_INTEGER }

    /// Whether a column holds a text.
    func isText(_ column: Int32) -> Bool { sqlite3_column_type(raw, column) == SQLITE_TEXT }

    /// The bytes of a column that holds a text or bytes, valid until the next row.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(raw, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(raw, column)))
    }

    /// A column's text.
    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    /// A column's value, copied.
    func value(_ column: Int32) -> DatabaseValue { DatabaseValue(sqliteStatement: raw, index: column) }

    /// Adds a column as ``RangeReplaceableCollection/appendColumn(_:)`` does.
    func append(_ column: Int32, to input: inout [UInt8]) {
        switch sqlite3_column_type(raw, column) {
        case SQLITE_NULL: input.append(0)
        case SQLITE_INTEGER:
            input.append(1)
            input.appendInteger(UInt64(bitPattern: sqlite3_column_int64(raw, column)))
        case SQLITE_FLOAT:
            input.append(2)
            input.appendInteger(sqlite3_column_double(raw, column).bitPattern)
        case let type:
            input.append(type == SQLITE_TEXT ? 3 : 4)
            let bytes = bytes(column)
            input.appendInteger(UInt64(bytes.count))
            input.append(contentsOf: bytes)
        }
    }
}

/// The rows that belong to others, in their order: what ``Belongings`` hashes of each, in one pass over all of them.
struct BelongingRows {
    private let rows: RawRows
    private let columns: Range<Int32>
    private var isThere: Bool

    /// - Parameter sql: selects whose a row is, in the order of these, and the columns that are hashed.
    init(_ db: Database, columns: Int32, sql: String) throws {
        rows = try RawRows(db, sql: sql)
        self.columns = 1..<(columns + 1)
        isThere = try rows.next()
    }

    private mutating func next() throws { isThere = try rows.next() }

    private mutating func take(into input: inout [UInt8]) throws {
        input.appendInteger(UInt64(columns.count))
        for column in columns { rows.append(column, to: &input) }
        try next()
    }

    /// Adds the rows of a number to what is hashed, and passes by those of smaller ones.
    /// - Returns: how many it has.
    mutating func append(of owner: Int64, to input: inout [UInt8]) throws -> Int {
        // What is no whole number, by a hand, is nobody's.
        while isThere, !rows.isInteger(0) || rows.integer(0) < owner { try next() }
        var own = 0
        while isThere, rows.isInteger(0), rows.integer(0) == owner {
            try take(into: &input)
            own += 1
        }
        return own
    }

    /// The same for whom a text names.
    mutating func append(of owner: UnsafeRawBufferPointer, to input: inout [UInt8]) throws {
        while isThere {
            let order = rows.isText(0) ? RawRows.order(rows.bytes(0), owner) : -1
            if order > 0 { return }
            if order < 0 { try next() } else { try take(into: &input) }
        }
    }
}

extension RawRows {
    /// How SQLite orders two texts: by their bytes.
    static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let common = min(a.count, b.count)
        if common > 0, let first = a.baseAddress, let second = b.baseAddress {
            let order = memcmp(first, second, common)
            if order != 0 { return Int(order) }
        }
        return a.count - b.count
    }
}

extension RawRows {
    /// Whether a column is the digest of some bytes, as ``Belongings`` makes it.
    func isHash(of input: [UInt8], _ column: Int32) -> Bool {
        let stored = bytes(column)
        return SHA256.hash(data: input).withUnsafeBytes { RawRows.order($0, stored) == 0 }
    }
}
