import CGlyphs
import CPango

/// The fonts of a template, opened once, and what is needed to set text with them.
///
/// One render at a time: Pango's and HarfBuzz's objects are not for several threads at once.
final class FontBook {
    /// A family that was found, opened at a size of no importance to ask which characters it has.
    struct Face {
        let family: String
        fileprivate let font: UnsafeMutablePointer<PangoFont>
        fileprivate let glyphs: OpaquePointer
    }

    let context: OpaquePointer
    /// The same fonts, opened for drawing.
    let faces: OpaquePointer
    private let map: UnsafeMutablePointer<PangoFontMap>
    private var known: [String: Face?] = [:]

    init?() {
        guard let map = pango_cairo_font_map_new() else { return nil }
        guard let context = pango_font_map_create_context(map) else {
            g_object_unref(map)
            return nil
        }
        guard let faces = akashi_faces_new() else {
            g_object_unref(UnsafeMutableRawPointer(context))
            g_object_unref(map)
            return nil
        }
        self.map = map
        self.context = context
        self.faces = faces
        // One unit is one point on every surface, and glyphs keep their ideal widths: the PDF and the picture agree.
        pango_cairo_font_map_set_resolution(OpaquePointer(map), 72)
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        pango_cairo_context_set_font_options(context, options)
        cairo_font_options_destroy(options)
        pango_context_set_round_glyph_positions(context, 0)
        pango_context_set_language(context, pango_language_from_string("ja"))
        pango_context_set_base_dir(context, PANGO_DIRECTION_LTR)
    }

    deinit {
        for case .some(let face) in known.values { g_object_unref(face.font) }
        akashi_faces_free(faces)
        g_object_unref(UnsafeMutableRawPointer(context))
        g_object_unref(map)
    }

    /// The face of a family; `nil` if the family is not installed (fontconfig would hand out another one).
    func face(_ family: String) -> Face? {
        if let face = known[family] { return face }
        let face = open(family)
        known[family] = .some(face)
        return face
    }

    private func open(_ family: String) -> Face? {
        guard let description = pango_font_description_new() else { return nil }
        defer { pango_font_description_free(description) }
        pango_font_description_set_family(description, family)
        pango_font_description_set_size(description, 10 * PANGO_SCALE)
        guard let font = pango_font_map_load_font(map, context, description) else { return nil }
        guard let found = pango_font_describe(font) else {
            g_object_unref(font)
            return nil
        }
        defer { pango_font_description_free(found) }
        guard let name = pango_font_description_get_family(found), String(cString: name) == family,
            let glyphs = pango_font_get_hb_font(font)
        else {
            g_object_unref(font)
            return nil
        }
        return Face(family: family, font: font, glyphs: glyphs)
    }

    /// A stretch of a text's UTF-8 that one family sets.
    struct Run: Equatable {
        let family: String
        var start, end: Int
    }

    /// What is wrong with a character.
    enum Refusal: Error { case unprintable, missingGlyph }

    /// Divides a text among families: each character goes to the first that has its glyph. A character with a variation
    /// selector goes to the first that has that very variant, so that a name keeps the form it is registered in; where no
    /// family has it, the standard form stands for it (Unicode Technical Standard #37, 3).
    func runs(of text: String, families: [String]) throws(Refusal) -> [Run] {
        var runs: [Run] = []
        var offset = 0
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            guard Self.isPrintable(scalar) else { throw .unprintable }
            var length = UTF8.width(scalar)
            var variant: Unicode.Scalar?
            if let next = scalars.first, next.properties.isVariationSelector {
                scalars.removeFirst()
                length += UTF8.width(next)
                variant = next
            }
            guard
                let family = families.first(where: { has(scalar, variant, $0) })
                    ?? families.first(where: { has(scalar, nil, $0) })
            else { throw .missingGlyph }
            if let last = runs.indices.last, runs[last].family == family {
                runs[last].end += length
            } else {
                runs.append(Run(family: family, start: offset, end: offset + length))
            }
            offset += length
        }
        return runs
    }

    private func has(_ scalar: Unicode.Scalar, _ variant: Unicode.Scalar?, _ family: String) -> Bool {
        guard let face = face(family) else { return false }
        var glyph: hb_codepoint_t = 0
        if let variant { return hb_font_get_variation_glyph(face.glyphs, scalar.value, variant.value, &glyph) != 0 }
        return hb_font_get_nominal_glyph(face.glyphs, scalar.value, &glyph) != 0
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        // The characters that nearly every text is made of need no look into the tables.
        if (0x20..<0x7F).contains(scalar.value) || (0x3000..<0x9FF0).contains(scalar.value) { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }
}
