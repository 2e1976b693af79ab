public import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of people as ``PeopleCSV`` has them, read a few rows at a time for one region's import: whatever its length, a few
/// lines are in memory.
///
/// Beyond what ``PeopleCSV`` reads, columns may stand in any order and have Japanese names, those that are not asked for may be
/// missing, and the file may be in CP932. A row that is wrong is refused by itself.
public final class PeopleFile {
    private let file: UnsafeMutablePointer<FILE>
    private let size: Int
    private var place = 0
    private let encoding: FileEncoding
    private let decoder: FieldDecoder
    private let region: MunicipalityCode
    private var columns: [String] = []
    private var places: [String: Int] = [:]
    private var line = 0
    /// The numbers that stood in a line before.
    private var seen: Set<UInt64> = []

    /// Opens a file; `nil` if it cannot be opened, or the system cannot read the encoding.
    public init?(path: String, encoding: FileEncoding, region: MunicipalityCode) {
        var status = stat()
        guard let decoder = FieldDecoder(encoding), let file = fopen(path, "rbe") else { return nil }
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            fclose(file)
            return nil
        }
        (self.file, self.decoder, self.encoding, self.region) = (file, decoder, encoding, region)
        size = Int(status.st_size)
    }

    deinit { fclose(file) }

    /// How much of it was read, 0 to 1.
    public var progress: Double { size == 0 ? 1 : min(1, Double(place) / Double(size)) }

    /// The next rows; `nil` at the end.
    /// - Throws: ``CSVRefusals`` if the header is not a right one: then no row is.
    public func next(_ limit: Int = 500) throws(CSVRefusals) -> [ImportRow]? {
        if line == 0 { try readHeader() }
        var rows: [ImportRow] = []
        while rows.count < limit, let bytes = nextLine() { rows.append(row(bytes)) }
        return rows.isEmpty ? nil : rows
    }

    // MARK: Lines

    /// The next line without its end, at most one byte longer than what is read of a line.
    private func nextLine() -> [UInt8]? {
        var bytes: [UInt8] = []
        var read = 0
        while true {
            let byte = getc_unlocked(file)
            if byte == EOF {
                guard read > 0 else { return nil }
                break
            }
            read += 1
            if byte == 0x0A { break }
            if bytes.count <= CSVFile.maximumLine { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        }
        place += read
        line += 1
        if bytes.last == 0x0D { bytes.removeLast() }
        if line == 1, encoding == .utf8, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return bytes
    }

    private func fields(_ bytes: [UInt8]) -> Result<[String], CSVRefusals> {
        CSVFile.fields(of: bytes[...], line, encoding, decode: decoder.text)
    }

    // MARK: The header

    /// Columns that a row cannot do without.
    private static let needed = ["individual_number", "birth_date", "sex", "municipality_code", "name", "standing"]

    /// What refused rows come back with, see ``refusedColumns``.
    private static let own = ["refused_line", "refused_why"]

    /// The header of a file of refused rows: repaired, it is read again as it is.
    public static let refusedColumns = PeopleCSV.columns + own

    /// That file's header, with its line end.
    public static let refusedHeader = CSVFile.line(refusedColumns)

    /// A line of that file.
    public static func line(_ row: RefusedRow) -> String {
        // What could not be taken apart stands there as it stood.
        row.text + "," + CSVFile.line([String(row.line), row.reason])
    }

    private func readHeader() throws(CSVRefusals) {
        let names = try fields(nextLine() ?? []).get().map { Self.japanese[$0] ?? $0 }
        let missing = Self.needed.first { !names.contains($0) }
        let unknown = names.first { !Self.refusedColumns.contains($0) }
        guard missing == nil, unknown == nil, Set(names).count == names.count else {
            let what = missing.map { "column \($0) is missing" } ?? "columns are doubled or unknown"
            let whatJapanese = missing.map { "列 \($0) がありません。" } ?? "列の重複か、余分な列があります。"
            throw CSVRefusals(refusals: [
                CSVRefusal(
                    line: 1, column: missing, code: "csv.header",
                    english: "\(what); write the header as documented, or name the file's encoding",
                    japanese: "\(whatJapanese)見出し行を定められたとおりにするか、文字コードを指定してください。")
            ])
        }
        columns = names
        places = RowParser.places(of: names)
    }

    /// The Japanese names of columns.
    public static let japanese: [String: String] = {
        var names = [
            "個人番号": "individual_number", "券面氏名": "card_name", "生年月日": "birth_date", "性別": "sex",
            "券面住所": "card_address", "市区町村コード": "municipality_code", "氏名": "name", "住民区分": "standing",
            "旅券番号": "passport_number", "旅券氏名": "passport_name", "国籍": "passport_nationality",
            "旅券有効期限": "passport_expires", "交付済旅券番号": "overseas_printed", "備考": "note",
        ]
        for number in 1...PeopleCSV.maximumDoses {
            names["\(number)回目接種日"] = "dose\(number)_date"
            names["\(number)回目製品"] = "dose\(number)_product"
            names["\(number)回目ロット番号"] = "dose\(number)_lot"
        }
        return names
    }()

    // MARK: Rows

    private func row(_ bytes: [UInt8]) -> ImportRow {
        let fields: [String]
        switch self.fields(bytes) {
        case .success(let found): fields = found
        case .failure(let refusals):
            let text = decoder.text(bytes) ?? ""
            return ImportRow(line: line, text: { text }, person: .failure(refusals))
        }
        guard fields.count == columns.count else {
            let text = decoder.text(bytes) ?? ""
            return ImportRow(
                line: line, text: { text },
                person: .failure(CSVRefusals(refusals: [CSVFile.columnsRefusal(line, fields.count, columns.count)])))
        }
        return ImportRow(
            line: line, text: { [places] in Self.text(fields, places) }, person: person(fields))
    }

    /// The line in the order of ``PeopleCSV/columns``, without its end.
    private static func text(_ fields: [String], _ places: [String: Int]) -> String {
        String(CSVFile.line(PeopleCSV.columns.map { places[$0].map { fields[$0] } ?? "" }).dropLast())
    }

    private func person(_ fields: [String]) -> Result<NewPerson, CSVRefusals> {
        var parser = RowParser(line: line, places: places, fields: fields, needsCard: false)
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
