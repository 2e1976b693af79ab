/// A value that is sent with a statement, in the server's binary form (PostgreSQL 15, chapter 8 and `typsend` of each type).
package enum Parameter: Hashable, Sendable {
    /// NULL of a type that the server infers.
    case null
    case bool(Bool)
    case int4(Int32)
    case int8(Int64)
    /// Text in UTF-8, without a zero byte, which the server refuses.
    case text(String)
    /// bytea.
    case bytes([UInt8])
    /// timestamptz.
    case timestamp(Timestamp)
    /// xid8, a transaction's number.
    case transaction(TransactionID)
    /// `int8[]`, for `= ANY($1)`.
    case int8s([Int64])
    /// `bytea[]`.
    case byteStrings([[UInt8]])
    /// `text[]`.
    case texts([String])

    /// Absent values become NULL.
    package static func int8(_ value: Int64?) -> Parameter { value.map { .int8($0) } ?? .null }
    /// Absent values become NULL.
    package static func text(_ value: String?) -> Parameter { value.map { .text($0) } ?? .null }
    /// Absent values become NULL.
    package static func bytes(_ value: [UInt8]?) -> Parameter { value.map { .bytes($0) } ?? .null }

    /// The type's number in `pg_type`, 0 for the server to infer.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .bool: TypeNumber.bool
        case .int4: TypeNumber.int4
        case .int8: TypeNumber.int8
        case .text: TypeNumber.text
        case .bytes: TypeNumber.bytea
        case .timestamp: TypeNumber.timestamptz
        case .transaction: TypeNumber.xid8
        case .int8s: TypeNumber.int8s
        case .byteStrings: TypeNumber.byteas
        case .texts: TypeNumber.texts
        }
    }

    /// Appends the value's bytes; `false` for NULL, which has none.
    func append(to bytes: inout [UInt8]) -> Bool {
        switch self {
        case .null: return false
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .int4(let value): bytes.append(bigEndian: value)
        case .int8(let value): bytes.append(bigEndian: value)
        case .text(let value): bytes.append(contentsOf: value.utf8)
        case .bytes(let value): bytes.append(contentsOf: value)
        case .timestamp(let value): bytes.append(bigEndian: value.microseconds)
        case .transaction(let value): bytes.append(bigEndian: value.number)
        case .int8s(let values):
            Self.append(header: values.count, of: TypeNumber.int8, to: &bytes)
            for value in values {
                bytes.append(bigEndian: Int32(8))
                bytes.append(bigEndian: value)
            }
        case .byteStrings(let values):
            Self.append(header: values.count, of: TypeNumber.bytea, to: &bytes)
            for value in values { Self.append(element: value, to: &bytes) }
        case .texts(let values):
            Self.append(header: values.count, of: TypeNumber.text, to: &bytes)
            for value in values { Self.append(element: value.utf8, to: &bytes) }
        }
        return true
    }

    private static func append(element: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int32(clamping: element.count))
        bytes.append(contentsOf: element)
    }

    /// Dimensions, whether NULLs are in it, the elements' type, and how many begin at 1 (`array_recv`).
    private static func append(header count: Int, of type: UInt32, to bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int32(count == 0 ? 0 : 1))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: type)
        guard count > 0 else { return }
        bytes.append(bigEndian: Int32(clamping: count))
        bytes.append(bigEndian: Int32(1))
    }
}

/// Numbers of built-in types, the same in every server (`pg_type.dat`).
enum TypeNumber {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let byteas: UInt32 = 1001
    static let texts: UInt32 = 1009
    static let int8s: UInt32 = 1016
    static let varchar: UInt32 = 1043
    static let timestamptz: UInt32 = 1184
    static let xid8: UInt32 = 5069
}

/// An instant as the server keeps it.
package struct Timestamp: Hashable, Sendable {
    /// Microseconds since 2000-01-01 00:00 UTC.
    package let microseconds: Int64

    /// - Parameter microseconds: since 2000-01-01 00:00 UTC.
    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// - Parameter unixMilliseconds: since 1970; `nil` where the server has no such instant.
    package init?(unixMilliseconds: Int64) {
        let (since2000, early) = unixMilliseconds.subtractingReportingOverflow(Self.epoch)
        let (microseconds, far) = since2000.multipliedReportingOverflow(by: 1000)
        guard !early, !far else { return nil }
        self.microseconds = microseconds
    }

    /// Milliseconds since 1970, cut off towards the past.
    package var unixMilliseconds: Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return quotient + Self.epoch - (remainder < 0 ? 1 : 0)
    }

    /// 2000-01-01 in milliseconds since 1970.
    private static let epoch: Int64 = 946_684_800_000
}

/// A transaction's number that is never used again in one history of a server (xid8).
package struct TransactionID: Hashable, Sendable {
    /// The number with its epoch.
    package let number: UInt64

    /// - Parameter number: with its epoch.
    package init(_ number: UInt64) { self.number = number }
}

extension [UInt8] {
    /// Appends a number, its first byte the highest.
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
