/// A strict reader for CSV (RFC 4180) in UTF-8 with a header row.
///
/// Stricter than the RFC: a field has no line break, so that a line is a row and a slip in one line cannot swallow the
/// next; no control characters; each row has exactly the header's columns, which are exactly those asked for. Lines end
/// with LF or CRLF; a byte order mark in front is allowed.
package enum CSVFile {
    /// The maximum of a file, 256 MiB.
    static let maximumSize = 256 << 20
    /// The maximum of a line in bytes.
    static let maximumLine = 16_384
    /// The maximum of a field in bytes.
    static let maximumField = 2048

    /// Reads every row, calling `row` with its line number and fields. Refusals are collected, from the reader and from
    /// `row`, until there are ``CSVRefusals/maximum``.
    /// - Parameter fewest: how many of the columns a header may end behind; `nil` if it has to have all.
    package static func read(
        _ bytes: [UInt8], columns all: [String], fewest: Int? = nil,
        row: (_ line: Int, _ fields: [String]) -> [CSVRefusal]
    ) throws(CSVRefusals) {
        guard bytes.count <= maximumSize else {
            let limit = maximumSize >> 20
            throw CSVRefusals(refusals: [
                CSVRefusal(
                    line: 1, code: "csv.too_large", english: "the file is larger than \(limit) MiB: split it",
                    japanese: "ファイルが\(limit) MiBを超えています。分割してください。")
            ])
        }
        var refusals: [CSVRefusal] = []
        var columns = all
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var number = 0
        while start < bytes.count || number == 0 {
            number += 1
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            var line = bytes[start..<end]
            if end < bytes.count, line.last == 0x0D { line.removeLast() }
            start = end + 1
            switch fields(of: line, number) {
            case .failure(let refused): refusals += refused.refusals
            case .success(let fields) where number == 1:
                if let fewest, fields.count <= fewest { columns = Array(all.prefix(fewest)) }
                if fields != columns { refusals.append(headerRefusal(fields, columns)) }
            case .success(let fields) where fields.count != columns.count:
                refusals.append(columnsRefusal(number, fields.count, columns.count))
            case .success(let fields): refusals += row(number, fields)
            }
            // A wrong header makes every row wrong.
            if refusals.count >= CSVRefusals.maximum || (number == 1 && !refusals.isEmpty) { break }
        }
        guard refusals.isEmpty else { throw CSVRefusals(refusals: Array(refusals.prefix(CSVRefusals.maximum))) }
    }

    private static func headerRefusal(_ fields: [String], _ columns: [String]) -> CSVRefusal {
        let missing = columns.first { !fields.contains($0) }
        let what = missing.map { "column \($0) is missing" } ?? "columns are doubled, unknown or in another order"
        let whatJapanese = missing.map { "列 \($0) がありません。" } ?? "列の重複、余分な列または順序の違いがあります。"
        return CSVRefusal(
            line: 1, column: missing, code: "csv.header", english: "\(what); write the header exactly as documented",
            japanese: "\(whatJapanese)見出し行を定められたとおりにしてください。")
    }

    /// What a header is refused with whose columns may stand in any order.
    /// - Parameter missing: a column that is not there; `nil` if others are there beside those that are known.
    static func headerRefusal(missing: String?) -> CSVRefusal {
        let what = missing.map { "column \($0) is missing" } ?? "columns are doubled or unknown"
        let whatJapanese = missing.map { "列 \($0) がありません。" } ?? "列の重複か、余分な列があります。"
        return CSVRefusal(
            line: 1, column: missing, code: "csv.header",
            english: "\(what); write the header as documented, or name the file's encoding",
            japanese: "\(whatJapanese)見出し行を定められたとおりにするか、文字コードを指定してください。")
    }

    static func columnsRefusal(_ line: Int, _ found: Int, _ wanted: Int) -> CSVRefusal {
        CSVRefusal(
            line: line, code: "csv.columns", english: "the row has \(found) fields; write \(wanted)",
            japanese: "項目の数が\(found)です。\(wanted)にしてください。")
    }

    /// The fields of a line without its end. In UTF-8 and in CP932 commas, quotation marks and controls are bytes that nothing
    /// else has in it.
    static func fields(
        of line: ArraySlice<UInt8>, _ number: Int, _ encoding: FileEncoding = .utf8, maximum: Int = maximumLine,
        maximumField: Int = maximumField,
        decode: ([UInt8]) -> String? = { String(utf8: $0[...]) }
    ) -> Result<[String], CSVRefusals> {
        func refused(code: String, english: String, japanese: String) -> Result<[String], CSVRefusals> {
            .failure(
                CSVRefusals(refusals: [CSVRefusal(line: number, code: code, english: english, japanese: japanese)]))
        }
        guard line.count <= maximum else {
            return refused(
                code: "csv.too_long", english: "the line is longer than \(maximum) bytes",
                japanese: "行が\(maximum)バイトを超えています。")
        }
        guard !line.contains(0x0D) else {
            return refused(
                code: "csv.line_ending", english: "a carriage return stands alone: end lines with LF or CRLF",
                japanese: "単独のCRがあります。改行はLFまたはCRLFにしてください。")
        }
        guard !line.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            return refused(
                code: "csv.control_character", english: "remove the control characters, tabs included",
                japanese: "制御文字（タブを含む）を取り除いてください。")
        }
        var fields: [String] = []
        var position = line.startIndex
        while true {
            guard let (field, next) = field(in: line, from: position) else {
                return refused(
                    code: "csv.quote", english: "quote a whole field, close it on its line and double quotes inside it",
                    japanese: "引用符は項目全体を囲み、同じ行で閉じ、中の引用符は二重にしてください。")
            }
            guard field.count <= maximumField else {
                return refused(
                    code: "csv.too_long", english: "field \(fields.count + 1) is longer than \(maximumField) bytes",
                    japanese: "項目\(fields.count + 1)が\(maximumField)バイトを超えています。")
            }
            guard let text = decode(field) else {
                return encoding == .utf8
                    ? refused(
                        code: "csv.utf8",
                        english: "the line is not UTF-8: save the file as UTF-8, or import it with --encoding cp932",
                        japanese: "UTF-8ではありません。UTF-8で保存するか、取込では --encoding cp932 を指定してください。")
                    : refused(
                        code: "csv.encoding", english: "a character is none of \(encoding.rawValue)",
                        japanese: "\(encoding.rawValue)にない文字があります。")
            }
            fields.append(text)
            guard next < line.endIndex else { return .success(fields) }
            position = next + 1
        }
    }

    /// A field and the index of the comma behind it, or the end.
    private static func field(in line: ArraySlice<UInt8>, from start: Int) -> (field: [UInt8], next: Int)? {
        let quote = UInt8(ascii: "\"")
        let comma = UInt8(ascii: ",")
        guard start < line.endIndex, line[start] == quote else {
            let end = line[start...].firstIndex(of: comma) ?? line.endIndex
            let field = line[start..<end]
            return field.contains(quote) ? nil : (Array(field), end)
        }
        var field: [UInt8] = []
        var index = start + 1
        while index < line.endIndex {
            guard line[index] == quote else {
                field.append(line[index])
                index += 1
                continue
            }
            index += 1
            guard index < line.endIndex else { return (field, index) }
            if line[index] == comma { return (field, index) }
            guard line[index] == quote else { return nil }
            field.append(quote)
            index += 1
        }
        return nil
    }

    /// One line, ended by LF, quoting only the fields that need it.
    package static func line(_ fields: [String]) -> String {
        fields.map { field in
            // By bytes: a comma or quotation mark with a combining mark behind it is another character.
            guard field.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else { return field }
            let quote = UInt8(ascii: "\"")
            let doubled = field.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
            return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
        }.joined(separator: ",") + "\n"
    }
}
