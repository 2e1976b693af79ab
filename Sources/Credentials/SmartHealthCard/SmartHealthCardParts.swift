/// The parts of SMART Health Cards that were split over several codes, `shc:/i/n/…` (deprecated: read, never written).
///
/// Parts say which of how many they are, but not of which card: parts of two cards of the same number of codes cannot
/// be told apart, and are refused rather than joined by guess.
struct SmartHealthCardParts {
    /// The maximum of parts that a card may have.
    static let maximumParts = 32

    private struct Group {
        let count: Int
        let position: Int
        var parts: [Int: [UInt8]] = [:]
        var refusal: Reason?
    }

    private var groups: [Group] = []

    /// Takes a text; false if it is not the part of a card. `position` orders the results.
    mutating func take(_ text: [UInt8], position: Int) -> Bool {
        // shc:/i/n/digits
        guard NumericCode.begins(text) else { return false }
        let rest = text[NumericCode.prefix.utf8.count...]
        // At most two digits stand before the next slash; a single code has none at all.
        guard let first = rest.prefix(3).firstIndex(of: UInt8(ascii: "/")) else { return false }
        let second = rest[(first + 1)...].firstIndex(of: UInt8(ascii: "/"))
        guard let second, let index = Self.number(rest[..<first]), let count = Self.number(rest[(first + 1)..<second]),
            (1...count).contains(index)
        else {
            groups.append(Group(count: 0, position: position, refusal: Reason(.digitsInvalid)))
            return true
        }
        let at: Int
        if let known = groups.firstIndex(where: { $0.count == count }) {
            at = known
        } else {
            groups.append(Group(count: count, position: position))
            at = groups.count - 1
        }
        do {
            let part = try NumericCode.decode(text, in: second + 1..<text.count)
            // A code scanned twice gives the same part again: no harm.
            if let known = groups[at].parts.updateValue(part, forKey: index), known != part {
                groups[at].refusal = groups[at].refusal ?? Reason(.partsConflict)
            }
        } catch {
            groups[at].refusal = groups[at].refusal ?? error.reason
        }
        return true
    }

    /// Each card with its position among the texts: its JWS, or why it cannot be joined.
    func joined() -> [(position: Int, jws: Result<[UInt8], Refusal>)] {
        groups.map { group in
            if let refusal = group.refusal { return (group.position, .failure(Refusal(refusal))) }
            guard group.parts.count == group.count else { return (group.position, .failure(Refusal(.partsMissing))) }
            return (group.position, .success((1...group.count).flatMap { group.parts[$0] ?? [] }))
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...2).contains(digits.count), digits.first != 0x30, digits.allSatisfy({ $0 &- 0x30 < 10 }) else {
            return nil
        }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return value <= maximumParts ? value : nil
    }
}
