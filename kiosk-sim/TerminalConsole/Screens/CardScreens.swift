import CardChip
import Terminal

/// The screens of card and PIN.
enum CardScreens {
    /// Which sentence a hint about a card has.
    static func hint(_ error: CardError, _ texts: Texts) -> String {
        switch error {
        case .otherCard: texts[.cardHintOther]
        case .transport(.severalCards): texts[.cardHintSeveral]
        case .transport(.timeout): texts[.cardHintTimeout]
        default: texts[.cardHintRemoved]
        }
    }

    static func place(
        _ canvas: inout Canvas, _ area: Area, _ texts: Texts, hint: CardError?, simulated: Bool, tick: Int
    ) {
        let rest = Draw.headline(&canvas, area, texts[.cardPlace], texts[.cardPlaceLead])
        let phase = tick / 2 % 4
        let middle = rest.centred(44, 12)
        card(&canvas, Area(x: middle.x + 9, y: middle.y + (hint == nil ? min(phase, 2) : 0), width: 26, height: 6))
        reader(&canvas, Area(x: middle.x, y: middle.y + 9, width: 44, height: 3), lit: phase >= 2)
        if let hint {
            let box = Area(x: area.x + 4, y: area.y + area.height - 5, width: area.width - 8, height: 4)
            Draw.banner(&canvas, box, self.hint(hint, texts), Theme.warning)
        } else if simulated {
            canvas.centre(
                texts[.cardPut], area, area.y + area.height - 2, Style(Theme.red, on: Theme.paper, bold: true))
        }
    }

    static func remove(_ canvas: inout Canvas, _ area: Area, _ texts: Texts, simulated: Bool, tick: Int) {
        let rest = Draw.headline(&canvas, area, texts[.removalTitle], texts[.removalLead])
        let phase = tick / 2 % 4
        let middle = rest.centred(44, 12)
        reader(&canvas, Area(x: middle.x, y: middle.y + 9, width: 44, height: 3), lit: false)
        card(&canvas, Area(x: middle.x + 9, y: middle.y + 2 - min(phase, 2), width: 26, height: 6))
        for (index, x) in [14, 22, 30].enumerated() where (phase + index) % 2 == 0 {
            canvas.write("▲", middle.x + x, middle.y + 8, Style(Theme.red, on: Theme.paper, bold: true))
        }
        if simulated {
            canvas.centre(
                texts[.cardTake], area, area.y + area.height - 2, Style(Theme.red, on: Theme.paper, bold: true))
        }
    }

    private static func card(_ canvas: inout Canvas, _ area: Area) {
        let style = Style(24, on: 195, bold: true)
        canvas.box(area, style)
        canvas.write("個人番号カード", area.x + 8, area.y + 1, style)
        for row in 2...4 { canvas.write("▐██▌", area.x + 2, area.y + row, Style(67, on: 195)) }
        canvas.write("─────────────", area.x + 8, area.y + 2, Style(110, on: 195))
        canvas.write("────────", area.x + 8, area.y + 3, Style(110, on: 195))
        canvas.write("▒▒", area.x + 21, area.y + 4, Style(178, on: 195))
    }

    private static func reader(_ canvas: inout Canvas, _ area: Area, lit: Bool) {
        canvas.box(area, Style(250, on: 238))
        canvas.centre("((  IC  ))", area, area.y + 1, Style(lit ? Theme.amber : 250, on: 238, bold: lit))
    }

    static func pin(
        _ canvas: inout Canvas, _ area: Area, _ texts: Texts, digits: Int, triesLeft: Int, afterWrong: Bool
    ) {
        let rest = Draw.headline(&canvas, area, texts[.pinTitle], texts[.pinLead])
        let boxes = Area(x: rest.x + (rest.width - 44) / 2, y: rest.y + 1, width: 44, height: 5)
        for index in 0..<4 {
            let isNext = index == digits
            let style =
                index < digits ? Theme.accent : isNext ? Style(Theme.amber, on: Theme.panel, bold: true) : Theme.card
            let box = Area(x: boxes.x + index * 11, y: boxes.y, width: 11, height: 5)
            canvas.box(box, style, heavy: isNext)
            if index < digits { canvas.centre("●", box, box.y + 2, style) }
        }
        let below = Area(
            x: area.x + 4, y: boxes.y + 6, width: area.width - 8, height: area.y + area.height - boxes.y - 6)
        if triesLeft == 1 {
            let wrong = afterWrong ? texts[.pinWrong] + "\n" : ""
            Draw.banner(&canvas, below, wrong + texts[.pinLast], Theme.alert)
        } else {
            if afterWrong {
                Draw.banner(
                    &canvas, Area(x: below.x, y: below.y, width: below.width, height: 3), texts[.pinWrong],
                    Theme.warning)
            }
            let y = below.y + (afterWrong ? 4 : 1)
            canvas.centre(
                texts(.pinTries, ["tries": String(triesLeft)]), below, y,
                Style(triesLeft < 3 ? Theme.red : Theme.green, on: Theme.paper, bold: true))
            canvas.paragraph(
                texts[.pinHidden], Area(x: below.x, y: y + 2, width: below.width, height: 2),
                Style(Theme.grey, on: Theme.paper), centred: true)
        }
    }
}
