import CPango

/// A page's picture while it is drawn: one byte of ink a pixel at ``PageRenderer/dotsPerInch``.
final class InkPlane {
    let width, height, stride: Int
    private let pixels: UnsafeMutableBufferPointer<UInt8>

    init(page: Size) {
        (width, height) = Self.size(of: page)
        stride = Int(cairo_format_stride_for_width(CAIRO_FORMAT_A8, Int32(width)))
        pixels = .allocate(capacity: stride * height)
        pixels.initialize(repeating: 0)
    }

    deinit { pixels.deallocate() }

    /// A page's pixels.
    static func size(of page: Size) -> (width: Int, height: Int) {
        let dotsPerMillimetre = PageRenderer.dotsPerInch / 25.4
        return (Int((page.width * dotsPerMillimetre).rounded()), Int((page.height * dotsPerMillimetre).rounded()))
    }

    /// Covers the plane with prepared ink.
    func copy(_ prepared: PreparedInk) { prepared.copy(to: pixels) }

    /// The plane's ink, prepared to be drawn on.
    func prepared() throws(RenderError) -> PreparedInk {
        guard let prepared = PreparedInk(UnsafeBufferPointer(pixels), width: width, height: height, stride: stride)
        else {
            throw .libraryFailure
        }
        return prepared
    }

    /// Draws with Cairo; the unit is the point.
    func draw(_ body: (OpaquePointer) throws(RenderError) -> Void) throws(RenderError) {
        let surface = cairo_image_surface_create_for_data(
            pixels.baseAddress, CAIRO_FORMAT_A8, Int32(width), Int32(height), Int32(stride))
        defer { cairo_surface_destroy(surface) }
        guard let context = cairo_create(surface) else { throw .libraryFailure }
        defer { cairo_destroy(context) }
        let scale = PageRenderer.dotsPerInch / 72
        cairo_scale(context, scale, scale)
        try body(context)
        cairo_surface_flush(surface)
        guard cairo_status(context) == CAIRO_STATUS_SUCCESS else { throw .libraryFailure }
    }

    /// Paints a code dot by dot, quiet zone included.
    func paint(_ code: PlacedCode) throws(RenderError) {
        guard code.left >= 0, code.top >= 0, code.left + code.side <= width, code.top + code.side <= height else {
            throw .libraryFailure
        }
        for y in code.top..<code.top + code.side {
            for x in code.left..<code.left + code.side { pixels[y * stride + x] = 0 }
        }
        let margin = code.quietZone * code.dotsPerModule
        code.code.paint(
            into: pixels, stride: stride, left: code.left + margin, top: code.top + margin,
            pixelsPerModule: code.dotsPerModule)
    }

    /// The plane as a PNG of sixteen grays.
    ///
    /// - Parameter prepared: what it was copied from.
    func png(on prepared: PreparedInk) throws(RenderError) -> [UInt8] {
        let png = prepared.encode(UnsafeBufferPointer(pixels), dotsPerInch: PageRenderer.dotsPerInch)
        guard !png.isEmpty else { throw .libraryFailure }
        return png
    }
}
