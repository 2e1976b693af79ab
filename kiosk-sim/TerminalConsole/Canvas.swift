import Terminal

/// How a cell looks: colours of the 256-colour palette, and whether the text is bold.
package struct Style: Hashable, Sendable {
    package var foreground: UInt8
    package var background: UInt8
    package var isBold: Bool

    package init(_ foreground: UInt8, on background: UInt8, bold: Bool = false) {
        self.foreground = foreground
        self.background = background
        isBold = bold
    }

    /// The same in bold.
    var bold: Style { Style(foreground, on: background, bold: true) }
    /// The same on another background.
    func on(_ background: UInt8) -> Style { Style(foreground, on: background, bold: isBold) }
}

/// A rectangle of cells.
package struct Area: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    func inset(_ horizontal: Int, _ vertical: Int) -> Area {
        Area(x: x + horizontal, y: y + vertical, width: width - 2 * horizontal, height: height - 2 * vertical)
    }

    /// A rectangle of this size in the middle, or as much of it as there is.
    func centred(_ width: Int, _ height: Int) -> Area {
        let (w, h) = (min(width, self.width), min(height, self.height))
        return Area(x: x + (self.width - w) / 2, y: y + (self.height - h) / 2, width: w, height: h)
    }
}

/// What will be on the screen: cells with a character and a style each.
package struct Canvas: Sendable {
    /// One column of one row; the second column of a wide character has an empty text.
    struct Cell: Hashable {
        var text: String
        var style: Style
    }

    package let width: Int
    package let height: Int
    private var cells: [Cell]

    package init(width: Int, height: Int, style: Style) {
        // A terminal may claim any size; no screen has more cells than this.
        self.width = min(max(width, 1), 500)
        self.height = min(max(height, 1), 300)
        cells = Array(repeating: Cell(text: " ", style: style), count: self.width * self.height)
    }

    package var area: Area { Area(x: 0, y: 0, width: width, height: height) }

    package mutating func fill(_ area: Area, _ style: Style, with text: String = " ") {
        for y in max(0, area.y)..<max(max(0, area.y), min(height, area.y + area.height)) {
            for x in max(0, area.x)..<max(max(0, area.x), min(width, area.x + area.width)) { put(text, x, y, style) }
        }
    }

    /// Writes text from a column on, at most `limit` columns; returns how many columns it took. Control characters, which
    /// could steer the terminal, are left out.
    @discardableResult
    package mutating func write(_ text: some StringProtocol, _ x: Int, _ y: Int, _ style: Style, limit: Int = .max)
        -> Int
    {
        guard y >= 0, y < height else { return 0 }
        let end = limit > width - x ? width : x + limit
        var column = x
        for character in text {
            let columns = CharacterWidth.of(character)
            guard columns > 0 else { continue }
            guard column + columns <= end else { break }
            if column >= 0 {
                put(String(character.unicodeScalars.filter { !isControl($0) }.map(Character.init)), column, y, style)
                if columns == 2 { put("", column + 1, y, style) }
            }
            column += columns
        }
        return column - x
    }

    /// Writes text in the middle of an area's first row.
    package mutating func centre(_ text: String, _ area: Area, _ y: Int, _ style: Style) {
        let columns = min(CharacterWidth.of(text), area.width)
        write(text, area.x + (area.width - columns) / 2, y, style, limit: area.width)
    }

    /// Writes text that ends at the area's right side.
    package mutating func trail(_ text: String, _ area: Area, _ y: Int, _ style: Style) {
        let columns = min(CharacterWidth.of(text), area.width)
        write(text, area.x + area.width - columns, y, style, limit: area.width)
    }

    /// Writes text over several rows; returns how many it took.
    @discardableResult
    package mutating func paragraph(_ text: String, _ area: Area, _ style: Style, centred: Bool = false) -> Int {
        let lines = centred ? Wrapping.balanced(text, width: area.width) : Wrapping.lines(text, width: area.width)
        for (index, line) in lines.prefix(area.height).enumerated() {
            if centred {
                centre(line, area, area.y + index, style)
            } else {
                write(line, area.x, area.y + index, style, limit: area.width)
            }
        }
        return min(lines.count, area.height)
    }

    /// Draws a frame of box-drawing characters, filled.
    package mutating func box(_ area: Area, _ style: Style, title: String = "", heavy: Bool = false) {
        guard area.width >= 2, area.height >= 2 else { return }
        fill(area, style)
        let parts = heavy ? ["┏", "┓", "┗", "┛", "━", "┃"] : ["╭", "╮", "╰", "╯", "─", "│"]
        let (right, bottom) = (area.x + area.width - 1, area.y + area.height - 1)
        for x in area.x + 1..<max(area.x + 1, right) {
            put(parts[4], x, area.y, style)
            put(parts[4], x, bottom, style)
        }
        for y in area.y + 1..<max(area.y + 1, bottom) {
            put(parts[5], area.x, y, style)
            put(parts[5], right, y, style)
        }
        put(parts[0], area.x, area.y, style)
        put(parts[1], right, area.y, style)
        put(parts[2], area.x, bottom, style)
        put(parts[3], right, bottom, style)
        if !title.isEmpty { write(" \(title) ", area.x + 2, area.y, style.bold, limit: max(0, area.width - 4)) }
    }

    mutating func put(_ text: String, _ x: Int, _ y: Int, _ style: Style) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        let index = y * width + x
        // What overwrites one half of a wide character takes the other half away too.
        if cells[index].text.isEmpty, !text.isEmpty, x > 0, CharacterWidth.of(cells[index - 1].text) == 2 {
            cells[index - 1].text = " "
        }
        if x + 1 < width, cells[index + 1].text.isEmpty, CharacterWidth.of(text) != 2,
            CharacterWidth.of(cells[index].text) == 2
        {
            cells[index + 1].text = " "
        }
        cells[index] = Cell(text: text, style: style)
    }

    private func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
    }

    /// One row as text with SGR sequences (ECMA-48 8.3.117).
    func row(_ y: Int) -> String {
        var text = ""
        var current: Style?
        for x in 0..<width {
            let cell = cells[y * width + x]
            if cell.text.isEmpty { continue }
            if cell.style != current {
                let style = cell.style
                text += "\u{1B}[0;\(style.isBold ? "1;" : "")38;5;\(style.foreground);48;5;\(style.background)m"
                current = style
            }
            text += cell.text
        }
        return text
    }

    /// The text of all rows without styles, for tests.
    package var plain: [String] {
        (0..<height).map { y in (0..<width).map { cells[y * width + $0].text }.joined() }
    }
}

