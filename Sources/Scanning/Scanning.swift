import CZXing

/// A code found in a picture or document.
public struct ScannedCode: Hashable, Sendable {
    /// The content as the code's segments give it.
    public let bytes: [UInt8]
    /// The page it stands on, from 0; 0 for a picture.
    public let page: Int

    /// A code with its content.
    public init(bytes: [UInt8], page: Int) {
        self.bytes = bytes
        self.page = page
    }

    /// The content as text: UTF-8 if it is that, otherwise each byte as the Latin-1 character of its value (the
    /// default of ISO/IEC 18004:2015, 7.3.5), so that no content is lost.
    public var text: String {
        String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}

/// QR codes out of pictures and documents of unknown origin, read by ZXing-C++.
///
/// Sizes are taken from the headers and bounded before anything is decoded. All functions are safe to call from several
/// threads at once; each takes its time on the calling thread (a page of A4 a few hundredths of a second).
public enum Scanning {
    /// The maximum of bytes of a file that is taken.
    public static let maximumBytes = 32 << 20
    /// The maximum of pixels of a picture, and of a page when drawn.
    public static let maximumPixels = 40_000_000
    /// The maximum of pages of a document.
    public static let maximumPages = 16
    /// The maximum of codes looked for in one picture or page.
    public static let maximumCodes = 16

    /// The codes in a PNG, JPEG or PDF, told apart by their first bytes; empty if there are none.
    ///
    /// - Parameter expected: how many codes a picture or page should have, 1 to ``maximumCodes``. The quick look is
    ///   enough if it finds that many; otherwise slower ones follow (other scales, turns and thresholds, a finer drawing)
    ///   as long as a symbol is seen that was not read. Where the number is not known, give ``maximumCodes``.
    public static func codes(in bytes: [UInt8], expecting expected: Int = 1) throws(ScanError) -> [ScannedCode] {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try codes(inPNG: bytes, expecting: expected) }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return try codes(inJPEG: bytes, expecting: expected) }
        // ISO 32000 wants %PDF at the start; readers accept it within the first 1,024 bytes.
        let head = bytes.prefix(1024)
        if head.indices.contains(where: { head[$0...].starts(with: "%PDF-".utf8) }) {
            return try codes(inPDF: bytes, expecting: expected)
        }
        throw bytes.count > maximumBytes ? .tooManyBytes(limit: maximumBytes) : .unknownFormat
    }

    /// The codes in a PNG of any colour type and depth.
    public static func codes(
        inPNG bytes: [UInt8], expecting expected: Int = 1
    ) throws(ScanError) -> [ScannedCode] {
        try codes(in: grayImage(fromPNG: bytes), expecting: expected)
    }

    /// The codes in a JPEG, baseline or progressive, gray or in colour (not CMYK).
    public static func codes(
        inJPEG bytes: [UInt8], expecting expected: Int = 1
    ) throws(ScanError) -> [ScannedCode] {
        try codes(in: grayImage(fromJPEG: bytes), expecting: expected)
    }

    /// The codes in a decoded picture.
    public static func codes(in image: GrayImage, expecting expected: Int = 1) throws(ScanError) -> [ScannedCode] {
        try image.pixels.withUnsafeBufferPointer { pixels throws(ScanError) in
            try read(
                pixels.baseAddress, image.width, image.height, stride: image.width, AKASHI_PIXELS_GRAY, page: 0,
                expecting: expected
            ).codes
        }
    }

    /// The maximum of pixels of a picture that is looked at enlarged: the look takes four times the memory.
    static let maximumEnlargedPixels = 6_000_000

    /// Looks quickly first, then ever more thoroughly, until as many codes were found as are expected, or no symbol is left
    /// that was seen and not read.
    ///
    /// - Parameters:
    ///   - isDrawn: whether the picture was drawn and not taken: what the thorough look sees nothing of is not there.
    ///   - onlyQuickly: whether a finer picture follows, so that the slowest looks are left to it.
    static func read(
        _ pixels: UnsafePointer<UInt8>?, _ width: Int, _ height: Int, stride: Int, _ format: akashi_pixels, page: Int,
        expecting expected: Int, isDrawn: Bool = false, onlyQuickly: Bool = false
    ) throws(ScanError) -> Look {
        guard let pixels, let columns = Int32(exactly: width), let rows = Int32(exactly: height),
            let stride = Int32(exactly: stride)
        else { return Look() }
        // Whoever expects the most there can be will not be content with a quick look.
        var looks = expected < maximumCodes ? [AKASHI_LOOK_QUICK] : []
        if !onlyQuickly || looks.isEmpty { looks.append(AKASHI_LOOK_THOROUGH) }
        if !onlyQuickly {
            looks.append(AKASHI_LOOK_GLOBAL)
            // What is drawn is drawn finer instead.
            if !isDrawn, width * height <= maximumEnlargedPixels { looks.append(AKASHI_LOOK_ENLARGED) }
        }
        var best = Look()
        for look in looks {
            let found = akashi_codes_read(pixels, columns, rows, stride, format, Int32(maximumCodes), look)
            guard let found else { throw .outOfMemory }
            defer { akashi_codes_free(found) }
            let codes = (0..<akashi_codes_count(found)).map { index in
                var count = 0
                let bytes = akashi_codes_bytes(found, index, &count)
                return ScannedCode(bytes: Array(UnsafeBufferPointer(start: bytes, count: count)), page: page)
            }
            best.add(codes, unread: akashi_codes_unread(found))
            if best.codes.count >= expected { break }
            if look != AKASHI_LOOK_QUICK, best.isComplete || isDrawn && best.isEmpty { break }
        }
        return best
    }
}

/// What was found in one picture up to now.
struct Look {
    /// The codes, at most ``Scanning/maximumCodes``.
    private(set) var codes: [ScannedCode] = []
    /// The most symbols that were seen at once, read or not.
    private var seen = 0

    /// Whether nothing was seen.
    var isEmpty: Bool { seen == 0 }
    /// Whether something was found, and nothing was seen that was not read.
    var isComplete: Bool { !codes.isEmpty && codes.count >= seen }

    /// This and another look together.
    func adding(_ other: Look) -> Look {
        var both = self
        both.add(other.codes, unread: max(0, other.seen - other.codes.count))
        return both
    }

    /// Adds another look's codes: the same code twice on a page is two codes, the same code in two looks is one.
    mutating func add(_ found: [ScannedCode], unread: Int) {
        let (more, fewer) = found.count > codes.count ? (found, codes) : (codes, found)
        codes = Array((more + fewer.filter { !more.contains($0) }).prefix(Scanning.maximumCodes))
        seen = max(seen, found.count + unread)
    }
}
