import Foundation
import Rendering
import Scanning
import TestSupport
import Testing

/// Reading codes from pictures and documents.
@Suite struct ScanningTests {
    /// A page of 50 mm with one small code and nothing else: quick to draw and without fonts.
    private static func smallPage() throws -> RenderedPage {
        let folder = try TemporaryFolder()
        let template = #"""
            {"page": {"width": 50, "height": 50}, "title": "", "fonts": {"gothic": ["IPAexGothic"]},
             "styles": {"plain": {"font": "gothic", "size": 9}},
             "items": [{"type": "code", "code": "shc", "x": 10, "y": 10, "size": 30, "module": 0.762}],
             "sample": {"text": "見本", "font": "gothic", "size": 20, "color": "#c00000", "opacity": 0.1, "angle": 0, "at": [[25, 25]]}}
            """#
        try folder.write("small.json", Data(template.utf8))
        let code = try QRCode([.bytes("shc:/"), .numeric("0123456789")], level: .m)
        let content = PageContent(template: "small", fields: [:], rows: [], codes: ["shc": code], isSample: false)
        return try PageRenderer(templateFolder: folder.path).render(content)
    }

    private static let smallText = "shc:/0123456789"

    /// The page as other programs' pictures of it.
    private static func picture(_ pdf: [UInt8], tool: String = "pdftoppm", _ options: [String]) throws -> [UInt8] {
        try Tool.run(tool, options + ["-"] + (tool == "pdftocairo" ? ["-"] : []), input: pdf)
    }

    @Test(arguments: [0.0, 3, -3, 90, 180])
    func `a page turned by three degrees and slightly out of focus is still read`(degrees: Double) throws {
        let code = try Pages.card(length: 1195)
        let image = try Scanning.grayImage(fromPNG: code.png(pixelsPerModule: 4, quietZone: 12))
        let changed = try #require(image.turned(by: degrees)?.blurred())
        #expect(try Scanning.codes(in: changed).map(\.text) == [Pages.cardText(length: 1195)])
    }

    @Test(arguments: [
        ("pdftoppm", ["-r", "150", "-png"]), ("pdftoppm", ["-r", "150", "-png", "-gray"]),
        ("pdftoppm", ["-r", "150", "-png", "-mono"]),
        ("pdftocairo", ["-r", "150", "-png", "-transp", "-singlefile"]), ("pdftoppm", ["-r", "150", "-jpeg"]),
        ("pdftoppm", ["-r", "150", "-jpeg", "-jpegopt", "progressive=y,quality=60"]),
        ("pdftoppm", ["-r", "150", "-jpeg", "-gray"]),
    ])
    func `colour, transparency, gray and JPEG are read alike`(tool: String, options: [String]) throws {
        let picture = try Self.picture(Self.smallPage().pdf, tool: tool, options)
        #expect(try Scanning.codes(in: picture).map(\.text) == [Self.smallText])
    }

    /// EAN-13 (GS1 General Specifications 5.2.1) of 5901234123457, a column a module.
    private static let linear = Array(
        "10100010110100111011001100100110111101001110101010110011011011001000010101110010011101000100101".utf8)

    @Test func `other symbols than QR codes are not read, and hide none`() throws {
        let code = try Scanning.grayImage(fromPNG: QRCode([.numeric("42")], level: .m).png(pixelsPerModule: 4))
        // A bar code of other goods under the code, three pixels a module.
        let width = max(code.width, Self.linear.count * 3 + 80)
        var pixels: [UInt8] = []
        for row in 0..<code.height {
            pixels += code.pixels[row * code.width..<(row + 1) * code.width]
            pixels += [UInt8](repeating: 255, count: width - code.width)
        }
        let bars =
            [UInt8](repeating: 255, count: 40)
            + Self.linear.flatMap { [UInt8](repeating: $0 == UInt8(ascii: "1") ? 0 : 255, count: 3) }
        let line = bars + [UInt8](repeating: 255, count: width - bars.count)
        for _ in 0..<100 { pixels += line }
        pixels += [UInt8](repeating: 255, count: width * 40)
        let image = try #require(GrayImage(width: width, height: pixels.count / width, pixels: pixels))
        for expected in [1, Scanning.maximumCodes] {
            #expect(try Scanning.codes(in: image, expecting: expected).map(\.text) == ["42"])
        }
        let alone = try #require(
            GrayImage(
                width: width, height: 140,
                pixels: (0..<100).flatMap { _ in line } + [UInt8](repeating: 255, count: width * 40)))
        for expected in [1, Scanning.maximumCodes] {
            #expect(try Scanning.codes(in: alone, expecting: expected).isEmpty)
        }
    }

    @Test func `every reader of codes in this repository asks for QR codes alone`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var calls = 0
        for folder in ["Sources", "Tests", "kiosk-sim"] {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            for path in paths where [".py", ".cpp", ".js"].contains(where: path.hasSuffix) {
                let text = try String(contentsOf: root.appendingPathComponent("\(folder)/\(path)"), encoding: .utf8)
                for line in text.split(separator: "\n") {
                    if line.contains("read_barcode") {
                        calls += 1
                        #expect(line.contains("BarcodeFormat.QRCode"), "\(path): \(line)")
                    }
                    #expect(!line.contains("BarcodeDetector("), "\(path): \(line)")
                    if line.contains("DecodeHints()") { calls += 1 }
                }
                if text.contains("DecodeHints()") {
                    #expect(text.contains(".setFormats(ZXing::BarcodeFormat::QRCode)"), "\(path)")
                }
            }
        }
        #expect(calls >= 3)
    }

    @Test func `a picture without a code has none, which is no error`() throws {
        let blank = try #require(GrayImage(width: 300, height: 300, pixels: [UInt8](repeating: 255, count: 90_000)))
        #expect(try Scanning.codes(in: blank).isEmpty)
    }

    @Test func `the same code twice in a picture is found twice`() throws {
        let one = try Scanning.grayImage(fromPNG: QRCode([.numeric("42")], level: .m).png(pixelsPerModule: 4))
        var pixels: [UInt8] = []
        for y in 0..<one.height {
            let row = one.pixels[y * one.width..<(y + 1) * one.width]
            pixels += row + row
        }
        let both = try #require(GrayImage(width: one.width * 2, height: one.height, pixels: pixels))
        #expect(try Scanning.codes(in: both).map(\.text) == ["42", "42"])
        // To expect more than there are costs time, and finds no more.
        #expect(try Scanning.codes(in: both, expecting: Scanning.maximumCodes).map(\.text) == ["42", "42"])
    }

    /// A PNG's signature and IHDR chunk alone.
    private static func header(width: UInt32, height: UInt32) -> [UInt8] {
        func bytes(_ value: UInt32) -> [UInt8] {
            [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
        }
        return [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13] + Array("IHDR".utf8) + bytes(width) + bytes(height)
            + [8, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    @Test(arguments: [(40_000, 1), (1, 40_000), (6_400, 6_400), (32_767, 32_767), (2_147_483_647, 2_147_483_647)])
    func `a PNG is refused by the size in its header`(width: UInt32, height: UInt32) {
        #expect(throws: ScanError.tooManyPixels(limit: 40_000_000)) {
            try Scanning.codes(in: Self.header(width: width, height: height))
        }
    }

    @Test func `a JPEG is refused by the size in its header`() throws {
        var jpeg = try Self.picture(Self.smallPage().pdf, ["-r", "72", "-jpeg"])
        let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
        #expect(throws: ScanError.tooManyPixels(limit: 40_000_000)) { try Scanning.codes(in: jpeg) }
    }

    /// A PDF of empty pages, written by hand; readers rebuild the missing cross-reference table.
    private static func document(pages: Int, width: Int = 200, height: Int = 200) -> [UInt8] {
        let kids = (0..<pages).map { "\($0 + 3) 0 R" }.joined(separator: " ")
        var text =
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count \(pages)/Kids[\(kids)]>>endobj\n"
        for page in 0..<pages {
            text += "\(page + 3) 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 \(width) \(height)]>>endobj\n"
        }
        return Array((text + "trailer<</Root 1 0 R/Size \(pages + 3)>>\n%%EOF\n").utf8)
    }

    @Test func `a document is taken with sixteen pages and refused with seventeen`() throws {
        #expect(try Scanning.codes(in: Self.document(pages: 16)).isEmpty)
        #expect(throws: ScanError.tooManyPages(limit: 16)) { try Scanning.codes(in: Self.document(pages: 17)) }
    }

    @Test func `a page of absurd size is refused, a large one drawn within bounds`() throws {
        #expect(throws: ScanError.brokenDocument) { try Scanning.codes(in: Self.document(pages: 1, width: 200_000)) }
        #expect(try Scanning.codes(in: Self.document(pages: 1, width: 14_000, height: 14_000)).isEmpty)
    }

    @Test func `codes on several pages come with their page`() throws {
        let page = try Self.smallPage().pdf
        let folder = try TemporaryFolder()
        try folder.write("single.pdf", Data(page))
        let single = folder.file("single.pdf")
        _ = try Tool.run("pdfunite", [single, single, folder.file("double.pdf")], input: [])
        let both = try folder.read("double.pdf")
        #expect(
            try Scanning.codes(in: Array(both))
                == [0, 1].map { ScannedCode(bytes: Array(Self.smallText.utf8), page: $0) })
    }

    static let refused: [(name: String, bytes: [UInt8], error: ScanError)] = [
        ("nothing", [], .unknownFormat),
        ("text", Array("shc:/123".utf8), .unknownFormat),
        ("a GIF", Array("GIF89a".utf8), .unknownFormat),
        ("a PNG's signature alone", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], .brokenPicture),
        ("a PNG's header alone", header(width: 100, height: 100), .brokenPicture),
        ("a PNG without width", header(width: 0, height: 100), .brokenPicture),
        ("a JPEG's start alone", [0xFF, 0xD8, 0xFF, 0xE0], .brokenPicture),
        ("a PDF's start alone", Array("%PDF-1.7\n".utf8), .brokenDocument),
        ("a document without pages", document(pages: 0), .brokenDocument),
    ]

    @Test(arguments: refused)
    func `what is no whole picture or document is refused with the reason`(
        name: String, bytes: [UInt8], error: ScanError
    ) {
        #expect(throws: error) { try Scanning.codes(in: bytes) }
    }

    @Test func `a picture cut off is refused, not half read`() throws {
        let page = try Self.smallPage()
        let jpeg = try Self.picture(page.pdf, ["-r", "72", "-jpeg"])
        #expect(throws: ScanError.brokenPicture) { try Scanning.codes(inPNG: Array(page.png.dropLast(40))) }
        #expect(throws: ScanError.brokenPicture) { try Scanning.codes(inJPEG: Array(jpeg.dropLast(400))) }
    }

    @Test func `bad PNG input is refused or read, and never traps`() async throws {
        let samples = [
            try QRCode([.numeric("42")], level: .l).png(pixelsPerModule: 2), try Self.smallPage().png,
            try Self.picture(Self.smallPage().pdf, ["-r", "50", "-png"]),
        ]
        await BadInput.run("PNG", samples: samples) { _ = try Scanning.codes(inPNG: $0) }
    }

    @Test func `bad JPEG input is refused or read, and never traps`() async throws {
        let pdf = try Self.smallPage().pdf
        let samples = [
            try Self.picture(pdf, ["-r", "40", "-jpeg"]),
            try Self.picture(pdf, ["-r", "40", "-jpeg", "-jpegopt", "progressive=y"]),
            try Self.picture(pdf, ["-r", "40", "-jpeg", "-gray"]),
        ]
        await BadInput.run("JPEG", samples: samples) { _ = try Scanning.codes(inJPEG: $0) }
    }

    @Test func `bad PDF input is refused or read, and never traps`() async throws {
        // Each case draws pages, some made larger by the damage: the long form stays within hours.
        let samples = [try Self.smallPage().pdf, Self.document(pages: 2, width: 40, height: 40)]
        await BadInput.run("PDF", samples: samples, cases: min(BadInput.cases, 100_000)) {
            _ = try Scanning.codes(inPDF: $0)
        }
    }

    @Test func `a damaged certificate with its fonts is refused or read, and never traps`() async throws {
        // A whole page takes a hundred times as long as the small one: a hundredth of the cases.
        let page = try Pages.renderer.get().renderPDF(Pages.content())
        await BadInput.run("certificate PDF", samples: [page], cases: max(100, BadInput.cases / 100)) {
            _ = try Scanning.codes(inPDF: $0)
        }
    }
}

extension GrayImage {
    /// The picture turned about its centre, white around it.
    fileprivate func turned(by degrees: Double) -> GrayImage? {
        let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
        let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        var turned = [UInt8](repeating: 255, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let (dx, dy) = (Double(x) - middleX, Double(y) - middleY)
                let (sourceX, sourceY) = (middleX + cosine * dx + sine * dy, middleY - sine * dx + cosine * dy)
                let (left, top) = (Int(sourceX.rounded(.down)), Int(sourceY.rounded(.down)))
                guard left >= 0, top >= 0, left + 1 < width, top + 1 < height else { continue }
                let (u, v) = (sourceX - Double(left), sourceY - Double(top))
                func at(_ x: Int, _ y: Int) -> Double { Double(pixels[y * width + x]) }
                let upper = at(left, top) * (1 - u) + at(left + 1, top) * u
                let lower = at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u
                turned[y * width + x] = UInt8((upper * (1 - v) + lower * v).rounded())
            }
        }
        return GrayImage(width: width, height: height, pixels: turned)
    }

    /// The picture out of focus: a Gaussian of σ = 0.8 pixels over five, in both directions.
    fileprivate func blurred() -> GrayImage? {
        let weights = (-2...2).map { exp(-Double($0 * $0) / (2 * 0.64)) }
        let sum = weights.reduce(0, +)
        func pass(_ source: [UInt8], _ stepX: Int, _ stepY: Int) -> [UInt8] {
            var result = source
            for y in 2..<height - 2 {
                for x in 2..<width - 2 {
                    var value = 0.0
                    for offset in -2...2 {
                        value += weights[offset + 2] * Double(source[(y + offset * stepY) * width + x + offset * stepX])
                    }
                    result[y * width + x] = UInt8((value / sum).rounded())
                }
            }
            return result
        }
        return GrayImage(width: width, height: height, pixels: pass(pass(pixels, 1, 0), 0, 1))
    }
}
