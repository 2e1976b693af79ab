/// Why characters are no machine-readable zone of a passport (ICAO Doc 9303-4): which field, and what is wrong with it. It says
/// nothing of what stands there.
package enum ZoneFlaw: Error, Hashable, Sendable {
    /// A field of the zone; the raw value stands in the code.
    package enum Field: String, Hashable, Sendable, CaseIterable {
        case documentCode = "document_code"
        case issuingState = "issuing_state"
        case name
        case number
        case nationality
        case birthDate = "birth_date"
        case sex
        case expiry
        case personalNumber = "personal_number"
        /// The second line as a whole, which has a check digit of its own.
        case line
    }

    /// It has not two lines of 44 characters.
    case length
    /// A character is none of `A–Z`, `0–9` and `<`.
    case character
    /// A field is not what the standard allows there.
    case malformed(Field)
    /// A field does not agree with its check digit.
    case checkDigit(Field)

    /// A stable code.
    package var code: String {
        switch self {
        case .length: "zone.length"
        case .character: "zone.character"
        case .malformed(let field): "zone.\(field.rawValue).malformed"
        case .checkDigit(let field): "zone.\(field.rawValue).check_digit"
        }
    }

    /// Every flaw.
    package static let all: [ZoneFlaw] =
        [.length, .character] + ZoneFlaw.Field.allCases.filter { $0 != .line }.map(ZoneFlaw.malformed)
        + [.number, .birthDate, .expiry, .personalNumber, .line].map(ZoneFlaw.checkDigit)
}

/// Check digits of machine-readable zones (ICAO Doc 9303-3 section 4.9).
package enum CheckDigit {
    /// The check digit of characters, an ASCII digit; `nil` if one of them is none of a zone's.
    ///
    /// Weights 7, 3, 1 over the values 0–9, A = 10 to Z = 35, `<` = 0; the sum modulo 10.
    package static func of(_ characters: some Sequence<UInt8>) -> UInt8? {
        var sum = 0
        var place = 0
        for character in characters {
            let value: Int
            switch character {
            case 0x30...0x39: value = Int(character) - 0x30
            case 0x41...0x5A: value = Int(character) - 0x41 + 10
            case Zone.filler: value = 0
            default: return nil
            }
            // Kept below ten, so that no length of input overflows.
            sum = (sum + value * [7, 3, 1][place]) % 10
            place = (place + 1) % 3
        }
        return UInt8(0x30 + sum)
    }
}

/// Characters and places of the zone of a passport, TD3 (ICAO Doc 9303-4 section 4.2.2), from 0 over both lines.
enum Zone {
    static let filler = UInt8(ascii: "<")
    static let lineLength = 44

    static let documentCode = 0..<2
    static let issuingState = 2..<5
    static let name = 5..<44
    static let number = 44..<53
    static let nationality = 54..<57
    static let birthDate = 57..<63
    static let sex = 64
    static let expiry = 65..<71
    static let personalNumber = 72..<86
    /// What the last check digit covers: three pieces of the second line, their own check digits with them.
    static let line = [44..<54, 57..<64, 65..<87]

    static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
