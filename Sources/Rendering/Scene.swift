import CPango

/// A code in its place on the grid of dots.
struct PlacedCode {
    let code: QRCode
    let quietZone: Int
    /// The place of the corner, quiet zone included, in dots.
    let left, top: Int
    let dotsPerModule: Int

    /// Dots a side, quiet zone included.
    var side: Int { (code.size + 2 * quietZone) * dotsPerModule }
}

/// What lies on a page, lowest first.
struct Scene {
    var boxes: [Template.Box] = []
    var lines: [Template.Line] = []
    var texts: [SetText] = []
    var codes: [PlacedCode] = []
}

/// Draws scenes on one surface, whose unit is the point.
struct Painter {
    let context: OpaquePointer
    /// Whether colours become ink of an alpha plane.
    let isInk: Bool

    /// Points in a dot.
    static let dot = 72 / PageRenderer.dotsPerInch

    func paint(_ scene: Scene) {
        for box in scene.boxes { paint(box) }
        for line in scene.lines { paint(line) }
        for text in scene.texts {
            set(text.colour)
            text.show(context)
        }
        cairo_set_operator(context, CAIRO_OPERATOR_OVER)
    }

    /// On a plane of ink, what is lighter than what lies under it takes ink away.
    private func set(_ colour: Colour) {
        guard isInk else { return cairo_set_source_rgb(context, colour.red, colour.green, colour.blue) }
        if colour.ink < 0.5 {
            cairo_set_operator(context, CAIRO_OPERATOR_SOURCE)
        } else {
            cairo_set_operator(context, CAIRO_OPERATOR_OVER)
        }
        cairo_set_source_rgba(context, 0, 0, 0, colour.ink)
    }

    private func paint(_ box: Template.Box) {
        if let fill = box.fill {
            set(fill)
            trace(box)
            cairo_fill(context)
        }
        if let stroke = box.stroke {
            set(stroke.colour)
            cairo_set_line_width(context, stroke.width * pointsPerMillimetre)
            trace(box)
            cairo_stroke(context)
        }
    }

    private func trace(_ box: Template.Box) {
        let scale = pointsPerMillimetre
        let (left, top) = (box.frame.x * scale, box.frame.y * scale)
        let (right, bottom) = (left + box.frame.width * scale, top + box.frame.height * scale)
        guard box.radius > 0 else { return cairo_rectangle(context, left, top, right - left, bottom - top) }
        let radius = box.radius * scale
        cairo_new_sub_path(context)
        cairo_arc(context, right - radius, top + radius, radius, -.pi / 2, 0)
        cairo_arc(context, right - radius, bottom - radius, radius, 0, .pi / 2)
        cairo_arc(context, left + radius, bottom - radius, radius, .pi / 2, .pi)
        cairo_arc(context, left + radius, top + radius, radius, .pi, .pi * 3 / 2)
        cairo_close_path(context)
    }

    private func paint(_ line: Template.Line) {
        set(line.colour)
        cairo_set_line_width(context, line.width * pointsPerMillimetre)
        cairo_move_to(context, line.from.x * pointsPerMillimetre, line.from.y * pointsPerMillimetre)
        cairo_line_to(context, line.to.x * pointsPerMillimetre, line.to.y * pointsPerMillimetre)
        cairo_stroke(context)
    }

    /// Clears a code's place, quiet zone included.
    func clear(_ code: PlacedCode) {
        let side = Double(code.side) * Self.dot
        cairo_rectangle(context, Double(code.left) * Self.dot, Double(code.top) * Self.dot, side, side)
        cairo_set_operator(context, isInk ? CAIRO_OPERATOR_CLEAR : CAIRO_OPERATOR_OVER)
        cairo_set_source_rgb(context, 1, 1, 1)
        cairo_fill(context)
        cairo_set_operator(context, CAIRO_OPERATOR_OVER)
    }

    /// Draws a code as a 1-bit mask, one bit a module: as rectangles it would take ten times as long and as much.
    func mask(_ code: PlacedCode) throws(RenderError) {
        let size = code.code.size
        let surface = cairo_image_surface_create(CAIRO_FORMAT_A1, Int32(size), Int32(size))
        defer { cairo_surface_destroy(surface) }
        guard let bits = cairo_image_surface_get_data(surface) else { throw .libraryFailure }
        let stride = Int(cairo_image_surface_get_stride(surface))
        cairo_surface_flush(surface)
        for y in 0..<size {
            for x in 0..<size where code.code.isDark(x, y) { bits[y * stride + x / 8] |= 1 << UInt8(x % 8) }
        }
        cairo_surface_mark_dirty(surface)
        let module = Double(code.dotsPerModule) * Self.dot
        cairo_save(context)
        cairo_translate(
            context, Double(code.left) * Self.dot + Double(code.quietZone) * module,
            Double(code.top) * Self.dot + Double(code.quietZone) * module)
        cairo_scale(context, module, module)
        let pattern = cairo_pattern_create_for_surface(surface)
        cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST)
        cairo_set_source_rgb(context, 0, 0, 0)
        cairo_mask(context, pattern)
        cairo_pattern_destroy(pattern)
        cairo_restore(context)
    }

    /// Lays the sample mark over the page, around the codes.
    func paint(_ mark: Template.SampleMark, _ text: SetText, page: Size, around codes: [PlacedCode]) {
        cairo_save(context)
        cairo_rectangle(context, 0, 0, page.width * pointsPerMillimetre, page.height * pointsPerMillimetre)
        for code in codes {
            let side = Double(code.side) * Self.dot
            cairo_rectangle(context, Double(code.left) * Self.dot, Double(code.top) * Self.dot, side, side)
        }
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
        cairo_clip(context)
        let colour = mark.colour
        if isInk {
            cairo_set_source_rgba(context, 0, 0, 0, colour.ink * mark.opacity)
        } else {
            cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, mark.opacity)
        }
        for centre in mark.centres {
            cairo_save(context)
            cairo_translate(context, centre.x * pointsPerMillimetre, centre.y * pointsPerMillimetre)
            cairo_rotate(context, mark.angle * .pi / 180)
            cairo_translate(context, -Template.SampleMark.frameWidth * pointsPerMillimetre / 2, -mark.size / 2)
            text.show(context)
            cairo_restore(context)
        }
        cairo_restore(context)
    }
}
