public import Vaccination

/// Values as people and their systems write them in files: in wide or narrow characters, dates of the western calendar or by
/// Japanese eras.
enum WrittenValue {
    /// A text whose wide forms of ASCII (JIS X 0208, U+FF01 to U+FF5E) are narrow, and whose wide spaces are plain ones: for
    /// numbers, codes and dates, and never for names.
    static func narrow(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        var narrow = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0xFF01...0xFF5E: narrow.append(Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar)
            case 0x3000: narrow.append(" ")
            default: narrow.append(scalar)
            }
        }
        return String(narrow)
    }

    /// A date; `nil` if it is none of the calendar, or of no form that is known, or names a day outside of its era.
    ///
    /// `2021-06-01`, `20210601`, `2021/6/1`, `2021.6.1`, `2021年6月1日`; with an era `令和3年6月1日`, `R3.6.1`, `R03/06/01`,
    /// `令和元年5月1日`.
    static func date(_ text: String) -> CalendarDate? {
        let text = narrow(text)
        if let date = CalendarDate(iso: text) ?? CalendarDate(digits: text.utf8) { return date }
        let (era, rest) = era(of: text)
        guard let (year, month, day) = parts(rest) else { return nil }
        guard let era else { return year >= 1000 ? CalendarDate(year: year, month: month, day: day) : nil }
        guard year >= 1, let date = CalendarDate(year: era.firstYear + year - 1, month: month, day: day),
            era.begin <= date.order, era.end.map({ date.order < $0 }) ?? true
        else { return nil }
        return date
    }

    /// A birth date, whole or with an unknown day, or month and day; `nil` as for ``date(_:)``, and if a day is there without a month.
    ///
    /// Beside the forms of ``date(_:)``: `1950-04`, `1950`; `00` for what is unknown in any of them (`19500400`, `S25.04.00`); 不詳
    /// behind what is known (`昭和25年4月不詳`, `1950年4月日不詳`, `昭和25年不詳`, `1950年月日不詳`). A month or a year of which some days are in
    /// its era is.
    static func birthDate(_ text: String) -> BirthDate? {
        if let date = date(text) { return BirthDate(date) }
        let text = narrow(text)
        if let date = BirthDate(iso: text) ?? BirthDate(digits: text.utf8) { return date }
        let (era, rest) = era(of: text)
        guard let (year, month, day) = parts(rest) ?? unknownParts(rest), day == 0, year >= (era == nil ? 1000 : 1),
            let date = BirthDate(year: (era?.firstYear ?? 1) + year - 1, month: month == 0 ? nil : month)
        else { return nil }
        guard let era else { return date }
        // Compared as numbers: no month ends behind its 31st.
        let first = date.year * 10_000 + (date.month ?? 1) * 100 + 1
        let last = date.year * 10_000 + (date.month ?? 12) * 100 + 31
        return era.begin <= last && era.end.map({ first < $0 }) ?? true ? date : nil
    }

    /// Whether a text says of a birth date that nothing is known of it, the year neither.
    static func isUnknownBirthDate(_ text: String) -> Bool {
        ["00000000", "0000-00-00", "0000/00/00", "不詳", "年月日不詳", "生年月日不詳"].contains(narrow(text))
    }

    /// Year and month of what has 不詳 behind them, with 0 for what is unknown.
    private static func unknownParts(_ text: Substring) -> (Int, Int, Int)? {
        guard text.hasSuffix("不詳") || text.hasSuffix("不詳日") else { return nil }
        let parts = text.split(separator: "年", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let year = number(parts[0], 1...4) else { return nil }
        if ["不詳", "月日不詳", "不詳月不詳日"].contains(parts[1]) { return (year, 0, 0) }
        let rest = parts[1].split(separator: "月", maxSplits: 1, omittingEmptySubsequences: false)
        guard rest.count == 2, let month = number(rest[0], 1...2), month > 0,
            ["不詳", "日不詳", "不詳日"].contains(rest[1])
        else { return nil }
        return (year, month, 0)
    }

    private static func number(_ text: Substring, _ digits: ClosedRange<Int>) -> Int? {
        digits.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// The era whose name stands in front, and what stands behind it, the first year as 1.
    private static func era(of text: String) -> (era: Era?, rest: Substring) {
        var rest = Substring(text)
        let era = eras.first { era in
            for name in era.names where rest.hasPrefix(name) {
                rest.removeFirst(name.count)
                return true
            }
            return false
        }
        if era != nil, rest.hasPrefix("元") { rest = "1" + rest.dropFirst() }
        return (era, rest)
    }

    private struct Era {
        let names: [String]
        let firstYear: Int
        /// Its first day, and the first day that is not in it, as `yyyymmdd`.
        let begin: Int
        let end: Int?
    }

    // The law on era names and the orders before it; Meiji as from when Japan went over to the Gregorian calendar.
    private static let eras = [
        Era(names: ["令和", "R", "r"], firstYear: 2019, begin: 2019_05_01, end: nil),
        Era(names: ["平成", "H", "h"], firstYear: 1989, begin: 1989_01_08, end: 2019_05_01),
        Era(names: ["昭和", "S", "s"], firstYear: 1926, begin: 1926_12_25, end: 1989_01_08),
        Era(names: ["大正", "T", "t"], firstYear: 1912, begin: 1912_07_30, end: 1926_12_25),
        Era(names: ["明治", "M", "m"], firstYear: 1868, begin: 1873_01_01, end: 1912_07_30),
    ]

    /// Three numbers between 年, 月 and 日, or between two of the same signs.
    private static func parts(_ text: Substring) -> (Int, Int, Int)? {
        var rest = text
        func number(_ rest: inout Substring, _ digits: ClosedRange<Int>) -> Int? {
            let found = rest.prefix { ("0"..."9").contains($0) }
            guard digits.contains(found.count) else { return nil }
            rest.removeFirst(found.count)
            return Int(found)
        }
        guard let year = number(&rest, 1...4), let first = rest.popFirst(), let month = number(&rest, 1...2),
            let second = rest.popFirst(), let day = number(&rest, 1...2)
        else { return nil }
        let isRight =
            switch (first, second) {
            case ("年", "月"): rest == "日"
            case ("/", "/"), (".", "."), ("-", "-"): rest.isEmpty
            default: false
            }
        return isRight ? (year, month, day) : nil
    }
}

extension Passport {
    /// A passport as a file of people has it, in four fields with commas between: number, name, nationality and last day; `nil` if
    /// it is none.
    public init?(written line: String) {
        guard let fields = try? CSVFile.fields(of: Array(line.utf8)[...], 1).get(), fields.count == 4,
            let expires = WrittenValue.date(fields[3])
        else { return nil }
        self.init(
            number: WrittenValue.narrow(fields[0]), writtenName: WrittenValue.narrow(fields[1]),
            nationality: WrittenValue.narrow(fields[2]), expires: expires)
    }
}

extension CalendarDate {
    fileprivate var order: Int { year * 10_000 + month * 100 + day }
}
