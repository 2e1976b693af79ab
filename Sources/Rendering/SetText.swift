import CGlyphs
import CPango

/// A text set into its place: lines with their baselines, ready to be drawn on any surface.
final class SetText {
    /// A line with the place of its start on the baseline, in points from the page's corner.
    struct Line {
        let line: UnsafeMutablePointer<PangoLayoutLine>
        let x, y: Double
    }

    let lines: [Line]
    let colour: Colour
    private let layout: OpaquePointer
    private let fonts: FontBook

    fileprivate init(layout: OpaquePointer, fonts: FontBook, lines: [Line], colour: Colour) {
        self.layout = layout
        self.fonts = fonts
        self.lines = lines
        self.colour = colour
    }

    deinit { g_object_unref(UnsafeMutableRawPointer(layout)) }

    /// Draws the text in the context's current colour.
    func show(_ context: OpaquePointer) {
        let text = pango_layout_get_text(layout)
        for line in lines {
            akashi_faces_show_line(fonts.faces, UnsafeMutableRawPointer(context), line.line, text, line.x, line.y)
        }
    }
}

/// Points in a millimetre.
let pointsPerMillimetre = 72 / 25.4

/// Sets texts into places: shrinks and breaks them as the place allows, and refuses what does not fit.
struct TextSetter {
    let fonts: FontBook

    /// Where the baseline lies in the em square, from its top: Japanese fonts keep 0.88 above and 0.12 below.
    private static let ascent = 0.88

    /// A text in its place.
    ///
    /// - Parameters:
    ///   - item: the item's name, for errors.
    ///   - frame: the place, in millimetres.
    ///   - families: the style's font families, most wanted first.
    func set(
        _ text: String, item: String, place: Template.Text, frame: Rect, families: [String]
    ) throws(RenderError) -> SetText {
        let runs: [FontBook.Run]
        do { runs = try fonts.runs(of: text, families: families) } catch {
            switch error {
            case .unprintable: throw .unprintableCharacter(item: item)
            case .missingGlyph: throw .missingGlyph(item: item)
            }
        }
        guard let layout = pango_layout_new(fonts.context) else { throw .libraryFailure }
        pango_layout_set_single_paragraph_mode(layout, 1)
        pango_layout_set_auto_dir(layout, 0)
        pango_layout_set_text(layout, text, -1)
        let width = frame.width * pointsPerMillimetre
        let height = frame.height * pointsPerMillimetre
        guard
            let size = fit(
                layout, runs, place, width: width, height: height, family: families.first ?? ""),
            pango_layout_get_unknown_glyphs_count(layout) == 0
        else {
            let isMissing = pango_layout_get_unknown_glyphs_count(layout) != 0
            g_object_unref(UnsafeMutableRawPointer(layout))
            throw isMissing ? .missingGlyph(item: item) : .doesNotFit(item: item)
        }
        let pitch = size * place.style.lineHeight
        let count = Int(pango_layout_get_line_count(layout))
        let block = size + Double(count - 1) * pitch
        var top = frame.y * pointsPerMillimetre
        switch place.valign {
        case .top: break
        case .middle: top += (height - block) / 2
        case .bottom: top += height - block
        }
        let left = frame.x * pointsPerMillimetre
        let lines = (0..<count).compactMap { index -> SetText.Line? in
            guard let line = pango_layout_get_line_readonly(layout, Int32(index)) else { return nil }
            let free = width - Self.width(of: line)
            let shift = place.style.align == .left ? 0 : place.style.align == .right ? free : free / 2
            return SetText.Line(
                line: line, x: left + shift, y: top + Double(index) * pitch + size * Self.ascent)
        }
        return SetText(layout: layout, fonts: fonts, lines: lines, colour: place.style.colour)
    }

