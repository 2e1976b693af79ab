import Exchange
import Terminal
import Vaccination

/// The screens of copies, consent and payment.
enum ChoiceScreens {
    static func copies(_ canvas: inout Canvas, _ area: Area, _ texts: Texts, count: Int, feeYen: Int) {
        let rest = Draw.headline(&canvas, area, texts[.copiesTitle])
        let box = rest.centred(46, 11)
        canvas.box(box, Theme.card)
        let digits = String(count)
        let width = Draw.largeWidth(digits) + 1 + CharacterWidth.of(texts[.copiesUnit])
        let x = box.x + (box.width - width) / 2
        let end = x + Draw.large(&canvas, digits, x, box.y + 2, Theme.accent)
        canvas.write(texts[.copiesUnit], end, box.y + 6, Theme.card.bold)
        canvas.write("◀", box.x + 4, box.y + 4, count > 1 ? Theme.accent : Theme.disabled)
        canvas.write("▶", box.x + box.width - 6, box.y + 4, count < Copies.maximum ? Theme.accent : Theme.disabled)
        let sum = texts(
            .copiesSum, ["fee": texts.yen(feeYen), "copies": String(count), "sum": texts.yen(feeYen * count)])
        canvas.centre(sum, box, box.y + 9, Theme.card.bold)
    }

    static func consent(
        _ canvas: inout Canvas, _ area: Area, _ texts: Texts, _ request: CertificateRequest, _ entry: Menu.Entry
    ) {
        let name = texts.name(of: entry.municipality)
        let values = [
            "municipality": texts.name(of: entry.municipality, withPrefecture: true),
            "kind": texts.name(of: request.kind),
            "copies": String(request.copies.count),
        ]
        let rest = Draw.headline(&canvas, area, texts[.consentTitle], texts(.consentChoice, values))
        let width = min(rest.width - 6, 108)
        let left = Area(x: (rest.width - width) / 2, y: rest.y, width: width, height: rest.height)
        let half = width / 2 - 1
        let upper = Area(x: left.x, y: left.y, width: half, height: 8)
        panel(&canvas, upper, texts[.consentReadTitle], texts[.consentRead])
        panel(
            &canvas, Area(x: left.x + width - half, y: left.y, width: half, height: 8), texts[.consentWhyTitle],
            texts(.consentWhy, ["municipality": name]))
        panel(
            &canvas, Area(x: left.x, y: left.y + 8, width: width, height: 4), texts[.consentKeepTitle],
            texts[.consentKeep])
        let button = Area(x: left.x, y: left.y + 12, width: width, height: 3)
        guard button.y + 3 <= area.y + area.height else { return }
        canvas.box(button, Theme.chosen, heavy: true)
        canvas.centre("Enter  \(texts[.consentAgree])", button, button.y + 1, Theme.chosen)
    }

    private static func panel(_ canvas: inout Canvas, _ area: Area, _ title: String, _ text: String) {
        canvas.box(area, Theme.card, title: title)
        canvas.paragraph(text, area.inset(2, 1), Theme.card)
    }

    static func payment(_ canvas: inout Canvas, _ area: Area, _ texts: Texts, due: Int, paid: Int) {
        let rest = Draw.headline(&canvas, area, texts[.paymentTitle], texts[.paymentNoRefund])
        let width = min(rest.width - 8, 72)
        let box = Area(x: (rest.width - width) / 2, y: rest.y, width: width, height: 9)
        canvas.box(box, Theme.card)
        canvas.write(texts[.paymentDue], box.x + 3, box.y + 1, Theme.quiet)
        let amount = "¥" + texts.yen(due)
        Draw.large(&canvas, amount, box.x + (box.width - Draw.largeWidth(amount)) / 2, box.y + 2, Theme.accent)
        let bar = Area(x: box.x + 3, y: box.y + 7, width: box.width - 6, height: 1)
        canvas.fill(bar, Style(252, on: Theme.panel), with: "━")
        canvas.fill(
            Area(x: bar.x, y: bar.y, width: bar.width * min(paid, due) / max(1, due), height: 1), Theme.good, with: "━")
        let line = Area(x: box.x + 2, y: box.y + 10, width: width - 4, height: 1)
        canvas.write(
            "\(texts[.paymentPaid])  ¥\(texts.yen(paid))", line.x, line.y,
            Style(Theme.green, on: Theme.paper, bold: true))
        canvas.trail(
            "\(texts[.paymentRest])  ¥\(texts.yen(max(0, due - paid)))", line, line.y,
            Style(Theme.red, on: Theme.paper, bold: true))
        let coins = ["1 ¥10", "2 ¥50", "3 ¥100", "4 ¥500", "5 ¥1,000"]
        var x = line.x
        for coin in coins { x += canvas.write("  \(coin)  ", x, line.y + 2, Theme.key) + 1 }
        canvas.centre(texts[.paymentSimulation], rest, line.y + 4, Style(Theme.grey, on: Theme.paper))
        canvas.centre(texts[.paymentReturned], rest, line.y + 5, Style(Theme.grey, on: Theme.paper))
    }
}
