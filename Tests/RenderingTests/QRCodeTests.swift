import Rendering
import Scanning
import TestSupport
import Testing

@Suite("QR codes")
struct QRCodeTests {
    /// The longest JWS that a version 22 code holds, by level (SMART Health Cards 1.4.0, "Encoding QRs").
    static let longest: [(QRCode.ErrorCorrection, Int)] = [(.l, 1195), (.m, 927), (.q, 670), (.h, 519)]

    @Test("A SMART Health Card of the longest length for version 22 reads back from its PNG", arguments: longest)
    func longestCard(level: QRCode.ErrorCorrection, length: Int) throws {
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
}
