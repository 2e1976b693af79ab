import Vaccination

/// The lines of a CSV file, read one by one: whatever its length, a few are in memory.
final class LineFile {
    private let source: ImportSource
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    private var (next, end) = (0, 0)
    private var place = 0
    private let encoding: FileEncoding
    private let decoder: FieldDecoder
    private let characters: [Unicode.Scalar: String]
    /// The number of the line that was read last, from 1; 0 before the first.
    private(set) var line = 0

    /// The lines of a source; `nil` if its beginning cannot be read, or the system cannot read the encoding. One that begins with a
    /// byte order mark is UTF-8, whatever `encoding` says.
    /// - Parameter characters: what stands for private-use characters (外字).
    init?(_ source: ImportSource, encoding: FileEncoding, characters: [Unicode.Scalar: String]) {
        self.source = source
        self.characters = characters
        var end = 0
        while end < 3 {
            guard let count = try? source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...])) else {
                buffer.deallocate()
                return nil
            }
            if count == 0 { break }
            end += count
        }
        let encoding = buffer[..<end].starts(with: Self.byteOrderMark) ? .utf8 : encoding
        guard let decoder = FieldDecoder(encoding) else {
            buffer.deallocate()
            return nil
        }
        (self.encoding, self.decoder, self.end) = (encoding, decoder, end)
        if buffer[..<end].starts(with: Self.byteOrderMark) { (next, place) = (3, 3) }
    }

    deinit { buffer.deallocate() }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// How much of it was read, 0 to 1.
    var progress: Double { source.size == 0 ? 1 : min(1, Double(place) / Double(source.size)) }

    /// What is read of a line: refused rows come back longer than they were.
    private static let maximumLine = CSVFile.maximumLine + 8192

    /// The next line without its end, at most one byte longer than what is read of a line; `nil` at the end.
    /// - Throws: ``CSVRefusals`` if the file cannot be read to its end, or is not what was encrypted.
    func nextLine() throws(CSVRefusals) -> [UInt8]? {
        var bytes: [UInt8] = []
        var isBegun = false
        while true {
            if next == end {
                do { end = try source.read(into: buffer) } catch { throw refused(error) }
                next = 0
                if end == 0 {
                    guard isBegun else { return nil }
                    break
                }
            }
            isBegun = true
            let rest = buffer[next..<end]
            let stop = rest.firstIndex(of: 0x0A)
            let part = rest[..<(stop ?? end)]
            bytes.append(contentsOf: part.prefix(Self.maximumLine + 1 - bytes.count))
            place += part.count
            next = stop.map { $0 + 1 } ?? end
            if stop != nil {
                place += 1
                break
            }
        }
        line += 1
        // Of a line that was cut the last byte is not its last.
        if bytes.count <= Self.maximumLine, bytes.last == 0x0D { bytes.removeLast() }
        return bytes
    }

    private func refused(_ fault: EncryptedFileFault) -> CSVRefusals {
        let (code, english, japanese) =
            fault == .unreadable
            ? (
                "csv.unreadable",
                "the file cannot be read to its end, or changes while it is read: copy it whole, and try again",
                "ファイルを最後まで読めないか、読込中に変わりました。完全に複写してからやり直してください。"
            )
            : (
                "csv.not_authentic", "the zip is damaged, or is not what was encrypted: nothing of it goes in",
                "zipファイルが壊れているか、暗号化された内容と一致しません。何も取り込みません。"
            )
        return CSVRefusals(refusals: [
            CSVRefusal(line: line + 1, code: code, english: english, japanese: japanese)
        ])
    }

    // MARK: Fields

    /// The fields of a line, private-use characters replaced as far as it is known what they stand for.
    func fields(_ bytes: [UInt8]) -> Result<[String], CSVRefusals> {
        let fields = fields(bytes, decoder.text)
        guard !characters.isEmpty else { return fields }
        return fields.map { $0.map(replaced) }
    }

    /// The same where some bytes may be none of the encoding, with U+FFFD in their place; `nil` if the fields cannot be told apart.
    func legibleFields(_ bytes: [UInt8]) -> [String]? { try? fields(bytes, legible).get() }

    /// What is there of a text, with U+FFFD where bytes are none.
    func legible(_ bytes: [UInt8]) -> String { decoder.text(bytes) ?? String(decoding: bytes, as: UTF8.self) }

    private func fields(_ bytes: [UInt8], _ decode: ([UInt8]) -> String?) -> Result<[String], CSVRefusals> {
        CSVFile.fields(of: bytes[...], line, encoding, maximum: Self.maximumLine, decode: decode)
    }

    private func replaced(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { characters[$0] != nil }) else { return text }
        return text.unicodeScalars.reduce(into: "") { $0 += characters[$1] ?? String($1) }
    }
}

/// The columns in which a refused row comes back, beside those that its file's format has.
enum RefusedColumns {
    /// The whole line where it could not be taken apart, its number, and why it was refused.
    static let names = ["refused_text", "refused_line", "refused_why"]

    /// A row without its line's number and reason, which are added when it is written for somebody.
    /// - Parameters:
    ///   - fields: those of the format's columns.
    ///   - whole: the line, where it could not be taken apart.
    static func text(_ fields: [String], whole: String = "") -> String {
        // No control character, which a line may be refused for.
        let shown = String(
            String.UnicodeScalarView(whole.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
        return String(CSVFile.line(fields + [cut(shown)]).dropLast())
    }

    /// As much of a text as a field may have.
    static func cut(_ text: String) -> String {
        var cut = ""
        for character in text {
            guard cut.utf8.count + character.utf8.count <= CSVFile.maximumField - 8 else { return cut + "…" }
            cut.append(character)
        }
        return cut
    }
}
