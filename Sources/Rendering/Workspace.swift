/// What one render needs for itself: fonts, the fixed texts set in them, and a plane to draw on.
///
/// Unchecked because it holds Pango and Cairo objects: ``PageRenderer`` hands each workspace to one call at a time.
final class Workspace: @unchecked Sendable {
    private let fonts: FontBook
    private var fixed: [String: (scene: Scene, sample: SetText)] = [:]
    private var plane: InkPlane?

    /// A page's layout, for both kinds of file.
    struct Layout {
        let fixed, filled: Scene
        let sample: SetText?
    }

    init?() {
        guard let fonts = FontBook() else { return nil }
        self.fonts = fonts
    }

    /// Checks what a template can only be wrong about in company of the fonts, and draws what is fixed.
    func prepare(_ template: Template) throws(TemplateError) -> PreparedTemplate {
        for (name, families) in template.fonts {
            guard let first = families.first, fonts.face(first) != nil else {
                throw TemplateError(
                    file: template.file, item: "fonts", field: name,
                    problem: "the family \(families.first ?? "") is not installed")
            }
        }
        do {
            let plane = InkPlane(page: template.page)
            let (scene, sample) = try fixedParts(of: template)
            try plane.draw { context in Painter(context: context, isInk: true).paint(scene) }
            let plain = try plane.prepared()
            // Dark ink on ink comes out the same whichever is drawn first, and codes cover their place: the mark, which
            // takes longer than all the text, is drawn once.
            try plane.draw { context in
                Painter(context: context, isInk: true).paint(template.sample, sample, page: template.page, around: [])
            }
            return PreparedTemplate(template: template, plain: plain, sample: try plane.prepared())
        } catch {
            throw Self.explain(error, template)
        }
    }

    private static func explain(_ error: RenderError, _ template: Template) -> TemplateError {
        let (item, problem) =
            switch error {
            case .doesNotFit(let item): (item, "does not fit its place")
            case .missingGlyph(let item): (item, "has a character that its fonts lack")
            case .unprintableCharacter(let item): (item, "has a character that cannot be printed")
            default: ("", "could not be drawn (\(error.code))")
            }
        return TemplateError(file: template.file, item: item, field: item.isEmpty ? "" : "text", problem: problem)
    }

    private func fixedParts(of template: Template) throws(RenderError) -> (scene: Scene, sample: SetText) {
        if let known = fixed[template.name] { return known }
        let composer = Composer(template: template, setter: TextSetter(fonts: fonts))
        let parts = (scene: try composer.fixed(), sample: try composer.sample())
        fixed[template.name] = parts
        return parts
    }

    func layout(_ prepared: PreparedTemplate, _ content: PageContent) throws(RenderError) -> Layout {
        let parts = try fixedParts(of: prepared.template)
        let composer = Composer(template: prepared.template, setter: TextSetter(fonts: fonts))
        return Layout(
            fixed: parts.scene, filled: try composer.filled(content), sample: content.isSample ? parts.sample : nil)
    }

    /// Throws why a page with these texts and codes could not be made, before the codes are there.
    func check(_ prepared: PreparedTemplate, _ content: PageContent, beside codes: Set<String>) throws(RenderError) {
        try Composer(template: prepared.template, setter: TextSetter(fonts: fonts)).check(content, beside: codes)
    }

    func pdf(_ prepared: PreparedTemplate, _ layout: Layout) throws(RenderError) -> [UInt8] {
        try PDFFile.make(page: prepared.template.page, title: prepared.template.title) { context throws(RenderError) in
            let painter = Painter(context: context, isInk: false)
            painter.paint(layout.fixed)
            painter.paint(layout.filled)
            for code in layout.filled.codes {
                painter.clear(code)
                try painter.mask(code)
            }
            guard let sample = layout.sample else { return }
            painter.paint(prepared.template.sample, sample, page: prepared.template.page, around: layout.filled.codes)
        }
    }

    func png(_ prepared: PreparedTemplate, _ layout: Layout) throws(RenderError) -> [UInt8] {
        let plane = plane(for: prepared)
        let ink = layout.sample == nil ? prepared.plain : prepared.sample
        plane.copy(ink)
        try plane.draw { context in Painter(context: context, isInk: true).paint(layout.filled) }
        for code in layout.filled.codes { try plane.paint(code) }
        return try plane.png(on: ink)
    }

    private func plane(for prepared: PreparedTemplate) -> InkPlane {
        let wanted = InkPlane.size(of: prepared.template.page)
        if let plane, plane.width == wanted.width, plane.height == wanted.height { return plane }
        let fresh = InkPlane(page: prepared.template.page)
        plane = fresh
        return fresh
    }
}
