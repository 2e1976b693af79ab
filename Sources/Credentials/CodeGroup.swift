import Vaccination

/// Codes that were shown together, on one sheet or screen: they are to be about one person and one history.
///
/// A group in which a valid code stands beside another person's valid code would otherwise be read as proof of both.
/// What two certificates do not both say, or say in scripts that cannot be compared, does not contradict.
enum CodeGroup {
    /// Adds ``Cause/codesDisagree`` to every verdict of a group in which two verified certificates contradict each
    /// other. What was not verified says nothing, and has its own reasons.
    static func judged(_ verdicts: [Verdict]) -> [Verdict] {
        let verified = verdicts.filter { $0.holder != nil }
        let pairs = verified.indices.lazy.flatMap { first in
            verified.indices[(first + 1)...].lazy.map { (verified[first], verified[$0]) }
        }
        guard pairs.contains(where: { contradicts($0, $1) }) else { return verdicts }
        return verdicts.map { verdict in
            var verdict = verdict
            verdict.reasons.append(Reason(.codesDisagree))
            return verdict
        }
    }

    private static func contradicts(_ first: Verdict, _ second: Verdict) -> Bool {
        guard let one = first.holder, let other = second.holder else { return false }
        // The same certificate twice does not contradict itself, whatever it says.
        if one == other, first.doses == second.doses { return false }
        if let number = one.documentNumber, let another = other.documentNumber, number != another { return true }
        if let sex = one.sex, let another = other.sex, Set([sex, another]) == ["M", "F"] { return true }
        // A certificate may name a year or a month alone.
        if let birth = one.birthDate, let another = other.birthDate,
            !birth.hasPrefix(another), !another.hasPrefix(birth)
        {
            return true
        }
        return !HolderName(one).isCompatible(with: HolderName(other))
            || first.doses.contains { dose in second.doses.contains { contradicts(dose, $0) } }
    }

    // One day's dose has one lot; one number in a series has one day.
    private static func contradicts(_ one: VerifiedDose, _ other: VerifiedDose) -> Bool {
        if let date = one.date, date == other.date, let lot = one.lot, let another = other.lot {
            return lot.uppercased() != another.uppercased()
        }
        if let number = one.number, number == other.number, let date = one.date, let another = other.date {
            return date != another
        }
        return false
    }
}

/// A holder's name for comparing certificates of different formats.
private struct HolderName {
    /// Its words in the letters of ICAO Doc 9303's machine readable zone; `nil` for another script.
    private let words: [String]?
    private let key: NameKey

    init(_ holder: VerifiedHolder) {
        words = TravelDocumentName.machineReadable(holder.name)?.split(separator: "<").map(String.init)
        key = NameKey(holder.name)
    }

    func isCompatible(with other: HolderName) -> Bool {
        switch (words, other.words) {
        case (let words?, let others?):
            let (few, many) = words.count <= others.count ? (words, others) : (others, words)
            return Self.contains(few, in: many)
        case (nil, nil): return key == other.key
        default: return true
        }
    }

    // Each word of the shorter name stands in the longer one, some perhaps cut: formats shorten names to an initial, and
    // leave given names out, from the last one on (ICAO Doc 9303-3 section 4.2.3).
    private static func contains(_ few: [String], in many: [String]) -> Bool {
        var left = many
        for word in few {
            guard
                let place = left.firstIndex(of: word)
                    ?? left.firstIndex(where: { $0.hasPrefix(word) || word.hasPrefix($0) })
            else { return false }
            left.remove(at: place)
        }
        return true
    }
}
