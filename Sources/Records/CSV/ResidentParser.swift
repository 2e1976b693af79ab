import Vaccination

/// Turns an entry of the residents' feed into a person.
struct ResidentParser {
    private var reader: RowReader
    private let tables: CodeTables
    /// No entry was written later, as ``RegisterEntry/writtenAt`` says it.
    private let latest: Int64

    init(reader: RowReader, tables: CodeTables, latest: Int64) {
        self.reader = reader
        self.tables = tables
        self.latest = latest
    }

    var refusals: [CSVRefusal] { reader.refusals }

    /// The person; `nil` with ``refusals`` if anything is wrong.
    mutating func person() -> NewPerson? {
        let deletion = field("削除区分")
        guard isNone(deletion) else {
            guard tables.deleted.contains(deletion) else {
                _ = value(
                    "削除区分", "0, nothing, or a code that the table of deletions has (--codes)",
                    "0、空欄、または削除区分の表（--codes）にあるコード"
                ) {
                    _ in Int?.none
                }
                return nil
            }
            reader.refuse(
                CSVRefusal(
                    line: reader.line, column: "削除区分", code: CSVRefusal.deleted,
                    english:
                        "the entry was deleted in the register: nothing is erased by a feed, decide what becomes of the record",
                    japanese: "住民記録で削除された行です。取込では何も消去しません。記録の扱いを判断してください。"))
            return nil
        }
        let number = value("個人番号", "twelve digits, the last a right check digit", "検査用数字の正しい12桁の数字") {
            IndividualNumber($0)
        }
        let birthDate = reader.birthDate("生年月日") { Self.trimmed($0) }
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
        let sequence = optional("履歴連番", "a number of at most eight digits", "8桁以内の数字") { text in
            Int64(text).flatMap { (0...99_999_999).contains($0) ? $0 : nil }
        }
        guard let addressee, let writtenAt else { return nil }
        return RegisterEntry(
            addressee: addressee, integrated: integrated, readings: readings, otherNames: names,
            nationality: nationality, changedOn: changedOn, residentFrom: from, residentUntil: until,
            writtenAt: writtenAt, sequence: sequence ?? 0)
    }

    private static let names: [(String, OtherName.Kind)] = [
        ("アルファベット氏名漢字", .alphabet), ("外国人氏名漢字", .foreign), ("通称名漢字", .alias), ("併記名漢字", .combined),
    ]

    /// A resident, if there is neither a day since when the person is none nor a reason; where there is one, the other has to be there.
    private mutating func standing() -> Standing? {
        let reason = ["住民でなくなった事由CD", "異動事由CD"].first { tables.left[field($0)] != nil }
        guard !isNone(field("住民でなくなった日")) else {
            guard let reason else { return .resident }
            return value("住民でなくなった日", "the day, since \(reason) says that the person left", "\(reason)が転出・死亡等のため、その日") {
                _ in nil
            }
        }
        let column = field("住民でなくなった事由CD").isEmpty ? "異動事由CD" : "住民でなくなった事由CD"
        return value(column, "a code that the table of those who left has (--codes)", "事由の表（--codes）にあるコード") {
            [tables] in
            tables.left[$0]
        }
    }

    /// 連携更新日時, or 更新日 and 更新時間, as fourteen digits.
    private mutating func writtenAt() -> Int64? {
        let hasBoth = !field("連携更新日時").isEmpty
        let time = hasBoth ? nil : field("データ更新時間")
        return value(
            hasBoth ? "連携更新日時" : "データ更新日", "when the entry was written, not in the future", "更新日時（未来でない日時）"
        ) { [latest] text in
            Self.instant(text, time).flatMap { $0 <= latest ? $0 : nil }
        }
    }

    /// A day and a time of day as fourteen digits; `nil` if they are not written in one of the ways that leave nothing open.
    /// - Parameter time: the time where it stands apart; as a number its leading zeros may be missing.
    static func instant(_ text: String, _ time: String?) -> Int64? {
        let isCompact = text.utf8.count == 14 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let parts = text.split(maxSplits: 1) { $0 == " " || $0 == "T" }.map(String.init)
        guard let day = isCompact ? String(text.prefix(8)) : parts.first, let date = WrittenValue.date(day) else {
            return nil
        }
        let rest = isCompact ? String(text.suffix(6)) : parts.count > 1 ? parts[1] : time ?? ""
        guard time == nil || parts.count == 1 && !isCompact else { return nil }
        var units: [Int]
        if rest.contains(":") {
            let written = rest.split(separator: ":", omittingEmptySubsequences: false)
            units = written.compactMap { (1...2).contains($0.utf8.count) ? Int($0) : nil }
            guard units.count == written.count, (2...3).contains(units.count) else { return nil }
        } else {
            guard rest.utf8.count <= 6, rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                time != nil || [0, 6].contains(rest.utf8.count)
            else { return nil }
            let number = Int(rest) ?? 0
            units = [number / 10_000, number / 100 % 100, number % 100]
        }
        units += [0]
        guard units[0] < 24, units[1] < 60, units[2] < 61, units.allSatisfy({ $0 >= 0 }) else { return nil }
        let days = Int64(date.year * 10_000 + date.month * 100 + date.day)
        return days * 1_000_000 + Int64(units[0] * 10_000 + units[1] * 100 + units[2])
    }

    // MARK: Values

    /// What stands in an item, without the spaces with which systems fill it.
    private func field(_ column: String) -> String { Self.trimmed(reader.field(column) ?? "") }

    private static func trimmed(_ text: String) -> String {
        func isFilling(_ character: Character) -> Bool { character == " " || character == "\u{3000}" }
        guard text.first.map(isFilling) ?? false || text.last.map(isFilling) ?? false else { return text }
        return String(text.drop(while: isFilling).reversed().drop(while: isFilling).reversed())
    }

    /// Whether a date's field says that there is none.
    private func isNone(_ text: String) -> Bool { text.allSatisfy { $0 == "0" || $0 == " " } }

    private mutating func value<Value>(
        _ column: String, _ english: String, _ japanese: String, _ parse: (String) -> Value?
    ) -> Value? {
        reader.value(column, english: english, japanese: japanese) { parse(Self.trimmed($0)) }
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
        isNone(field(column))
            ? nil
            : value(column, "a date of the calendar, or nothing", "暦にある日付（空欄可）") { WrittenValue.date($0) }
    }
}
