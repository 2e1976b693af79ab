import Vaccination

/// Doses as an immunisation ledger (予防接種台帳) gives them: one a row, of people who are there, known by 宛名番号. The
/// individual number stands in no such file.
///
/// Columns may stand in any order and have their Japanese names: `addressee_number` (宛名番号), `dose_number` (接種回数), `date`
/// (接種日), `product` (製品), `lot` (ロット番号); those that may be missing are `voucher` (接種券: the line of the voucher that the dose
/// spent), `venue` (接種会場), `doctor` (医師) and, not read, `note` (備考).
public final class LedgerFile: ImportFile {
    /// The columns, and their Japanese names.
    public static let columns = needed + ["note", "voucher", "venue", "doctor"]

    private static let needed = ["addressee_number", "dose_number", "date", "product", "lot"]

    /// The Japanese names of columns.
    public static let japanese = [
        "宛名番号": "addressee_number", "接種回数": "dose_number", "接種日": "date", "製品": "product",
        "ロット番号": "lot", "備考": "note", "接種券": "voucher", "接種会場": "venue", "医師": "doctor",
    ]

    private static let verbatim: Set = ["venue", "doctor"]

    private let file: LineFile
    private let tables: CodeTables
    private var header = NamedColumns([], of: columns)
    private var line: Int { file.line }

    /// Reads a file's beginning; `nil` if that cannot be read, or the system cannot read the encoding.
    public init?(_ source: ImportSource, encoding: FileEncoding, tables: CodeTables) {
        guard let file = LineFile(source, encoding: encoding, characters: tables.characters) else { return nil }
        (self.file, self.tables) = (file, tables)
    }

    /// See ``ImportFile``.
    public var progress: Double { file.progress }

    /// See ``ImportFile``.
    public func next(_ limit: Int) throws(CSVRefusals) -> [ImportRow]? {
        if line == 0 { try readHeader() }
        var rows: [ImportRow] = []
        while rows.count < limit, let bytes = try file.nextLine() { rows.append(header.row(bytes, of: file, change)) }
        return rows.isEmpty ? nil : rows
    }

    private func readHeader() throws(CSVRefusals) {
        let names = try file.fields(file.nextLine() ?? []).get().map { Self.japanese[$0] ?? $0 }
        let missing = Self.needed.first { !names.contains($0) }
        let isKnown = names.allSatisfy { (Self.columns + RefusedColumns.names).contains($0) }
        guard missing == nil, isKnown, Set(names).count == names.count else {
            throw CSVRefusals(refusals: [CSVFile.headerRefusal(missing: missing)])
        }
        header = NamedColumns(names, of: Self.columns)
    }

    private func change(_ fields: [String]) -> Result<PersonChange, CSVRefusals> {
        var reader = RowReader(line: line, places: header.places, fields: fields, verbatim: Self.verbatim)
        let addressee = reader.value(
            "addressee_number", english: "1 to 20 digits or letters", japanese: "1～20字の英数字"
        ) {
            AddresseeNumber($0)
        }
        let number = reader.value("dose_number", english: "the dose's number, from 1", japanese: "何回目か（1以上）") {
            Int($0).flatMap { (1...99).contains($0) ? $0 : nil }
        }
        let date = reader.date("date")
        let product = reader.value(
            "product", english: "a code of the table of products, or of the catalogue", japanese: "製品の表か製品一覧にあるコード"
        ) { [tables] code in
            if let products = tables.products { products[code] } else { Product.withCode(code) }
        }
        guard let number, let date, let product else {
            return .failure(CSVRefusals(refusals: reader.refusals))
        }
        let dose = reader.value("lot", english: "1 to 20 letters, digits, -, . or spaces", japanese: "英数字、-、.、空白で1～20字")
        {
            Dose(number: number, date: date, product: product, lot: $0)
        }
        let details = reader.details(number, "voucher", "venue", "doctor")
        guard reader.refusals.isEmpty, let addressee, let dose, let details else {
            return .failure(CSVRefusals(refusals: reader.refusals))
        }
        return .success(.dose(dose, details: details, of: addressee))
    }
}
