public import Foundation
import Vaccination

/// The residents' feed of a municipality's integration system (統合連携DBファイル): 64 items in their order, one entry of the
/// resident register a row, with or without a header.
///
/// Of the items only those are read that say who somebody is and whether they are a resident. The others are kept nowhere, in a row
/// that is refused neither. Doses, passports and earlier passports stay as they are recorded. Of two entries of one person the one
/// that was written later counts, in whichever order they come.
public final class ResidentFile: ImportFile {
    /// The items, in their order.
    public static let columns = [
        "宛名番号", "履歴連番", "適用日", "世帯番号", "現存区分CD", "本名かな", "本名漢字", "生年月日", "性別", "続柄CD1",
        "続柄CD2", "続柄CD3", "続柄CD4", "異動日", "異動事由CD", "届出日", "住民となった日", "住民となった事由CD", "住定日",
        "住民でなくなった日", "住民でなくなった事由CD", "転入前住所郵便番号", "転入前住所町名", "転入前住所方書",
        "転入前住所方書非表示フラグ", "前住所郵便番号", "前住所町名", "前住所番地", "前住所方書", "転出確定町名", "転出確定方書",
        "外字フラグ", "世帯主名かな", "世帯主名漢字", "現住所市内住所CD", "現住所郵便番号", "現住所町名", "現住所方書",
        "行政区コード", "班コード", "支所コード", "小学校区", "中学校区", "電話番号", "国籍等CD", "国籍等名称",
        "データ登録日", "データ更新日", "データ更新時間", "連携更新日時", "アルファベット氏名かな", "アルファベット氏名漢字",
        "外国人氏名かな", "外国人氏名漢字", "通称名かな", "通称名漢字", "併記名かな", "併記名漢字", "外国人の住民となる日",
        "旅券番号", "個人番号", "統合宛名番号", "削除区分", "地区コード",
    ]

    /// Those that are read.
    static let read: Set<String> = Set(verbatim).union([
        "宛名番号", "履歴連番", "生年月日", "性別", "異動日", "異動事由CD", "住民となった日", "住民でなくなった日", "住民でなくなった事由CD",
        "データ更新日", "データ更新時間", "連携更新日時", "個人番号", "統合宛名番号", "削除区分",
    ])

    private static let verbatim: Set<String> = [
        "本名かな", "本名漢字", "国籍等名称", "アルファベット氏名かな", "アルファベット氏名漢字", "外国人氏名かな", "外国人氏名漢字",
        "通称名かな", "通称名漢字", "併記名かな", "併記名漢字",
    ]

    private static let places = RowReader.places(of: columns)

    private let file: LineFile
    private let tables: CodeTables
    private let latest: Int64
    /// A row that the header's place holds, where there is no header.
    private var first: [UInt8]?
    /// Whose addressee numbers stood in a row before, and what was said last of each person.
    private var holders: [AddresseeNumber: IndividualNumber] = [:]
    private var said: [IndividualNumber: (writtenAt: Int64, sequence: Int64)] = [:]

    /// Reads a file's beginning; `nil` if that cannot be read, or the system cannot read the encoding.
    /// - Parameter now: no entry was written more than a day later.
    public init?(_ source: ImportSource, encoding: FileEncoding, tables: CodeTables, now: Date) {
        guard let file = LineFile(source, encoding: encoding, characters: tables.characters),
            let day = CalendarDate.inJapan(secondsSince1970: now.timeIntervalSince1970 + 86_400)
        else { return nil }
        (self.file, self.tables) = (file, tables)
        latest = Int64(day.year * 10_000 + day.month * 100 + day.day) * 1_000_000 + 235_960
    }

    /// See ``ImportFile``.
    public var progress: Double { file.progress }

