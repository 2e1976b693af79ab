/// The name on a card, which may show one more name in brackets: a former surname (旧氏) behind the surname, or an alias (通称) or
/// another registered name behind the name.
///
/// The rule. A card is of a person if its name is the registered one, as ``NameKey`` compares them. It is also if it has
/// one pair of brackets (`[ ]`, `( )`, `［ ］`, `（ ）`, `〔 〕`), the name without them and what they hold is the registered one, and they hold a
/// name that the register has beside it, whole or its surname. A terminal, which knows of no other names, takes the first half of
/// that; whoever has the record looks at both. The rule for birth dates is that of ``BirthDate``.
public struct CardName: Hashable, Sendable {
    /// The whole of it.
    public let key: NameKey
    /// The name without the brackets and what they hold, and that; `nil` if there are none, or not one pair.
    private let parts: Parts?

    private struct Parts: Hashable, Sendable {
        let outside: NameKey
        let inside: NameKey
    }

    private static let brackets: [Character: Character] = ["[": "]", "(": ")", "［": "］", "（": "）", "〔": "〕"]

    /// A name as it was read from a card.
    public init(_ name: String) {
        key = NameKey(name)
        let pieces = Self.pieces(of: name).map(NameKey.init)
        parts =
            pieces.count == 2 && !pieces.contains(where: \.isEmpty) ? Parts(outside: pieces[0], inside: pieces[1]) : nil
    }

    /// A name without its one pair of brackets and what they hold, and that; the whole name if it has none, or not one pair.
    package static func pieces(of name: String) -> [String] {
        let all = Set(brackets.keys).union(brackets.values)
        let places = name.indices.filter { all.contains(name[$0]) }
        guard places.count == 2, brackets[name[places[0]]] == name[places[1]] else { return [name] }
        return [
            String(name[..<places[0]] + name[name.index(after: places[1])...]),
            String(name[name.index(after: places[0])..<places[1]]),
        ]
    }

    /// Whether a registered name may be what the card shows, with or without a name in brackets.
    public func mayBe(_ registered: String) -> Bool {
        let registered = NameKey(registered)
        return !key.isEmpty && (key == registered || parts?.outside == registered)
    }

    /// Whether the card shows a registered name, and nothing beside it that is none of the person's other names.
    /// - Parameter others: the names that the register has beside the registered one.
    public func shows(_ registered: String, beside others: [String]) -> Bool {
        guard mayBe(registered) else { return false }
        guard key != NameKey(registered), let parts else { return true }
        return others.contains { other in
            NameKey(other) == parts.inside || NameKey(String(other.prefix { !$0.isWhitespace })) == parts.inside
        }
    }
}

extension CardName: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "CardName(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
