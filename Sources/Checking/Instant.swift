package import Foundation
import Vaccination

/// A time as RFC 3339 section 5.6 writes it, such as `2021-12-20T09:00:00+09:00`; one without an offset is UTC.
package struct Instant: Sendable {
    /// The time.
    package let date: Date
    /// Whether the text says how far from UTC it is, as RFC 3339 asks for.
    package let hasOffset: Bool

    /// Reads a time; `nil` if the text is none.
    package init?(_ argument: String) {
        let text = Array(argument.utf8)
        guard text.count >= 19, text.count <= 40, let day = CalendarDate(iso: argument.prefix(10)),
            text[10] | 0x20 == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let hour = Self.number(text[11..<13], 23), let minute = Self.number(text[14..<16], 59),
            // 60 is a leap second.
            let second = Self.number(text[17..<19], 60)
        else { return nil }
        var index = 19
        var fraction = 0.0
        if text.count > index, text[index] == UInt8(ascii: ".") {
            let digits = text[(index + 1)...].prefix { $0 &- 0x30 < 10 }
            guard !digits.isEmpty, let value = Double("0." + String(decoding: digits, as: UTF8.self)) else {
                return nil
            }
            fraction = value
            index = digits.endIndex
        }
        guard let offset = Self.offset(text[index...]) else { return nil }
        hasOffset = index < text.count
        let seconds = day.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
        date = Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(text)
        if bytes.isEmpty { return 0 }
        if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
        // ISO 8601's basic form without the colon is met as well.
        let digits = bytes.count == 6 && bytes[3] == UInt8(ascii: ":") ? bytes[1..<3] + bytes[4..<6] : bytes[1...]
        guard digits.count == 4, let hours = number(digits.prefix(2), 23), let minutes = number(digits.suffix(2), 59)
        else {
            return nil
        }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ maximum: Int) -> Int? {
        guard digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
        return value <= maximum ? value : nil
    }
}
