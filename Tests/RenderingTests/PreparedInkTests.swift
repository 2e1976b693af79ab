import Rendering
import Scanning
import TestSupport
import Testing

@Suite struct PreparedInkTests {
    /// Lower and higher than a band that is compressed at once, and not a whole number of them.
    static let sizes = [(1, 1), (2, 64), (7, 65), (333, 128), (160, 401)]

    @Test(arguments: sizes)
    func `a picture on prepared ink is its ink pixel for pixel, wherever it differs from the prepared`(
        width: Int, height: Int
    ) throws {
        var random = Seeded("ink sheet \(width)×\(height)")
        let stride = width + Int.random(in: 0...5, using: &random)
        let blank = [UInt8](repeating: 0, count: stride * height)
        let drawn = Self.painted(blank, stride, 12, &random)
        let prepared = try #require(Self.prepared(drawn, width, height, stride))
        for places in [0, 0, 1, 2, 5, 40] {
            let ink = Self.painted(drawn, stride, places, &random)
            let png = ink.withUnsafeBufferPointer { prepared.encode($0, dotsPerInch: 200) }
            let image = try Scanning.grayImage(fromPNG: png)
            #expect((image.width, image.height) == (width, height))
            let expected = (0..<height).flatMap { ink[$0 * stride..<$0 * stride + width].map(Self.shown) }
            #expect(image.pixels == expected)
            let whole = InkPNG.encode(ink, width: width, height: height, stride: stride, bits: 4, dotsPerInch: 200)
            #expect(try Scanning.grayImage(fromPNG: whole).pixels == expected)
        }
    }

    @Test func `ink of another size is refused`() throws {
        let prepared = try #require(Self.prepared([0, 0, 0, 0], 2, 2, 2))
        #expect(
            [UInt8](repeating: 0, count: 6).withUnsafeBufferPointer { prepared.encode($0, dotsPerInch: 200) }.isEmpty)
        #expect(Self.prepared([0, 0, 0], 2, 2, 2) == nil)
        #expect(Self.prepared([], 0, 0, 0) == nil)
    }

    /// The nearest of sixteen grays.
    private static func shown(_ ink: UInt8) -> UInt8 { UInt8((Double(255 - ink) / 17).rounded()) * 17 }

    private static func prepared(_ ink: [UInt8], _ width: Int, _ height: Int, _ stride: Int) -> PreparedInk? {
        ink.withUnsafeBufferPointer { PreparedInk($0, width: width, height: height, stride: stride) }
    }

    /// Ink with some more runs on it, from single pixels to several rows.
    private static func painted(_ ink: [UInt8], _ stride: Int, _ places: Int, _ random: inout Seeded) -> [UInt8] {
        var ink = ink
        for _ in 0..<places {
            let start = Int.random(in: ink.indices, using: &random)
            let length = Int.random(in: 1...max(1, 3 * stride), using: &random)
            for at in start..<min(ink.count, start + length) { ink[at] = UInt8.random(in: 0...255, using: &random) }
        }
        return ink
    }
}
