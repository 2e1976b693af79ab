import Foundation

/// A name reduced to what two registers of the same person agree on, for comparing and for nothing else.
///
/// Registers spell one name in several ways: a variation selector behind a kanji (IVS, SVS), a compatibility ideograph,
/// half-width kana or full-width Latin letters, an ideographic, ordinary or no space between family and given name. The
/// key drops these differences and keeps every other: 斉 and 齊 remain different characters, since they make different
/// names. A character that nobody sees (U+200B, U+2060, U+FEFF, a soft hyphen, a control of direction) is a difference too:
/// none belongs in a name, and two names that look alike must not be made the same by leaving something out.
///
/// Joiners (U+200C, U+200D) follow the rule of RFC 5892, appendix A.1 and A.2, as far as it needs no table: right behind a
/// virama (canonical combining class 9) they choose between two shapes of the same letters and are dropped; anywhere else
/// they are a difference.
public struct NameKey: Hashable, Sendable {
    private let text: String

    /// The key of a name as registered or as read from a card.
    public init(_ name: String) {
        if let plain = Self.plain(name) {
            text = plain
            return
        }
        text = Self.normalised(name)
    }

    /// The key of a name of common characters alone, in a fraction of the time: the common ideographs, kana that are letters by
    /// themselves, ASCII and its wide forms. None of them joins with another or stands for several; the others are left to
    /// ``normalised(_:)``, which says the same of these.
    private static func plain(_ name: String) -> String? {
        var plain = ""
        plain.reserveCapacity(name.utf8.count)
        for scalar in name.unicodeScalars {
            var value = scalar.value
            if (0xFF01...0xFF5E).contains(value) { value -= 0xFEE0 }
            switch value {
            case 0x20, 0x3000, 0x2C, 0x2D, 0x30FB: continue
            case 0x61...0x7A: value -= 0x20
            case 0x21...0x7E, 0x3005, 0x3041...0x3096, 0x30A1...0x30FA, 0x30FC, 0x4E00...0x9FFF: break
            default: return nil
            }
            guard let scalar = Unicode.Scalar(value) else { return nil }
            plain.unicodeScalars.append(scalar)
        }
        return plain
    }

    private static func normalised(_ name: String) -> String {
        // NFKC joins half-width kana with their marks, and folds widths and compatibility ideographs.
        let folded = name.precomposedStringWithCompatibilityMapping
        var scalars = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in folded.unicodeScalars {
            defer { previous = scalar }
            if Self.isIgnored(scalar) || Self.isJoiner(scalar) && previous.map(Self.isVirama) ?? false { continue }
            // A halfwidth kana may leave its voicing mark apart behind a selector: compose again below.
            scalars.append(scalar)
        }
        return String(scalars).precomposedStringWithCompatibilityMapping.uppercased()
    }

    /// What the key is without the short way, for the test that compares the two.
    package static func isPlainRight(_ name: String) -> Bool {
        plain(name).map { $0.unicodeScalars.elementsEqual(normalised(name).unicodeScalars) } ?? true
    }

    private static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xFE00...0xFE0F, 0xE0100...0xE01EF, 0x180B...0x180D: true  // variation selectors
        case 0x30FB, 0x00B7, 0x2022, 0x002C, 0x3001, 0x002D, 0x2010, 0x2011: true  // separators between name parts
        default: scalar.properties.isWhitespace
        }
    }

    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { [0x200C, 0x200D].contains(scalar.value) }

    private static func isVirama(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.canonicalCombiningClass == .virama
    }

    /// The key in letters, hiragana as katakana: for an index of names, in which a reading is found in whichever of the two it is
    /// written.
    package var katakana: String {
        // Whether anything could join with what is before it: no character of the short way does.
        var isPlain = true
        var katakana = ""
        katakana.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            // Letters, and the marks that repeat one.
            case 0x3041...0x3096: katakana.unicodeScalars.append(Unicode.Scalar(scalar.value + 0x60) ?? scalar)
            case 0x21...0x7E, 0x3005, 0x30A1...0x30FA, 0x30FC, 0x4E00...0x9FFF: katakana.unicodeScalars.append(scalar)
            case 0x309D...0x309E:
                isPlain = false
                katakana.unicodeScalars.append(Unicode.Scalar(scalar.value + 0x60) ?? scalar)
            default:
                isPlain = false
                katakana.unicodeScalars.append(scalar)
            }
        }
        return isPlain ? katakana : katakana.precomposedStringWithCanonicalMapping
    }

    /// Whether nothing of a name remains that anybody sees, as ``isEmpty`` of its key says: where a letter is there that every key
    /// keeps, no key is made.
    public static func isEmpty(_ name: String) -> Bool {
        let hasLetter = name.unicodeScalars.contains { scalar in
            switch scalar.value {
            // Latin letters, kana, and the common ideographs.
            case 0x41...0x5A, 0x61...0x7A, 0x3041...0x3096, 0x30A1...0x30FA, 0x4E00...0x9FFF: true
            default: false
            }
        }
        return !hasLetter && NameKey(name).isEmpty
    }

    /// Whether nothing remained of the name that anybody sees.
    public var isEmpty: Bool {
        text.unicodeScalars.allSatisfy {
            $0.properties.isDefaultIgnorableCodePoint || $0.properties.generalCategory == .control
        }
    }
}

extension NameKey: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    public var description: String { "NameKey(…)" }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Sex as the resident register and the card write it (JIS X 0303: 1, 2, 9; 0 for not known).
public enum Sex: String, Sendable, Codable, CaseIterable {
    /// Male, card digit `1`.
    case male
    /// Female, card digit `2`.
    case female
    /// Not applicable or not stated, card digits `0` and `9`.
    case unspecified

    /// The value of the card's one ASCII digit in DF25; `nil` for any other byte.
    public init?(cardDigit: UInt8) {
        switch cardDigit {
        case UInt8(ascii: "1"): self = .male
        case UInt8(ascii: "2"): self = .female
        case UInt8(ascii: "0"), UInt8(ascii: "9"): self = .unspecified
        default: return nil
        }
    }
}
