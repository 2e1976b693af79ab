/// Why a simulated card, its holder or its authority cannot be made, read or used.
public enum SimulatedCardError: Error, Hashable, Sendable {
    /// OpenSSL refused an operation (its name).
    case openSSL(String)
    /// A field of a made-up holder is outside its bounds (the field's name).
    case holder(String)
    /// A file cannot be read, or is not what it has to be (the field's name if one is wrong).
    case unreadable(path: String, field: String?)
    /// Others than its owner may read or change a file that holds a private key.
    case permissions(path: String)
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
        case .permissions: "simulated_card.permissions"
        case .unwritable: "simulated_card.unwritable"
        case .connection: "simulated_card.connection"
        }
    }
}

extension SimulatedCardError: CustomStringConvertible {
    /// A sentence for a person, in English and Japanese, with the code.
    public var description: String {
        switch self {
        case .openSSL(let operation): "OpenSSL refused \(operation) / OpenSSLの処理に失敗しました (\(code))"
        case .holder(let field): "the holder's \(field) is outside its bounds / カード所有者の\(field)が範囲外です (\(code))"
        case .unreadable(let path, let field):
            "\(path) cannot be read\(field.map { " (\($0))" } ?? "") / 読めません (\(code))"
        case .permissions(let path):
            "\(path) can be read by others than its owner: chmod 600 it / 所有者以外が読めます。chmod 600 してください (\(code))"
        case .unwritable(let path): "\(path) cannot be written / 書き込めません (\(code))"
        case .connection(let number): "the virtual reader cannot be reached / 仮想リーダーに接続できません (\(code), errno \(number))"
        }
    }
}

/// What every file of the simulation says first.
package enum Simulation {
    package static let notice =
        "SIMULATION / 見本: made up for tests by Akashi. This is not a My Number card and stands for no real person. "
        + "これは模擬データであり、実在のマイナンバーカードではありません。"
}