/// Breaks text into lines by columns.
package enum Wrapping {
    /// Characters that do not begin a line in Japanese.
    private static let notFirst = Set("、。，．）」』】！？・ー々ゃゅょっャュョッ,.!?)")

    /// The lines of a text; words are kept whole if they fit, Japanese breaks between any two characters but before
    /// closing marks.
    package static func lines(_ text: String, width: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph($0, max(2, width)) }
    }

    /// The lines of a text, as even as its number of lines allows: no word is left alone in the last one.
    package static func balanced(_ text: String, width: Int) -> [String] {
        let lines = lines(text, width: width)
        guard lines.count > 1 else { return lines }
        var (narrow, wide) = (2, width)
        while narrow < wide {
            let middle = (narrow + wide) / 2
            if self.lines(text, width: middle).count > lines.count { narrow = middle + 1 } else { wide = middle }
        }
        return self.lines(text, width: wide)
    }

    private static func paragraph(_ text: Substring, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var columns = 0
        func end() {
            lines.append(line.last == " " ? String(line.dropLast()) : line)
            (line, columns) = ("", 0)
        }
        for piece in pieces(text) {
            let needed = CharacterWidth.of(piece.last == " " ? piece.dropLast() : piece)
            if columns > 0, columns + needed > width { end() }
            if needed > width {
                for character in piece {
                    let one = CharacterWidth.of(character)
                    if columns + one > width { end() }
                    line.append(character)
                    columns += one
                }
            } else {
                line += piece
                columns += CharacterWidth.of(piece)
            }
        }
        if !line.isEmpty || lines.isEmpty { end() }
        return lines
    }

    /// What may not be broken: a word with the space behind it, or one wide character with closing marks behind it.
    private static func pieces(_ text: Substring) -> [Substring] {
        var pieces: [Substring] = []
        var start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            let isWide = CharacterWidth.of(text[index]) == 2
            let breaks =
                next == text.endIndex || text[index] == " " || isWide || CharacterWidth.of(text[next]) == 2
            if breaks, next == text.endIndex || !notFirst.contains(text[next]) {
                pieces.append(text[start..<next])
                start = next
            }
            index = next
        }
        return pieces
    }
}
