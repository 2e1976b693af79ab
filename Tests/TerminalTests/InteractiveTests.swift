import CardChip
import Exchange
import ExchangeSupport
import Foundation
import Glibc
import SimulatedCard
import Terminal
import TerminalConsole
import Testing

/// Sessions at a pseudo-terminal, key by key.
@Suite(.serialized)
struct InteractiveTests {
    let world: TestWorld

    init() throws { world = try TestWorld.shared.get() }

    private static let screens: [Language: [(screen: String, keys: String)]] = [
        .ja: [
            ("市区町村を選んで", "1"), ("証明書の種類", "\r"), ("何部必要", "\u{1B}[C\r"), ("同意して進む", "\r"),
            ("カードを置いて", "\r"), ("暗証番号を入力", "9999\r"), ("暗証番号が違います", "12\u{7F}234\r"),
            ("カードをお取り", "\r"), ("内容をお確かめ", "\t"), ("印刷するページ", "\t"), ("二次元コード（端末", "\r"),
            ("手数料をお入れ", "4"), ("お取りください", " "), ("印刷が終わりました", "\r"),
        ],
        .en: [
            ("Choose the municipality", "1"), ("Choose the kind", "2"), ("How many copies", "2\r"), ("I agree", "\r"),
            ("Put your card", "\r"), ("Enter your PIN", "1234\r"), ("Take your card", "\r"),
            ("check the contents", "\r"),
            ("pay the fee", "\r"), ("Take your card and certificate", " "), ("Your certificate is printed", "\r"),
        ],
    ]

    @Test(arguments: Language.allCases)
    func `a person goes from the first screen to the printed page, and nothing stays on the terminal`(
        _ language: Language
    ) async throws {
        let terminal = try PseudoTerminal()
        defer { terminal.close() }
        #expect(terminal.isOrdinary)
        let inquiry = InquiryNumber()
        let session = try await world.interactive(terminal, language, inquiry)
        try await terminal.appear("\u{1B}[?1049h")
        try await terminal.appear(inquiry.text)
        for (screen, keys) in try #require(Self.screens[language]) { try await terminal.press(keys, at: screen) }
        let (ending, jobs) = try await session.value
        #expect(ending == .printed)
        #expect(jobs.map(\.copies) == [2])
        #expect(jobs.map(\.inquiry) == [inquiry.text])
        // The alternate screen is cleared and left.
        try await terminal.appear("\u{1B}[2J")
        try await terminal.appear("\u{1B}[?1049l")
        #expect(terminal.isOrdinary)
    }

    @Test(arguments: [(0, "市区町村を選んで"), (1, "証明書の種類"), (3, "同意して進む"), (4, "カードを置いて"), (5, "暗証番号を入力")])
    func `escape leaves at every step, and the terminal is put back`(_ step: Int, _ screen: String) async throws {
        let terminal = try PseudoTerminal()
        defer { terminal.close() }
        let session = try await world.interactive(terminal, .ja, InquiryNumber())
        for (screen, keys) in try #require(Self.screens[.ja]).prefix(step) {
            try await terminal.press(keys, at: screen)
        }
        try await terminal.press("\u{1B}", at: screen)
        try await terminal.press("\r", at: "中止しました")
        let (ending, jobs) = try await session.value
        #expect(ending.code == "left")
        #expect(jobs.isEmpty)
        #expect(terminal.isOrdinary)
    }

    @Test func `backspace goes back through the questions`() async throws {
        let terminal = try PseudoTerminal()
        defer { terminal.close() }
        let session = try await world.interactive(terminal, .ja, InquiryNumber())
        for (screen, keys) in [
            ("市区町村を選んで", "1"), ("証明書の種類", "1"), ("何部必要", "\r"), ("同意して進む", "\u{7F}"), ("何部必要", "\u{7F}"),
            ("証明書の種類", "\u{7F}"), ("市区町村を選んで", "\u{1B}"), ("中止しました", "\r"),
        ] {
            try await terminal.press(keys, at: screen)
        }
        #expect(try await session.value.0 == .left(.municipality))
    }

    @Test func `a PIN never reaches the screen`() async throws {
        let terminal = try PseudoTerminal()
        defer { terminal.close() }
        let session = try await world.interactive(terminal, .ja, InquiryNumber())
        for (screen, keys) in try #require(Self.screens[.ja]).prefix(5) { try await terminal.press(keys, at: screen) }
        try await terminal.press("7", at: "暗証番号を入力")
        // Only rows that change are drawn: what comes now is what the digit caused.
        let drawn = try await terminal.settled(showing: "●")
        #expect(!drawn.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "").contains("7"))
        try await terminal.press("\u{1B}")
        try await terminal.press("\r", at: "中止しました")
        #expect(try await session.value.0 == .left(.pin))
    }
}

extension TestWorld {
    /// Starts an interactive session with a simulated card and a printer that keeps its jobs.
    func interactive(
        _ terminal: PseudoTerminal, _ language: Language, _ inquiry: InquiryNumber
    ) async throws -> Task<(SessionEnding, [PrintJob]), any Error> {
        let texts = try Texts(language)
        let (centre, environment, jobs) = try await surroundings(.init(), receipt: { texts.receipt($0) })
        let chip = SimulatedCard(file: card, persistTo: nil)
        let slot = CardSlot.simulated(hand: CardHand()) { InProcessTransport(card: chip) }
        let far = terminal.far
        return Task {
            let ending = await CustomerSession.run(
                environment, slot: slot, texts: texts, inquiry: inquiry, isDevelopment: true, input: far, output: far)
            await environment.centre.shutdown()
            await centre.stop()
            return (try TestIssuer.some(ending), jobs.all)
        }
    }
}
