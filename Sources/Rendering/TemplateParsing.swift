import Foundation

extension Template {
    /// Longest side of a page, in millimetres (A3).
    private static let maximumSide = 420.0

    /// Reads one template file; at most 1 MiB.
    init(file: String, name: String, bytes: Data) throws(TemplateError) {
        guard bytes.count <= 1 << 20 else { throw TemplateError(file: file, problem: "is longer than 1 MiB") }
        let json: JSONValue
        do { json = try JSONDecoder().decode(JSONValue.self, from: bytes) } catch {
            throw TemplateError(file: file, problem: "is not JSON: \(Self.explain(error))")
        }
        var reader = try TemplateReader(file: file, item: "", json)
        let page = try Self.page(&reader)
        let fonts = try Self.fonts(&reader)
        let title = try reader.string("title")
        var parser = ItemParser(file: file, page: page, styles: try Self.styles(&reader, fonts: fonts))
        let items = try parser.items(
            reader.list("items"), within: Rect(x: 0, y: 0, width: page.width, height: page.height))
        let sample = try Self.sample(reader.object("sample"), page: page, fonts: fonts)
        try reader.finish()
        try Self.checkCodesAreFree(items, file: file)
        (self.name, self.file, self.page, self.title) = (name, file, page, title)
        (self.fonts, self.items, self.sample) = (fonts, items, sample)
    }

    /// A code's place belongs to the code: a text that could come to lie in it would be cut off.
    private static func checkCodesAreFree(_ items: [Item], file: String) throws(TemplateError) {
        for code in items {
            guard case .code(let place) = code.shape else { continue }
            let area = Rect(x: place.x, y: place.y, width: place.size, height: place.size)
            for item in items where !item.excludes(code) {
                guard item.textFrames.contains(where: { $0.intersects(area) }) else { continue }
                throw TemplateError(
                    file: file, item: item.name, field: "y", problem: "overlaps the place of the code \(place.code)")
            }
        }
    }

    private static func explain(_ error: any Error) -> String {
        guard case DecodingError.dataCorrupted(let context) = error else { return "it has a value of no known kind" }
        guard let inner = context.underlyingError as NSError? else { return context.debugDescription }
        return inner.userInfo["NSDebugDescription"] as? String ?? context.debugDescription
    }

    private static func page(_ reader: inout TemplateReader) throws(TemplateError) -> Size {
        var page = try reader.object("page")
        let size = Size(
            width: try page.number("width", in: 50...maximumSide),
            height: try page.number("height", in: 50...maximumSide))
        try page.finish()
        return size
    }

    private static func fonts(_ reader: inout TemplateReader) throws(TemplateError) -> [String: [String]] {
        var fonts = try reader.object("fonts")
        var families: [String: [String]] = [:]
        for (name, _) in try reader.map("fonts") { families[name] = try fonts.strings(name) }
        try fonts.finish()
        return families
    }

    private static func styles(
        _ reader: inout TemplateReader, fonts: [String: [String]]
    ) throws(TemplateError) -> [String: Style] {
        var styles: [String: Style] = [:]
        for (name, value) in try reader.map("styles") {
            var style = try TemplateReader(file: reader.file, item: "styles \"\(name)\"", value)
            let font = try style.string("font")
            guard fonts[font] != nil else {
                throw style.error("font", "must be one of \(fonts.keys.sorted().joined(separator: ", "))")
            }
            styles[name] = Style(
                font: font, size: try style.number("size", in: 4...120),
                tracking: try style.number("tracking", in: 0...2, default: 0),
                lineHeight: try style.number("lineHeight", in: 1...3, default: 1.5),
                colour: try style.colour("color", default: .black),
                align: try style.choice("align", default: Align.left))
            try style.finish()
        }
        return styles
    }

    private static func sample(
        _ reader: consuming TemplateReader, page: Size, fonts: [String: [String]]
    ) throws(TemplateError) -> SampleMark {
        let font = try reader.string("font")
        guard fonts[font] != nil else {
            throw reader.error("font", "must be one of \(fonts.keys.sorted().joined(separator: ", "))")
        }
        let text = try reader.string("text")
        guard !text.isEmpty else { throw reader.error("text", "is empty") }
        let mark = SampleMark(
            text: text, font: font, size: try reader.number("size", in: 20...200),
            angle: try reader.number("angle", in: -90...90), opacity: try reader.number("opacity", in: 0.02...0.5),
            colour: try reader.colour("color"), centres: try reader.points("at", within: page))
        try reader.finish()
        return mark
    }
}

