import CPNG

/// Gray PNG files out of planes of ink (one byte a pixel, 0 white to 255 black).
package enum InkPNG {
    /// The file with `bits` (1, 2, 4, 8) a pixel; empty if memory ran out or the sizes do not agree.
    package static func encode(
        _ ink: [UInt8], width: Int, height: Int, stride: Int, bits: Int32, dotsPerInch: Double?
    ) -> [UInt8] {
        guard (1...32_767).contains(width), (1...32_767).contains(height), stride >= width,
            ink.count >= stride * (height - 1) + width
        else { return [] }
        return taking { bytes, count in
            akashi_png_write_ink(
                ink, UInt32(width), UInt32(height), stride, bits, dotsPerMetre(dotsPerInch ?? 0), &bytes, &count)
        }
    }

    fileprivate static func dotsPerMetre(_ dotsPerInch: Double) -> UInt32 {
        UInt32(max(0, min(dotsPerInch, 10_000)) / 0.0254)
    }

    /// What a function of the shim made; empty if it failed.
    fileprivate static func taking(_ make: (inout UnsafeMutablePointer<UInt8>?, inout Int) -> Int32) -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard make(&bytes, &count) == 1, let bytes else { return [] }
        defer { akashi_png_free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

/// A picture on which pages are drawn: what of a page is as it was prepared is not compressed again.
///
/// `@unchecked Sendable`: what the C functions made is never changed after `init`.
package final class PreparedInk: @unchecked Sendable {
    private let prepared: OpaquePointer
    private let size: (width: Int, height: Int, stride: Int)

    /// A plane's ink; `nil` if memory ran out.
    package init?(_ ink: UnsafeBufferPointer<UInt8>, width: Int, height: Int, stride: Int) {
        guard (1...32_767).contains(width), (1...32_767).contains(height), stride >= width,
            ink.count == stride * height,
            let prepared = akashi_png_prepared_make(ink.baseAddress, UInt32(width), UInt32(height), stride)
        else { return nil }
        self.prepared = prepared
        size = (width, height, stride)
    }

    deinit { akashi_png_prepared_free(prepared) }

    /// Covers a plane of its size with its ink; does nothing to one of another.
    func copy(to ink: UnsafeMutableBufferPointer<UInt8>) {
        guard ink.count == size.stride * size.height else { return }
        akashi_png_prepared_copy(prepared, ink.baseAddress)
    }

    /// A plane of its size as a PNG of sixteen grays; empty if memory ran out or the sizes do not agree.
    package func encode(_ ink: UnsafeBufferPointer<UInt8>, dotsPerInch: Double) -> [UInt8] {
        guard ink.count == size.stride * size.height else { return [] }
        return InkPNG.taking { bytes, count in
            akashi_png_prepared_write(prepared, ink.baseAddress, InkPNG.dotsPerMetre(dotsPerInch), &bytes, &count)
        }
    }
}
