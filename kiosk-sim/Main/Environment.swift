import ArgumentParser
import CardChip
import CardReader
import CommandFrame
import Exchange
import Foundation
import Glibc
import SimulatedCard
import Terminal

/// What a process that holds a session has before it begins: its memory protected, its configuration checked.
struct Prepared: Sendable {
    let configuration: TerminalConfiguration
    let environment: SessionEnvironment
    let slot: CardSlot
    let texts: Texts
    let memory: MemoryProtection

    /// Prepares this process; everything personal comes after this.
    init(config: String, language: Language, card: String? = nil) throws {
        let program = try ThisProgram.path()
        memory = try MemoryProtection.begin()
        configuration = try TerminalConfiguration(path: config)
        if card != nil, !configuration.isDevelopment {
            throw WrongUse(
                "a simulated card needs development: true in \(config)",
                "模擬カードを使うには、\(config) に development: true が必要です。")
        }
        for warning in configuration.warnings { Notice.say("kiosk-sim: \(warning)") }
        slot = try Self.slot(card.map { .simulated(path: $0) } ?? configuration.card)
        let texts = try Texts(language)
        self.texts = texts
        environment = SessionEnvironment(
            centre: CentreClient(configuration), identity: configuration.identity,
            trust: try TrustKeeper(configuration, program: program) { refusal in Self.notTaken(refusal) },
            printer: Printer(configuration.printer), timeouts: configuration.timeouts, marker: configuration.marker,
            receipt: { texts.receipt($0) })
    }

    /// Says why an edition of what terminals trust does not count.
    static func notTaken(_ refusal: TrustKeeper.Refusal) {
        Notice.say("kiosk-sim: what is trusted was not taken: \(refusal.rawValue) / 信頼情報を受け入れません")
    }

    private static func slot(_ card: TerminalConfiguration.Card) throws -> CardSlot {
        switch card {
        case .simulated(let path):
            let file = try SimulatedCardFile.load(path)
            Notice.simulation()
            let chip = SimulatedCard(file: file, persistTo: path)
            return .simulated(hand: CardHand()) { InProcessTransport(card: chip) }
        case .reader(let name):
            return CardSlot { () throws(CardTransportError) -> LyingCard in
                let transport = try PCSCTransport.waitForCard(readerNamed: name, timeout: .milliseconds(300))
                return LyingCard(transport: transport) { transport.isCardPresent() }
            }
        }
    }
}

/// What is said on standard error; never with personal data.
enum Notice {
    static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Said wherever a simulated card is used.
    static func simulation() {
        say("*** SIMULATION: this is a simulated card, not a My Number card. 模擬カードです。本物のマイナンバーカードではありません。 ***")
    }

    /// Ends a process that should begin a session at a terminal that is out of service.
    static func refuseOutOfService(_ configuration: TerminalConfiguration) {
        guard configuration.marker.isSet else { return }
        say(
            """
            kiosk-sim: out of service until a person has looked: \(configuration.marker.path)
            kiosk-sim: 係員が確認するまで使用できません: \(configuration.marker.path)
            """)
        _exit(SessionEnding.ExitCode.outOfService)
    }

    /// Says how far memory is protected.
    static func memory(_ memory: MemoryProtection) {
        switch memory {
        case .everything: say("memory: all of it locked, core dumps off")
        case .buffers: say("memory: page and PIN locked only (RLIMIT_MEMLOCK forbids the rest), core dumps off")
        case .nothing: say("memory: nothing can be locked (RLIMIT_MEMLOCK), core dumps off")
        }
    }
}

extension Language: ExpressibleByArgument {}
