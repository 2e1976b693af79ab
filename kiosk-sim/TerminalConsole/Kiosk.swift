package import Exchange
package import Foundation
import Glibc
package import Terminal
import Waiting

/// The terminal between customers: the first screen, the centre's menu, the state of service. It starts one process for
/// each customer's session and learns nothing of the customer but the session's exit code.
package actor Kiosk {
    /// Starts a session's process with the terminal and returns its exit code.
    package typealias Begin = @Sendable (_ language: Language, _ inquiry: InquiryNumber) async -> Int32

    private let device: TerminalDevice
    private let texts: [Texts]
    private let watch: MenuWatch
    private let marker: ServiceMarker
    private let hasOperator: Bool
    private let simulated: Bool
    private let isDevelopment: Bool
    private let memory: MemoryProtection
    private let begin: Begin
    private let now: @Sendable () -> Date
    private var state: ServiceState
    private var lock: OperatorLock
    private let clock = ContinuousClock()
    private var pauseEnd: Task<Void, Never>?
    private var console: Console?

    /// What a terminal between customers is told.
    package struct Setting: Sendable {
        package var operatorCode: String?
        package var marker: ServiceMarker
        package var simulated: Bool
        package var isDevelopment: Bool

        package init(operatorCode: String?, marker: ServiceMarker, simulated: Bool, isDevelopment: Bool) {
            self.operatorCode = operatorCode
            self.marker = marker
            self.simulated = simulated
            self.isDevelopment = isDevelopment
        }

        /// As a terminal's configuration says.
        package init(_ configuration: TerminalConfiguration) {
            self.init(
                operatorCode: configuration.operatorCode, marker: configuration.marker,
                simulated: configuration.card.isSimulated, isDevelopment: configuration.isDevelopment)
        }
    }

    /// A terminal between customers.
    ///
    /// - Parameters:
    ///   - trust: what it trusts, if that comes from a publisher: kept up between customers.
    ///   - input: the terminal's descriptor for keys.
    ///   - output: the terminal's descriptor for the screen.
    package init(
        _ setting: Setting, texts: [Texts], centre: CentreClient, trust: TrustKeeper? = nil, memory: MemoryProtection,
        input: Int32 = 0, output: Int32 = 1, now: @escaping @Sendable () -> Date = { Date() }, begin: @escaping Begin
    ) {
        device = TerminalDevice(input: input, output: output)
        self.texts = texts
        watch = MenuWatch(centre: centre, trust: trust)
        marker = setting.marker
        hasOperator = setting.operatorCode != nil
        state = ServiceState(marker: setting.marker)
        lock = OperatorLock(code: setting.operatorCode)
        simulated = setting.simulated
        isDevelopment = setting.isDevelopment
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
            state.ended(inquiry, exitCode: code, at: clock.now)
            if code == SessionEnding.ExitCode.unopened { alarm(inquiry) }
            if !SessionEnding.saysItself(code) { await apologise(inquiry, code) }
        }
        return true
    }

    /// Says on standard error, if that is no screen, that an answer did not open.
    private func alarm(_ inquiry: InquiryNumber) {
        guard isatty(STDERR_FILENO) != 1 else { return }
        let line = #"{"alarm":"guard.answer","inquiry":"\#(inquiry.text)","inARow":\#(state.unopened)}"#
        FileHandle.standardError.write(Data((line + "\n").utf8))
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
                if hasOperator, await operate(console) { return nil }
                await show()
            case .redraw: await console.redraw()
            // Only somebody who develops leaves without a code: at a shop nobody reaches what lies under the terminal.
            case .interrupt where !hasOperator && isDevelopment: return nil
            default:
                if let digit = key.digit, (1...texts.count).contains(digit), isOpen { return texts[digit - 1].language }
            }
        }
        return nil
    }

    private var isOpen: Bool {
        guard state.mayBegin(at: clock.now), case .menu(let menu) = watch.state else { return false }
        return menu.closed == nil && menu.hours.contains(now())
    }

    // MARK: Screens

    private func show() async {
        guard let console, !isOperating, let first = texts.first else { return }
        var hints = texts.enumerated().map { (key: String($0.offset + 1), text: $0.element[.attractStart]) }
        if !isOpen { hints = [] }
        if hasOperator {
            hints.append((key: "O", text: texts.map { $0[.attractOperator] }.joined(separator: " / ")))
        }
        let frame = Frame(texts: first, inquiry: nil, isSample: isDevelopment, hints: hints)
        let (texts, simulated, now) = (texts, simulated, now)
        if state.isOutOfService {
            let lines = texts.map { Texts.Advice(title: $0[.outOfServiceTitle], advice: $0[.outOfServiceAdvice]) }
            let note = state.mismatch.map { "\(first[.serviceInquiry]) \($0.text)" } ?? ""
            return await console.show { canvas, _ in
                AttractScreens.closed(&canvas, frame.draw(&canvas), lines, note, alert: true)
            }
        }
        if let left = state.pause(at: clock.now) {
            await console.ring()
            endPause(after: left)
            let until = clock.now + left
            return await console.show(moving: true) { [clock] canvas, _ in
                let seconds = String(max(0, clock.now.duration(to: until).components.seconds) + 1)
                let lines = texts.map {
                    Texts.Advice(title: $0[.attractClosed], advice: $0(.attractPaused, ["seconds": seconds]))
                }
                AttractScreens.closed(&canvas, frame.draw(&canvas), lines, "guard.answer", alert: true)
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

    /// Shows the first screen again when a pause is over.
    private func endPause(after left: Duration) {
        pauseEnd?.cancel()
        pauseEnd = Task { [weak self] in
            guard (try? await Task.sleep(for: left + .milliseconds(50))) != nil else { return }
            await self?.show()
        }
    }

    // MARK: Staff

    private var isOperating = false

    /// How long the staff screen stays without a key, and how long a code may take to type.
    private static let operatorPatience = Duration.seconds(60)

    /// The staff screen: asks for the code, says how the terminal stands, clears what took it out of service. `true`
    /// if the terminal is to be shut down, which takes the code once more.
    private func operate(_ console: Console) async -> Bool {
        guard let first = texts.first else { return false }
        isOperating = true
        defer { isOperating = false }
        guard await askCode(console, first, first[.operatorCode]) else { return false }
        var failed = false
        while true {
            await showOperator(console, first, notCleared: failed)
            switch await key(console) {
            case .character("c")?, .character("C")?: failed = !state.clear()
            case .character("q")?, .character("Q")?: return await askCode(console, first, first[.operatorAgain])
            case .escape?, .enter?, .backspace?, .interrupt?, nil: return false
            default: break
            }
        }
    }

    /// The next key of somebody who is there; `nil` after a while without one.
    private func key(_ console: Console) async -> Key? {
        (try? await withTimeLimit(Self.operatorPatience) { await console.keyboard.next() }) ?? nil
    }

    /// Whether the operator's code was typed. While it is locked nothing that is typed is looked at.
    private func askCode(_ console: Console, _ texts: Texts, _ title: String) async -> Bool {
        var digits = ""
        var wasWrong = false
        let frame = Frame(
            texts: texts, inquiry: nil, isSample: isDevelopment,
            hints: [("Enter", texts[.hintEnter]), ("Esc", texts[.hintBack])])
        while true {
            let masked = String(repeating: "● ", count: digits.count)
            let until = lock.wait(at: clock.now).map { clock.now + $0 }
            let isWrong = wasWrong
            await console.show(moving: until != nil) { [clock] canvas, _ in
                var notes = isWrong ? [texts[.operatorWrong]] : []
                if let until, until > clock.now {
                    let seconds = String(clock.now.duration(to: until).components.seconds + 1)
                    notes.append(texts(.operatorLocked, ["seconds": seconds]))
                }
                AttractScreens.operatorScreen(
                    &canvas, frame.draw(&canvas), texts, [(title, ""), ("", masked)], notes)
            }
            switch await key(console) {
            case .enter?:
                let answer = lock.enter(digits, at: clock.now)
                if answer == .right { return true }
                if case .wrong = answer { wasWrong = true }
                digits = ""
                console.keyboard.forget()
            case .backspace?: digits = String(digits.dropLast())
            case .escape?, .interrupt?, nil: return false
            case let key?: if let digit = key.digit, digits.count < 12 { digits += String(digit) }
            }
        }
    }

    private func showOperator(_ console: Console, _ texts: Texts, notCleared: Bool) async {
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
        var notes = [texts[.operatorInService]]
        if state.unopened > 0 {
            notes = [texts(.operatorAlarm, ["count": String(state.unopened)]), texts[.operatorClearAlarm]]
        }
        if state.isOutOfService {
            if let inquiry = state.mismatch { rows.append((texts[.serviceInquiry], inquiry.text)) }
            notes = [texts[.outOfServiceTitle], texts[.operatorReason], texts[.operatorClear]]
        }
        if notCleared { notes.append(texts(.operatorNotCleared, ["path": marker.path])) }
        notes.append(texts[.operatorQuit])
        let frame = Frame(texts: texts, inquiry: nil, isSample: isDevelopment, hints: [("Esc", texts[.hintBack])])
        let (shownRows, shownNotes) = (rows, notes)
        await console.show { canvas, _ in
            AttractScreens.operatorScreen(&canvas, frame.draw(&canvas), texts, shownRows, shownNotes)
        }
    }
}
