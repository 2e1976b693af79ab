import Terminal

/// The screens a person only watches, and the last one.
enum ProgressScreens {
    static func work(_ canvas: inout Canvas, _ area: Area, _ texts: Texts, _ progress: Progress, tick: Int) {
        let (title, lead) = words(progress, texts)
        let box = area.centred(60, 9)
        canvas.box(box, Theme.card)
        canvas.centre("\(Draw.spinner(tick))  \(title)", box, box.y + 2, Theme.accent)
        canvas.paragraph(
            lead, Area(x: box.x + 3, y: box.y + 4, width: box.width - 6, height: 2), Theme.quiet, centred: true)
        Draw.runner(&canvas, Area(x: box.x + 4, y: box.y, width: box.width - 8, height: 1), box.y + 7, tick)
    }

    private static func words(_ progress: Progress, _ texts: Texts) -> (String, String) {
        switch progress {
        case .menu: (texts[.progressMenu], "")
        case .card: (texts[.progressCard], texts[.progressKeep])
        case .challenge: (texts[.progressChallenge], texts[.progressKeep])
        case .reading: (texts[.progressReading], texts[.progressKeep])
        case .sending: (texts[.progressSending], texts[.progressSendingLead])
        case .sendingAgain(let attempt): (texts[.progressSending], texts(.progressAgain, ["attempt": String(attempt)]))
        case .opening: (texts[.progressOpening], "")
        case .checking: (texts[.progressChecking], "")
        case .printing: (texts[.progressPrinting], texts[.progressPrintingLead])
        case .reporting: (texts[.progressReporting], "")
        }
    }

    static func reminder(_ canvas: inout Canvas, _ area: Area, _ texts: Texts, change: Int, tick: Int) {
        let box = area.centred(66, 13)
        let isBright = tick / 4 % 2 == 0
        canvas.box(box, isBright ? Theme.card : Style(Theme.navy, on: 230, bold: true), heavy: true)
        let style = isBright ? Theme.card : Style(Theme.navy, on: 230)
        canvas.centre(texts[.reminderTitle], box, box.y + 2, style.bold)
        canvas.paragraph(
            texts[.reminderLead], Area(x: box.x + 4, y: box.y + 4, width: box.width - 8, height: 3), style,
            centred: true)
        if change > 0 { canvas.centre("\(texts[.paymentChange])  ¥\(texts.yen(change))", box, box.y + 8, style.bold) }
        canvas.centre(texts[.reminderStop], box, box.y + 10, Style(Theme.blue, on: style.background, bold: true))
    }

    /// - Parameter desk: where the chosen municipality sends people; said of what it alone can help with.
    static func end(
        _ canvas: inout Canvas, _ area: Area, _ texts: Texts, _ ending: SessionEnding, desk: String? = nil
    ) {
        let advice = texts.advice(for: ending)
        let (sign, style): (String, Style) =
            switch ending {
            case .printed: ("✓", Style(231, on: Theme.green, bold: true))
            case .left: ("–", Style(231, on: 240, bold: true))
            case .outOfService: ("!", Theme.alert)
            default: ("!", Theme.warning)
            }
        let box = area.centred(70, 14)
        canvas.box(box, Theme.card)
        canvas.fill(Area(x: box.x, y: box.y, width: box.width, height: 3), style)
        canvas.centre("\(sign)  \(advice.title)", box, box.y + 1, style)
        canvas.paragraph(
            advice.advice, Area(x: box.x + 4, y: box.y + 5, width: box.width - 8, height: 3), Theme.card, centred: true)
        if let desk, case .refused = ending {
            canvas.paragraph(
                "\(texts[.endDesk])  \(desk)", Area(x: box.x + 4, y: box.y + 8, width: box.width - 8, height: 2),
                Theme.card, centred: true)
        }
        canvas.centre(
            ending == .printed ? texts[.endThanks] : "\(texts[.endCode])  \(ending.code)", box, box.y + 10, Theme.quiet)
        canvas.centre(texts[.endErased], box, box.y + 12, Theme.quiet)
    }
}
