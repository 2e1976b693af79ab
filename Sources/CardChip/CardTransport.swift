/// What carries commands to one card and its answers back: a simulated card in process, or a reader over PC/SC.
///
/// The holder of a transport has the card for itself. Calls are synchronous and made one at a time. After an error the
/// transport is of no further use: the session is over.
public protocol CardTransport: AnyObject, Sendable {
    /// Sends one command and waits for its answer.
    func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU
}

/// What goes wrong between a reader and a card, told apart because a person is told something else for each.
public enum CardTransportError: Error, Hashable, Sendable {
    /// No reader is connected, or the PC/SC service does not run.
    case noReader
    /// No card lies on the reader.
    case noCard
    /// The card was taken away while it was in use.
    case cardRemoved
    /// More than one card lies on the readers: whose is meant cannot be told.
    case severalCards
    /// The card, or what was waited for, did not answer in time.
    case timeout
    /// The reader failed; the PC/SC error code.
    case readerFailure(UInt32)

    /// A stable code.
    public var code: String {
        switch self {
        case .noReader: "card.no_reader"
        case .noCard: "card.no_card"
        case .cardRemoved: "card.removed"
        case .severalCards: "card.several_cards"
        case .timeout: "card.timeout"
        case .readerFailure: "card.reader_failure"
        }
    }
}
