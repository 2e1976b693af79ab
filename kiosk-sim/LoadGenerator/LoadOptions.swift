public import ArgumentParser

/// The options of a load run that say whose cards are presented, at terminals as at phones.
public struct LoadOptions: ParsableArguments {
    /// How many sessions there are, 1 to 50,000.
    @Option(help: "How many sessions, 1 to 50000; each takes the next person of the card list.")
    public var sessions = 2000
    /// The private file of who signs the cards.
    @Option(help: "The simulated card authority's private file.")
    public var cardAuthority = ".akashi/keys/cards/authority.key.pem"
    /// Whose cards they are.
    @Option(help: "The people whose cards are made, as vrs records fabricate lists them.")
    public var cardList = ".akashi/cards.jsonl"
    /// Where keys are kept, since making them takes long.
    @Option(help: "The folder where keys for cards are kept from run to run.")
    public var keyPool = ".akashi/pool"

    /// The options that a command line gives.
    public init() {}

    /// Refuses counts out of bounds, in both languages.
    public func validate() throws {
        guard (1...50_000).contains(sessions) else {
            throw ValidationError("--sessions takes 1 to 50000 / --sessions は1〜50000です。")
        }
    }
}
