/// The stream of one print job from a terminal to a printer program, over the program's standard input.
///
/// It begins with the line `AKASHI-PRINT/1`. Frames follow: one byte for the kind, four bytes of length (big-endian), and
/// that many bytes. `S` starts: the inquiry number (11 ASCII characters) and the number of copies (one byte, 1 to 10).
/// `D` is a document: one byte of length and a media type (`application/pdf` or `image/png`), then the document. `R` is
/// a receipt's text in UTF-8. `E`, empty, ends the job. `S` comes first, exactly once; `D` at most once of each media
/// type, at least one; `R` at most once; `E` last, and nothing behind it. A job without its end is not printed.
///
/// The program's exit status says what became of the job: 0 that all of it was printed, ``nothingPrinted`` that nothing was;
/// any other says neither. The terminal that waits no longer closes the stream and kills the program's process group.
public struct PrintStream {
    /// The first line.
    public static let preamble = Array("AKASHI-PRINT/1\n".utf8)
    /// How many copies a job may have.
    public static let copies = 1...10
    /// The maximum of bytes of one document.
    public static let maximumDocument = 4 << 20
    /// The maximum of bytes of a receipt.
    public static let maximumReceipt = 8192

    /// The exit status of a program that printed nothing of its job: 69, `EX_UNAVAILABLE` of sysexits.h.
    public static let nothingPrinted: Int32 = 69

    /// The media types that a job may carry.
    public enum MediaType: String, Sendable, CaseIterable {
        /// ISO 32000.
        case pdf = "application/pdf"
        /// ISO/IEC 15948.
        case png = "image/png"
    }
}

/// One print job, complete.
public struct StreamedJob: Hashable, Sendable {
    /// The session's inquiry number, 11 characters of `0–9A–Z-`.
    public let inquiry: String
    /// How many copies, within ``PrintStream/copies``.
    public let copies: Int
    /// The documents: the same page in one or two media types.
    public let documents: [PrintStream.MediaType: [UInt8]]
    /// The receipt's text; empty if there is none.
    public let receipt: String

    /// A job; `nil` if a part is out of the bounds above.
    public init?(inquiry: String, copies: Int, documents: [PrintStream.MediaType: [UInt8]], receipt: String) {
        guard Self.isInquiry(inquiry.utf8), PrintStream.copies.contains(copies), !documents.isEmpty,
            documents.values.allSatisfy({ (1...PrintStream.maximumDocument).contains($0.count) }),
            receipt.utf8.count <= PrintStream.maximumReceipt
        else { return nil }
        self.inquiry = inquiry
        self.copies = copies
        self.documents = documents
        self.receipt = receipt
    }

    static func isInquiry(_ bytes: some Collection<UInt8>) -> Bool {
        // Files are named after it: nothing but these characters may stand in it.
        bytes.count == 11
            && bytes.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// The job's bytes, in pieces to be written one after the other.
    public func chunks() -> [[UInt8]] {
        var chunks = [PrintStream.preamble, Self.frame("S", Array(inquiry.utf8) + [UInt8(clamping: copies)])]
        for type in PrintStream.MediaType.allCases {
            guard let document = documents[type] else { continue }
            let name = Array(type.rawValue.utf8)
            // The document itself is not copied into a frame: pages are kept in as few places as possible.
            chunks.append(Self.head("D", 1 + name.count + document.count) + [UInt8(clamping: name.count)] + name)
            chunks.append(document)
        }
        if !receipt.isEmpty { chunks.append(Self.frame("R", Array(receipt.utf8))) }
        chunks.append(Self.frame("E", []))
        return chunks
    }

    private static func frame(_ kind: Unicode.Scalar, _ payload: [UInt8]) -> [UInt8] {
        head(kind, payload.count) + payload
    }

    private static func head(_ kind: Unicode.Scalar, _ count: Int) -> [UInt8] {
        [UInt8(ascii: kind)] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}
