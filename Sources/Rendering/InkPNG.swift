import CPNG

/// Gray PNG files out of planes of ink (one byte a pixel, 0 white to 255 black).
enum InkPNG {
    /// The file with `bits` (1, 2, 4, 8) a pixel; empty where memory ran out or the sizes do not agree.
    static func encode(
        _ ink: [UInt8], width: Int, height: Int, stride: Int, bits: Int32, dotsPerInch: Double?
    ) -> [UInt8] {
        ink.withUnsafeBufferPointer {
            encode($0, width: width, height: height, stride: stride, bits: bits, dotsPerInch: dotsPerInch)
        }
    }

    /// The same for a plane that lies elsewhere in memory.
    static func encode(
        _ ink: UnsafeBufferPointer<UInt8>, width: Int, height: Int, stride: Int, bits: Int32, dotsPerInch: Double?
    ) -> [UInt8] {
        guard (1...32_767).contains(width), (1...32_767).contains(height), stride >= width,
            ink.count >= stride * (height - 1) + width
        else { return [] }
        let dotsPerMetre = dotsPerInch.map { UInt32(max(0, min($0, 10_000)) / 0.0254) } ?? 0
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard
            akashi_png_write_ink(
                ink.baseAddress, UInt32(width), UInt32(height), stride, bits, dotsPerMetre, &bytes, &count) == 1,
            let bytes
        else { return [] }
        defer { akashi_png_free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}
