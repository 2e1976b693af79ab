package import Exchange
package import Foundation
package import Terminal
import Waiting

/// The terminal between customers: the first screen, the centre's menu, the state of service. It starts one process for
/// each customer's session and learns nothing of the customer but the session's exit code.
package actor Kiosk {
    /// Starts a session's process with the terminal and returns its exit code.
    package typealias Begin = @Sendable (_ language: Language, _ inquiry: InquiryNumber) async -> Int32

    private let device = TerminalDevice()
    private let texts: [Texts]
    private let watch: MenuWatch
    private let operatorCode: String?
    private let simulated: Bool
    private let isDevelopment: Bool
    private let memory: MemoryProtection
    private let begin: Begin
    private let now: @Sendable () -> Date
    private var state = ServiceState()
    private var console: Console?

    /// A terminal from its configuration.
    package init(
        configuration: TerminalConfiguration, texts: [Texts], centre: CentreClient, memory: MemoryProtection,
        now: @escaping @Sendable () -> Date = { Date() }, begin: @escaping Begin
    ) {
        self.texts = texts
        watch = MenuWatch(centre: centre)
        operatorCode = configuration.operatorCode
        simulated = configuration.card.isSimulated
        isDevelopment = configuration.isDevelopment
        self.memory = memory
        self.begin = begin
        self.now = now
    }

    /// Runs until an operator shuts the terminal down or the task is cancelled; `false` if there is no terminal.
    package func run() async -> Bool {
        let watching = Task { [watch] in
            await watch.run { [weak self] in await self?.show() }
        }
        defer { watching.cancel() }
        while !Task.isCancelled {
            guard let console = await open() else { return false }
            await show()
            let choice = await choose(console)
            self.console = nil
            await console.stop(handingOver: choice != nil)
            guard let choice else { return true }
            let inquiry = InquiryNumber()
            let code = await begin(choice, inquiry)
            state.ended(inquiry, exitCode: code)
            if !SessionEnding.saysItself(code) { await apologise(inquiry, code) }
        }
        return true
    }

    /// A session's process that ended without a word to its customer: says so in its place, for a while.
    private func apologise(_ inquiry: InquiryNumber, _ code: Int32) async {
        guard let first = texts.first, let console = await open() else { return }
        let lines = texts.map { $0.advice(for: .internal) }
        let frame = Frame(
            texts: first, inquiry: inquiry.text, isSample: isDevelopment, hints: [("Enter", first[.hintClose])])
        await console.show { canvas, _ in
            AttractScreens.closed(
                &canvas, frame.draw(&canvas), lines, "\(first[.endCode])  \(SessionEnding.internal.code) (\(code))",
                alert: false)
        }
        _ = try? await withTimeLimit(.seconds(20)) { await console.keyboard.next() }
        self.console = nil
        await console.stop()
    }

    private func open() async -> Console? {
        let console = Console(device: device, tooSmall: texts.map { $0[.serviceTooSmall] }.joined(separator: "\n"))
        await console?.start()
        self.console = console
        return console
    }

    /// Waits for a customer; the language, or `nil` for the end.
    private func choose(_ console: Console) async -> Language? {
        while let key = await console.keyboard.next() {
            switch key {
            case .enter: if isOpen, let first = texts.first { return first.language }
            case .character("o"), .character("O"):
                if operatorCode != nil, await operate(console) { return nil }
                await show()
            case .redraw: await console.redraw()
            case .interrupt where operatorCode == nil: return nil
            default:
                if let digit = key.digit, (1...texts.count).contains(digit), isOpen { return texts[digit - 1].language }
            }
        }
        return nil
    }

    private var isOpen: Bool {
        guard state.mayBegin, case .menu(let menu) = watch.state else { return false }
        return menu.closed == nil && menu.hours.contains(now())
    }

    // MARK: Screens

    private func show() async {
        guard let console, !isOperating, let first = texts.first else { return }
        var hints = texts.enumerated().map { (key: String($0.offset + 1), text: $0.element[.attractStart]) }
        if !isOpen { hints = [] }
        if operatorCode != nil {
            hints.append((key: "O", text: texts.map { $0[.attractOperator] }.joined(separator: " / ")))
        }
        let frame = Frame(texts: first, inquiry: nil, isSample: isDevelopment, hints: hints)
        let (texts, simulated, now) = (texts, simulated, now)
        if let outOfService = state.outOfService {
            let lines = texts.map { Texts.Advice(title: $0[.outOfServiceTitle], advice: $0[.outOfServiceAdvice]) }
            let note = "\(first[.serviceInquiry]) \(outOfService.inquiry.text)"
            return await console.show { canvas, _ in
                AttractScreens.closed(&canvas, frame.draw(&canvas), lines, note, alert: true)
            }
        }
        switch watch.state {
        case .menu(let menu):
            await console.show(moving: true) { canvas, tick in
                AttractScreens.attract(
                    &canvas, frame.draw(&canvas), texts, menu, simulated: simulated, now: now(), tick: tick)
            }
        case .refused(let code):
            let lines = texts.map { $0.advice(code: code.rawValue) }
            await console.show { canvas, _ in
                AttractScreens.closed(&canvas, frame.draw(&canvas), lines, code.rawValue, alert: false)
            }
        case .unreachable:
            let lines = texts.map { Texts.Advice(title: $0[.attractClosed], advice: $0[.attractUnreachable]) }
            await console.show(moving: true) { canvas, tick in
                AttractScreens.closed(&canvas, frame.draw(&canvas), lines, Draw.spinner(tick), alert: false)
            }
        }
    }

    // MARK: Staff

    private var isOperating = false

    /// The staff screen: asks for the code, says how the terminal stands, clears what took it out of service. `true`
    /// where the terminal is to be shut down.
    private func operate(_ console: Console) async -> Bool {
        guard let first = texts.first else { return false }
        isOperating = true
        defer { isOperating = false }
        guard let code = await askCode(console, first) else { return false }
        while true {
            await showOperator(console, first)
            switch await console.keyboard.next() {
            case .character("c")?, .character("C")?: _ = state.clear(code: code, expected: operatorCode)
            case .character("q")?, .character("Q")?: return true
            case .escape?, .enter?, .backspace?, .interrupt?, nil: return false
            default: break
            }
        }
    }

    private func askCode(_ console: Console, _ texts: Texts) async -> String? {
        var digits = ""
        var note = ""
        let frame = Frame(
            texts: texts, inquiry: nil, isSample: isDevelopment,
            hints: [("Enter", texts[.hintEnter]), ("Esc", texts[.hintBack])])
        while true {
            let (masked, said) = (String(repeating: "● ", count: digits.count), note)
            await console.show { canvas, _ in
                AttractScreens.operatorScreen(
                    &canvas, frame.draw(&canvas), texts, [(texts[.operatorCode], ""), ("", masked)],
                    said.isEmpty ? [] : [said])
            }
            switch await console.keyboard.next() {
            case .enter?:
                if ServiceState.isRight(digits, operatorCode) { return digits }
                (digits, note) = ("", texts[.operatorWrong])
                // Guessing takes time.
                try? await Task.sleep(for: .seconds(1))
                console.keyboard.forget()
            case .backspace?: digits = String(digits.dropLast())
            case .escape?, .interrupt?, nil: return nil
            case let key?: if let digit = key.digit, digits.count < 12 { digits += String(digit) }
            }
        }
    }

    private func showOperator(_ console: Console, _ texts: Texts) async {
        let memoryText: TextKey =
            switch memory {
            case .everything: .operatorMemoryEverything
            case .buffers: .operatorMemoryBuffers
            case .nothing: .operatorMemoryNothing
            }
        let menuText =
            switch watch.state {
            case .menu(let menu): texts(.operatorConnected, ["revision": String(menu.revision)])
            case .refused(let code): code.rawValue
            case .unreachable: texts[.operatorDisconnected]
            }
        var rows = [(texts[.operatorMemory], texts[memoryText]), (texts[.operatorMenu], menuText)]
        if let last = state.last { rows.append((texts[.operatorLast], "\(last.inquiry.text)  (\(last.exitCode))")) }
        var notes = [texts[.operatorInService], texts[.operatorQuit]]
        if let stopped = state.outOfService {
            rows.append((texts[.serviceInquiry], stopped.inquiry.text))
            notes = [texts[.outOfServiceTitle], texts[.operatorReason], texts[.operatorClear], texts[.operatorQuit]]
        }
        let frame = Frame(texts: texts, inquiry: nil, isSample: isDevelopment, hints: [("Esc", texts[.hintBack])])
        let (shownRows, shownNotes) = (rows, notes)
        await console.show { canvas, _ in
            AttractScreens.operatorScreen(&canvas, frame.draw(&canvas), texts, shownRows, shownNotes)
        }
    }
}
