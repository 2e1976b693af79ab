import Crypto
import Foundation
import GRDB
import GRDBSQLite

/// The lines of a log one by one, as SQLite has them: what follows the chain over all of a region's lines. GRDB makes values
/// of every column first, which takes several times as long as hashing them.
struct LogLines {
    private let statement: Statement

    /// A line where it lies, valid until the next one is asked for.
    struct Line {
        private let statement: Statement
        private var row: OpaquePointer { statement.sqliteStatement }
        let sequence: Int64
        /// In milliseconds since 1970.
        let at: Int64

        fileprivate init(_ statement: Statement) {
            self.statement = statement
            sequence = sqlite3_column_int64(statement.sqliteStatement, 0)
            at = sqlite3_column_int64(statement.sqliteStatement, 1)
        }

        /// The chain up to this line, as ``LogTable/Line/chain(after:sequence:)`` has it.
        func chain(after previous: Data) -> Data {
            var hash = SHA256()
            previous.withUnsafeBytes { hash.update(bufferPointer: $0) }
            withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { buffer in
                var count = 0
                func integer(_ value: UInt64) {
                    if count + 9 > buffer.count { flush() }
                    buffer.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt64.self)
                    count += 8
                }
                func flag(_ value: UInt8) {
                    if count == buffer.count { flush() }
                    buffer[count] = value
                    count += 1
                }
                func flush() {
                    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    count = 0
                }
                integer(UInt64(bitPattern: sequence))
                integer(UInt64(bitPattern: at))
                for column in LogLines.texts {
                    guard sqlite3_column_type(row, column) != SQLITE_NULL else {
                        flag(0)
                        continue
                    }
                    flag(1)
                    let text = sqlite3_column_blob(row, column)
                    let length = Int(sqlite3_column_bytes(row, column))
                    integer(UInt64(length))
                    guard length > 0, let text else { continue }
                    let bytes = UnsafeRawBufferPointer(start: text, count: length)
                    if length > buffer.count - count { flush() }
                    if length > buffer.count {
                        hash.update(bufferPointer: bytes)
                    } else {
                        UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + length]).copyMemory(from: bytes)
                        count += length
                    }
                }
                flush()
            }
            return Data(copying: hash.finalize())
        }

        /// Whether the line says that this is the chain up to it.
        func isChained(by hash: Data) -> Bool {
            let length = Int(sqlite3_column_bytes(row, LogLines.chain))
            guard let bytes = sqlite3_column_blob(row, LogLines.chain), length == hash.count else { return false }
            return hash.withUnsafeBytes { hash in hash.baseAddress.map { memcmp($0, bytes, length) == 0 } ?? false }
        }
    }

    fileprivate static let texts: ClosedRange<Int32> = 2...7
    fileprivate static let chain: Int32 = 8

    /// Those behind a number, in order.
    init(_ db: Database, after sequence: Int64) throws {
        statement = try db.makeStatement(
            sql: """
                SELECT sequence, at, event, certificate, terminal, inquiry, detail, actor, chain
                FROM log WHERE sequence > ? ORDER BY sequence
                """)
        try statement.setArguments([sequence])
        sqlite3_bind_int64(statement.sqliteStatement, 1, sequence)
    }

    /// The next line; `nil` at the end.
    func next() throws -> Line? {
        switch sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW:
            return Line(statement)
        case SQLITE_DONE: return nil
        case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }
}
