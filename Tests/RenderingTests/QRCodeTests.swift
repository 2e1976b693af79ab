import Rendering
import Scanning
import TestSupport
import Testing

/// QR codes.
@Suite struct QRCodeTests {
    /// The longest JWS that a version 22 code holds, by level (SMART Health Cards 1.4.0, "Encoding QRs").
    static let maximumLength: [(QRCode.ErrorCorrection, Int)] = [(.l, 1195), (.m, 927), (.q, 670), (.h, 519)]

    @Test(arguments: maximumLength)
    func `a SMART Health Card of the longest length for version 22 reads back from its PNG`(
        level: QRCode.ErrorCorrection, length: Int
    ) throws {
        var random = Seeded("longest card")
        let digits = String((0..<2 * length).map { _ in Character(String(Int.random(in: 0...9, using: &random))) })
        let code = try QRCode(QRSegment.smartHealthCard(digits: digits), level: level, maximumVersion: 22)
        #expect(code.version == 22)
        #expect(code.size == 105)
        let found = try Scanning.codes(inPNG: code.png(pixelsPerModule: 4))
        #expect(found.map(\.text) == ["shc:/" + digits])
        #expect(throws: QRError.tooLong(maximumVersion: 22, level: level)) {
            try QRCode(QRSegment.smartHealthCard(digits: digits + "00"), level: level, maximumVersion: 22)
        }
    }

    @Test(arguments: maximumLength)
    func `the highest level that fits version 22 is chosen`(level: QRCode.ErrorCorrection, length: Int) throws {
        #expect(try Pages.card(length: length).level == level)
    }

    @Test func `a code is refused rather than made below the lowest level allowed`() throws {
        let segments = QRSegment.smartHealthCard(digits: Pages.digits(2 * 928))
        #expect(try QRCode(fitting: segments, maximumVersion: 22).level == .l)
        #expect(throws: QRError.tooLong(maximumVersion: 22, level: .m)) {
            try QRCode(fitting: segments, maximumVersion: 22, lowestLevel: .m)
        }
    }

    /// Byte mode capacities by version (ISO/IEC 18004:2015, table 7), for L, M, Q, H.
    static let capacities: [(version: Int, bytes: [Int])] = [
        (1, [17, 14, 11, 7]), (9, [230, 180, 130, 98]), (10, [271, 213, 151, 119]), (22, [1003, 779, 565, 439]),
        (26, [1367, 1059, 751, 593]), (27, [1465, 1125, 805, 625]), (31, [1840, 1452, 1030, 790]),
        (40, [2953, 2331, 1663, 1273]),
    ]

    @Test(arguments: capacities)
    func `a version holds what the standard says and not a byte more`(version: Int, bytes: [Int]) throws {
        for (level, longest) in zip(QRCode.ErrorCorrection.allCases, bytes) {
            let full = QRSegment.bytes([UInt8](repeating: 0x61, count: longest))
            #expect(try QRCode([full], level: level, maximumVersion: version).version == version)
            let over = QRSegment.bytes([UInt8](repeating: 0x61, count: longest + 1))
            #expect(throws: QRError.tooLong(maximumVersion: version, level: level)) {
                try QRCode([over], level: level, maximumVersion: version)
            }
        }
    }

    @Test func `JSON in byte mode and HC1 in alphanumeric mode read back byte for byte`() throws {
        let json = Array(#"{"data":{"hdr":{"t":"icao.vacc"}},"name":"見本"}"#.utf8)
        let vdsnc = try QRCode([.bytes(json)], level: .m)
        #expect(try Scanning.codes(inPNG: vdsnc.png(pixelsPerModule: 3)).map(\.bytes) == [json])
        let pass =
            "HC1:6BFOXN%TS3DH0YOJ58S S-W5HDC *M0II5XHC9B5G2+$N IOP-IA%NFQGRJPC%OQHIZC4.OI1RM8ZA.A53XHMKN4NN3F85QNCY0O%0"
        let certificate = try QRCode([.alphanumeric(pass)], level: .q)
        #expect(try Scanning.codes(inPNG: certificate.png(pixelsPerModule: 3)).map(\.text) == [pass])
    }

    @Test func `bytes that are no UTF-8 come back unchanged, their text as Latin-1`() throws {
        let bytes: [UInt8] = [0xFF, 0x00, 0xE9, 0x41]
        let found = try Scanning.codes(inPNG: QRCode([.bytes(bytes)], level: .h).png(pixelsPerModule: 4))
        #expect(found == [ScannedCode(bytes: bytes, page: 0)])
        #expect(found.first?.text == "\u{FF}\u{0}\u{E9}A")
    }

    static let refused: [(name: String, segments: [QRSegment], maximum: Int, error: QRError)] = [
        ("nothing", [], 22, .empty),
        ("an empty segment", [.numeric("")], 22, .empty),
        ("a letter among digits", [.bytes("shc:/"), .numeric("12a4")], 22, .characterOutsideMode(segment: 1)),
        ("a full-width digit", [.numeric("１")], 22, .characterOutsideMode(segment: 0)),
        ("a small letter in alphanumeric mode", [.alphanumeric("Hc1:")], 22, .characterOutsideMode(segment: 0)),
        ("version 0", [.numeric("1")], 0, .maximumVersion(0)),
        ("version 41", [.numeric("1")], 41, .maximumVersion(41)),
    ]

    @Test(arguments: refused)
    func `what is no code is refused with the reason`(name: String, segments: [QRSegment], maximum: Int, error: QRError)
    {
        #expect(throws: error) { try QRCode(segments, level: .l, maximumVersion: maximum) }
        #expect(throws: error) { try QRCode(fitting: segments, maximumVersion: maximum) }
    }

    @Test(arguments: 1...5)
    func `a picture is the code's modules to the pixel, whatever its width`(pixelsPerModule: Int) throws {
        // As long as versions 1, 2 and 5 hold: sides of every remainder by eight, which a byte of the picture is.
        for (length, quietZone) in [(17, 0), (32, 1), (106, 2), (106, 3)] {
            let code = try QRCode([.bytes(Pages.digits(length))], level: .l)
            let image = try Scanning.grayImage(
                fromPNG: code.png(pixelsPerModule: pixelsPerModule, quietZone: quietZone))
            let side = (code.size + 2 * quietZone) * pixelsPerModule
            #expect((image.width, image.height) == (side, side))
            let wrong = image.pixels.indices.count { index in
                let (x, y) = (index % side / pixelsPerModule - quietZone, index / side / pixelsPerModule - quietZone)
                let isInside = (0..<code.size).contains(x) && (0..<code.size).contains(y)
                return image.pixels[index] != (isInside && code.isDark(x, y) ? 0 : 255)
            }
            #expect(wrong == 0)
        }
    }

    @Test func `a picture out of bounds is empty instead of enormous`() throws {
        let code = try QRCode([.numeric("1")], level: .l)
        #expect(code.png(pixelsPerModule: 0).isEmpty)
        #expect(code.png(pixelsPerModule: 65).isEmpty)
        #expect(code.png(pixelsPerModule: 1, quietZone: -1).isEmpty)
        #expect(!code.png(pixelsPerModule: 1, quietZone: 0).isEmpty)
    }
}
