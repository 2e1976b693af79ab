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
    private let change: RecordChange
    private var columns: [String] = []
    private var places: [String: Int] = [:]
    private var keepsPassport = false
    private var line = 0
    /// The numbers that stood in a line before.
    private var seen: Set<UInt64> = []

    /// Opens a file; `nil` if it cannot be opened, or the system cannot read the encoding. One that begins with a byte order mark
    /// is UTF-8, whatever `encoding` says.
    /// - Parameter change: what it is read for: a correction needs the columns of every dose, since doses that it does not
    ///   name count no more.
    public init?(
        path: String, encoding: FileEncoding, region: MunicipalityCode, for change: RecordChange = .addition
    ) {
        var beginning: [UInt8] = []
        if let file = fopen(path, "rbe") {
            for _ in 0..<3 { beginning.append(UInt8(truncatingIfNeeded: getc_unlocked(file))) }
            fclose(file)
        }
        let encoding = beginning == Self.byteOrderMark ? .utf8 : encoding
        var status = stat()
        guard let decoder = FieldDecoder(encoding), let file = fopen(path, "rbe") else { return nil }
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            fclose(file)
            return nil
        }
        (self.file, self.decoder, self.encoding, self.region) = (file, decoder, encoding, region)
        self.change = change
        size = Int(status.st_size)
    }

    /// The same of bytes in memory.
    package init?(
        _ bytes: [UInt8], encoding: FileEncoding, region: MunicipalityCode, for change: RecordChange = .addition
    ) {
        let encoding = bytes.starts(with: Self.byteOrderMark) ? .utf8 : encoding
        // One byte more, since some systems have no memory of none.
        guard let decoder = FieldDecoder(encoding), let file = fmemopen(nil, bytes.count + 1, "w+") else { return nil }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
            fclose(file)
            return nil
        }
        rewind(file)
        (self.file, self.decoder, self.encoding, self.region) = (file, decoder, encoding, region)
        self.change = change
        size = bytes.count
    }

    deinit { fclose(file) }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// How much of it was read, 0 to 1.
    public var progress: Double { size == 0 ? 1 : min(1, Double(place) / Double(size)) }

    /// The next rows; `nil` at the end.
    /// - Throws: ``CSVRefusals`` if the header is not a right one, since no row is then, or if the file cannot be read to the end that
    ///   it had when it was opened.
    public func next(_ limit: Int = 500) throws(CSVRefusals) -> [ImportRow]? {
        if line == 0 { try readHeader() }
        var rows: [ImportRow] = []
        while rows.count < limit, let bytes = try nextLine() { rows.append(row(bytes)) }
        return rows.isEmpty ? nil : rows
    }

    // MARK: Lines

    /// What is read of a line: refused rows come back longer than they were.
    private static let maximumLine = CSVFile.maximumLine + 8192

    /// The next line without its end, at most one byte longer than what is read of a line.
    private func nextLine() throws(CSVRefusals) -> [UInt8]? {
        var bytes: [UInt8] = []
        var read = 0
        while true {
            let byte = getc_unlocked(file)
            if byte == EOF {
                guard ferror(file) == 0, place + read == size else {
                    throw CSVRefusals(refusals: [
                        CSVRefusal(
                            line: line + 1, code: "csv.unreadable",
                            english:
                                "the file cannot be read to its end, or changes while it is read: copy it whole, and try again",
                            japanese: "ファイルを最後まで読めないか、読込中に変わりました。完全に複写してからやり直してください。")
                    ])
                }
                guard read > 0 else { return nil }
                break
            }
            read += 1
            if byte == 0x0A { break }
            if bytes.count <= Self.maximumLine { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        }
        place += read
        line += 1
        if bytes.last == 0x0D { bytes.removeLast() }
        if line == 1, bytes.starts(with: Self.byteOrderMark) { bytes.removeFirst(3) }
        return bytes
    }

    private func fields(_ bytes: [UInt8], _ decode: ([UInt8]) -> String?) -> Result<[String], CSVRefusals> {
        CSVFile.fields(of: bytes[...], line, encoding, maximum: Self.maximumLine, decode: decode)
    }

    /// What is there of a text, with U+FFFD where bytes are none.
    private func legible(_ bytes: [UInt8]) -> String { decoder.text(bytes) ?? String(decoding: bytes, as: UTF8.self) }

    // MARK: The header

    /// Columns that a row cannot do without.
    private static let needed = ["individual_number", "birth_date", "sex", "municipality_code", "name", "standing"]

    /// All of a passport's, or none.
    private static let passport = ["passport_number", "passport_name", "passport_nationality", "passport_expires"]

    /// What refused rows come back with, see ``refusedColumns``.
    private static let own = ["refused_text", "refused_line", "refused_why"]

    /// The header of a file of refused rows: repaired, it is read again as it is.
    public static let refusedColumns = PeopleCSV.columns + own

    /// That file's header, with a byte order mark and its line end.
    public static let refusedHeader = "\u{FEFF}" + CSVFile.line(refusedColumns)

    /// A line of that file.
    public static func line(_ row: RefusedRow) -> String {
        row.text + "," + CSVFile.line([String(row.line), cut(row.reason)])
    }

    /// As much of a text as a field may have.
    private static func cut(_ text: String) -> String {
        var cut = ""
        for character in text {
            guard cut.utf8.count + character.utf8.count <= CSVFile.maximumField - 8 else { return cut + "…" }
            cut.append(character)
        }
        return cut
    }

    private func readHeader() throws(CSVRefusals) {
        let names = try fields(nextLine() ?? [], decoder.text).get().map { Self.japanese[$0] ?? $0 }
        var needed = Self.needed
        if names.contains(where: Self.passport.contains) { needed += Self.passport }
        if change == .correction { needed += RowParser.doseColumnNames }
        let missing = needed.first { !names.contains($0) }
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
        keepsPassport = !names.contains(where: Self.passport.contains)
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
        switch self.fields(bytes, decoder.text) {
        case .success(let found): fields = found
        case .failure(let refusals):
            // Where the fields can be told apart, each comes back in its column; otherwise the line as it is.
            let legible = try? self.fields(bytes, legible).get()
            return refused(bytes, legible, refusals)
        }
        guard fields.count == columns.count else {
            return refused(
                bytes, nil, CSVRefusals(refusals: [CSVFile.columnsRefusal(line, fields.count, columns.count)]))
        }
        return ImportRow(
            line: line, text: { [places] in Self.text(fields, places) }, person: person(fields))
    }

    private func refused(_ bytes: [UInt8], _ fields: [String]?, _ refusals: CSVRefusals) -> ImportRow {
        let text =
            if let fields, fields.count == columns.count { Self.text(fields, places) } else {
                Self.text([], [:], whole: legible(Array(bytes.prefix(CSVFile.maximumField))))
            }
        return ImportRow(line: line, text: { text }, person: .failure(refusals))
    }

    /// The line in the order of ``PeopleCSV/columns``, with the whole of it behind them where it could not be taken apart.
    private static func text(_ fields: [String], _ places: [String: Int], whole: String = "") -> String {
        let own = PeopleCSV.columns.map { places[$0].map { fields[$0] } ?? "" }
        // No control character, which a line may be refused for.
        let shown = String(
            String.UnicodeScalarView(whole.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
        return String(CSVFile.line(own + [cut(shown)]).dropLast())
    }

    private func person(_ fields: [String]) -> Result<NewPerson, CSVRefusals> {
        var parser = RowParser(
            line: line, places: places, fields: fields, needsCard: false, keepsPassport: keepsPassport)
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
