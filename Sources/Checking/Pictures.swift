import Scanning

/// Codes out of pictures and PDFs.
enum Pictures {
    /// Whether a file begins as a PNG, a JPEG or a PDF does.
    static func isPicture(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) || bytes.starts(with: [0xFF, 0xD8, 0xFF])
            || bytes.starts(with: "%PDF-".utf8)
    }

    /// The texts of the codes in a picture or on the pages of a PDF.
    static func texts(_ bytes: [UInt8], program: String) throws(CodeFile.Failure) -> [String] {
        let codes: [ScannedCode]
        // A worker looks for every code: one that is hard to read must not be passed over beside an easy one.
        do { codes = try IsolatedScanner(program: program).codes(in: bytes) } catch { throw .picture(error.code) }
        guard !codes.isEmpty else { throw .noCode }
        return codes.map(\.text)
    }
}