extension Template.Item {
    /// Whether two items are never drawn together.
    fileprivate func excludes(_ other: Template.Item) -> Bool {
        guard let condition, let theirs = other.condition else { return false }
        return condition.subject == theirs.subject && condition.negated != theirs.negated
    }

    /// Where the item may set text on the page.
    fileprivate var textFrames: [Rect] {
        switch shape {
        case .text(let text): [text.frame]
        case .rows(let rows):
            (rows.items + rows.empty).flatMap { item in
                (0..<rows.maximum).flatMap { row in item.textFrames.map { $0.moved(by: rows.origin(of: row)) } }
            }
        case .line, .box, .code: []
        }
    }
}

extension Rect {
    fileprivate func intersects(_ other: Rect) -> Bool {
        x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }
}

/// Reads the items of a page or of a repeated row.
private struct ItemParser {
    let file: String
    let page: Size
    let styles: [String: Template.Style]
    var isInRow = false

    mutating func items(
        _ list: [(name: String, value: JSONValue)], within area: Rect
    ) throws(TemplateError) -> [Template.Item] {
        var items: [Template.Item] = []
        for (name, value) in list {
            var reader = try TemplateReader(file: file, item: name, value)
            let id = try reader.string("id", default: "")
            let condition = try condition(&reader)
            let shape = try shape(&reader, within: area)
            try reader.finish()
            items.append(Template.Item(name: id.isEmpty ? name : id, condition: condition, shape: shape))
        }
        return items
    }

    private func condition(_ reader: inout TemplateReader) throws(TemplateError) -> Template.Condition? {
        guard reader.has("when") else { return nil }
        let text = try reader.string("when")
        let negated = text.hasPrefix("!")
        let rest = String(negated ? text.dropFirst() : text[...])
        let isCode = rest.hasPrefix("code:")
        let name = isCode ? String(rest.dropFirst(5)) : rest
        guard Self.isName(name) else { throw reader.error("when", "must be field, !field, code:name or !code:name") }
        return Template.Condition(subject: isCode ? .code(name) : .field(name), negated: negated)
    }

    private mutating func shape(_ reader: inout TemplateReader, within area: Rect) throws(TemplateError)
        -> Template.Shape
    {
        let type = try reader.string("type")
        switch type {
        case "text": return .text(try text(&reader, within: area))
        case "line": return .line(try line(&reader, within: area))
        case "box": return .box(try box(&reader, within: area))
        case "code" where !isInRow: return .code(try code(&reader, within: area))
        case "rows" where !isInRow: return .rows(try rows(&reader))
        default:
            throw reader.error("type", "must be one of text, line, box" + (isInRow ? " in a row" : ", code, rows"))
        }
    }

    private func frame(_ reader: inout TemplateReader, within area: Rect) throws(TemplateError) -> Rect {
        let frame = Rect(
            x: try reader.number("x", in: 0...area.width), y: try reader.number("y", in: 0...area.height),
            width: try reader.number("width", in: 0.1...area.width),
            height: try reader.number("height", in: 0.1...area.height))
        try check(frame, within: area, reader)
        return frame
    }

    private func check(_ frame: Rect, within area: Rect, _ reader: TemplateReader) throws(TemplateError) {
        let place = isInRow ? "row" : "page"
        guard frame.x + frame.width <= area.width + 1e-6 else {
            throw reader.error("width", "goes beyond the \(place)")
        }
        guard frame.y + frame.height <= area.height + 1e-6 else {
            throw reader.error("height", "goes beyond the \(place)")
        }
    }

