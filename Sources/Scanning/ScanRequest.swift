/// What a worker is asked: one file, what it should be, and how many codes it should have.
///
/// One byte for the form, one for the number of codes, four for the length, then the file. Numbers are big-endian.
package struct ScanRequest: Hashable, Sendable {
    /// What a file should be.
    package enum Form: UInt8, Sendable, CaseIterable {
        /// Any of the forms that are read, told apart by their first bytes.
        case any = 0x2A
        /// A PDF.
        case pdf = 0x46
        /// A PNG.
        case png = 0x4E
    }

    /// What the file should be.
    package let form: Form
    /// How many codes a picture or page should have, 1 to ``Scanning/maximumCodes``.
    package let expected: Int
    /// The file's length, at most ``Scanning/maximumBytes``.
    package let count: Int

    /// How many bytes stand before the file.
    static let headBytes = 2 + ScanMessage.lengthBytes

    /// A request; what is out of bounds is brought within them.
    package init(form: Form, expecting expected: Int, count: Int) {
        self.form = form
        self.expected = min(max(expected, 1), Scanning.maximumCodes)
        self.count = min(max(count, 0), Scanning.maximumBytes)
    }

    /// The bytes before the file.
    package var head: [UInt8] { [form.rawValue, UInt8(clamping: expected)] + ScanMessage.length(count) }

    /// What stands before a file; `nil` if it has another form.
    package init?(head: [UInt8]) {
        guard head.count == Self.headBytes, let form = Form(rawValue: head[0]) else { return nil }
        let (expected, count) = (Int(head[1]), head.dropFirst(2).reduce(0) { $0 << 8 | Int($1) })
        guard (1...Scanning.maximumCodes).contains(expected), count <= Scanning.maximumBytes else { return nil }
        (self.form, self.expected, self.count) = (form, expected, count)
    }

    /// The codes of the file, as the request wants them looked for. Blocks the calling thread.
    func codes(in bytes: [UInt8]) throws(ScanError) -> [ScannedCode] {
        switch form {
        case .any: try Scanning.codes(in: bytes, expecting: expected)
        case .pdf: try Scanning.codes(inPDF: bytes, expecting: expected)
        case .png: try Scanning.codes(inPNG: bytes, expecting: expected)
        }
    }
}
