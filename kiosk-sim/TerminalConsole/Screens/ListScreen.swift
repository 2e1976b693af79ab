/// A list to choose from.
package struct ListScreen: Sendable {
    /// One thing to choose.
    package struct Item: Sendable {
        let title: String
        var detail = ""
        /// Why it cannot be chosen; `nil` if it can.
        var obstacle: String?

        package init(title: String, detail: String = "", obstacle: String? = nil) {
            self.title = title
            self.detail = detail
            self.obstacle = obstacle
        }
    }

    let title: String
    var lead = ""
    var note = ""
    let items: [Item]
    package internal(set) var selected = 0
    /// What was typed of a number with more than one digit.
    var typed = ""

    package init(title: String, lead: String = "", note: String = "", items: [Item]) {
        self.title = title
        self.lead = lead
        self.note = note
        self.items = items
        // What cannot be chosen is not what a person begins with.
        selected = items.firstIndex { $0.obstacle == nil } ?? 0
    }

    /// What a key does: a choice, or a change of what is shown.
    package enum Effect: Hashable { case none, chosen(Int) }

    /// Takes a key; `page` is how far a page key goes.
    package mutating func press(_ key: Key, page: Int) -> Effect {
        let last = items.count - 1
        guard last >= 0 else { return .none }
        if key.digit == nil, key != .enter { typed = "" }
        switch key {
        case .up: selected = selected == 0 ? last : selected - 1
        case .down, .tab: selected = selected == last ? 0 : selected + 1
        case .pageUp: selected = max(0, selected - page)
        case .pageDown: selected = min(last, selected + page)
        case .home: selected = 0
        case .end: selected = last
        case .enter, .right: return items[selected].obstacle == nil ? .chosen(selected) : .none
        case .character:
            guard let digit = key.digit else { return .none }
            typed = String((typed + String(digit)).suffix(4))
            guard let number = Int(typed), (1...items.count).contains(number) else {
                typed = ""
                return .none
            }
            selected = number - 1
            // A number that could go on waits for Enter.
            if number * 10 > items.count {
                typed = ""
                return items[selected].obstacle == nil ? .chosen(selected) : .none
            }
        default: return .none
        }
        return .none
    }

    /// How many items fit, and how high each is.
    func layout(_ area: Area) -> (rows: Int, visible: Int) {
        let tall = items.count * 3 <= area.height && items.count <= 9
        let rows = tall ? (items.count * 4 - 1 <= area.height && items.count <= 4 ? 4 : 3) : 1
        return (rows, tall ? items.count : max(1, area.height - 2))
    }

    /// Draws the list; the selected item is always among what is seen.
    package func draw(_ canvas: inout Canvas, _ area: Area) {
        var rest = Draw.headline(&canvas, area, title, lead)
        if !note.isEmpty {
            let lines = Wrapping.balanced(note, width: rest.width - 12).count
            let box = Area(x: rest.x + 6, y: rest.y + rest.height - lines - 1, width: rest.width - 12, height: lines)
            canvas.paragraph(note, box, Style(Theme.grey, on: Theme.paper), centred: true)
            rest.height -= lines + 2
        }
        let width = min(rest.width - 8, 76)
        let list = Area(x: (rest.width - width) / 2, y: rest.y, width: width, height: rest.height)
        let (rows, visible) = layout(list)
        if rows > 1 {
            for index in items.indices {
                let box = Area(x: list.x, y: list.y + index * rows, width: width, height: min(rows, 4) == 4 ? 4 : 3)
                drawTall(&canvas, box, index)
            }
            return
        }
        let first = min(max(0, selected - visible / 2), max(0, items.count - visible))
        canvas.box(Area(x: list.x, y: list.y, width: width, height: min(visible, items.count) + 2), Theme.card)
        for row in 0..<min(visible, items.count) {
            let index = first + row
            let item = items[index]
            let line = Area(x: list.x + 1, y: list.y + 1 + row, width: width - 2, height: 1)
            let style = styles(index).title
            canvas.fill(line, style)
            let number = String(index + 1)
            canvas.write(String(repeating: " ", count: max(0, 4 - number.count)) + number, line.x, line.y, style)
            canvas.write(item.title, line.x + 7, line.y, style, limit: line.width - 10)
            canvas.trail((item.obstacle ?? item.detail) + " ", line, line.y, style)
        }
        if items.count > visible {
            let y = list.y + 1 + first * (visible - 1) / max(1, items.count - visible)
            canvas.write("█", list.x + width - 1, min(y, list.y + visible), Theme.accent)
        }
    }

    /// How an item's title and what stands under it look.
    private func styles(_ index: Int) -> (title: Style, below: Style) {
        switch (index == selected, items[index].obstacle == nil) {
        case (true, true): (Theme.chosen, Style(Theme.pale, on: Theme.blue))
        case (true, false): (Theme.blocked, Theme.blocked)
        case (false, true): (Theme.card, Theme.quiet)
        case (false, false): (Theme.disabled, Theme.disabled)
        }
    }

    private func drawTall(_ canvas: inout Canvas, _ box: Area, _ index: Int) {
        let item = items[index]
        let isSelected = index == selected
        let (style, quiet) = styles(index)
        canvas.box(box, style, heavy: isSelected)
        canvas.write(String(index + 1), box.x + 3, box.y + 1, style.bold)
        canvas.write(item.title, box.x + 7, box.y + 1, style.bold, limit: box.width - 10)
        let below = item.obstacle ?? item.detail
        if box.height >= 4 {
            canvas.write(below, box.x + 7, box.y + 2, quiet, limit: box.width - 10)
        } else {
            canvas.trail(below + "  ", box.inset(1, 0), box.y + 1, quiet)
        }
    }
}
