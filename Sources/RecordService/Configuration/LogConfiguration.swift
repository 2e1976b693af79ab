import CheckedConfiguration
package import Records

/// How long lines of regions' logs are at hand, where closed segments go, and how long these are kept.
package struct LogConfiguration: Sendable {
    /// The folder of closed segments.
    package let folder: String
    /// For how long.
    package let keeping: LogKeeping

    /// Reads `records.log`, which may be left out.
    init(_ records: ConfigurationSection, recordFolder: String) throws(ConfigurationError) {
        guard let section = try records.optionalSection("log") else {
            (folder, keeping) = ("\(recordFolder)/segments", LogKeeping())
            return
        }
        folder = try section.value(
            "folder", Expectation(english: "a path", japanese: "パス"), fallback: "\(recordFolder)/segments"
        ) { $0.isEmpty ? nil : section.resolved($0) }
        let days = try section.integer("daysAtHand", 31...3660, unit: "d", fallback: LogKeeping().daysAtHand)
        let expected = Expectation(
            english: "a whole number of years from 1 to 100, or forever", japanese: "1〜100の整数（年）、または forever")
        let years = try section.value("yearsKept", expected, fallback: Years.count(7)) { text in
            if text == "forever" { return .forever }
            return Int(text).flatMap { (1...100).contains($0) ? .count($0) : nil }
        }
        keeping = LogKeeping(daysAtHand: days, yearsKept: years.number)
        if let years = years.number, years * 365 <= days {
            throw section.error(
                "yearsKept",
                english: "more years than daysAtHand are: lines are kept at hand first, and in files behind that",
                japanese: "daysAtHand より長い年数にしてください（手元に残したあと、ファイルで保存します）。")
        }
    }

    private enum Years: Sendable {
        case count(Int)
        case forever

        var number: Int? { if case .count(let number) = self { number } else { nil } }
    }
}
