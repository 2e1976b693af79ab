/// The columns of a file with a header, in whichever order they stand there.
struct NamedColumns {
    /// The columns of the format, in which refused rows come back.
    private let own: [String]
    /// Where each stands in the file.
    let places: [String: Int]
    private let width: Int
    /// The columns of the format that the file does not have.
    private let lacking: [Int]

    /// - Parameters:
    ///   - names: those of the file's header.
    ///   - own: all that the format has.
    init(_ names: [String], of own: [String]) {
        self.own = own
        let places = RowReader.places(of: names)
        self.places = places
        width = names.count
        lacking = own.indices.filter { places[own[$0]] == nil }
    }

    /// A row from the line that a file gave last.
    func row(
        _ bytes: [UInt8], of file: LineFile, _ change: ([String]) -> Result<PersonChange, CSVRefusals>
    ) -> ImportRow {
        let fields: [String]
        switch file.fields(bytes) {
        case .success(let found): fields = found
        case .failure(let refusals):
            // Where the fields can be told apart, each comes back in its column; otherwise the line as it is.
            return refused(bytes, file.legibleFields(bytes), refusals, file)
        }
        guard fields.count == width else {
            let refusal = CSVFile.columnsRefusal(file.line, fields.count, width)
            return refused(bytes, nil, CSVRefusals(refusals: [refusal]), file)
        }
        return ImportRow(
            line: file.line, text: { RefusedColumns.text(inOrder(fields)) }, lacking: lacking,
            change: change(fields))
    }

    private func refused(
        _ bytes: [UInt8], _ fields: [String]?, _ refusals: CSVRefusals, _ file: LineFile
    ) -> ImportRow {
        let text =
            if let fields, fields.count == width { RefusedColumns.text(inOrder(fields)) } else {
                RefusedColumns.text(
                    own.map { _ in "" }, whole: file.legible(Array(bytes.prefix(CSVFile.maximumField))))
            }
        return ImportRow(line: file.line, text: { text }, lacking: lacking, change: .failure(refusals))
    }

    /// A row's fields in the order of the format's columns.
    private func inOrder(_ fields: [String]) -> [String] { own.map { places[$0].map { fields[$0] } ?? "" } }
}
