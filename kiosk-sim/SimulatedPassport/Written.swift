import Vaccination

/// Writes DER (ITU-T X.690), for what simulated passports are made of.
package enum Written {
    /// A value behind its tag of one byte, or of two.
    package static func object(_ tag: UInt16, _ content: [UInt8]) -> [UInt8] {
        let tag = tag > 0xFF ? [UInt8(tag >> 8), UInt8(tag & 0xFF)] : [UInt8(tag)]
        let count = content.count
        let length: [UInt8] =
            switch count {
            case 0..<0x80: [UInt8(count)]
            case 0x80..<0x100: [0x81, UInt8(count)]
            case 0x100..<0x10000: [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
            default: [0x83, UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
            }
        return tag + length + content
    }

    /// A SEQUENCE of values.
    package static func sequence(_ members: [UInt8]...) -> [UInt8] { object(0x30, members.flatMap { $0 }) }

    /// A SET of values, in DER's order.
    package static func set(_ members: [[UInt8]]) -> [UInt8] {
        object(0x31, members.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 })
    }

    /// An INTEGER of a number from 0 on.
    package static func integer(_ value: Int) -> [UInt8] {
        let all = (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        return integer(all)
    }

    /// An INTEGER of big-endian bytes without a sign.
    package static func integer(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = Array(bytes.drop { $0 == 0 })
        if bytes.first.map({ $0 > 0x7F }) ?? true { bytes.insert(0, at: 0) }
        return object(0x02, bytes)
    }

    /// An OBJECT IDENTIFIER out of numbers with points between; made-up ones of one arc or none are empty.
    package static func identifier(_ text: String) -> [UInt8] {
        let arcs = text.split(separator: ".").compactMap { UInt64($0) }
        guard arcs.count >= 2 else { return object(0x06, []) }
        let content = ([arcs[0] * 40 + arcs[1]] + arcs.dropFirst(2)).flatMap { arc -> [UInt8] in
            var digits = [UInt8(arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                digits.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                rest >>= 7
            }
            return digits
        }
        return object(0x06, content)
    }

    /// An OCTET STRING.
    package static func octets(_ bytes: [UInt8]) -> [UInt8] { object(0x04, bytes) }

    /// A BIT STRING of whole bytes.
    package static func bits(_ bytes: [UInt8], unused: UInt8 = 0) -> [UInt8] { object(0x03, [unused] + bytes) }

    /// A GeneralizedTime's text, YYYYMMDDHHMMSSZ, of seconds since 1970.
    package static func timeText(_ seconds: Double) -> [UInt8] {
        let whole = Int(seconds.rounded(.down))
        let days = (whole >= 0 ? whole : whole - 86_399) / 86_400
        let date = Vaccination.CalendarDate(daysSince1970: days)?.digits ?? "19700101"
        let rest = whole - days * 86_400
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { ($0 < 10 ? "0" : "") + String($0) }.joined()
        return Array((date + clock + "Z").utf8)
    }

    /// A time as certificates write it (RFC 5280 section 4.1.2.5): UTCTime until 2049.
    package static func time(_ seconds: Double) -> [UInt8] {
        let text = timeText(seconds)
        return text.starts(with: Array("20".utf8)) && text[2] < UInt8(ascii: "5")
            ? object(0x17, Array(text.dropFirst(2))) : object(0x18, text)
    }
}
