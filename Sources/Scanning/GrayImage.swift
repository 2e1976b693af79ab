import CJPEG
import CPNG

/// A decoded picture, 8-bit gray.
public struct GrayImage: Hashable, Sendable {
    /// Pixels a row, 1 to 32,767.
    public let width: Int
    /// Rows, 1 to 32,767.
    public let height: Int
    /// `width` × `height` bytes, row by row from the top, 0 black to 255 white.
    public let pixels: [UInt8]

    /// A picture from its pixels; `nil` if the sizes are out of bounds or do not agree.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        guard (1...32_767).contains(width), (1...32_767).contains(height), pixels.count == width * height else {
            return nil
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

extension Scanning {
    /// A PNG as gray on white. Its size is read from the header and bounded before anything is decoded.
    public static func grayImage(fromPNG bytes: [UInt8]) throws(ScanError) -> GrayImage {
        try decode(bytes, size: akashi_png_size, pixels: akashi_png_read_gray)
    }

    /// A JPEG's luminance. Its size is read from the header and bounded before anything is decoded.
    public static func grayImage(fromJPEG bytes: [UInt8]) throws(ScanError) -> GrayImage {
        try decode(bytes, size: akashi_jpeg_size, pixels: akashi_jpeg_read_gray)
    }

    private typealias ReadSize = (
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt32>?, UnsafeMutablePointer<UInt32>?
    ) -> Int32
    private typealias ReadPixels = (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, UInt32, UInt32) -> Int32

    private static func decode(
        _ bytes: [UInt8], size: ReadSize, pixels: ReadPixels
    ) throws(ScanError) -> GrayImage {
        guard bytes.count <= maximumBytes else { throw .tooManyBytes(limit: maximumBytes) }
        var width: UInt32 = 0
        var height: UInt32 = 0
        guard size(bytes, bytes.count, &width, &height) == 1, width > 0, height > 0 else { throw .brokenPicture }
        guard width <= 32_767, height <= 32_767, Int(width) * Int(height) <= maximumPixels else {
            throw .tooManyPixels(limit: maximumPixels)
        }
        var isWhole = false
        let gray = [UInt8](unsafeUninitializedCapacity: Int(width) * Int(height)) { buffer, count in
            isWhole = pixels(bytes, bytes.count, buffer.baseAddress, width, height) == 1
            // Pixels that a broken file left unwritten are never handed out.
            count = isWhole ? Int(width) * Int(height) : 0
        }
        guard isWhole, let image = GrayImage(width: Int(width), height: Int(height), pixels: gray) else {
            throw .brokenPicture
        }
        return image
    }
}
