/// Turns a template and a page's content into scenes.
struct Composer {
    let template: Template
    let setter: TextSetter

    /// What every page of the template has: boxes, lines and texts without placeholders or conditions.
    func fixed() throws(RenderError) -> Scene {
        var scene = Scene()
        for item in template.items where item.condition == nil {
            switch item.shape {
            case .rows(let rows):
                for row in 0..<rows.maximum {
                    for item in rows.items where item.condition == nil {
                        add(item.shape, at: rows.origin(of: row), to: &scene)
                    }
                }
            case .text(let text):
                if let fixed = text.fixed { scene.texts.append(try set(fixed, text, item.name, at: .zero)) }
            default: add(item.shape, at: .zero, to: &scene)
            }
        }
        return scene
    }

    /// What this page has besides.
    func filled(_ content: PageContent) throws(RenderError) -> Scene {
        try filled(content, beside: Set(content.codes.keys)) { place, scene throws(RenderError) in
            try add(place, content, to: &scene)
        }
    }

    /// Throws what of the texts has no place or no glyph on a page with these codes, none of which is made yet.
    func check(_ content: PageContent, beside codes: Set<String>) throws(RenderError) {
        _ = try filled(content, beside: codes) { _, _ in }
    }

    private func filled(
        _ content: PageContent, beside codes: Set<String>,
        place: (Template.CodePlace, inout Scene) throws(RenderError) -> Void
    ) throws(RenderError) -> Scene {
        var scene = Scene()
        for item in template.items {
            guard holds(item.condition, content, codes, row: [:]) else { continue }
            switch item.shape {
            case .text(let text):
                if text.fixed == nil || item.condition != nil {
                    try add(text, item.name, content, row: [:], at: .zero, to: &scene)
                }
            case .code(let code):
                guard codes.contains(code.code) || !code.isRequired else { throw .missingCode(code.code) }
                try place(code, &scene)
            case .rows(let rows): try add(rows, content, codes, to: &scene)
            case .line, .box: if item.condition != nil { add(item.shape, at: .zero, to: &scene) }
            }
        }
        if let stray = codes.filter({ !template.places($0) }).min() { throw .unexpectedCode(stray) }
        return scene
    }

    /// The sample mark, set around the origin of a frame 1,000 mm wide.
    func sample() throws(RenderError) -> SetText {
        let mark = template.sample
        let style = Template.Style(
            font: mark.font, size: mark.size, tracking: 0.1, lineHeight: 1, colour: mark.colour, align: .center)
        let frame = Rect(x: 0, y: 0, width: Template.SampleMark.frameWidth, height: mark.size)
        let text = Template.Text(
            frame: frame, style: style, pieces: [.literal(mark.text)], lines: 1, minimumSize: mark.size, valign: .top)
        return try set(mark.text, text, "sample", at: .zero)
    }

    private func holds(
        _ condition: Template.Condition?, _ content: PageContent, _ codes: Set<String>, row: [String: String]
    ) -> Bool {
        guard let condition else { return true }
        let isThere: Bool
        switch condition.subject {
        case .field(let name): isThere = !(row[name] ?? content.fields[name] ?? "").isEmpty
        case .code(let name): isThere = codes.contains(name)
        }
        return isThere != condition.negated
    }

    private func add(_ shape: Template.Shape, at origin: Point, to scene: inout Scene) {
        switch shape {
        case .box(let box):
            scene.boxes.append(
                Template.Box(frame: box.frame.moved(by: origin), radius: box.radius, fill: box.fill, stroke: box.stroke)
            )
        case .line(let line):
            scene.lines.append(
                Template.Line(
                    from: line.from.moved(by: origin), to: line.to.moved(by: origin), width: line.width,
                    colour: line.colour))
        default: break
        }
    }

    private func add(
        _ text: Template.Text, _ name: String, _ content: PageContent, row: [String: String], at origin: Point,
        to scene: inout Scene
    ) throws(RenderError) {
        var filled = ""
        for piece in text.pieces {
            switch piece {
            case .literal(let literal): filled += literal
            case .field(let field):
                guard let value = row[field] ?? content.fields[field] else {
                    throw .missingField(item: name, field: field)
                }
                filled += value
            }
        }
        if !filled.isEmpty { scene.texts.append(try set(filled, text, name, at: origin)) }
    }

    private func add(
        _ rows: Template.Rows, _ content: PageContent, _ codes: Set<String>, to scene: inout Scene
    ) throws(RenderError) {
        guard content.rows.count <= rows.maximum else {
            throw .tooManyRows(count: content.rows.count, limit: rows.maximum)
        }
        for (index, row) in content.rows.enumerated() {
            for item in rows.items where holds(item.condition, content, codes, row: row) {
                if case .text(let text) = item.shape {
                    try add(
                        text, "\(item.name) of row \(index + 1)", content, row: row, at: rows.origin(of: index),
                        to: &scene)
                } else if item.condition != nil {
                    add(item.shape, at: rows.origin(of: index), to: &scene)
                }
            }
        }
        guard content.rows.count < rows.maximum else { return }
        for item in rows.empty where holds(item.condition, content, codes, row: [:]) {
            guard case .text(let text) = item.shape else { continue }
            try add(text, item.name, content, row: [:], at: rows.origin(of: content.rows.count), to: &scene)
        }
    }

    private func add(_ place: Template.CodePlace, _ content: PageContent, to scene: inout Scene) throws(RenderError) {
        guard let code = content.codes[place.code] else { return }
        guard code.size <= place.limit else { throw .codeTooLarge(place.code, modules: code.size, limit: place.limit) }
        let dotsPerMillimetre = PageRenderer.dotsPerInch / 25.4
        let free = place.size - Double(code.size + 2 * place.quietZone) * place.module
        let shift = place.align == .left ? 0 : place.align == .right ? free : free / 2
        scene.codes.append(
            PlacedCode(
                code: code, quietZone: place.quietZone, left: Int(((place.x + shift) * dotsPerMillimetre).rounded()),
                top: Int((place.y * dotsPerMillimetre).rounded()),
                dotsPerModule: Int((place.module * dotsPerMillimetre).rounded())))
    }

    private func set(
        _ text: String, _ place: Template.Text, _ name: String, at origin: Point
    ) throws(RenderError) -> SetText {
        try setter.set(
            text, item: name, place: place, frame: place.frame.moved(by: origin),
            families: template.fonts[place.style.font] ?? [])
    }
}

extension Point {
    static let zero = Point(x: 0, y: 0)

    func moved(by offset: Point) -> Point { Point(x: x + offset.x, y: y + offset.y) }
}

extension Template.SampleMark {
    static let frameWidth = 1000.0
}

extension Template {
    /// Whether the template has a place for a code.
    func places(_ code: String) -> Bool {
        items.contains { if case .code(let place) = $0.shape { place.code == code } else { false } }
    }
}
