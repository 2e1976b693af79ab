public import CardChip
import Dispatch
import Foundation
import Synchronization

/// A card on a real or virtual reader, over PC/SC (libpcsclite). It has the card for itself until it goes.
///
/// The calls to PC/SC are made by a thread of their own, because PC/SC knows no time limit for a command: if the card
/// does not answer in time, the caller is told so and the thread is left behind until the reader gives up.
public final class PCSCTransport: CardTransport {
    /// The name of the reader that holds the card.
    public let readerName: String
    private let worker: PCSCWorker
    private let commandTimeout: Duration

    private init(readerName: String, worker: PCSCWorker, commandTimeout: Duration) {
        (self.readerName, self.worker, self.commandTimeout) = (readerName, worker, commandTimeout)
    }

    deinit { worker.stop() }

    /// Waits for a card and takes it.
    ///
    /// - Parameters:
    ///   - part: a part of the reader's name; without it every reader counts.
    ///   - timeout: how long to wait for a card.
    ///   - commandTimeout: how long the card may take to answer one command.
    /// - Throws: ``CardTransportError/noReader``, ``CardTransportError/noCard`` if none came in time,
    ///   ``CardTransportError/severalCards`` if more than one lies there, or a failure of the reader.
    public static func waitForCard(
        readerNamed part: String?, timeout: Duration, commandTimeout: Duration = .seconds(10)
    ) throws(CardTransportError) -> PCSCTransport {
        let context = try PCSCContext()
        let readers = try context.readers(named: part)
        let deadline = ContinuousClock.now + timeout
        var known: [UInt32] = []
        while true {
            let remaining = known.isEmpty ? 0 : Self.milliseconds(until: deadline)
            guard let states = try context.states(of: readers, known: known, milliseconds: remaining) else {
                throw .noCard
            }
            known = states
            let holding = zip(readers, states).filter { PCSCContext.isPresent($0.1) }.map(\.0)
            guard holding.count < 2 else { throw .severalCards }
            if let reader = holding.first {
                let worker = PCSCWorker()
                do {
                    try worker.connect(to: reader, timeout: commandTimeout)
                    return PCSCTransport(readerName: reader, worker: worker, commandTimeout: commandTimeout)
                } catch {
                    worker.stop()
                    // Taken away again before it could be used: wait on.
                    guard error == .noCard || error == .cardRemoved else { throw error }
                }
            }
            guard ContinuousClock.now < deadline else { throw .noCard }
        }
    }

    /// Waits until no card lies on the readers any more.
    ///
    /// - Throws: ``CardTransportError/timeout`` if a card still lies there.
    public static func waitForRemoval(readerNamed part: String?, timeout: Duration) throws(CardTransportError) {
        let context = try PCSCContext()
        let readers = try context.readers(named: part)
        let deadline = ContinuousClock.now + timeout
        var known: [UInt32] = []
        while true {
            let remaining = known.isEmpty ? 0 : Self.milliseconds(until: deadline)
            guard let states = try context.states(of: readers, known: known, milliseconds: remaining) else {
                throw .timeout
            }
            if !states.contains(where: PCSCContext.isPresent) { return }
            guard ContinuousClock.now < deadline else { throw .timeout }
            known = states
        }
    }

    /// Whether this reader still holds a card; `false` also if that cannot be asked.
    public func isCardPresent() -> Bool {
        guard let context = try? PCSCContext(),
            let states = try? context.states(of: [readerName], known: [], milliseconds: 0)
        else { return false }
        return states.contains(where: PCSCContext.isPresent)
    }

    /// Sends one command and waits for its answer.
    public func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        try worker.transmit(command, timeout: commandTimeout)
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant) -> UInt32 {
        let (seconds, attoseconds) = (deadline - .now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Rounded up, so that the last wait does not become a loop of waits of no length.
        return UInt32(clamping: min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
