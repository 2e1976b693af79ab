/// Why a simulated card, its holder or its authority cannot be made, read or used.
public enum SimulatedCardError: Error, Hashable, Sendable {
    /// OpenSSL refused an operation (its name).
    case openSSL(String)
    /// A field of a made-up holder is outside its bounds (the field's name).
    case holder(String)
    /// A file cannot be read, or is not what it has to be (the field's name if one is wrong).
    case unreadable(path: String, field: String?)
    /// A file cannot be written.
    case unwritable(path: String)
    /// The virtual reader cannot be reached (errno).
    case connection(Int32)

    /// A stable code.
    public var code: String {
        switch self {
        case .openSSL: "simulated_card.openssl"
        case .holder: "simulated_card.holder"
        case .unreadable: "simulated_card.unreadable"
        case .unwritable: "simulated_card.unwritable"
        case .connection: "simulated_card.connection"
        }
    }
}

/// What every file of the simulation says first.
enum Simulation {
    static let notice =
        "SIMULATION / 見本: made up for tests by Akashi. This is not a My Number card and stands for no real person. "
        + "これは模擬データであり、実在のマイナンバーカードではありません。"
}