    /// The largest size with which the text fits its place, the layout left set in it; `nil` if there is none.
    private func fit(
        _ layout: OpaquePointer, _ runs: [FontBook.Run], _ place: Template.Text, width: Double, height: Double,
        family: String
    ) -> Double? {
        let style = place.style
        func apply(_ size: Double) {
            self.apply(layout, runs, size: size, tracking: style.tracking, family: family)
        }
        // Rounding to Pango's units (1/1024 point) may cost a hair's breadth.
        let slack = 0.05
        func isWithin(_ lines: Int, _ size: Double) -> Bool {
            let count = Int(pango_layout_get_line_count(layout))
            guard count <= lines, size + Double(count - 1) * size * style.lineHeight <= height + slack else {
                return false
            }
            return (0..<count).allSatisfy {
                guard let line = pango_layout_get_line_readonly(layout, Int32($0)) else { return false }
                return Self.width(of: line) <= width + slack
            }
        }
        apply(style.size)
        let natural = pango_layout_get_line_readonly(layout, 0).map(Self.width) ?? 0
        if isWithin(1, style.size) { return style.size }
        // A line that is a little smaller reads better than a word broken in two.
        let single = (style.size * width / natural * 100).rounded(.down) / 100
        if single >= (place.lines == 1 ? place.minimumSize : max(place.minimumSize, 0.8 * style.size)) - 1e-9,
            single <= style.size
        {
            apply(single)
            if isWithin(1, single) { return single }
        }
        guard place.lines > 1 else { return nil }
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        pango_layout_set_width(layout, Int32((width * Double(PANGO_SCALE)).rounded(.down)))
        // No size can do in which the text is longer than all lines together.
        var size = min(style.size, style.size * width * Double(place.lines) / max(natural, 1e-6))
        while size > place.minimumSize {
            apply(size)
            if isWithin(place.lines, size) {
                if style.align == .center {
                    balance(layout, natural: natural * size / style.size, width: width, size: size)
                }
                return size
            }
            size *= 0.96
        }
        apply(place.minimumSize)
        return isWithin(place.lines, place.minimumSize) ? place.minimumSize : nil
    }

    /// Evens out the lines of a centred text: the narrowest width, in steps of half a character, that takes no more lines.
    private func balance(_ layout: OpaquePointer, natural: Double, width: Double, size: Double) {
        let count = pango_layout_get_line_count(layout)
        var narrow = natural / Double(count)
        while narrow < width {
            pango_layout_set_width(layout, Int32((narrow * Double(PANGO_SCALE)).rounded(.up)))
            if pango_layout_get_line_count(layout) <= count { return }
            narrow += size / 2
        }
        pango_layout_set_width(layout, Int32((width * Double(PANGO_SCALE)).rounded(.down)))
    }

    private func apply(
        _ layout: OpaquePointer, _ runs: [FontBook.Run], size: Double, tracking: Double, family: String
    ) {
        let units = size * Double(PANGO_SCALE)
        let description = pango_font_description_new()
        pango_font_description_set_family(description, family)
        pango_font_description_set_size(description, Int32(units))
        pango_layout_set_font_description(layout, description)
        pango_font_description_free(description)
        let attributes = pango_attr_list_new()
        // Pango may choose no font by itself: what no family of the style has was refused before.
        pango_attr_list_insert(attributes, pango_attr_fallback_new(0))
        // A number or name broken between two characters must not seem to have a hyphen.
        pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(0))
        if tracking > 0 { pango_attr_list_insert(attributes, pango_attr_letter_spacing_new(Int32(units * tracking))) }
        // A remark in brackets goes to the next line as a whole if it can.
        if let text = pango_layout_get_text(layout), let remark = Self.brackets(in: String(cString: text)) {
            if let attribute = pango_attr_allow_breaks_new(0) {
                attribute.pointee.start_index = UInt32(remark.lowerBound)
                attribute.pointee.end_index = UInt32(remark.upperBound)
                pango_attr_list_insert(attributes, attribute)
            }
        }
        for run in runs where run.family != family {
            guard let attribute = pango_attr_family_new(run.family) else { continue }
            attribute.pointee.start_index = UInt32(run.start)
            attribute.pointee.end_index = UInt32(run.end)
            pango_attr_list_insert(attributes, attribute)
        }
        pango_layout_set_attributes(layout, attributes)
        pango_attr_list_unref(attributes)
    }

    /// Where a remark in full-width brackets stands in the text's UTF-8.
    private static func brackets(in text: String) -> Range<Int>? {
        guard let open = text.firstIndex(of: "（"), let close = text.lastIndex(of: "）"), open < close else { return nil }
        let start = text.utf8.distance(from: text.startIndex, to: open)
        return start..<text.utf8.distance(from: text.startIndex, to: text.index(after: close))
    }

    private static func width(of line: UnsafeMutablePointer<PangoLayoutLine>) -> Double {
        var logical = PangoRectangle()
        pango_layout_line_get_extents(line, nil, &logical)
        return Double(logical.width) / Double(PANGO_SCALE)
    }
}
