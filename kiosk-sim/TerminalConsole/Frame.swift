import Exchange
import Terminal

/// What stands on every screen: title and inquiry number, where in the session it is, and what the keys do.
struct Frame: Sendable {
    /// The five parts of a session as a person sees them.
    enum Stage: Int, CaseIterable {
        case choose, card, check, pay, take

        var text: TextKey {
            switch self {
            case .choose: .stageChoose
            case .card: .stageCard
            case .check: .stageCheck
            case .pay: .stagePay
            case .take: .stageTake
            }
        }
    }

    let texts: Texts
    let inquiry: String?
    var isSample = false
    var stage: Stage?
    /// Keys and what they do, in the order they are shown.
    var hints: [(key: String, text: String)] = []

    /// Draws the frame; returns the area that is left for the screen itself.
    func draw(_ canvas: inout Canvas) -> Area {
        let width = canvas.width
        canvas.fill(Area(x: 0, y: 0, width: width, height: 2), Theme.header)
        canvas.write("証 Akashi", 2, 0, Theme.header)
        canvas.write(texts[.serviceTitle], 13, 0, Theme.headerQuiet, limit: width - 44)
        if let inquiry {
            canvas.trail("\(texts[.serviceInquiry]) \(inquiry) ", canvas.area, 0, Theme.header)
        }
        var x = 2
        if let stage {
            for each in Stage.allCases {
                let style =
                    each == stage
                    ? Style(Theme.navy, on: Theme.amber, bold: true)
                    : each.rawValue < stage.rawValue ? Style(231, on: Theme.navy) : Style(67, on: Theme.navy)
                x += canvas.write(" \(each.rawValue + 1) \(texts[each.text]) ", x, 1, style)
                if each != .take { x += canvas.write(" › ", x, 1, Theme.headerQuiet) }
            }
        }
        if isSample {
            canvas.trail(texts[.serviceSample] + " ", canvas.area, 1, Style(Theme.amber, on: Theme.navy, bold: true))
        }

        let foot = canvas.height - 1
        canvas.fill(Area(x: 0, y: foot, width: width, height: 1), Theme.footer)
        x = 1
        for hint in hints {
            let needed = CharacterWidth.of(hint.key) + CharacterWidth.of(hint.text) + 5
            guard x + needed <= width else { break }
            x += canvas.write(" \(hint.key) ", x, foot, Theme.key)
            x += canvas.write(" \(hint.text)  ", x, foot, Theme.footer)
        }
        return Area(x: 0, y: 2, width: width, height: canvas.height - 3)
    }

    /// A copy at a stage with hints.
    func at(_ stage: Stage?, _ hints: [(key: String, text: String)]) -> Frame {
        var copy = self
        copy.stage = stage
        copy.hints = hints
        return copy
    }
}

/// Pieces that several screens share.
enum Draw {
    /// A headline with an optional line under it; returns the area below.
    static func headline(_ canvas: inout Canvas, _ area: Area, _ title: String, _ lead: String = "") -> Area {
        canvas.centre(title, area, area.y + 1, Style(Theme.navy, on: Theme.paper, bold: true))
        guard !lead.isEmpty else { return Area(x: area.x, y: area.y + 3, width: area.width, height: area.height - 3) }
        let text = Area(x: area.x + 4, y: area.y + 2, width: area.width - 8, height: 2)
        let rows = canvas.paragraph(lead, text, Style(Theme.grey, on: Theme.paper), centred: true)
        return Area(x: area.x, y: area.y + 3 + rows, width: area.width, height: area.height - 3 - rows)
    }

    /// A banner over the whole width of an area; returns how many rows it took.
    @discardableResult
    static func banner(_ canvas: inout Canvas, _ area: Area, _ text: String, _ style: Style) -> Int {
        let lines = Wrapping.balanced(text, width: area.width - 4)
        let box = Area(x: area.x, y: area.y, width: area.width, height: min(area.height, lines.count + 2))
        canvas.fill(box, style)
        for (index, line) in lines.prefix(max(0, box.height - 2)).enumerated() {
            canvas.centre(line, box, box.y + 1 + index, style)
        }
        return box.height
    }

    /// The moving sign of work under way.
    static func spinner(_ tick: Int) -> String {
        let signs = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
        return signs[tick % signs.count]
    }

    /// A bar on which a light runs to and fro.
    static func runner(_ canvas: inout Canvas, _ area: Area, _ y: Int, _ tick: Int) {
        let light = max(4, area.width / 5)
        let way = max(1, area.width - light)
        let position = tick % (2 * way)
        let start = position < way ? position : 2 * way - position
        canvas.fill(Area(x: area.x, y: y, width: area.width, height: 1), Style(252, on: Theme.panel), with: "━")
        canvas.fill(Area(x: area.x + start, y: y, width: light, height: 1), Theme.accent, with: "━")
    }

    /// A number in large digits, five rows high; returns its width.
    @discardableResult
    static func large(_ canvas: inout Canvas, _ text: String, _ x: Int, _ y: Int, _ colour: Style) -> Int {
        var column = x
        for character in text {
            guard let rows = largeDigits[character] else { continue }
            for (row, bits) in rows.enumerated() {
                for bit in 0..<3 where bits & (4 >> UInt8(bit)) != 0 {
                    canvas.write("██", column + 2 * bit, y + row, colour)
                }
            }
            column += character == "," ? 4 : 8
        }
        return column - x
    }

    /// The width of a number in large digits.
    static func largeWidth(_ text: String) -> Int { text.reduce(0) { $0 + ($1 == "," ? 4 : 8) } - 2 }

    /// Three columns and five rows a digit, the most significant bit on the left.
    private static let largeDigits: [Character: [UInt8]] = [
        "0": [7, 5, 5, 5, 7], "1": [2, 6, 2, 2, 7], "2": [7, 1, 7, 4, 7], "3": [7, 1, 7, 1, 7], "4": [5, 5, 7, 1, 1],
        "5": [7, 4, 7, 1, 7], "6": [7, 4, 7, 5, 7], "7": [7, 1, 1, 1, 1], "8": [7, 5, 7, 5, 7], "9": [7, 5, 7, 1, 7],
        "¥": [5, 5, 7, 2, 2], ",": [0, 0, 0, 2, 4],
    ]
}
