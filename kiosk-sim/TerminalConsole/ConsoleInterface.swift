import CardChip
import Exchange
import Terminal
import Vaccination

/// The person at the screen.
actor ConsoleInterface: SessionInterface {
    private let console: Console
    private let texts: Texts
    private let hand: CardHand?
    private var frame: Frame
    private var change = 0
    private var issuer = ""
    /// Where the chosen municipality sends people, in their language.
    private var desk: String?

    init(console: Console, texts: Texts, inquiry: InquiryNumber, isSample: Bool, hand: CardHand?) {
        self.console = console
        self.texts = texts
        self.hand = hand
        frame = Frame(texts: texts, inquiry: inquiry.text, isSample: isSample)
    }

    func activity() async -> Int { console.keyboard.pressed }

    // MARK: Choosing

    func municipality(of menu: Menu) async -> Reply<Menu.Entry> {
        var groups: [(name: String, entries: [Menu.Entry])] = []
        for entry in menu.entries {
            let name = texts.language == .ja ? entry.municipality.prefecture : entry.municipality.prefectureEnglish
            if groups.last?.name == name {
                groups[groups.count - 1].entries.append(entry)
            } else {
                groups.append((name, [entry]))
            }
        }
        var group = groups.count == 1 ? 0 : nil
        while true {
            if let chosen = group {
                let items = groups[chosen].entries.map { entry in
                    ListScreen.Item(
                        title: texts.name(of: entry.municipality),
                        detail: entry.isElsewhere
                            ? words(of: entry.desk) ?? entry.municipality.code.digits : entry.municipality.code.digits,
                        obstacle: entry.isSuspended
                            ? texts[.municipalitySuspended] : entry.isElsewhere ? texts[.municipalityElsewhere] : nil)
                }
                let list = ListScreen(title: texts[.municipalityTitle], lead: texts[.municipalityLead], items: items)
                switch await choose(from: list) {
                case .chosen(let index):
                    let entry = groups[chosen].entries[index]
                    issuer = texts.name(of: entry.municipality, withPrefecture: true)
                    desk = words(of: entry.desk)
                    return .chosen(entry)
                case .cancel: return .cancel
                case .back:
                    guard groups.count > 1 else { return .back }
                    group = nil
                }
            } else {
                let items = groups.map {
                    ListScreen.Item(
                        title: $0.name, detail: texts(.municipalityCount, ["count": String($0.entries.count)]))
                }
                let list = ListScreen(
                    title: texts[.municipalityPrefecture], lead: texts[.municipalityLead], items: items)
                switch await choose(from: list) {
                case .chosen(let index): group = index
                case .cancel: return .cancel
                case .back: return .back
                }
            }
        }
    }

    private func words(of notice: Menu.Notice?) -> String? {
        notice.map { texts.language == .ja ? $0.japanese : $0.english }
    }

    func kind(of entry: Menu.Entry, menu: Menu) async -> Reply<CertificateKind> {
        let kinds = CertificateKind.allCases
        let items = kinds.map { kind in
            ListScreen.Item(
                title: texts.name(of: kind),
                detail: texts[kind == .domestic ? .kindDomesticDetail : .kindOverseasDetail],
                obstacle: !entry.kinds.contains(kind)
                    ? texts[.kindNotOffered] : menu.suspendedKinds.contains(kind) ? texts[.kindSuspended] : nil)
        }
        let list = ListScreen(
            title: texts[.kindTitle], lead: texts.name(of: entry.municipality, withPrefecture: true),
            note: texts[.kindOverseasNote], items: items)
        switch await choose(from: list) {
        case .chosen(let index): return .chosen(kinds[index])
        case .back: return .back
        case .cancel: return .cancel
        }
    }

    private func choose(from list: ListScreen) async -> Reply<Int> {
        var list = list
        let hints: [(String, String)] = [
            ("↑↓", texts[.hintMove]), ("1–9", texts[.hintNumber]), ("Enter", texts[.hintEnter]),
            ("Backspace", texts[.hintBack]), ("Esc", texts[.hintCancel]),
        ]
        let frame = frame.at(.choose, hints)
        return await ask {
            let shown = list
            await console.show { canvas, _ in shown.draw(&canvas, frame.draw(&canvas)) }
        } press: { key in
            if key == .backspace || key == .left { return .back }
            if case .chosen(let index) = list.press(key, page: 10) { return .chosen(index) }
            return nil
        }
    }

    func copies(menu: Menu) async -> Reply<Copies> {
        var count = 1
        let frame = frame.at(
            .choose,
            [
                ("←→ 1–9", texts[.hintMove]), ("Enter", texts[.hintEnter]), ("Backspace", texts[.hintBack]),
                ("Esc", texts[.hintCancel]),
            ])
        let (texts, fee) = (texts, menu.feeYen)
        return await ask {
            let shown = count
            await console.show { canvas, _ in
                ChoiceScreens.copies(&canvas, frame.draw(&canvas), texts, count: shown, feeYen: fee)
            }
        } press: { key in
            switch key {
            case .right, .up: count = min(Copies.maximum, count + 1)
            case .left, .down: count = max(1, count - 1)
            case .backspace: return .back
            case .enter: return Copies(count).map { .chosen($0) }
            default: if let digit = key.digit { count = digit == 0 ? 10 : digit }
            }
            return nil
        }
    }

    func consent(to request: CertificateRequest, at entry: Menu.Entry, menu: Menu) async -> Reply<Void> {
        let frame = frame.at(
            .choose,
            [("Enter", texts[.hintAgree]), ("Backspace", texts[.consentDecline]), ("Esc", texts[.hintCancel])])
        let texts = texts
        return await ask {
            await console.show { canvas, _ in
                ChoiceScreens.consent(&canvas, frame.draw(&canvas), texts, request, entry)
            }
        } press: { key in
            key == .enter ? .chosen(()) : key == .backspace || key == .left ? .back : nil
        }
    }

    // MARK: Card

    func wait(for what: Waiting) async {
        let (texts, simulated) = (texts, hand != nil)
        let frame: Frame
        switch what {
        case .card(let hint):
            frame = self.frame.at(
                .card, (simulated ? [("Enter", texts[.hintNext])] : []) + [("Esc", texts[.hintCancel])])
            await console.show(moving: true) { canvas, tick in
                CardScreens.place(&canvas, frame.draw(&canvas), texts, hint: hint, simulated: simulated, tick: tick)
            }
        case .removal:
            frame = self.frame.at(.card, simulated ? [("Enter", texts[.hintNext])] : [])
            await console.show(moving: true) { canvas, tick in
                CardScreens.remove(&canvas, frame.draw(&canvas), texts, simulated: simulated, tick: tick)
            }
        }
        console.keyboard.forget()
        let bell = what == .removal ? ring() : nil
        defer { bell?.cancel() }
        while let key = await console.keyboard.next() {
            switch (what, key) {
            case (.card, .escape), (.card, .interrupt), (.card, .backspace): return
            case (.card(hint: nil), .enter): hand?.put()
            case (.card, .enter), (.removal, .enter): hand?.take()
            case (_, .redraw): await console.redraw()
            default: break
            }
        }
        // The task was cancelled, or the terminal is gone: then this waits for the former.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
    }

    func pin(triesLeft: Int, afterWrong: Bool) async -> Reply<PIN> {
        let digits = SecretBytes(count: 4)
        var typed = 0
        defer { digits.erase() }
        let frame = frame.at(
            .card,
            [
                ("0–9", texts[.pinTitle]), ("Backspace", texts[.hintBack]), ("Enter", texts[.hintEnter]),
                ("Esc", texts[.hintCancel]),
            ])
        let texts = texts
        return await ask {
            let count = typed
            await console.show { canvas, _ in
                CardScreens.pin(
                    &canvas, frame.draw(&canvas), texts, digits: count, triesLeft: triesLeft, afterWrong: afterWrong)
            }
        } press: { key in
            switch key {
            case .backspace:
                digits.removeLast()
                typed = digits.count
            case .enter:
                guard digits.count == 4 else { return nil }
                var bytes = digits.copy()
                defer { bytes.wipe() }
                return PIN(digits: bytes).map { .chosen($0) }
            default:
                if let digit = key.digit { digits.append(UInt8(ascii: "0") + UInt8(clamping: digit)) }
                typed = digits.count
            }
            return nil
        }
    }

    // MARK: Contents and payment

    func contents(of page: GuardedPage) async -> Reply<Void> {
        var screen = ContentsScreen(page: page, issuer: issuer)
        let frame = frame.at(
            .check,
            [
                ("Enter", texts[.hintRight]), ("Esc", texts[.hintWrong]), ("Tab", texts[.hintView]),
                ("↑↓←→", texts[.hintScroll]),
            ])
        let texts = texts
        return await ask {
            let shown = screen
            await console.show { canvas, _ in shown.draw(&canvas, frame.draw(&canvas), texts) }
        } press: { key in
            if key == .enter { return .chosen(()) }
            screen.press(key)
            return nil
        }
    }

    func payment(yen: Int) async -> Reply<Void> {
        var paid = 0
        let coins = [10, 50, 100, 500, 1000]
        let frame = frame.at(
            .pay, [("1–5", texts[.paymentTitle]), ("Enter", texts[.paymentExact]), ("Esc", texts[.hintCancel])])
        let texts = texts
        let reply: Reply<Void> = await ask {
            let shown = paid
            await console.show { canvas, _ in
                ChoiceScreens.payment(&canvas, frame.draw(&canvas), texts, due: yen, paid: shown)
            }
        } press: { key in
            if key == .enter { paid = max(paid, yen) }
            if let digit = key.digit, (1...coins.count).contains(digit) { paid += coins[digit - 1] }
            return paid >= yen ? .chosen(()) : nil
        }
        change = max(0, paid - yen)
        return reply
    }

    // MARK: Progress

    func show(_ progress: Progress) async {
        let stage: Frame.Stage? =
            switch progress {
            case .menu: .choose
            case .card, .challenge, .reading: .card
            case .sending, .sendingAgain, .opening, .checking: .check
            case .printing, .reporting: .take
            }
        let (frame, texts) = (frame.at(stage, []), texts)
        await console.show(moving: true) { canvas, tick in
            ProgressScreens.work(&canvas, frame.draw(&canvas), texts, progress, tick: tick)
        }
    }

    func remind() async {
        let (frame, texts, change) = (frame.at(.take, [("Enter", texts[.hintStop])]), texts, change)
        await console.show(moving: true) { canvas, tick in
            ProgressScreens.reminder(&canvas, frame.draw(&canvas), texts, change: change, tick: tick)
        }
        console.keyboard.forget()
        let bell = ring()
        defer { bell.cancel() }
        _ = await console.keyboard.next()
    }

    func nudge(_ left: Duration) async {
        await console.say(texts(.nudge, ["seconds": String(left.components.seconds)]))
        await console.ring()
    }

    func end(_ ending: SessionEnding) async {
        let (frame, texts) = (frame.at(nil, [("Enter", texts[.hintClose])]), texts)
        await console.show { [desk] canvas, _ in
            ProgressScreens.end(&canvas, frame.draw(&canvas), texts, ending, desk: desk)
        }
        console.keyboard.forget()
        while let key = await console.keyboard.next() {
            if [.enter, .escape, .interrupt, .character(" ")].contains(key) { return }
        }
    }

    func reached(_ step: SessionStep) async {}

    // MARK: Keys

    /// Asks until a key answers: Escape leaves everywhere, Control-L draws again.
    private func ask<Value: Sendable>(
        show: () async -> Void, press: (Key) -> Reply<Value>?
    ) async -> Reply<Value> {
        console.keyboard.forget()
        await show()
        while let key = await console.keyboard.next() {
            await console.say(nil)
            if key == .escape || key == .interrupt { return .cancel }
            if key == .redraw { await console.redraw() }
            if let reply = press(key) { return reply }
            await show()
        }
        return .cancel
    }

    /// Rings every second and a half until it is cancelled.
    private func ring() -> Task<Void, Never> {
        Task { [console] in
            while !Task.isCancelled {
                await console.ring()
                try? await Task.sleep(for: .milliseconds(1500))
            }
        }
    }
}
