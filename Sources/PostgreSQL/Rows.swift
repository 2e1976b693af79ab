import CPostgreSQL

/// The answer to one statement: its rows, which stay where libpq put them, and what it changed.
package struct Rows: Sendable {
    private let result: ResultHandle

    /// How many rows there are.
    package let count: Int
    /// How many rows the statement inserted, changed, removed or gave; 0 for a statement of another kind.
    package var affected: Int { Int(result.affected) ?? 0 }
    /// What the server calls the statement's end, such as `COMMIT`.
    var tag: String { result.tag }

    init(_ result: ResultHandle) {
        self.result = result
        count = result.rowCount
    }

    /// One of the rows.
    /// - Parameter index: less than ``count``.
    package subscript(index: Int) -> Row {
        precondition(index >= 0 && index < count, "there is no such row")
        return Row(result: result, index: index)
    }

    /// The first row, if there is one.
    package var first: Row? { count > 0 ? self[0] : nil }

    /// The one row; anything else than one is damage.
    package func one() throws(DatabaseFailure) -> Row {
        guard count == 1 else { throw DatabaseFailure(.undecodable) }
        return self[0]
    }

    /// What each row becomes.
    package func map<T>(_ body: (Row) throws(DatabaseFailure) -> T) throws(DatabaseFailure) -> [T] {
        var values: [T] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(try body(self[index])) }
        return values
    }
}

/// One row of an answer.
package struct Row: Sendable {
    fileprivate let result: ResultHandle
    fileprivate let index: Int

    /// A column's value.
    ///
    /// - Parameters:
    ///   - column: counted from 0.
    ///   - type: what it is read as.
    /// - Throws: a failure of the cause `undecodable` where the column is NULL, of another type or malformed.
    package func value<Value: ColumnValue>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(DatabaseFailure) -> Value {
        guard let value = try optional(column, as: type) else { throw DatabaseFailure(.undecodable) }
        return value
    }

    /// A column's value, or `nil` for NULL. Otherwise as ``value(_:as:)``.
    package func optional<Value: ColumnValue>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(DatabaseFailure) -> Value? {
        guard column >= 0, column < result.columnCount, result.isBinary(column),
            Value.types.contains(result.type(of: column))
        else { throw DatabaseFailure(.undecodable) }
        guard let bytes = result.bytes(index, column) else { return nil }
        guard let value = Value(column: bytes) else { throw DatabaseFailure(.undecodable) }
        // The bytes are the result's, which must not go before they were read.
        return withExtendedLifetime(result) { value }
    }
}
