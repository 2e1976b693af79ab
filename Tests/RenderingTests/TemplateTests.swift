import Foundation
import Rendering
import TestSupport
import Testing

/// Templates.
@Suite struct TemplateTests {
    /// A template with one item of every type; each flaw below is one replacement in it.
    static let good = ##"""
        {
            "_comment": "a small page",
            "page": { "width": 80, "height": 80 },
            "title": "見本",
            "fonts": { "gothic": ["IPAexGothic"] },
            "styles": { "plain": { "font": "gothic", "size": 9, "color": "#102030" } },
            "items": [
                { "type": "box", "x": 2, "y": 2, "width": 76, "height": 76, "stroke": "#000000" },
                { "type": "line", "from": [2, 10], "to": [78, 10], "width": 0.2 },
                { "type": "text", "id": "name", "x": 4, "y": 4, "width": 70, "height": 5, "style": "plain", "text": "氏名 {name}" },
                { "type": "rows", "x": 4, "y": 12, "rowHeight": 5, "maximum": 2,
                  "items": [ { "type": "text", "id": "lot", "x": 0, "y": 0, "width": 40, "height": 5, "style": "plain", "text": "{lot}" } ] },
                { "type": "code", "id": "code", "code": "shc", "x": 20, "y": 30, "size": 40, "module": 0.508 }
            ],
            "sample": { "text": "見本", "font": "gothic", "size": 40, "color": "#c00000", "opacity": 0.1, "angle": -30, "at": [[40, 40]] }
        }
        """##

    /// Makes a renderer of one template in a folder of its own.
    private func load(_ template: String) throws -> PageRenderer {
        let folder = try TemporaryFolder()
        try folder.write("mini.json", Data(template.utf8))
        return try PageRenderer(templateFolder: folder.path)
    }

    @Test func `the repository's templates are in order`() throws {
        #expect(try Pages.renderer.get().templateNames == ["domestic", "overseas"])
    }

    @Test func `a template with an item of every type is taken`() throws {
        let code = try QRCode([.numeric("123")], level: .l)
        let page = PageContent(
            template: "mini", fields: ["name": "見本"], rows: [["lot": "1"]], codes: ["shc": code], isSample: false)
        #expect(try Pages.text(of: load(Self.good).renderPDF(page)).contains("氏名見本"))
    }

    static let flaws: [(from: String, to: String, item: String, field: String)] = [
        (#""page": {"#, #""page" {"#, "", ""),
        (#""title": "見本","#, "", "", "title"),
        (#""title": "見本","#, #""title": 3,"#, "", "title"),
        (#""title": "見本","#, #""title": "見本", "tittle": "見本","#, "", "tittle"),
        (#""width": 80"#, #""width": 8000"#, "page", "width"),
        (#""width": 80"#, #""width": "80""#, "page", "width"),
        (#"["IPAexGothic"]"#, "[]", "fonts", "gothic"),
        (#"["IPAexGothic"]"#, #"["No Such Font"]"#, "fonts", "gothic"),
        (#""font": "gothic", "size": 9"#, #""font": "mincho", "size": 9"#, #"styles "plain""#, "font"),
        (#""size": 9"#, #""size": 900"#, #"styles "plain""#, "size"),
        ("#102030", "#10203", #"styles "plain""#, "color"),
        (#""type": "box""#, #""type": "circle""#, "items[0]", "type"),
        (##", "stroke": "#000000""##, "", "items[0]", "fill"),
        (#""x": 2, "y": 2"#, #""x": 2, "y": 5"#, "items[0]", "height"),
        (#""from": [2, 10]"#, #""from": [2]"#, "items[1]", "from"),
        (#""to": [78, 10]"#, #""to": [78, 100]"#, "items[1]", "to"),
        (
            #""style": "plain", "text": "氏名 {name}""#, #""style": "bold", "text": "氏名 {name}""#, #"items[2] "name""#,
            "style"
        ),
        (
            #""height": 5, "style": "plain", "text": "氏名"#, #""height": 2, "style": "plain", "text": "氏名"#,
            #"items[2] "name""#, "height"
        ),
        ("{name}", "{name", #"items[2] "name""#, "text"),
        ("{name}", "{na-me}", #"items[2] "name""#, "text"),
        (#""text": "氏名 {name}""#, #""text": """#, #"items[2] "name""#, "text"),
        (#""text": "氏名 {name}""#, #""text": "{name}", "when": "code:""#, #"items[2] "name""#, "when"),
        (#""text": "氏名 {name}""#, #""text": "{name}", "lines": 1.5"#, #"items[2] "name""#, "lines"),
        (#""text": "氏名 {name}""#, #""text": "{name}", "minimumSize": 12"#, #"items[2] "name""#, "minimumSize"),
        (#""text": "氏名 {name}""#, #""text": "{name}", "valign": "center""#, #"items[2] "name""#, "valign"),
        ("氏名 {name}", "𓀀", "name", "text"),
        ("氏名 {name}", "とても長い文で、この幅にはどうしても収まらないため、切り捨てられるところだったもの", "name", "text"),
        (#""maximum": 2"#, #""maximum": 20"#, "items[3]", "maximum"),
        (
            #""width": 40, "height": 5, "style": "plain", "text": "{lot}""#,
            #""width": 40, "height": 6, "style": "plain", "text": "{lot}""#, #"items[3] items[0] "lot""#, "height"
        ),
        (#""module": 0.508"#, #""module": 0.5"#, #"items[4] "code""#, "module"),
        (#""module": 0.508"#, #""module": 0.6"#, #"items[4] "code""#, "module"),
        (#""module": 0.508"#, #""module": 0.508, "quietZone": 3"#, #"items[4] "code""#, "quietZone"),
        (#""size": 40, "module""#, #""size": 60, "module""#, #"items[4] "code""#, "size"),
        (#""y": 30, "size": 40"#, #""y": 20, "size": 40"#, "items[3]", "y"),
        (#", "at": [[40, 40]]"#, "", "sample", "at"),
        (#""opacity": 0.1"#, #""opacity": 1"#, "sample", "opacity"),
    ]

    @Test(arguments: flaws)
    func `each flaw is named with its file, item and field`(from: String, to: String, item: String, field: String)
        throws
    {
        #expect(Self.good.contains(from))
        let flawed = Self.good.replacingOccurrences(of: from, with: to)
        let error = try #require(throws: TemplateError.self) { try load(flawed) }
        #expect(error.file.hasSuffix("/mini.json"))
        #expect(error.item == item)
        #expect(error.field == field)
        #expect(!error.problem.isEmpty)
        #expect(error.description.hasSuffix(error.problem))
    }

    @Test func `a folder that is missing or empty is refused`() throws {
        #expect(throws: TemplateError.self) { try PageRenderer(templateFolder: "/nonexistent") }
        try withFolder { folder in
            #expect(throws: TemplateError.self) { try PageRenderer(templateFolder: folder) }
        }
    }
}
