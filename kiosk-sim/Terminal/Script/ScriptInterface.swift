package import CardChip
package import Exchange
import Foundation
import Glibc
import Synchronization
package import Vaccination

/// A person who does what a script says. Every step is one JSON line without anything personal in it.
package final class ScriptInterface: SessionInterface {
    private struct State {
        var pins: ArraySlice<String>
        var activity = 0
        var isIdle = false
        var isLeaving = false
    }

    private let script: Script
    private let hand: CardHand?
    private let write: @Sendable (String) -> Void
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let state: Mutex<State>

    /// A person with a script.
    ///
    /// - Parameters:
    ///   - hand: puts a simulated card on the reader and takes it away; `nil` if somebody outside does.
    ///   - write: takes one line of JSON at a time.
    package init(_ script: Script, hand: CardHand?, write: @escaping @Sendable (String) -> Void) {
        self.script = script
        self.hand = hand
        self.write = write
        start = clock.now
        state = Mutex(State(pins: script.pins[...]))
    }

    package func activity() async -> Int {
        state.withLock { state in
            if !state.isIdle { state.activity += 1 }
            return state.activity
        }
    }

    package func reached(_ step: SessionStep) async {
        let elapsed = start.duration(to: clock.now)
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        write(#"{"step":"\#(step.rawValue)","ms":\#(milliseconds)}"#)
        if step == script.crash { _exit(9) }
        if step == script.leave { state.withLock { $0.isLeaving = true } }
        if step == script.idle { state.withLock { $0.isIdle = true } }
        if let take = script.take, take.at == step {
            if take.afterCommands == 0 { hand?.take() } else { hand?.take(afterCommands: take.afterCommands) }
        }
    }

    package func municipality(of menu: Menu) async -> Reply<Menu.Entry> {
        let entry =
            menu.entries.first { $0.municipality.code == script.municipality }
            // A person cannot choose what the menu does not have; the script asks all the same, and is refused.
            ?? Menu.Entry(
                municipality: Municipality(
                    code: script.municipality, prefecture: "", name: "", prefectureEnglish: "", nameEnglish: ""),
                kinds: CertificateKind.allCases, isSuspended: false)
        return await answer(entry)
    }

    package func kind(of entry: Menu.Entry, menu: Menu) async -> Reply<CertificateKind> { await answer(script.kind) }
    package func copies(menu: Menu) async -> Reply<Copies> { await answer(script.copies) }
    package func consent(to request: CertificateRequest, at entry: Menu.Entry, menu: Menu) async -> Reply<Void> {
        await answer(())
    }

    package func pin(triesLeft: Int, afterWrong: Bool) async -> Reply<PIN> {
        guard let digits = state.withLock({ $0.pins.popFirst() }), let pin = PIN(digits: Array(digits.utf8)) else {
            return .cancel
        }
        return await answer(pin)
    }

    package func contents(of page: GuardedPage) async -> Reply<Void> { await answer(()) }
    package func payment(yen: Int) async -> Reply<Void> { await answer(()) }

    package func wait(for what: Waiting) async {
        let (isLeaving, isIdle) = state.withLock { ($0.isLeaving, $0.isIdle) }
        if isLeaving { return }
        if !isIdle {
            switch what {
            case .card(hint: nil): hand?.put()
            case .card: hand?.take()
            case .removal: hand?.take()
            }
        }
        await untilCancelled()
    }

    package func show(_ progress: Progress) async {}
    package func remind() async { if state.withLock({ $0.isIdle }) { await untilCancelled() } }
    package func nudge(_ left: Duration) async {}

    package func end(_ ending: SessionEnding) async {
        write(#"{"ended":"\#(ending.code)","exit":\#(ending.exitCode)}"#)
    }

    private func answer<Value: Sendable>(_ value: Value) async -> Reply<Value> {
        let (isLeaving, isIdle) = state.withLock { ($0.isLeaving, $0.isIdle) }
        if isLeaving { return .cancel }
        if isIdle { await untilCancelled() }
        return .chosen(value)
    }

    private func untilCancelled() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }
}
