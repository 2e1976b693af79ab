/// A page's layout, as a template file describes it. Lengths are millimetres from the top left corner, font sizes points.
///
/// The file's format, for a designer: an object with
/// - `page`: `width` and `height`; `title`: the PDF's title (fixed text);
/// - `fonts`: for each name that styles use a list of installed font families. A character is taken from the first
///   family that has it; the first family must be installed, the others (for rare characters) help if they are;
/// - `styles`: `font`, `size` in points, and optionally `color` (`#rrggbb`), `tracking` (extra space between characters
///   in parts of the size), `lineHeight` (in parts of the size, 1.5), `align` (`left`, `center`, `right`);
/// - `items`: what stands on the page (below);
/// - `sample`: the mark of a sample page: `text`, `font`, `size`, `color`, `opacity`, `angle` in degrees and the
///   points `at` which it is centred. It lies over everything but leaves the codes free.
///
/// Every item has a `type`, may have an `id` (named in messages) and a `when`: `field` or `!field` (present and not
/// empty, or not so), `code:name` or `!code:name`. The types:
/// - `text`: `x`, `y`, `width`, `height`, `style`, `text` with `{placeholders}`; `lines` (1), the most lines it may be
///   broken into; `minimumSize` (the style's size), how far it may shrink to fit; `valign` (`top`, `middle`, `bottom`).
///   A text that still does not fit is an error, never clipped. The em square is what is aligned, so a text's place
///   does not depend on the font a character came from.
/// - `line`: `from`, `to` as `[x, y]`, `width`, `color`.
/// - `box`: `x`, `y`, `width`, `height`, and `fill`, or `stroke` with `strokeWidth`, or both; `radius` of its corners.
/// - `code`: `code` (its name), `x`, `y`, `size` (the most it may take, quiet zone included), `module` (a multiple of
///   0.127 mm: one dot at 200 dpi), `quietZone` in modules (4), `required` (true), `align` (`left`, `center`, `right`) of
///   a smaller code in its place. A code's place is rounded to the grid of 200 dpi.
/// - `rows`: `x`, `y`, `rowHeight`, `maximum`, and `items` placed relative to the row. Lines and boxes are drawn for
///   all rows, texts for those that there are; `emptyText` items are set once, in the first row left empty.
///
/// Boxes and lines lie lowest, then fixed texts, filled texts, codes, and the sample mark.
/// Keys that begin with `_` are comments. Unknown keys are errors.
struct Template: Sendable {
    let name: String
    let file: String
    let page: Size
    let title: String
    let fonts: [String: [String]]
    let items: [Item]
    let sample: SampleMark
}

struct Size: Hashable, Sendable { var width, height: Double }
struct Point: Hashable, Sendable { var x, y: Double }
struct Rect: Hashable, Sendable {
    var x, y, width, height: Double

    func moved(by offset: Point) -> Rect { Rect(x: x + offset.x, y: y + offset.y, width: width, height: height) }
}

/// An opaque colour.
struct Colour: Hashable, Sendable {
    let red, green, blue: Double

    static let black = Colour(red: 0, green: 0, blue: 0)

    private init(red: Double, green: Double, blue: Double) { (self.red, self.green, self.blue) = (red, green, blue) }

    init?(hex: String) {
        let bytes = Array(hex.utf8)
        guard bytes.count == 7, bytes[0] == UInt8(ascii: "#"), let value = UInt32(hex.dropFirst(), radix: 16) else {
            return nil
        }
        red = Double(value >> 16) / 255
        green = Double(value >> 8 & 255) / 255
        blue = Double(value & 255) / 255
    }

    /// How much ink its gray needs, 0 white to 1 black (Rec. 601 luma).
    var ink: Double { 1 - (0.299 * red + 0.587 * green + 0.114 * blue) }
}

extension Template {
    struct Item: Sendable {
        let name: String
        let condition: Condition?
        let shape: Shape
    }

    enum Shape: Sendable {
        case text(Text)
        case line(Line)
        case box(Box)
        case code(CodePlace)
        case rows(Rows)
    }

    /// When an item is drawn.
    struct Condition: Hashable, Sendable {
        enum Subject: Hashable, Sendable { case field(String), code(String) }
        let subject: Subject
        let negated: Bool
    }

    enum Align: String, CaseIterable, Sendable { case left, center, right }
    enum VerticalAlign: String, CaseIterable, Sendable { case top, middle, bottom }

    struct Style: Sendable {
        let font: String
        let size, tracking, lineHeight: Double
        let colour: Colour
        let align: Align
    }

    struct Text: Sendable {
        enum Piece: Hashable, Sendable { case literal(String), field(String) }
        let frame: Rect
        let style: Style
        let pieces: [Piece]
        let lines: Int
        let minimumSize: Double
        let valign: VerticalAlign

        /// The whole text if it has no placeholders.
        var fixed: String? {
            var text = ""
            for piece in pieces {
                guard case .literal(let part) = piece else { return nil }
                text += part
            }
            return text
        }
    }

    struct Line: Sendable {
        let from, to: Point
        let width: Double
        let colour: Colour
    }

    struct Box: Sendable {
        let frame: Rect
        let radius: Double
        let fill: Colour?
        let stroke: (colour: Colour, width: Double)?
    }

    struct CodePlace: Sendable {
        let code: String
        let x, y, size, module: Double
        let quietZone: Int
        let isRequired: Bool
        let align: Align

        /// The maximum of modules a side that fit, without the quiet zone.
        var limit: Int { max(0, Int((size / module + 1e-6).rounded(.down)) - 2 * quietZone) }
    }

    struct Rows: Sendable {
        let x, y, height: Double
        let maximum: Int
        let items: [Item]
        let empty: [Item]

        func origin(of row: Int) -> Point { Point(x: x, y: y + Double(row) * height) }
    }

    struct SampleMark: Sendable {
        let text, font: String
        let size, angle, opacity: Double
        let colour: Colour
        let centres: [Point]
    }
}
