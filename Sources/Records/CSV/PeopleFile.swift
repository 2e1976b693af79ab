public import Vaccination

/// A file that is imported, read a few rows at a time for one region: whatever its length, a few lines are in memory. A row that
/// is wrong is refused by itself.
public protocol ImportFile: AnyObject {
    /// How much of it was read, 0 to 1.
    var progress: Double { get }

    /// The next rows; `nil` at the end.
    /// - Throws: ``CSVRefusals`` if no row can be right, as with a wrong header, or if the file cannot be read to the end that it had
    ///   when it was opened.
    func next(_ limit: Int) throws(CSVRefusals) -> [ImportRow]?
}

extension ImportFile {
    /// The next rows, as many as are compared with the records at once.
    public func next() throws(CSVRefusals) -> [ImportRow]? { try next(500) }
}

/// A file of people as ``PeopleCSV`` has them.
///
/// Beyond what ``PeopleCSV`` reads, columns may stand in any order and have Japanese names, those that are not asked for may be
/// missing, and the file may be in CP932.
public final class PeopleFile: ImportFile {
    private let file: LineFile
    private let region: MunicipalityCode
    private let change: RecordChange
    private var header = NamedColumns([], of: columns)
    private var hasDetails = false
    private var keepsPassport = false
    /// The numbers that stood in a line before.
    private var seen: Set<UInt64> = []
    private var seenVouchers: Set<UInt64> = []
    private var line: Int { file.line }

    /// Reads a file's beginning; `nil` if that cannot be read, or the system cannot read the encoding. One that begins with a byte
    /// order mark is UTF-8, whatever `encoding` says.
    /// - Parameters:
    ///   - tables: what stands for private-use characters.
    ///   - change: what it is read for: a correction needs the columns of every dose, since doses that it does not name count no
    ///     more.
    public init?(
        _ source: ImportSource, encoding: FileEncoding, tables: CodeTables = CodeTables(), region: MunicipalityCode,
        for change: RecordChange = .addition
    ) {
        guard let file = LineFile(source, encoding: encoding, characters: tables.characters) else { return nil }
        (self.file, self.region, self.change) = (file, region, change)
    }

    /// See ``ImportFile``.
    public var progress: Double { file.progress }

    /// See ``ImportFile``.
    public func next(_ limit: Int) throws(CSVRefusals) -> [ImportRow]? {
        if line == 0 { try readHeader() }
        var rows: [ImportRow] = []
        while rows.count < limit, let bytes = try file.nextLine() {
            rows.append(header.row(bytes, of: file) { person($0).map { .person($0) } })
        }
        return rows.isEmpty ? nil : rows
    }

    // MARK: The header

    /// Columns that a row cannot do without.
    private static let needed = ["individual_number", "birth_date", "sex", "municipality_code", "name", "standing"]

    /// All of a passport's, or none.
    private static let passport = ["passport_number", "passport_name", "passport_nationality", "passport_expires"]

    /// All columns that a file may have.
    public static let columns = PeopleCSV.columns + PeopleCSV.detailColumns

    /// The header of a file of refused rows that has all of them.
    static let refusedColumns = columns + RefusedColumns.names

    private func readHeader() throws(CSVRefusals) {
        let names = try file.fields(file.nextLine() ?? []).get().map { Self.japanese[$0] ?? $0 }
        var needed = Self.needed
        if names.contains(where: Self.passport.contains) { needed += Self.passport }
        if change == .correction { needed += RowParser.doseColumnNames }
        let missing = needed.first { !names.contains($0) }
        let unknown = names.first { !Self.refusedColumns.contains($0) }
        guard missing == nil, unknown == nil, Set(names).count == names.count else {
            throw CSVRefusals(refusals: [CSVFile.headerRefusal(missing: missing)])
        }
        keepsPassport = !names.contains(where: Self.passport.contains)
        hasDetails = names.contains(where: PeopleCSV.detailColumns.contains)
        header = NamedColumns(names, of: Self.columns)
    }

    /// The Japanese names of columns.
    public static let japanese: [String: String] = {
        var names = [
            "個人番号": "individual_number", "券面氏名": "card_name", "生年月日": "birth_date", "性別": "sex",
            "券面住所": "card_address", "市区町村コード": "municipality_code", "氏名": "name", "住民区分": "standing",
            "旅券番号": "passport_number", "旅券氏名": "passport_name", "国籍": "passport_nationality",
            "旅券有効期限": "passport_expires", "交付済旅券番号": "overseas_printed", "備考": "note",
            "接種券": "vouchers",
        ]
        for number in 1...PeopleCSV.maximumDoses {
            names["\(number)回目接種日"] = "dose\(number)_date"
            names["\(number)回目製品"] = "dose\(number)_product"
            names["\(number)回目ロット番号"] = "dose\(number)_lot"
            names["\(number)回目接種券"] = "dose\(number)_voucher"
            names["\(number)回目接種会場"] = "dose\(number)_venue"
            names["\(number)回目医師"] = "dose\(number)_doctor"
        }
        return names
    }()

    // MARK: Rows

    private func person(_ fields: [String]) -> Result<NewPerson, CSVRefusals> {
        var parser = RowParser(
            line: line, places: header.places, fields: fields, needsCard: false, keepsPassport: keepsPassport,
            hasDetails: hasDetails)
        guard let row = parser.row() else { return .failure(CSVRefusals(refusals: parser.refusals)) }
        guard row.municipality == region else {
            return refused(
                "municipality_code", "csv.municipality_unknown", "the row is of another municipality than the import",
                "取込先と異なる市区町村の行です。")
        }
        guard let number = UInt64(row.person.number.digits), seen.insert(number).inserted else {
            return refused(
                "individual_number", "csv.duplicate", "the person stands in a line above: join or remove one",
                "同じ人が前の行にあります。一方にまとめてください。")
        }
        // A dose with somebody else's voucher goes in, and stands there unclear.
        let issued = row.person.vouchers.map(\.line).filter { $0.municipality == region }
        let spent = row.person.told.compactMap(\.details.voucher).filter { $0.municipality == region }
        guard !issued.contains(where: { line in UInt64(line.number.digits).map(seenVouchers.contains) ?? false }) else {
            return refused(
                "vouchers", CSVRefusal.voucherTaken, "a voucher of the row stands in a line above, as somebody else's",
                "接種券の番号が、前の行の別の人のものと同じです。")
        }
        seenVouchers.formUnion((issued + spent).compactMap { UInt64($0.number.digits) })
        return .success(row.person)
    }

    private func refused(
        _ column: String, _ code: String, _ english: String, _ japanese: String
    ) -> Result<NewPerson, CSVRefusals> {
        .failure(
            CSVRefusals(refusals: [
                CSVRefusal(line: line, column: column, code: code, english: english, japanese: japanese)
            ]))
    }
}
