/// A holder's name as a travel document writes it: the passport's Latin letters, the family name before the given names
/// with two spaces between, at most 39 characters (ICAO Doc 9303-3 section 4.6, VDS-NC `pid.n`).
package enum TravelDocumentName {
    static let maximumLength = 39

    /// The name of some Latin letters; `nil` if a character has no form in Doc 9303's machine readable zone.
    package static func make(family: String, given: String) -> String? {
        guard let family = parts(family), let given = parts(given), !family.isEmpty else { return nil }
        if given.isEmpty { return String(family.joined(separator: " ").prefix(maximumLength)).trimmedEnd }
        return truncated(family, given: given)
    }

    /// A name part as the machine readable zone writes it, at most 80 characters of `A–Z` and `<` (schema 1.3 `fnt`).
    package static func machineReadable(_ text: String) -> String? {
        parts(text).map { String($0.joined(separator: "<").prefix(80)) }
    }

    // Doc 9303-3 section 4.2.3: if the whole does not fit, given names are shortened from the last on to initials
    // and then left out; the family name gives way only if that is not enough.
    private static func truncated(_ family: [String], given: [String]) -> String {
        let first = family.joined(separator: " ")
        func joined(_ given: [String]) -> String { first + "  " + given.joined(separator: " ") }
        var given = given
        for index in given.indices.reversed() where joined(given).count > maximumLength {
            given[index] = String(given[index].prefix(1))
        }
        while given.count > 1, joined(given).count > maximumLength { given.removeLast() }
        if joined(given).count <= maximumLength { return joined(given) }
        // Room for two spaces and one initial.
        return String(first.prefix(maximumLength - 3)).trimmedEnd + "  " + given[0].prefix(1)
    }

    // Apostrophes and full stops are left out, hyphens and commas part (Doc 9303-3 section 4.6 A and B).
    private static func parts(_ text: String) -> [String]? {
        var result: [String] = []
        var current = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "A"..."Z": current.unicodeScalars.append(scalar)
            case "a"..."z": current += String(scalar).uppercased()
            case "'", "\u{2019}", ".": continue
            case " ", "-", ",", "\u{3000}":
                if !current.isEmpty { result.append(current) }
                current = ""
            default:
                guard let letters = Transliteration.letters(scalar) else { return nil }
                current += letters
            }
        }
        if !current.isEmpty { result.append(current) }
        return result
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
