/// Text from outside, made safe to show.
package enum Printable {
    /// How many characters of one field are shown.
    package static let maximumShown = 300

    /// What a certificate says may not steer the terminal it is shown on, nor turn the direction of writing, nor fill the
    /// screen. Joiners stay where they join letters: names in Persian and in India's scripts are spelt with them.
    package static func line(_ text: some StringProtocol) -> String {
        let scalars = Array(text.unicodeScalars.prefix(maximumShown + 1))
        var result = String.UnicodeScalarView()
        for (index, scalar) in scalars.prefix(maximumShown).enumerated() {
            let isJoining =
                isJoiner(scalar) && index > 0 && index + 1 < scalars.count && joins(scalars[index - 1])
                && joins(scalars[index + 1])
            result.append(isJoining || !isUnsafe(scalar) ? scalar : "\u{FFFD}")
        }
        if scalars.count > maximumShown { result.append("…") }
        return String(result)
    }

    /// Whether a character shows nothing: white space, joiners, fillers and other characters without a mark of their own.
    package static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        // A look at most names ends here: of ASCII space and the control characters show nothing, kana and common
        // ideographs all show something.
        switch scalar.value {
        case ..<0x80: return scalar.value <= 0x20 || scalar.value == 0x7F
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x4E00...0x9FFF: return false
        default: break
        }
        return scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint || isUnsafe(scalar)
            // Blank letters: the Braille pattern without dots is the one that no property tells.
            || scalar.value == 0x2800
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
        default: false
        }
    }

    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { scalar.value == 0x200C || scalar.value == 0x200D }

    // Letters and the marks on them, but not ASCII's, which nothing joins.
    private static func joins(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x80 else { return false }
        switch scalar.properties.generalCategory {
        case .otherLetter, .nonspacingMark, .spacingMark: return true
        default: return false
        }
    }

    /// The same for text over several lines.
    package static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line($0) }.joined(separator: "\n")
    }
}
