import Exchange
import Foundation
import Terminal

/// The screens between customers: nothing of anybody is known here.
enum AttractScreens {
    static func attract(
        _ canvas: inout Canvas, _ area: Area, _ texts: [Texts], _ menu: Menu, simulated: Bool, now: Date, tick: Int
    ) {
        guard let first = texts.first else { return }
        let second = texts.dropFirst().first
        // On a larger screen it all stands a little above the middle.
        let top = area.y + 1 + max(0, area.height - 21) * 2 / 5
        let box = Area(x: area.x + 3, y: top, width: area.width - 6, height: 8)
        canvas.box(box, Style(Theme.navy, on: Theme.panel))
        emblem(&canvas, Area(x: box.x + 3, y: box.y + 1, width: 14, height: 6), tick)
        let text = Area(x: box.x + 20, y: box.y, width: box.width - 23, height: box.height)
        canvas.write(
            "\(first[.attractTitle])  \(first[.attractSubtitle])", text.x, box.y + 1, Theme.accent, limit: text.width)
        var y = box.y + 2
        y += canvas.paragraph(first[.attractLead], Area(x: text.x, y: y, width: text.width, height: 2), Theme.card)
        if let second {
            canvas.write(
                "\(second[.attractTitle])  \(second[.attractSubtitle])", text.x, y, Theme.accent, limit: text.width)
            canvas.paragraph(
                second[.attractLead], Area(x: text.x, y: y + 1, width: text.width, height: box.y + 7 - y - 1),
                Theme.quiet)
        }

        var row = box.y + 8
        for text in texts {
            let facts = [
                text(.attractFee, ["fee": text.yen(menu.feeYen)]), text(.attractHours, ["hours": menu.hours.text]),
                text(.municipalityCount, ["count": String(menu.entries.count)]),
            ]
            canvas.centre(facts.joined(separator: "   "), area, row, Theme.page)
            canvas.centre(
                "\(text[.attractBring]): \(text[.attractBringList])", area, row + 1, Style(Theme.grey, on: Theme.paper))
            row += 2
        }
        row += 1
        if let closed = menu.closed ?? (menu.hours.contains(now) ? nil : .serviceClosed) {
            let lines = texts.map {
                "\($0.advice(code: closed.rawValue).title)  \($0.advice(code: closed.rawValue).advice)"
            }
            Draw.banner(
                &canvas, Area(x: area.x + 3, y: row, width: area.width - 6, height: 6), lines.joined(separator: "\n"),
                Theme.warning)
        } else {
            buttons(&canvas, area, row, texts, tick)
            row += 4
            var notices = menu.entries.filter(\.isSuspended).map { entry in
                texts.map { "\($0.name(of: entry.municipality)): \($0[.municipalitySuspended])" }.joined(
                    separator: " / ")
            }
            for kind in menu.suspendedKinds {
                notices.append(texts.map { "\($0.name(of: kind)): \($0[.kindSuspended])" }.joined(separator: " / "))
            }
            notices += menu.notices.map { "\($0.japanese) / \($0.english)" }
            let room = area.y + area.height - row - (simulated ? 1 : 0)
            for (index, notice) in notices.prefix(max(0, room)).enumerated() {
                canvas.centre(notice, area.inset(2, 0), row + index, Style(Theme.red, on: Theme.paper))
            }
        }
        if simulated {
            let line = Area(x: 0, y: area.y + area.height - 1, width: area.width, height: 1)
            canvas.fill(line, Style(16, on: Theme.amber))
            let text = texts[tick / 24 % texts.count]
            canvas.centre(text[.attractSimulation], line, line.y, Style(16, on: Theme.amber))
        }
    }

    private static func buttons(_ canvas: inout Canvas, _ area: Area, _ y: Int, _ texts: [Texts], _ tick: Int) {
        let width = (area.width - 10) / max(1, texts.count)
        for (index, text) in texts.enumerated() {
            let isLit = (tick / 6) % max(1, texts.count) == index
            let style = isLit ? Theme.chosen : Style(Theme.blue, on: Theme.panel, bold: true)
            let box = Area(x: area.x + 4 + index * (width + 2), y: y, width: width, height: 3)
            canvas.box(box, style, heavy: isLit)
            canvas.centre("\(index + 1)  \(text[.attractStart])", box, y + 1, style)
        }
    }

    private static func emblem(_ canvas: inout Canvas, _ area: Area, _ tick: Int) {
        let paper = Style(Theme.navy, on: 195)
        canvas.box(Area(x: area.x, y: area.y, width: 13, height: 6), paper)
        for row in 0..<3 {
            canvas.write(row == 0 ? "━━━━━" : "────", area.x + 2, area.y + 1 + row, Style(67, on: 195))
        }
        for (row, text) in ["▛▀▜", "▌▚▐", "▙▄▟"].enumerated() {
            canvas.write(text, area.x + 8, area.y + 2 + row, Style(tick / 8 % 2 == 0 ? 16 : Theme.blue, on: 195))
        }
        canvas.write("証", area.x + 2, area.y + 4, Style(Theme.red, on: 195, bold: true))
    }

    /// A terminal that serves nobody now: headline and advice in every language.
    static func closed(_ canvas: inout Canvas, _ area: Area, _ lines: [Texts.Advice], _ note: String, alert: Bool) {
        let box = area.centred(72, 6 + lines.count * 4)
        canvas.box(box, Theme.card, heavy: true)
        canvas.fill(Area(x: box.x, y: box.y, width: box.width, height: 1), alert ? Theme.alert : Theme.warning)
        var y = box.y + 2
        for line in lines {
            canvas.centre(line.title, box, y, Theme.card.bold)
            let rows = canvas.paragraph(
                line.advice, Area(x: box.x + 4, y: y + 1, width: box.width - 8, height: 3), Theme.quiet, centred: true)
            y += 2 + rows
        }
        canvas.centre(note, box, box.y + box.height - 2, Theme.card.bold)
    }

    static func operatorScreen(
        _ canvas: inout Canvas, _ area: Area, _ texts: Texts, _ rows: [(String, String)], _ notes: [String]
    ) {
        let rest = Draw.headline(&canvas, area, texts[.operatorTitle])
        let box = rest.centred(72, rows.count + notes.count * 2 + 4)
        canvas.box(box, Theme.card)
        for (index, row) in rows.enumerated() {
            canvas.write(row.0, box.x + 3, box.y + 2 + index, Theme.quiet)
            canvas.write(row.1, box.x + 26, box.y + 2 + index, Theme.card, limit: box.width - 29)
        }
        var y = box.y + 3 + rows.count
        for note in notes {
            y += canvas.paragraph(note, Area(x: box.x + 3, y: y, width: box.width - 6, height: 2), Theme.accent)
        }
    }
}
