/// A server's code for what happened (PostgreSQL 15, appendix A).
package struct SQLState: Hashable, Sendable, CustomStringConvertible {
    /// Five digits or capital letters.
    package let code: String

    /// - Parameter text: the code; `nil` for anything else than five digits or capital letters.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count == 5,
            bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
        else { return nil }
        code = String(text)
    }

    /// The code.
    package var description: String { code }

    /// Its first two characters.
    var category: String { String(code.prefix(2)) }
}

extension DatabaseFailure.Cause {
    /// What a server's code means to a caller. One place for all of them; what is not here is ``other``.
    init(_ state: SQLState) {
        self = Self.exact[state.code] ?? Self.categories[state.category] ?? .other
    }

    private static let exact: [String: Self] = [
        "0A000": .other,
        "08P01": .other,  // Our own message was wrong.
        "22P02": .corrupt,  // A stored text that does not parse; parameters are binary.
        "23001": .foreignKey, "23502": .check, "23503": .foreignKey, "23505": .unique, "23514": .check,
        "23P01": .exclusion,
        "25006": .readOnly, "25P03": .lost,
        "26000": .stale,
        "3D000": .authentication,
        "40001": .serialization, "40002": .constraint, "40003": .outcome, "40P01": .deadlock,
        "42501": .denied, "44000": .denied,
        "55006": .locked, "55P03": .locked,
        "57014": .timedOut, "57P01": .lost, "57P02": .lost, "57P03": .lost, "57P04": .lost, "57P05": .lost,
        "58030": .exhausted, "58P01": .corrupt,
        "72000": .serialization,
        "P0001": .raised,
        "XX001": .corrupt, "XX002": .corrupt,
    ]

    private static let categories: [String: Self] = [
        "08": .lost, "22": .parameter, "23": .constraint, "28": .authentication, "40": .serialization,
        "42": .statement, "53": .exhausted, "54": .statement, "58": .exhausted,
    ]
}
