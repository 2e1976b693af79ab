/// A birth date as the resident register has it: a day, or, where 生年月日 is partly unknown (不詳), a month or a year alone.
///
/// A date of which nothing is known is none: card and record could not be told apart by it, and nobody could be found by it, so
/// whoever reads one refuses it by name.
///
/// The rule by which two are the same, a card's and a record's too: all parts are, and what is unknown in one is unknown in the
/// other. April 1950 is neither a day of that month nor the year 1950.
public struct BirthDate: Hashable, Sendable, CustomStringConvertible {
    /// The year, 1800 to 2199.
    public let year: Int
    /// The month, 1 to 12; `nil` if it is unknown.
    public let month: Int?
    /// The day of the month, valid for month and year; `nil` if it is unknown, and wherever the month is.
    public let day: Int?

    /// A birth date that is wholly known.
    public init(_ date: CalendarDate) { (year, month, day) = (date.year, date.month, date.day) }

    /// A birth date from what is known of it; `nil` if the calendar has no such year, month or day, or if there is a day without a
    /// month.
    public init?(year: Int, month: Int? = nil, day: Int? = nil) {
        guard month != nil || day == nil, CalendarDate(year: year, month: month ?? 1, day: day ?? 1) != nil else {
            return nil
        }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// A birth date from `YYYY-MM-DD`, `YYYY-MM` or `YYYY` (ISO 8601 extended form; FHIR R4 `date`), in exactly so many ASCII
    /// characters.
    public init?(iso text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard [4, 7, 10].contains(bytes.count),
            let date = CalendarDate(iso: String(text) + String("-01-01".dropFirst(bytes.count - 4)))
        else { return nil }
        self.init(
            year: date.year, month: bytes.count > 4 ? date.month : nil, day: bytes.count > 7 ? date.day : nil)
    }

    /// A birth date from eight ASCII digits `YYYYMMDD`, in which `00` stands for an unknown month or day: the form of the card's
    /// DF24.
    public init?(digits: some Sequence<UInt8>) {
        var bytes = Array(digits.prefix(9))
        guard bytes.count == 8 else { return nil }
        let zeros = Array("00".utf8)
        let (hasMonth, hasDay) = (Array(bytes[4..<6]) != zeros, Array(bytes[6..<8]) != zeros)
        if !hasMonth { bytes[5] += 1 }
        if !hasDay { bytes[7] += 1 }
        guard let date = CalendarDate(digits: bytes) else { return nil }
        self.init(year: date.year, month: hasMonth ? date.month : nil, day: hasDay ? date.day : nil)
    }

    /// The day, if it is known.
    public var date: CalendarDate? {
        guard let month, let day else { return nil }
        return CalendarDate(year: year, month: month, day: day)
    }

    /// `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    public var description: String {
        guard let month else { return Self.padded(year, 4) }
        guard let day else { return "\(Self.padded(year, 4))-\(Self.padded(month, 2))" }
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    }

    /// `YYYYMMDD`, with `00` for what is unknown.
    public var digits: String { "\(Self.padded(year, 4))\(Self.padded(month ?? 0, 2))\(Self.padded(day ?? 0, 2))" }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension BirthDate: Codable {
    /// Reads `YYYY-MM-DD`, `YYYY-MM` or `YYYY`; anything else is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = BirthDate(iso: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a birth date is written YYYY-MM-DD, YYYY-MM or YYYY")
        }
        self = date
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
