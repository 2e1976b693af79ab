package import Vaccination

/// A birth date as a passport's machine-readable zone writes it (ICAO Doc 9303-3 section 4.8): year, month and day of two digits each, any
/// of which may be unknown.
///
/// **The century** is not written. ``resolved`` takes the latest year in which the day is not after the day that is given: who is
/// 100 years old or more is taken for a child by that. So two dates are compared by ``agrees(with:)``, which compares what is
/// written and lets both centuries pass, and never by ``resolved``, which is for a person to look at.
package struct ZoneBirthDate: Hashable, Sendable {
    /// The last two digits of the year; `nil` if it is unknown.
    package let year: Int?
    /// The month, 1 to 12; `nil` if it is unknown.
    package let month: Int?
    /// The day of the month; `nil` if it is unknown, and wherever the month is.
    package let day: Int?
    /// The date with its century; `nil` if the year is unknown.
    package let resolved: BirthDate?

    /// A birth date out of its six places; `nil` if a part is neither two digits nor two fillers, if there is a day without a
    /// month, or if there was no such day until today.
    init?(zone: some Collection<UInt8>, today: CalendarDate) {
        let zone = Array(zone)
        guard zone.count == 6, let year = Self.part(zone[0..<2]), let month = Self.part(zone[2..<4]),
            let day = Self.part(zone[4..<6]), month != nil || day == nil
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        guard let year else {
            // 29 February is a day of some years.
            guard CalendarDate(year: 2000, month: month ?? 1, day: day ?? 1) != nil else { return nil }
            resolved = nil
            return
        }
        let century = today.year - today.year % 100
        let found = [century + year, century - 100 + year].lazy.compactMap { full -> BirthDate? in
            guard let first = CalendarDate(year: full, month: month ?? 1, day: day ?? 1), first <= today else {
                return nil
            }
            return BirthDate(year: full, month: month, day: day)
        }.first
        guard let found else { return nil }
        resolved = found
    }

    /// A birth date as a zone writes it.
    package init?(_ date: BirthDate, today: CalendarDate) { self.init(zone: Self.zone(date), today: today) }

    /// Whether a zone writes this date so: all parts that are written are the same, and what is unknown in one is unknown in the
    /// other (the rule of ``Vaccination/BirthDate``). A zone of which the year is unknown agrees with none.
    package func agrees(with date: BirthDate) -> Bool { year != nil && zone == Self.zone(date) }

    /// Its six places.
    var zone: [UInt8] { [year, month, day].flatMap(Self.written) }

    private static func zone(_ date: BirthDate) -> [UInt8] { [date.year % 100, date.month, date.day].flatMap(written) }

    private static func written(_ value: Int?) -> [UInt8] {
        value.map { [UInt8(0x30 + $0 / 10 % 10), UInt8(0x30 + $0 % 10)] } ?? [Zone.filler, Zone.filler]
    }

    /// The number in two places, or that it is unknown.
    private static func part(_ two: ArraySlice<UInt8>) -> Int?? {
        if two.allSatisfy({ $0 == Zone.filler }) { return .some(nil) }
        guard two.allSatisfy(Zone.isDigit) else { return nil }
        return two.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

extension ZoneBirthDate: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "ZoneBirthDate(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The last day on which a passport is valid, as its zone writes it.
enum ZoneExpiry {
    /// How far ahead the day may lie, in years: passports are valid for ten years, those of some states a little longer.
    static let yearsAhead = 20

    /// The day out of its six places: of the one year of that end from 79 years ago until ``yearsAhead`` years from now; `nil` if there is no
    /// such day. It may not be unknown.
    static func date(zone: some Collection<UInt8>, today: CalendarDate) -> CalendarDate? {
        let digits = Array(zone)
        guard digits.count == 6, digits.allSatisfy(Zone.isDigit) else { return nil }
        func number(_ place: Int) -> Int { Int(digits[place] - 0x30) * 10 + Int(digits[place + 1] - 0x30) }
        let last = today.year + yearsAhead
        let year = last - (last - number(0)) % 100
        return CalendarDate(year: year, month: number(2), day: number(4))
    }
}
