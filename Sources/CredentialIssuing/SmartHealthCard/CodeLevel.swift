/// How much damage a code repairs, and so how much a code of at most version 22 (105 × 105 modules) holds.
public enum CodeLevel: String, Sendable, CaseIterable {
    /// The four levels of ISO/IEC 18004, from about 7 % to about 30 % repaired.
    case l, m, q, h

    // Data codewords of a version 22 symbol (ISO/IEC 18004 table 7).
    private var codewords: Int {
        switch self {
        case .l: 1006
        case .m: 782
        case .q: 568
        case .h: 442
        }
    }

    /// The maximum of characters of a JWS in a version 22 code of this level as a SMART Health Card: a byte segment
    /// `shc:/` and a numeric segment of two digits a character.
    public var maximumJWSLength: Int {
        // Versions 10 to 26: mode 4 bits, byte count 16 bits, digit count 12 bits (ISO/IEC 18004 table 3).
        let bits = codewords * 8 - (4 + 16 + 5 * 8) - (4 + 12)
        let digits = bits / 10 * 3 + (bits % 10 >= 7 ? 2 : bits % 10 >= 4 ? 1 : 0)
        return digits / 2
    }
}
