import CardChip
import Exchange
import PhoneApp
import SimulatedCard
import Synchronization

/// A person at a phone who does what a test says, and a note of what was asked.
final class TestPerson: PhoneInterface {
    /// What was asked of the person.
    struct Notes: Sendable {
        var steps: [PhoneStep] = []
        var pins: [PINReason] = []
        var holds: [(tag: Tag, reason: HoldReason)] = []
        var shown: [KeptCertificate] = []
    }

    private let choices: [PhoneChoice]?
    private let presented: PresentedPassport?
    private let typed: Mutex<[String?]>
    private let keeps: Bool
    private let held: @Sendable (Tag, HoldReason) async -> Bool
    private let state = Mutex(Notes())

    /// - Parameters:
    ///   - pins: what is typed, one after the other; the last one again and again, `nil` leaves.
    ///   - keeps: whether certificates are kept.
    ///   - held: what is done when a tag is to be held to the phone.
    init(
        _ choices: [PhoneChoice]?, pins: [String?] = ["1234"], passport: PresentedPassport? = nil, keeps: Bool = true,
        held: @escaping @Sendable (Tag, HoldReason) async -> Bool = { _, _ in true }
    ) {
        (self.choices, presented, self.keeps, self.held) = (choices, passport, keeps, held)
        typed = Mutex(pins)
    }

    var notes: Notes { state.withLock { $0 } }

    func reached(_ step: PhoneStep) async { state.withLock { $0.steps.append(step) } }
    func choose(of menu: Menu) async -> [PhoneChoice]? { choices }
    func passport() async -> PresentedPassport? { presented }

    func pin(_ reason: PINReason) async -> PIN? {
        state.withLock { $0.pins.append(reason) }
        let typed = typed.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? nil }
        return typed.flatMap { PIN(digits: Array($0.utf8)) }
    }

    func hold(_ tag: Tag, _ reason: HoldReason) async -> Bool {
        state.withLock { $0.holds.append((tag, reason)) }
        return await held(tag, reason)
    }

    func keep(_ certificate: KeptCertificate) async -> Bool {
        state.withLock { $0.shown.append(certificate) }
        return keeps
    }
}

/// What a test holds to the phone, one after the other, and a note of the commands.
final class TestTags: Sendable {
    /// One holding of the card: which chip, and after how many commands it is lost.
    struct Holding: Sendable {
        var chip: any SimulatedChip
        var lostAfter: Int?
    }

    private let holdings: Mutex<[Holding]>
    private let passport: (any SimulatedChip)?
    private let presented = Mutex(0)

    /// The last holding is that of every further time.
    init(_ holdings: [Holding], passport: (any SimulatedChip)? = nil) {
        self.passport = passport
        self.holdings = Mutex(holdings)
    }

    /// How often a PIN was presented.
    var presentations: Int { presented.withLock { $0 } }

    var reader: TagReader {
        TagReader { tag throws(CardTransportError) -> any CardTransport in
            guard tag == .card else {
                guard let passport = self.passport else { throw .noCard }
                return InProcessTransport(card: passport)
            }
            let holding = self.holdings.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
            guard let holding else { throw .noCard }
            return Counted(InProcessTransport(card: holding.chip, removedAfter: holding.lostAfter)) {
                self.presented.withLock { $0 += 1 }
            }
        }
    }

    private final class Counted: CardTransport {
        private let inner: InProcessTransport
        private let note: @Sendable () -> Void

        init(_ inner: InProcessTransport, _ note: @escaping @Sendable () -> Void) {
            (self.inner, self.note) = (inner, note)
        }

        func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
            // VERIFY with digits; without any it asks for the tries.
            if command.ins == 0x20, !command.data.isEmpty { note() }
            return try inner.transmit(command)
        }
    }
}

/// A chip that counts the commands.
final class CommandCounter: SimulatedChip {
    private let chip: any SimulatedChip
    private let commands = Mutex(0)

    init(_ chip: any SimulatedChip) { self.chip = chip }

    var count: Int { commands.withLock { $0 } }
    func reset() { chip.reset() }
    func respond(to apdu: [UInt8]) -> [UInt8] {
        commands.withLock { $0 += 1 }
        return chip.respond(to: apdu)
    }
}