    /// See ``ImportFile``.
    public func next(_ limit: Int) throws(CSVRefusals) -> [ImportRow]? {
        if file.line == 0 { try readHeader() }
        var rows: [ImportRow] = []
        while rows.count < limit {
            if let bytes = first {
                first = nil
                rows.append(row(bytes, 1))
            } else if let bytes = try file.nextLine() {
                rows.append(row(bytes, file.line))
            } else {
                break
            }
        }
        return rows.isEmpty ? nil : rows
    }

    // MARK: Header

    /// A first line that is no header is a row, if it looks like one: what is taken for one is read by the items' places alone.
    private func readHeader() throws(CSVRefusals) {
        guard let bytes = try file.nextLine() else { return }
        let fields = file.legibleFields(bytes) ?? []
        if fields == Self.columns || fields == Self.columns + RefusedColumns.names { return }
        let numbers = ["宛名番号", "生年月日", "個人番号"].count { name in
            guard let place = Self.places[name], place < fields.count else { return false }
            return WrittenValue.narrow(fields[place]).utf8.contains { (0x30...0x39).contains($0) }
        }
        guard numbers < 2 else { return first = bytes }
        throw CSVRefusals(refusals: [
            CSVRefusal(
                line: 1, code: "csv.header",
                english:
                    "neither a row of the 64 items nor their header in their order: write it as documented, or name the file's encoding",
                japanese: "1行目が64項目の行でも、定められた順の見出し行でもありません。見出し行を直すか、文字コードを指定してください。")
        ])
    }

    // MARK: Rows

    private func row(_ bytes: [UInt8], _ line: Int) -> ImportRow {
        let fields: [String]
        switch file.fields(bytes) {
        case .success(let found): fields = found
        case .failure(let refusals): return refused(line, file.legibleFields(bytes), refusals)
        }
        guard [Self.columns.count, Self.columns.count + RefusedColumns.names.count].contains(fields.count) else {
            return refused(
                line, nil, CSVRefusals(refusals: [CSVFile.columnsRefusal(line, fields.count, Self.columns.count)]))
        }
        return ImportRow(line: line, text: { Self.text(fields) }, person: person(fields, line))
    }

    private func refused(_ line: Int, _ fields: [String]?, _ refusals: CSVRefusals) -> ImportRow {
        let isWhole = fields.map { $0.count >= Self.columns.count } ?? false
        // A line that cannot be taken apart holds what nobody asked for: who repairs it finds it in the file by its number.
        return ImportRow(line: line, text: { Self.text(isWhole ? fields ?? [] : []) }, person: .failure(refusals))
    }

    /// The items that are read, each in its place.
    private static func text(_ fields: [String]) -> String {
        RefusedColumns.text(
            columns.enumerated().map { place, name in
                place < fields.count && read.contains(name) ? fields[place] : ""
            })
    }

    private func person(_ fields: [String], _ line: Int) -> Result<NewPerson, CSVRefusals> {
        var parser = ResidentParser(
            reader: RowReader(line: line, places: Self.places, fields: fields, verbatim: Self.verbatim), tables: tables,
            latest: latest)
        guard let person = parser.person(), let register = person.register else {
            return .failure(CSVRefusals(refusals: parser.refusals))
        }
        guard holders[register.addressee, default: person.number] == person.number else {
            return .failure(CSVRefusals(refusals: [PersonRefusal.otherPerson.reason(line)]))
        }
        let (before, entry) = (said[person.number], (register.writtenAt, register.sequence))
        guard before.map({ $0 != entry }) ?? true else {
            return .failure(
                CSVRefusals(refusals: [
                    CSVRefusal(
                        line: line, code: "csv.duplicate",
                        english: "another row says something of the person at the same time (履歴連番): remove one",
                        japanese: "同じ人の同じ更新日時・履歴連番の行が前にあります。一方を除いてください。")
                ]))
        }
        holders[register.addressee] = person.number
        if before.map({ $0 < entry }) ?? true { said[person.number] = entry }
        return .success(person)
    }
}
