import Foundation
import Scanning
import Testing

/// Documents and pictures written by hand.
enum Document {
    /// A PNG's signature and IHDR chunk alone.
    static func pngHeader(width: UInt32, height: UInt32) -> Data {
        func bytes(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
        return Data(
            [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13] + Array("IHDR".utf8) + bytes(width) + bytes(height)
                + [8, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// A PDF of empty pages; readers rebuild the missing cross-reference table.
    static func pages(_ count: Int) -> Data {
        objects(["<</Type/Catalog/Pages 2 0 R>>"] + tree(count), from: 1)
    }

    /// A PDF of one page with a picture on it.
    static func page(with png: Data) throws -> Data {
        let image = try Scanning.grayImage(fromPNG: Array(png))
        let draw = "q 400 0 0 400 100 200 cm /Code Do Q"
        let page =
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</Code 5 0 R>>>>>>"
        var data = objects(
            [
                "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", page,
                "<</Length \(draw.utf8.count)>>stream\n\(draw)\nendstream",
            ], from: 1, isWhole: false)
        data += Data(
            "5 0 obj<</Type/XObject/Subtype/Image/Width \(image.width)/Height \(image.height)/ColorSpace/DeviceGray/BitsPerComponent 8/Length \(image.pixels.count)>>stream\n"
                .utf8)
        data += Data(image.pixels) + Data("\nendstream endobj\ntrailer<</Root 1 0 R/Size 6>>\n%%EOF\n".utf8)
        return data
    }

    /// A small PDF that takes forever to draw: forms that draw forms, ten at a time, eight deep.
    static let endless: Data = {
        let depth = 8
        let draw = String(repeating: "/F Do ", count: 10)
        let page =
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
        var list = [
            "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", page,
            "<</Length \(draw.utf8.count)>>stream\n\(draw)\nendstream",
        ]
        for level in 0..<depth {
            let content = level == depth - 1 ? "0 0 500 500 re f " : draw
            list.append(
                """
                <</Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<</XObject<</F \(6 + level) 0 R>>>>\
                /Length \(content.utf8.count)>>stream\n\(content)\nendstream
                """)
        }
        return objects(list, from: 1)
    }()

    private static func tree(_ count: Int) -> [String] {
        let kids = (0..<count).map { "\($0 + 3) 0 R" }.joined(separator: " ")
        return ["<</Type/Pages/Count \(count)/Kids[\(kids)]>>"]
            + Array(repeating: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>", count: count)
    }

    private static func objects(_ list: [String], from first: Int, isWhole: Bool = true) -> Data {
        var text = "%PDF-1.4\n"
        for (index, object) in list.enumerated() { text += "\(first + index) 0 obj\(object)endobj\n" }
        if isWhole { text += "trailer<</Root 1 0 R/Size \(first + list.count)>>\n%%EOF\n" }
        return Data(text.utf8)
    }
}
