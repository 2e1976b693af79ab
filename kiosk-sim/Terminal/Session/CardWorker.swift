package import CardChip
import Dispatch
import Synchronization

/// A card that lies on the reader, and whether it still does.
package struct LyingCard: Sendable {
    let transport: any CardTransport
    let isPresent: @Sendable () -> Bool

    /// A card by its transport and a way to see whether it is still there.
    package init(transport: any CardTransport, isPresent: @escaping @Sendable () -> Bool) {
        self.transport = transport
        self.isPresent = isPresent
    }
}

/// Where cards are put: a PC/SC reader, or a simulated one.
package struct CardSlot: Sendable {
    /// Connects to the one card that lies there; throws ``CardTransportError/noCard`` if none does. May block a second.
    package let connect: @Sendable () throws(CardTransportError) -> LyingCard
    /// The hand that puts a simulated card there and takes it away; `nil` if a person does.
    package let hand: CardHand?

    /// A slot from its way to connect.
    package init(hand: CardHand? = nil, connect: @escaping @Sendable () throws(CardTransportError) -> LyingCard) {
        self.connect = connect
        self.hand = hand
    }

    /// A slot of a simulated card: a hand puts it there and takes it away. `transport` is called at each connection.
    package static func simulated(
        hand: CardHand, transport: @escaping @Sendable () throws(CardTransportError) -> any CardTransport
    ) -> CardSlot {
        CardSlot(hand: hand) { () throws(CardTransportError) -> LyingCard in
            guard hand.isCardThere else { throw .noCard }
            return LyingCard(transport: HandledTransport(inner: try transport(), hand: hand)) { hand.isCardThere }
        }
    }
}

/// A hand that puts a simulated card on the reader and takes it away.
package final class CardHand: Sendable {
    private struct State {
        var isThere = false
        var commandsLeft: Int?
    }
    private let state = Mutex(State())

    /// A hand that still holds the card.
    package init() {}

    /// Whether the card lies on the reader.
    package var isCardThere: Bool { state.withLock { $0.isThere } }

    /// Puts it there.
    package func put() { state.withLock { $0 = State(isThere: true) } }

    /// Takes it away.
    package func take() { state.withLock { $0 = State() } }

    /// Takes it away in the middle, after this many more commands.
    package func take(afterCommands count: Int) { state.withLock { $0.commandsLeft = count } }

    fileprivate func allowsCommand() -> Bool {
        state.withLock { state in
            if let left = state.commandsLeft {
                if left <= 0 { state = State() } else { state.commandsLeft = left - 1 }
            }
            return state.isThere
        }
    }
}

/// A transport that ends with the hand that takes the card away.
private final class HandledTransport: CardTransport {
    private let inner: any CardTransport
    private let hand: CardHand

    init(inner: any CardTransport, hand: CardHand) {
        self.inner = inner
        self.hand = hand
    }

    func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        guard hand.allowsCommand() else { throw .cardRemoved }
        return try inner.transmit(command)
    }
}

/// Works with one card away from the threads that serve screen and network, since a reader may take its time.
actor CardWorker {
    private let executor = QueueExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let slot: CardSlot
    private var card: LyingCard?
    private var session: CardSession?

    init(slot: CardSlot) { self.slot = slot }

    /// Connects to a card and selects the application; ``CardError/transport(_:)`` with `noCard` if none lies there.
    func connect() throws(CardError) {
        (card, session) = (nil, nil)
        let found: LyingCard
        do { found = try slot.connect() } catch { throw .transport(error) }
        card = found
        session = try CardSession(transport: found.transport)
    }

    func triesLeft() throws(CardError) -> Int { try open().pinTriesLeft() }
    func verify(_ pin: PIN) throws(CardError) { try open().verify(pin) }
    func readFiles() throws(CardError) -> CardFiles { try open().readFiles() }

    /// The chip's signature over a transcript, as `sign` has it made.
    func sign(_ make: @Sendable (CardSession) throws(CardError) -> [UInt8]) throws(CardError) -> [UInt8] {
        try make(try open())
    }

    /// Whether the card still lies there.
    func isCardThere() -> Bool { card?.isPresent() ?? false }

    /// Lets go of the card.
    func release() { (card, session) = (nil, nil) }

    private func open() throws(CardError) -> CardSession {
        guard let session else { throw .transport(.noCard) }
        return session
    }
}

/// Runs an actor's work on a thread of its own queue.
private final class QueueExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "card")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
