import Vaccination

/// Turns an entry of the residents' feed into a person.
struct ResidentParser {
    private var reader: RowReader
    private let tables: CodeTables

    init(reader: RowReader, tables: CodeTables) {
        self.reader = reader
        self.tables = tables
    }

    var refusals: [CSVRefusal] { reader.refusals }

    /// The person; `nil` with ``refusals`` if anything is wrong.
    mutating func person() -> NewPerson? {
        if tables.deleted.contains(field("削除区分")) {
            reader.refuse(
                CSVRefusal(
                    line: reader.line, column: "削除区分", code: "csv.deleted",
                    english:
                        "the entry was deleted in the register: nothing is erased by a feed, decide what becomes of the record",
                    japanese: "住民記録で削除された行です。取込では何も消去しません。記録の扱いを判断してください。"))
            return nil
        }
        let number = value("個人番号", "twelve digits, the last a right check digit", "検査用数字の正しい12桁の数字") {
            IndividualNumber($0)
        }
        let birthDate = reader.date("生年月日")
        let sex = value("性別", "a code that the table of sex has", "性別の表にあるコード") { [tables] in tables.sexes[$0] }
        let standing = standing()
        let register = register()
        let nameColumn = ["本名漢字", "アルファベット氏名漢字", "外国人氏名漢字"].first { !field($0).isEmpty } ?? "本名漢字"
        guard let birthDate, let sex else { return nil }
        let vaccinee = value(nameColumn, "the registered name, at most 80 characters", "登録された氏名（80文字以内）") {
            Vaccinee(name: $0, birthDate: birthDate, sex: sex)
        }
        guard refusals.isEmpty, let number, let standing, let register, let vaccinee, let history = History([]) else {
            return nil
        }
        return NewPerson(
            number: number, vaccinee: vaccinee, standing: standing, register: register, history: history,
            keepsPassport: true)
    }

    private mutating func register() -> RegisterEntry? {
        let addressee = value("宛名番号", "1 to 20 digits or letters", "1～20字の英数字") { AddresseeNumber($0) }
        let integrated = optional("統合宛名番号", "1 to 20 digits or letters, or nothing", "1～20字の英数字（空欄可）") {
            AddresseeNumber($0)
        }
        var readings: [String] = []
        for column in ["本名かな", "アルファベット氏名かな", "外国人氏名かな", "通称名かな", "併記名かな"] {
            if let reading = name(column), !readings.contains(reading) { readings.append(reading) }
        }
        var names: [OtherName] = []
        for (column, kind) in Self.names {
            if let text = name(column), let name = OtherName(kind: kind, name: text) { names.append(name) }
        }
        let nationality = name("国籍等名称")
        let changedOn = date("異動日")
        let (from, until) = (date("住民となった日"), date("住民でなくなった日"))
        let writtenAt = writtenAt()
        guard let addressee, let writtenAt else { return nil }
        return RegisterEntry(
            addressee: addressee, integrated: integrated, readings: readings, otherNames: names,
            nationality: nationality, changedOn: changedOn, residentFrom: from, residentUntil: until,
            writtenAt: writtenAt)
    }

    private static let names: [(String, OtherName.Kind)] = [
        ("アルファベット氏名漢字", .alphabet), ("外国人氏名漢字", .foreign), ("通称名漢字", .alias), ("併記名漢字", .combined),
    ]

    /// A resident, as long as no day is there since when the person is none; otherwise the codes have to say why.
    private mutating func standing() -> Standing? {
        guard !isNone(field("住民でなくなった日")) else { return .resident }
        let column = field("住民でなくなった事由CD").isEmpty ? "異動事由CD" : "住民でなくなった事由CD"
        return value(column, "a code that the table of those who left has (--codes)", "事由の表（--codes）にあるコード") {
            [tables] in
            tables.left[$0]
        }
    }

    /// 連携更新日時, or 更新日 and 更新時間, as fourteen digits.
    private mutating func writtenAt() -> Int64? {
        let column = field("連携更新日時").isEmpty ? "データ更新日" : "連携更新日時"
        let rest = column == "データ更新日" ? field("データ更新時間") : ""
        return value(column, "the day and time at which the entry was written", "更新日時") { text in
            let digits = (text + rest).filter { ("0"..."9").contains($0) }.prefix(14)
            guard digits.count >= 8, CalendarDate(digits: digits.prefix(8).utf8) != nil else { return nil }
            let padded = digits + String(repeating: "0", count: 14 - digits.count)
            guard let hour = Int(padded.dropFirst(8).prefix(2)), hour < 24,
                let minute = Int(padded.dropFirst(10).prefix(2)), minute < 60,
                let second = Int(padded.dropFirst(12)), second < 61
            else { return nil }
            return Int64(padded)
        }
    }

    // MARK: Values

    private func field(_ column: String) -> String { reader.field(column) ?? "" }

    /// Whether a date's field says that there is none.
    private func isNone(_ text: String) -> Bool { text.allSatisfy { $0 == "0" || $0 == " " } }

    private mutating func value<Value>(
        _ column: String, _ english: String, _ japanese: String, _ parse: (String) -> Value?
    ) -> Value? {
        reader.value(column, english: english, japanese: japanese, parse)
    }

    private mutating func optional<Value>(
        _ column: String, _ english: String, _ japanese: String, _ parse: (String) -> Value?
    ) -> Value? {
        field(column).isEmpty ? nil : value(column, english, japanese, parse)
    }

    private mutating func name(_ column: String) -> String? {
        optional(column, "at most 80 characters, or nothing", "80文字以内（空欄可）") {
            RegisterEntry.isName($0) ? $0 : nil
        }
    }

    private mutating func date(_ column: String) -> CalendarDate? {
        isNone(field(column)) ? nil : reader.date(column)
    }
}
