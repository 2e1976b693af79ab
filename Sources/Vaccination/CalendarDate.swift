/// A day of the proleptic Gregorian calendar, without a time or a zone, between 1800-01-01 and 2199-12-31.
///
/// Dose dates and passport expiry are days, not instants; keeping them apart from `Date` means that no time zone can shift
/// them. A birth date, of which day or month may be unknown, is a ``BirthDate``.
public struct CalendarDate: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The year, 1800 to 2199.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, 1 to 31, valid for the month and year.
    public let day: Int

    /// A date from its parts; `nil` if the calendar has no such day or the year is out of bounds.
    public init?(year: Int, month: Int, day: Int) {
        guard (1800...2199).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(inMonth: month, of: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// A date written in this module's own source; a test looks at each.
    init(written day: (year: Int, month: Int, day: Int)) { (year, month, self.day) = day }

    /// A date from `YYYY-MM-DD` (ISO 8601 extended form, exactly ten ASCII characters).
    public init?(iso text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        self.init(year: bytes[0..<4], month: bytes[5..<7], day: bytes[8..<10])
    }

    /// A date from the eight ASCII digits `YYYYMMDD`, the form of the card's DF24 and of ISO 8601 basic.
    public init?(digits: some Sequence<UInt8>) {
        let bytes = Array(digits.prefix(9))
        guard bytes.count == 8 else { return nil }
        self.init(year: bytes[0..<4], month: bytes[4..<6], day: bytes[6..<8])
    }

    private init?(year: ArraySlice<UInt8>, month: ArraySlice<UInt8>, day: ArraySlice<UInt8>) {
        guard let year = Self.number(year), let month = Self.number(month), let day = Self.number(day) else {
            return nil
        }
        self.init(year: year, month: month, day: day)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        default: 31
        }
    }

    /// `YYYY-MM-DD`.
    public var description: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    /// `YYYYMMDD`.
    public var digits: String { "\(Self.padded(year, 4))\(Self.padded(month, 2))\(Self.padded(day, 2))" }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Days since 1970-01-01 (negative before it).
    public var daysSince1970: Int {
        // Civil-from-days arithmetic over 400-year eras, counted from March so that leap days end the year.
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date this many days after 1970-01-01; `nil` out of bounds.
    public init?(daysSince1970 days: Int) {
        guard (-70_000...90_000).contains(days) else { return nil }
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month, day: dayOfYear - (153 * mp + 2) / 5 + 1)
    }

    /// The day it is in Japan (UTC+9, no daylight saving) at an instant, in seconds since 1970-01-01T00:00:00Z.
    public static func inJapan(secondsSince1970 seconds: Double) -> CalendarDate? {
        guard seconds.isFinite, abs(seconds) < 1e11 else { return nil }
        return CalendarDate(daysSince1970: Int(((seconds + 9 * 3600) / 86_400).rounded(.down)))
    }

    /// In order of time.
    public static func < (a: CalendarDate, b: CalendarDate) -> Bool {
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    }
}

extension CalendarDate: Codable {
    /// Reads `YYYY-MM-DD`; a day that there is not is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = CalendarDate(iso: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a date is written YYYY-MM-DD")
        }
        self = date
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
