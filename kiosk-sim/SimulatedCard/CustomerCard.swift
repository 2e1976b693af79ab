public import CardChip

/// A simulated card in its holder's hand: what load runs, tests and benchmarks put on a reader.
public struct CustomerCard: Sendable {
    /// The PIN of a customer who has chosen none.
    public static let ordinaryPIN = "1234"

    /// What the card holds.
    public let file: SimulatedCardFile
    private let pin: String

    /// A card with the PIN that its holder types.
    public init(_ file: SimulatedCardFile, pin: String = CustomerCard.ordinaryPIN) {
        self.file = file
        self.pin = pin
    }

    /// The card on a reader: the PIN was right and the files are read.
    public struct Presented: Sendable {
        /// The chip's files.
        public let files: CardFiles
        /// The chip, to sign by.
        public let chip: CardSession
    }

    /// Puts the card on a reader in this process, types the PIN and reads the files with the chip's real commands.
    public func present() throws -> Presented {
        guard let pin = PIN(digits: Array(pin.utf8)) else { throw SimulatedCardError.holder("pin") }
        let chip = try chip()
        try chip.verify(pin)
        return Presented(files: try chip.readFiles(), chip: chip)
    }

    /// Puts the card on a reader in this process; no PIN was typed.
    public func chip() throws -> CardSession {
        try CardSession(transport: InProcessTransport(card: SimulatedCard(file: file, persistTo: nil)))
    }
}
