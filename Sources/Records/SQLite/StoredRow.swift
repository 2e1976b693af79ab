import Foundation
import GRDB
import Vaccination

/// A row as it is stored, copied out of its statement.
///
/// GRDB's own subscripts trap on a value that does not convert, and a database file is outside data once someone else has
/// written to it: every column is read through the parsing methods here. GRDB also looks for a column without regard to
/// case, and makes the name of each lower-case for that every time; ours are written as they are.
struct StoredRow {
    private let names: [String]
    private let values: [DatabaseValue]

    /// A row from its parts.
    init(names: [String], values: [DatabaseValue]) { (self.names, self.values) = (names, values) }

    /// A column; `nil` if there is none of this name.
    func stored(_ column: String) -> DatabaseValue? { names.firstIndex(of: column).map { values[$0] } }

    // MARK: Fetching

    /// The rows of a statement one by one, valid for as long as nothing else uses the statement.
    final class Rows: Cursor {
        private let statement: Statement
        private let names: [String]
        /// The first column stands for the row: GRDB's own rows make a dictionary of their names for every execution.
        private let first: DatabaseValueCursor<DatabaseValue>

        fileprivate init(_ statement: Statement, _ arguments: StatementArguments) throws {
            self.statement = statement
            names = statement.columnNames
            first = try DatabaseValue.fetchCursor(statement, arguments: arguments)
        }

        func next() throws -> StoredRow? {
            guard let value = try first.next() else { return nil }
            var values = [value]
            values.reserveCapacity(names.count)
            for index in names.indices.dropFirst() {
                values.append(DatabaseValue(sqliteStatement: statement.sqliteStatement, index: CInt(index)))
            }
            return StoredRow(names: names, values: values)
        }
    }

    static func fetchCursor(_ statement: Statement, arguments: StatementArguments = []) throws -> Rows {
        try Rows(statement, arguments)
    }

    static func fetchCursor(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> Rows {
        try fetchCursor(try db.makeStatement(sql: sql), arguments: arguments)
    }

    static func fetchOne(_ statement: Statement, arguments: StatementArguments = []) throws -> StoredRow? {
        try fetchCursor(statement, arguments: arguments).next()
    }

    static func fetchOne(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> StoredRow? {
        try fetchOne(try db.makeStatement(sql: sql), arguments: arguments)
    }

    static func fetchAll(_ statement: Statement, arguments: StatementArguments = []) throws -> [StoredRow] {
        try Array(fetchCursor(statement, arguments: arguments))
    }

    static func fetchAll(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> [StoredRow] {
        try fetchAll(try db.makeStatement(sql: sql), arguments: arguments)
    }

    // MARK: Columns

    /// A column that must hold a value.
    func parse<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let value: Value = try parseOptional(column) else { throw StoreError.corrupt("column \(column)") }
        return value
    }

    /// A column that may be NULL.
    func parseOptional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        guard let stored = stored(column), !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw StoreError.corrupt("column \(column)") }
        return value
    }

    /// A column that holds the raw value of an enumeration.
    func parseCase<Value: RawRepresentable>(_ column: String) throws -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: try parse(column)) else { throw StoreError.corrupt("column \(column)") }
        return value
    }

    /// A column that holds bytes.
    func parseBytes(_ column: String) throws -> [UInt8] { Array(try parse(column) as Data) }

    /// A column that holds an instant.
    func parseInstant(_ column: String) throws -> Date { Date(storedMilliseconds: try parse(column)) }

    /// A column that holds a day.
    func parseDay(_ column: String) throws -> CalendarDate {
        guard let day = CalendarDate(daysSince1970: try parse(column)) else {
            throw StoreError.corrupt("column \(column)")
        }
        return day
    }

    /// A column that holds a certificate's identifier.
    func parseCertificateID(_ column: String) throws -> CertificateID {
        guard let id = CertificateID(try parse(column) as String) else { throw StoreError.corrupt("column \(column)") }
        return id
    }
}

extension Date {
    /// Milliseconds since 1970, cut off; bounded so that no instant overflows.
    var storedMilliseconds: Int64 {
        let milliseconds = (timeIntervalSince1970 * 1000).rounded(.down)
        return milliseconds.isFinite ? Int64(min(max(milliseconds, -1e15), 1e15)) : 0
    }

    init(storedMilliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(storedMilliseconds) / 1000)
    }
}
