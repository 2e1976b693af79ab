import Credentials
import Foundation

/// A name in Latin letters in the forms in which a machine-readable zone may write it, for comparing and for nothing else.
struct LatinName {
    /// The name's parts in each of these forms, family name first as far as the order is known; at least one form.
    let forms: [[String]]

    /// A name of Latin letters with or without marks; `nil` if any letter is of another script, or there is none.
    init?(_ text: String) {
        // Registers and cards have full-width letters, and an ideographic space.
        let folded = text.precomposedStringWithCompatibilityMapping
        // Doc 9303-3 section 6 leaves a choice for some letters: Ü may be UE, U or UXX. A name is written in one way.
        let forms = [Self.standard, Self.bare, Self.extended].compactMap { Self.parts(folded, $0) }
        guard !forms.isEmpty else { return nil }
        self.forms = forms.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func parts(_ text: String, _ letters: (Unicode.Scalar) -> String?) -> [String]? {
        var parts: [String] = []
        var current = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "A"..."Z", "a"..."z": current += String(scalar).uppercased()
            // Left out, as zones leave them out (section 4.6).
            case "'", "\u{2019}", ".", "\u{2BC}": continue
            case " ", "-", ",", "\u{2010}", "\u{2011}", "\u{00B7}", "\u{30FB}":
                if !current.isEmpty { parts.append(current) }
                current = ""
            default:
                guard let written = letters(scalar) else { return nil }
                current += written
            }
        }
        if !current.isEmpty { parts.append(current) }
        return parts.isEmpty ? nil : parts
    }

    private static func standard(_ scalar: Unicode.Scalar) -> String? { Transliteration.letters(scalar) }

    private static func bare(_ scalar: Unicode.Scalar) -> String? {
        guard let first = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.first else { return nil }
        switch first {
        case "A"..."Z", "a"..."z": return String(first).uppercased()
        case "Ø", "ø": return "O"
        default: return Transliteration.letters(scalar)
        }
    }

    private static func extended(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "Ñ", "ñ": "NXX"
        case "Ü", "ü": "UXX"
        default: Transliteration.letters(scalar)
        }
    }

    /// Whether a zone may write this name.
    ///
    /// It may if both have the same parts, in whatever order, or the same letters when nothing separates the parts, family name or given
    /// names first. A zone that may be truncated may also have the first letters of some of the parts, in the name's order.
    func mayBe(_ zone: ZoneName) -> Bool { forms.contains { Self.mayBe($0, zone) } }

    private static func mayBe(_ parts: [String], _ zone: ZoneName) -> Bool {
        let orders = [zone.primary + zone.secondary, zone.secondary + zone.primary]
        if parts.sorted() == orders[0].sorted() { return true }
        let letters = parts.joined()
        if orders.contains(where: { $0.joined() == letters }) { return true }
        guard zone.mayBeTruncated else { return false }
        return orders.contains { shortens($0, parts) } || letters.hasPrefix(orders[0].joined())
    }

    /// Whether parts are the beginnings of others, in the same order, some of which may be left out, but not the first.
    private static func shortens(_ short: [String], _ parts: [String]) -> Bool {
        guard let first = short.first, parts.first?.hasPrefix(first) ?? false else { return false }
        var rest = parts.dropFirst()
        for part in short.dropFirst() {
            guard let place = rest.firstIndex(where: { $0.hasPrefix(part) }) else { return false }
            rest = rest[(place + 1)...]
        }
        return true
    }
}
