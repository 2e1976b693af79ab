import Vaccination

/// Reads the values of one row, collecting what is wrong with them.
struct RowReader {
    let line: Int
    private let places: [String: Int]
    private let fields: [String]
    /// Columns whose wide characters mean what they are.
    private let verbatim: Set<String>
    /// Whether every column that is asked for has to be there.
    private let needsAll: Bool
    private(set) var refusals: [CSVRefusal] = []

    /// - Parameters:
    ///   - places: where each column stands among the fields.
    ///   - fields: as many as there are places.
    init(line: Int, places: [String: Int], fields: [String], verbatim: Set<String>, needsAll: Bool = false) {
        self.line = line
        self.places = places
        self.fields = fields
        self.verbatim = verbatim
        self.needsAll = needsAll
    }

    /// Where each of some columns stands.
    static func places(of columns: [String]) -> [String: Int] {
        Dictionary(zip(columns, columns.indices), uniquingKeysWith: { first, _ in first })
    }

    /// What stands in a column; nothing where there is none, and `nil` if there has to be one.
    func field(_ column: String) -> String? {
        guard let place = places[column], place < fields.count else { return needsAll ? nil : "" }
        return verbatim.contains(column) ? fields[place] : WrittenValue.narrow(fields[place])
    }

    /// A column's value; `nil` with a refusal if it is none.
    mutating func value<Value>(
        _ column: String, english: String, japanese: String, _ parse: (String) -> Value?
    ) -> Value? {
        let text = field(column)
        // Who reads a private-use character elsewhere sees another one, or nothing. Only what is kept is looked at.
        if let text, !text.utf8.allSatisfy({ $0 < 0x80 }), text.unicodeScalars.contains(where: \.isPrivateUse) {
            refusals.append(
                CSVRefusal(
                    line: line, column: column, code: "csv.private_use",
                    english:
                        "there is a private-use character (gaiji): write the registered character, or name what stands for it (--codes)",
                    japanese: "外字があります。登録された文字で書くか、--codes の表で対応する文字を定めてください。"))
            return nil
        }
        if let value = text.flatMap(parse) { return value }
        refusals.append(
            CSVRefusal(
                line: line, column: column, code: "csv.value", english: "write \(english)",
                japanese: "\(japanese)を書いてください。"))
        return nil
    }

    /// A column's date; `nil` with a refusal if it is none.
    mutating func date(_ column: String) -> CalendarDate? {
        value(
            column, english: "a date of the calendar, as 2021-06-01 or with its era",
            japanese: "暦にある日付（2021-06-01、令和3年6月1日、R3.6.1 など）"
        ) {
            WrittenValue.date($0)
        }
    }

    /// A column's birth date, of which day and month may be unknown; `nil` with a refusal if it is none, or if nothing is known of it.
    /// - Parameter trimmed: takes off what a system fills the column with.
    mutating func birthDate(_ column: String, _ trimmed: (String) -> String = { $0 }) -> BirthDate? {
        if let text = field(column), WrittenValue.isUnknownBirthDate(trimmed(text)) {
            refusals.append(
                CSVRefusal(
                    line: line, column: column, code: CSVRefusal.birthDateUnknown,
                    english:
                        "nothing is known of the birth date, not even the year: such a person can neither be told from others by a card nor found; ask at the counter",
                    japanese: "生年月日が年まで不詳です。カードとの照合も検索もできないため取り込めません。窓口で対応してください。"))
            return nil
        }
        return value(
            column,
            english:
                "a date of the calendar, as 1950-04-01 or with its era, or what is known of it, as 1950-04 or 昭和25年4月不詳",
            japanese: "暦にある日付（1950-04-01、昭和25年4月1日 など）。日または月日が不詳のときは 1950-04、19500400、昭和25年4月不詳 など"
        ) {
            WrittenValue.birthDate(trimmed($0))
        }
    }

    /// What three columns say of a dose beside itself; `nil` with refusals if one of them is wrong.
    /// - Parameter number: the dose's, for which a voucher has to be.
    mutating func details(_ number: Int, _ voucher: String, _ venue: String, _ doctor: String) -> DoseDetails? {
        func optional(_ text: String, _ lengths: ClosedRange<Int>) -> String?? {
            if text.isEmpty { return .some(nil) }
            guard DoseDetails.isText(text, lengths) else { return nil }
            return .some(text)
        }
        let line: VoucherLine?? = value(
            voucher, english: "the voucher's line, eighteen digits, of which the second is the dose's number",
            japanese: "接種券のOCRライン18桁（2桁目は接種回数）"
        ) { text -> VoucherLine?? in
            guard !text.isEmpty else { return .some(nil) }
            guard let line = VoucherLine(text), line.doseNumber == number else { return nil }
            return .some(line)
        }
        let place: String?? = value(
            venue, english: "the venue, at most \(DoseDetails.venueLengths.upperBound) characters",
            japanese: "接種会場（\(DoseDetails.venueLengths.upperBound)文字以内）"
        ) { optional($0, DoseDetails.venueLengths) }
        let name: String?? = value(
            doctor, english: "the doctor's name, at most \(DoseDetails.doctorLengths.upperBound) characters",
            japanese: "医師の氏名（\(DoseDetails.doctorLengths.upperBound)文字以内）"
        ) { optional($0, DoseDetails.doctorLengths) }
        guard let line, let place, let name else { return nil }
        return DoseDetails(venue: place, doctor: name, voucher: line)
    }

    /// Notes something that is wrong with the row.
    mutating func refuse(_ refusal: CSVRefusal) { refusals.append(refusal) }
}

extension Unicode.Scalar {
    /// Whether it is of a private-use area: each system may mean another character by it.
    var isPrivateUse: Bool { (0xE000...0xF8FF).contains(value) || value >= 0xF_0000 }
}
