import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The lines of a CSV file, read one by one: whatever its length, a few are in memory.
final class LineFile {
    private let file: UnsafeMutablePointer<FILE>
    private let size: Int
    private var place = 0
    private let encoding: FileEncoding
    private let decoder: FieldDecoder
    private let characters: [Unicode.Scalar: String]
    /// The number of the line that was read last, from 1; 0 before the first.
    private(set) var line = 0

    /// Opens a file; `nil` if it cannot be opened, or the system cannot read the encoding. One that begins with a byte order mark
    /// is UTF-8, whatever `encoding` says.
    /// - Parameter characters: what stands for private-use characters (外字).
    init?(path: String, encoding: FileEncoding, characters: [Unicode.Scalar: String]) {
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
        (self.file, self.decoder, self.encoding, self.characters) = (file, decoder, encoding, characters)
        size = Int(status.st_size)
    }

    /// The same of bytes in memory.
    init?(_ bytes: [UInt8], encoding: FileEncoding, characters: [Unicode.Scalar: String]) {
        let encoding = bytes.starts(with: Self.byteOrderMark) ? .utf8 : encoding
        // One byte more, since some systems have no memory of none.
        guard let decoder = FieldDecoder(encoding), let file = fmemopen(nil, bytes.count + 1, "w+") else { return nil }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
            fclose(file)
            return nil
        }
        rewind(file)
        (self.file, self.decoder, self.encoding, self.characters) = (file, decoder, encoding, characters)
        size = bytes.count
    }

    deinit { fclose(file) }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// How much of it was read, 0 to 1.
    var progress: Double { size == 0 ? 1 : min(1, Double(place) / Double(size)) }

    /// What is read of a line: refused rows come back longer than they were.
    private static let maximumLine = CSVFile.maximumLine + 8192

    /// The next line without its end, at most one byte longer than what is read of a line; `nil` at the end.
    /// - Throws: ``CSVRefusals`` if the file cannot be read to the end that it had when it was opened.
    func next() throws(CSVRefusals) -> [UInt8]? {
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
