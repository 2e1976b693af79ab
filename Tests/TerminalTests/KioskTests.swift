import Exchange
import ExchangeSupport
import Foundation
import Synchronization
import Terminal
import TerminalConsole
import TestSupport
import Testing

extension InteractiveTests {
    /// The terminal between customers at a pseudo-terminal, key by key; one at a time with the others, since a process has one
    /// terminal to put back.
    @Suite(.serialized)
    struct KioskTests {
        let world: TestWorld
        private let folder: TemporaryFolder
        private var marker: ServiceMarker { ServiceMarker(path: folder.file("out-of-service")) }

        init() throws {
            world = try TestWorld.shared.get()
            folder = try TemporaryFolder()
        }

        /// Runs a terminal whose sessions end with these codes one after the other, then with 10, until `body` returns, and
        /// with `untilItsEnd` until it has ended by itself.
        private func kiosk(
            _ codes: [Int32] = [], development: Bool = true, code: String? = "4711", menu: [UInt8]? = nil,
            untilItsEnd: Bool = false, _ body: (PseudoTerminal, Counter) async throws -> Void
        ) async throws -> Bool {
            let terminal = try PseudoTerminal()
            defer { terminal.close() }
            let (centre, environment, _) = try await world.surroundings(.init(menu: menu))
            let begun = Counter()
            let kiosk = Kiosk(
                .init(operatorCode: code, marker: marker, simulated: true, isDevelopment: development),
                texts: [try Texts(.en)], centre: environment.centre, memory: .nothing, input: terminal.far,
                output: terminal.far
            ) { _, _ in
                let number = begun.next()
                return number <= codes.count ? codes[number - 1] : 10
            }
            let hasEnded = Mutex(false)
            let running = Task {
                _ = await kiosk.run()
                hasEnded.withLock { $0 = true }
            }
            do {
                try await body(terminal, begun)
                if untilItsEnd { try await eventually("its end") { hasEnded.withLock { $0 } } }
            } catch {
                running.cancel()
                await running.value
                throw error
            }
            let endedItself = hasEnded.withLock { $0 }
            running.cancel()
            await running.value
            await environment.centre.shutdown()
            await centre.stop()
            return endedItself
        }

        @Test func `a terminal that was out of service is so after its restart, until the code and C`() async throws {
            #expect(marker.set())
            _ = try await kiosk { terminal, begun in
                try await terminal.press("\r", at: "out of service")
                try await terminal.press("o")
                try await terminal.press("4711\r", at: "Enter the staff code")
                #expect(begun.value == 0)
                try await terminal.press("c", at: "back into service")
                try await terminal.press("\u{1B}", at: "This machine is in service")
                try await terminal.press("\r", at: "Start in English")
                try await eventually("a session") { begun.value == 1 }
            }
            #expect(!marker.isSet)
        }

        @Test func `a session that ends with 16 takes the terminal out of service before the next`() async throws {
            _ = try await kiosk([16]) { terminal, begun in
                try await terminal.press("\r", at: "Start in English")
                try await terminal.press("\r", at: "out of service")
                // Keys are taken one after the other: behind the screen that O opens, 1 was taken and began nothing.
                try await terminal.press("1o")
                try await terminal.appear("Enter the staff code")
                #expect(begun.value == 1)
            }
            #expect(marker.isSet)
        }

        @Test func `after an answer that did not open there is a pause and an alarm, and then the next customer`()
            async throws
        {
            _ = try await kiosk([19]) { terminal, begun in
                try await terminal.press("\r", at: "Start in English")
                try await terminal.press("\r", at: "could not be opened")
                try await terminal.press("o")
                try await terminal.press("4711\r", at: "Enter the staff code")
                try await terminal.press("\u{1B}", at: "Alarm: 1 answers")
                // The pause is over by itself.
                try await terminal.press("\r", at: "Start in English")
                try await eventually("the next session") { begun.value == 2 }
            }
            #expect(!marker.isSet)
        }

        @Test func `Q does not end the program without the code`() async throws {
            let endedWithout = try await kiosk { terminal, _ in
                try await terminal.press("qQ\u{03}", at: "Start in English")
                try await terminal.press("o")
                try await terminal.press("4711\r", at: "Enter the staff code")
                try await terminal.press("q", at: "shut this terminal down")
                // The next who comes does not know it.
                try await terminal.press("\r0000\r", at: "again to shut")
                try await terminal.appear("Too many wrong codes")
                try await terminal.press("\u{1B}")
                try await terminal.appear("Start in English")
            }
            #expect(!endedWithout)
            let endedWith = try await kiosk(untilItsEnd: true) { terminal, _ in
                try await terminal.press("o", at: "Start in English")
                try await terminal.press("4711\r", at: "Enter the staff code")
                try await terminal.press("q", at: "shut this terminal down")
                try await terminal.press("4711\r", at: "again to shut")
                try await terminal.appear("\u{1B}[?1049l")
            }
            #expect(endedWith)
        }

        @Test(arguments: [(true, true), (false, false)])
        func `without a code only a terminal for development is left by Control-C`(_ development: Bool, _ ends: Bool)
            async throws
        {
            let ended = try await kiosk(development: development, code: nil, untilItsEnd: ends) { terminal, begun in
                try await terminal.press("\u{03}\r", at: "Start in English")
                // What is not left takes the next key and begins a session.
                if !ends { try await eventually("a session") { begun.value == 1 } }
            }
            #expect(ended == ends)
        }

        @Test func `a code is not looked at while it is locked, and the screen says how long`() async throws {
            _ = try await kiosk { terminal, _ in
                try await terminal.press("o", at: "Start in English")
                try await terminal.press("0000\r", at: "Enter the staff code")
                try await terminal.press("4711\r", at: "Too many wrong codes")
                // Once the second is over the same code opens; until then it is typed in vain.
                try await eventually("the staff screen") {
                    if terminal.output.contains("This machine is in service") { return true }
                    try await terminal.press("4711\r")
                    return false
                }
            }
        }

        @Test(arguments: [
            #"{"opens":1000,"closes":10}"#, #"{"opens":-1,"closes":1440}"#,
            #"{"opens":0,"closes":9223372036854775807}"#,
        ])
        func `a hostile menu is no menu: the terminal waits for a right one`(_ hours: String) async throws {
            let menu = """
                {"revision":1,"entries":[],"suspendedKinds":[],"feeYen":120,"hours":\(hours),"notices":[],"isDevelopment":true}
                """
            _ = try await kiosk(menu: Array(menu.utf8)) { terminal, begun in
                try await terminal.press("\ro", at: "Connecting to the centre")
                try await terminal.appear("Enter the staff code")
                #expect(begun.value == 0)
            }
        }
    }
}
