import CPoppler
import CZXing

extension Scanning {
    /// The resolutions a page is drawn at, in dots per inch: the second if the first shows too few codes.
    static let resolutions: [Double] = [200, 300]

    /// The codes in a PDF (ISO 32000), page by page, each page drawn as it would be printed.
    ///
    /// Poppler reads the document inside this process, and a picture inside it may be far larger than the page: memory
    /// stays bounded, but a few megabytes can keep a core busy for a minute. A service that takes documents from strangers
    /// runs this in a process of its own with a limit of time.
    public static func codes(
        inPDF bytes: [UInt8], expecting expected: Int = 1
    ) throws(ScanError) -> [ScannedCode] {
        guard bytes.count <= maximumBytes else { throw .tooManyBytes(limit: maximumBytes) }
        quietPoppler
        guard let data = g_bytes_new(bytes, gsize(bytes.count)) else { throw .outOfMemory }
        defer { g_bytes_unref(data) }
        guard let document = poppler_document_new_from_bytes(data, nil, nil) else { throw .brokenDocument }
        defer { g_object_unref(UnsafeMutableRawPointer(document)) }
        let pages = Int(poppler_document_get_n_pages(document))
        guard pages >= 1 else { throw .brokenDocument }
        guard pages <= maximumPages else { throw .tooManyPages(limit: maximumPages) }
        var codes: [ScannedCode] = []
        for number in 0..<pages {
            guard let page = poppler_document_get_page(document, Int32(number)) else { throw .brokenDocument }
            defer { g_object_unref(UnsafeMutableRawPointer(page)) }
            codes += try self.codes(on: page, number: number, expecting: expected)
        }
        return codes
    }

    private static func codes(
        on page: OpaquePointer, number: Int, expecting expected: Int
    ) throws(ScanError) -> [ScannedCode] {
        var width = 0.0
        var height = 0.0
        poppler_page_get_size(page, &width, &height)
        // ISO 32000-1, C.2: a side has 3 to 14,400 points.
        guard width.isFinite, height.isFinite, (3...14_400).contains(width), (3...14_400).contains(height) else {
            throw .brokenDocument
        }
        // A large page is drawn coarser, so that it never has more than the pixels allowed.
        let finest = (Double(maximumPixels) / (width * height)).squareRoot()
        var last = 0.0
        var best = Look()
        for resolution in resolutions {
            let scale = min(resolution / 72, finest)
            guard scale > last else { break }
            last = scale
            let look = try draw(
                page, width, height, scale: scale, number: number, expecting: expected,
                isLast: resolution == resolutions.last)
            best = best.adding(look)
            if best.codes.count >= expected || expected >= maximumCodes && best.isComplete { break }
        }
        return best.codes
    }

    private static func draw(
        _ page: OpaquePointer, _ width: Double, _ height: Double, scale: Double, number: Int,
        expecting expected: Int, isLast: Bool
    ) throws(ScanError) -> Look {
        let columns = max(1, Int((width * scale).rounded(.down)))
        let rows = max(1, Int((height * scale).rounded(.down)))
        guard columns <= 32_767, rows <= 32_767 else { throw .brokenDocument }
        let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns), Int32(rows))
        defer { cairo_surface_destroy(surface) }
        let context = cairo_create(surface)
        defer { cairo_destroy(context) }
        cairo_set_source_rgb(context, 1, 1, 1)
        cairo_paint(context)
        cairo_scale(context, scale, scale)
        poppler_page_render_for_printing(page, context)
        cairo_surface_flush(surface)
        guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS else { throw .outOfMemory }
        return try read(
            cairo_image_surface_get_data(surface), columns, rows, stride: Int(cairo_image_surface_get_stride(surface)),
            AKASHI_PIXELS_BGRX, page: number, expecting: expected, isDrawn: true, onlyQuickly: !isLast)
    }

    /// Poppler reports what is wrong with a document on standard error, where it could carry its text: it is silenced.
    private static let quietPoppler: Void = {
        _ = g_log_set_handler("Poppler", GLogLevelFlags(rawValue: ~0), { _, _, _, _ in }, nil)
    }()
}
