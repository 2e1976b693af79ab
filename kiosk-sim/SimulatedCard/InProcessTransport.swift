public import CardChip
import Synchronization

/// A simulated card on a reader that is part of the process.
public final class InProcessTransport: CardTransport {
    private let card: any SimulatedChip
    private let commandsLeft: Mutex<Int?>

    /// Puts a card on the reader.
    ///
    /// - Parameters:
    ///   - card: the card; it is reset, as power comes on.
    ///   - commands: after how many commands it is taken away; `nil` for not by itself.
    public init(card: any SimulatedChip, removedAfter commands: Int? = nil) {
        self.card = card
        commandsLeft = Mutex(commands)
        card.reset()
    }

    /// Takes the card away.
    public func remove() { commandsLeft.withLock { $0 = 0 } }

    /// Whether the card lies on the reader.
    public var isCardPresent: Bool { commandsLeft.withLock { $0 != 0 } }

    /// Sends one command to the card.
    public func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        let isPresent = commandsLeft.withLock { left in
            if let count = left {
                guard count > 0 else { return false }
                left = count - 1
            }
            return true
        }
        guard isPresent else { throw .cardRemoved }
        var bytes = command.bytes
        defer { bytes.wipe() }
        do { return try ResponseAPDU(parsing: card.respond(to: bytes)) } catch { throw .readerFailure(0) }
    }
}
