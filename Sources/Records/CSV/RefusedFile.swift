/// A file of an import's refused rows: repaired, it is read again as it is.
///
/// It has the columns that the imported file had and no others. An empty field says that there is nothing, which may take away
/// what is recorded; a column that is not there says nothing.
public struct RefusedFile {
    private let columns: [String]
    /// Which columns the file has, by their places in the format; known with the first row.
    private var kept: [Int]?

    /// A file of an import's format, of which nothing is written yet.
    public init(_ format: ImportFormat) { columns = format.columns }

    /// A row with its line end, behind the header if it is the first.
    public mutating func lines(of row: RefusedRow) -> String {
        // As it was written: a field of another encoding, or with private-use characters replaced, is longer than a file's may be.
        let found = try? CSVFile.fields(of: Array(row.text.utf8)[...], row.line, maximum: .max, maximumField: .max)
            .get()
        // The last one is the whole line, where it could not be taken apart.
        let width = found.map { min(max(0, $0.count - 1), columns.count) } ?? columns.count
        var header = ""
        if kept == nil {
            // A version before may have had fewer columns; new ones stand behind them.
            let lacking = Set(row.lacking ?? [])
            let places = (0..<width).filter { !lacking.contains($0) }
            kept = places
            header = Self.header(places.map { columns[$0] })
        }
        let places = kept ?? []
        var fields = places.map { place in found.flatMap { place < $0.count - 1 ? $0[place] : nil } ?? "" }
        fields.append(found?.last ?? RefusedColumns.cut(row.text))
        return header + CSVFile.line(fields + [String(row.line), RefusedColumns.cut(row.reason)])
    }

    /// What the file ends with: the header, if there was no row.
    public var end: String { kept == nil ? Self.header(columns) : "" }

    /// With a byte order mark, so that a spreadsheet takes it for UTF-8.
    private static func header(_ columns: [String]) -> String {
        "\u{FEFF}" + CSVFile.line(columns + RefusedColumns.names)
    }
}

extension ImportFormat {
    /// The columns that a file of this format may have.
    fileprivate var columns: [String] {
        switch self {
        case .people: PeopleFile.columns
        case .residents: ResidentFile.columns
        case .ledger: LedgerFile.columns
        }
    }
}
