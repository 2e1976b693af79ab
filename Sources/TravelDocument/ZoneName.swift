import Credentials

/// A holder's name as a passport's machine-readable zone writes it (ICAO Doc 9303-4 section 4.2.3): 39 places, the primary identifier
/// before the secondary one, which in most states are family name and given names.
package struct ZoneName: Hashable, Sendable {
    /// How many places it has.
    package static let length = 39
    /// The parts of the primary identifier, at least one; each of letters `A–Z` alone.
    package let primary: [String]
    /// The parts of the secondary identifier; none if the holder has one name only.
    package let secondary: [String]
    /// Whether parts may be shortened or left out: the last place has a letter (section 4.2.3). A name that fills the places exactly
    /// looks the same.
    package let mayBeTruncated: Bool
    /// The 39 characters.
    let zone: [UInt8]

    /// A name out of its 39 places; `nil` if it is written otherwise than the standard says: anything but letters and fillers, no
    /// primary identifier, a third identifier, or two fillers where one must stand.
    init?(zone: some Collection<UInt8>) {
        let zone = Array(zone)
        guard zone.count == Self.length, zone.allSatisfy({ Zone.isLetter($0) || $0 == Zone.filler }) else { return nil }
        let used = zone.prefix((zone.lastIndex { $0 != Zone.filler } ?? -1) + 1)
        // Where two fillers stand the secondary identifier begins.
        let gap = used.indices.dropLast().first { used[$0] == Zone.filler && used[$0 + 1] == Zone.filler }
        guard let primary = Self.parts(used[..<(gap ?? used.endIndex)]),
            let secondary = gap.map({ Self.parts(used[($0 + 2)...]) }) ?? .some([])
        else { return nil }
        (self.primary, self.secondary, self.zone) = (primary, secondary, zone)
        mayBeTruncated = used.count == Self.length
    }

    /// A name out of Latin letters, with the marks and separators that a passport's page has (Doc 9303-3 sections 4.6 and 6),
    /// shortened if it does not fit; `nil` if a character has no form in a zone, if there is no family name, or if its parts are
    /// too many to be shortened.
    package init?(family: String, given: String) {
        guard let family = Self.components(family), let given = Self.components(given), !family.isEmpty,
            let zone = Self.written(family, given)
        else { return nil }
        self.init(zone: zone)
    }

    private static func components(_ text: String) -> [[UInt8]]? {
        TravelDocumentName.machineReadable(text)?.split(separator: "<").map { Array($0.utf8) }
    }

    private static func parts(_ characters: some Collection<UInt8>) -> [String]? {
        let parts = characters.split(separator: Zone.filler, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }

    // Section 4.2.3 leaves open which parts are shortened. Here: what does not fit is cut at the end, so that the given names give
    // way; of a primary identifier that leaves no place, so much is cut that one letter of the secondary one stands. The
    // last place then has a letter, which is how a reader knows: where the cut would leave a filler there, the longest part
    // before it gives a letter away.
    private static func written(_ family: [[UInt8]], _ given: [[UInt8]]) -> [UInt8]? {
        let whole = joined(family, given)
        if whole.count <= length { return whole + [UInt8](repeating: Zone.filler, count: length - whole.count) }
        guard let first = given.first else { return cut(family, to: length) }
        let room = length - 3
        if joined(family, []).count > room {
            return cut(family, to: room).map { $0 + [Zone.filler, Zone.filler] + first.prefix(1) }
        }
        let left = length - joined(family, []).count - 2
        return cut(given, to: left).map { joined(family, []) + [Zone.filler, Zone.filler] + $0 }
    }

    private static func joined(_ family: [[UInt8]], _ given: [[UInt8]]) -> [UInt8] {
        let first = Array(family.joined(separator: [Zone.filler]))
        return given.isEmpty ? first : first + [Zone.filler, Zone.filler] + given.joined(separator: [Zone.filler])
    }

    /// The first so many characters of parts that need more, ending with a letter.
    private static func cut(_ parts: [[UInt8]], to count: Int) -> [UInt8]? {
        var parts = parts
        while true {
            let text = Array(parts.joined(separator: [Zone.filler]).prefix(count))
            guard text.count == count, let last = text.last else { return nil }
            if last != Zone.filler { return text }
            // Twenty names of one letter each cannot be shortened so.
            let before = text.dropLast().split(separator: Zone.filler).count
            guard let longest = parts.indices.prefix(before).max(by: { parts[$0].count < parts[$1].count }),
                parts[longest].count > 1
            else { return nil }
            parts[longest].removeLast()
        }
    }
}

extension ZoneName: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "ZoneName(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
