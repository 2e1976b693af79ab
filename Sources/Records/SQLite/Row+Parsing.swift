import Foundation
import GRDB
import Vaccination

// GRDB's own subscripts trap on a value that does not convert. A database file is outside data once someone else has
// written to it, so every column is read through these.
extension Row {
    /// A column that must hold a value.
    func parse<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let value: Value = try parseOptional(column) else { throw StoreError.corrupt("column \(column)") }
        return value
    }

    /// A column that may be NULL.
    func parseOptional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        guard let stored = self[column] as DatabaseValue? else { return nil }
        if stored.isNull { return nil }
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
