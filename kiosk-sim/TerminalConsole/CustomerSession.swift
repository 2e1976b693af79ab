package import Exchange
import Foundation
package import Terminal

/// The interactive session of one customer: a process of its own runs this once and ends.
package enum CustomerSession {
    /// Runs the session in a terminal; its ending, or `nil` if there is none.
    ///
    /// - Parameters:
    ///   - input: the terminal's descriptor for keys.
    ///   - output: the terminal's descriptor for the screen.
    ///   - isGuest: whether the process between customers has the alternate screen already.
    package static func run(
        _ environment: SessionEnvironment, slot: CardSlot, texts: Texts, inquiry: InquiryNumber, isDevelopment: Bool,
        input: Int32 = 0, output: Int32 = 1, isGuest: Bool = false
    ) async -> SessionEnding? {
        guard
            let console = Console(
                device: TerminalDevice(input: input, output: output, isGuest: isGuest),
                tooSmall: texts[.serviceTooSmall])
        else { return nil }
        await console.start()
        let interface = ConsoleInterface(
            console: console, texts: texts, inquiry: inquiry, isSample: isDevelopment, hand: slot.hand)
        let flow = SessionFlow(environment, interface: interface, slot: slot, inquiry: inquiry)
        let ending = await flow.run()
        await console.stop()
        return ending
    }
}
