/// One statement with its values.
///
/// Its text is written by this program and never holds a value: it is the name under which a connection keeps the
/// statement prepared.
package struct Query: Hashable, Sendable {
    /// The statement, with `$1`, `$2` … for the values.
    package let text: String
    /// The values, at most 65,535.
    package let values: [Parameter]

    /// - Parameters:
    ///   - text: the statement, with `$1`, `$2` … for the values.
    ///   - values: the values.
    package init(_ text: String, _ values: [Parameter] = []) {
        self.text = text
        self.values = values
    }

    /// - Parameters:
    ///   - text: the statement.
    ///   - values: the values.
    package init(_ text: String, _ values: Parameter...) { self.init(text, values) }

    /// What it is prepared under: the same text with other types is another statement to the server.
    var key: StatementKey { StatementKey(text: text, types: values.map(\.type)) }

    /// A name in double quotes, for the few places of a statement where no parameter may stand (PostgreSQL 15, 4.1.1).
    ///
    /// - Parameter name: at most 63 bytes, without a zero; `nil` for any other.
    package static func quoted(_ name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= 63, !name.utf8.contains(0) else { return nil }
        var text = "\""
        for character in name.unicodeScalars {
            if character == "\"" { text.unicodeScalars.append("\"") }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}

/// What a connection keeps a prepared statement under.
struct StatementKey: Hashable, Sendable {
    let text: String
    let types: [UInt32]
}
