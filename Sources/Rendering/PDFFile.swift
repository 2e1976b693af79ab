import CPango

/// Writes a page as PDF with Cairo.
enum PDFFile {
    private final class Sink {
        var bytes: [UInt8] = []
    }

    /// A PDF of one page, of this size in millimetres, that `draw` fills.
    static func make(
        page: Size, title: String, draw: (OpaquePointer) throws(RenderError) -> Void
    ) throws(RenderError) -> [UInt8] {
        let sink = Sink()
        sink.bytes.reserveCapacity(128 * 1024)
        let surface = cairo_pdf_surface_create_for_stream(
            { closure, data, length in
                guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
                let sink = Unmanaged<Sink>.fromOpaque(closure).takeUnretainedValue()
                sink.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
                return CAIRO_STATUS_SUCCESS
            },
            Unmanaged.passUnretained(sink).toOpaque(), page.width * pointsPerMillimetre,
            page.height * pointsPerMillimetre)
        defer { cairo_surface_destroy(surface) }
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title)
        guard let context = cairo_create(surface) else { throw .libraryFailure }
        defer { cairo_destroy(context) }
        try draw(context)
        cairo_show_page(context)
        let status = cairo_status(context)
        cairo_surface_finish(surface)
        guard status == CAIRO_STATUS_SUCCESS, cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS else {
            throw .libraryFailure
        }
        // The stream's last bytes came with finish; the sink lives until here.
        return withExtendedLifetime(sink) { sink.bytes }
    }
}