    private func text(_ reader: inout TemplateReader, within area: Rect) throws(TemplateError) -> Template.Text {
        let frame = try frame(&reader, within: area)
        let name = try reader.string("style")
        guard let style = styles[name] else {
            throw reader.error("style", "must be one of \(styles.keys.sorted().joined(separator: ", "))")
        }
        guard frame.height * 72 / 25.4 >= style.size - 0.01 else {
            throw reader.error("height", "is less than one line of the style (\(style.size) points)")
        }
        let text = try reader.string("text")
        guard let pieces = Self.pieces(of: text), !pieces.isEmpty else {
            throw reader.error("text", "is empty, or has a brace that belongs to no {placeholder}")
        }
        return Template.Text(
            frame: frame, style: style, pieces: pieces, lines: try reader.whole("lines", in: 1...40, default: 1),
            minimumSize: try reader.number("minimumSize", in: 4...style.size, default: style.size),
            valign: try reader.choice("valign", default: Template.VerticalAlign.top))
    }

    private func line(_ reader: inout TemplateReader, within area: Rect) throws(TemplateError) -> Template.Line {
        let size = Size(width: area.width, height: area.height)
        return Template.Line(
            from: try reader.point("from", within: size), to: try reader.point("to", within: size),
            width: try reader.number("width", in: 0.02...10), colour: try reader.colour("color", default: .black))
    }

    private func box(_ reader: inout TemplateReader, within area: Rect) throws(TemplateError) -> Template.Box {
        let frame = try frame(&reader, within: area)
        let fill = reader.has("fill") ? try reader.colour("fill") : nil
        var stroke: (colour: Colour, width: Double)?
        if reader.has("stroke") {
            stroke = (try reader.colour("stroke"), try reader.number("strokeWidth", in: 0.02...10, default: 0.2))
        }
        guard fill != nil || stroke != nil else { throw reader.error("fill", "is missing, and so is stroke") }
        let radius = try reader.number("radius", in: 0...(min(frame.width, frame.height) / 2), default: 0)
        return Template.Box(frame: frame, radius: radius, fill: fill, stroke: stroke)
    }

    private func code(_ reader: inout TemplateReader, within area: Rect) throws(TemplateError) -> Template.CodePlace {
        let x = try reader.number("x", in: 0...area.width)
        let y = try reader.number("y", in: 0...area.height)
        let size = try reader.number("size", in: 10...200)
        guard x + size <= area.width, y + size <= area.height else {
            throw reader.error("size", "goes beyond the page")
        }
        let module = try reader.number("module", in: 0.508...2)
        let dots = module * PageRenderer.dotsPerInch / 25.4
        guard abs(dots - dots.rounded()) < 1e-6 else { throw reader.error("module", "must be a multiple of 0.127 mm") }
        let place = Template.CodePlace(
            code: try reader.string("code"), x: x, y: y, size: size, module: module,
            quietZone: try reader.whole("quietZone", in: 4...16, default: 4),
            isRequired: try reader.bool("required", default: true),
            align: try reader.choice("align", default: Template.Align.left))
        guard Self.isName(place.code) else { throw reader.error("code", "must be a name of letters and digits") }
        guard place.limit >= 21 else { throw reader.error("size", "has no room for a code") }
        return place
    }

    private mutating func rows(_ reader: inout TemplateReader) throws(TemplateError) -> Template.Rows {
        let x = try reader.number("x", in: 0...page.width)
        let y = try reader.number("y", in: 0...page.height)
        let height = try reader.number("rowHeight", in: 2...100)
        let maximum = try reader.whole("maximum", in: 1...50)
        guard y + height * Double(maximum) <= page.height else { throw reader.error("maximum", "goes beyond the page") }
        isInRow = true
        defer { isInRow = false }
        let area = Rect(x: 0, y: 0, width: page.width - x, height: height)
        let items = try self.items(reader.list("items"), within: area)
        let empty = reader.has("emptyText") ? try self.items(reader.list("emptyText"), within: area) : []
        return Template.Rows(x: x, y: y, height: height, maximum: maximum, items: items, empty: empty)
    }

    /// The pieces of a text: `{name}` is a field, everything else stands for itself; `nil` if the braces are wrong.
    private static func pieces(of text: String) -> [Template.Text.Piece]? {
        var pieces: [Template.Text.Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else { return nil }
            let name = String(rest[rest.index(after: open)..<close])
            guard isName(name) else { return nil }
            if open > rest.startIndex { pieces.append(.literal(String(rest[..<open]))) }
            pieces.append(.field(name))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        return pieces
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }
}
