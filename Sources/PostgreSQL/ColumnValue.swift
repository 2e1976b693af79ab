/// A value that a column of an answer may hold. What does not have the type's form is damage, never a trap.
package protocol ColumnValue: Sendable {
    /// The server's types that it is read from.
    static var types: [UInt32] { get }
    /// - Parameter bytes: the value in the server's binary form; `nil` where it is not one.
    init?(column bytes: UnsafeRawBufferPointer)
}

extension Bool: ColumnValue {
    /// bool.
    package static var types: [UInt32] { [TypeNumber.bool] }
    /// One byte, 0 or 1.
    package init?(column bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 1, bytes[0] <= 1 else { return nil }
        self = bytes[0] == 1
    }
}

extension Int64: ColumnValue {
    /// int8, int4, int2.
    package static var types: [UInt32] { [TypeNumber.int8, TypeNumber.int4, TypeNumber.int2] }
    /// Eight, four or two bytes.
    package init?(column bytes: UnsafeRawBufferPointer) {
        switch bytes.count {
        case 8: self = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case 4: self = Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 2: self = Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        default: return nil
        }
    }
}

extension Int32: ColumnValue {
    /// int4, int2.
    package static var types: [UInt32] { [TypeNumber.int4, TypeNumber.int2] }
    /// Four or two bytes.
    package init?(column bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= 4, let value = Int64(column: bytes) else { return nil }
        self = Int32(truncatingIfNeeded: value)
    }
}

extension String: ColumnValue {
    /// text, varchar, name.
    package static var types: [UInt32] { [TypeNumber.text, TypeNumber.varchar, TypeNumber.name] }
    /// UTF-8.
    package init?(column bytes: UnsafeRawBufferPointer) {
        self.init(validating: bytes, as: UTF8.self)
    }
}

extension Timestamp: ColumnValue {
    /// timestamptz.
    package static var types: [UInt32] { [TypeNumber.timestamptz] }
    /// Eight bytes; neither of the infinities.
    package init?(column bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 8, let value = Int64(column: bytes), value != .min, value != .max else { return nil }
        self.init(microseconds: value)
    }
}

extension TransactionID: ColumnValue {
    /// xid8.
    package static var types: [UInt32] { [TypeNumber.xid8] }
    /// Eight bytes.
    package init?(column bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 8 else { return nil }
        self.init(UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    }
}

extension [UInt8]: ColumnValue {
    /// bytea.
    package static var types: [UInt32] { [TypeNumber.bytea] }
    /// Any bytes.
    package init?(column bytes: UnsafeRawBufferPointer) { self.init(bytes) }
}

/// An array of one dimension without NULLs (`array_send`).
package struct ColumnArray<Element: ColumnValue>: Sendable {
    /// The elements in their order.
    package let elements: [Element]
}

extension ColumnArray: ColumnValue {
    /// The arrays of the elements' types.
    package static var types: [UInt32] {
        Element.types.compactMap { type in
            switch type {
            case TypeNumber.int8: TypeNumber.int8s
            case TypeNumber.bytea: TypeNumber.byteas
            case TypeNumber.text: TypeNumber.texts
            default: nil
            }
        }
    }

    /// A header and the elements, each with its length; what is announced has to be there before room is made for it.
    package init?(column bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        func number() -> Int? {
            guard rest.count >= 4 else { return nil }
            let value = Int32(bigEndian: UnsafeRawBufferPointer(rebasing: rest.prefix(4)).loadUnaligned(as: Int32.self))
            rest = rest.dropFirst(4)
            return Int(value)
        }
        guard let dimensions = number(), let flags = number(), flags == 0, let type = number(),
            Element.types.contains(UInt32(truncatingIfNeeded: type))
        else { return nil }
        if dimensions == 0, rest.isEmpty {
            elements = []
            return
        }
        guard dimensions == 1, let count = number(), number() != nil, count >= 0, count <= rest.count / 4 else {
            return nil
        }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard let length = number(), length >= 0, length <= rest.count,
                let element = Element(column: UnsafeRawBufferPointer(rebasing: rest.prefix(length)))
            else { return nil }
            elements.append(element)
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else { return nil }
        self.elements = elements
    }
}
