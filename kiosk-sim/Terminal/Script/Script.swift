package import CheckedConfiguration
import Exchange
package import Vaccination

/// What a made-up person does in one session, for tests: the answers, and where something else happens.
package struct Script: Hashable, Sendable {
    /// The municipality that is chosen, whether the menu has it or not.
    package let municipality: MunicipalityCode
    /// The kind of certificate that is chosen.
    package let kind: CertificateKind
    /// How many copies.
    package let copies: Copies
    /// The PINs that are typed one after the other.
    package let pins: [String]
    /// The language of receipts.
    package let language: Language
    /// The step at which the person leaves.
    package let leave: SessionStep?
    /// The step from which on the person does nothing.
    package let idle: SessionStep?
    /// The step at which the process ends at once, without a word, as at a loss of power.
    package let crash: SessionStep?
    /// When the simulated card is taken away too early.
    package let take: Taking?
    /// The code that the session has to end with; `printed` if the script says nothing.
    package let expected: String

    /// The card is taken away on the way.
    package struct Taking: Hashable, Sendable {
        /// When this step is reached.
        package let at: SessionStep
        /// After this many more commands to the chip.
        package let afterCommands: Int
    }

    /// Reads a script file.
    package init(path: String) throws(ConfigurationError) { try self.init(try ConfigurationFile(path: path)) }

    /// A script from its file.
    package init(_ file: ConfigurationFile) throws(ConfigurationError) {
        let root = file.root
        municipality = try root.value(
            "municipality", Expectation(english: "a municipality code in quotes", japanese: "全国地方公共団体コード（引用符つき）")
        ) { MunicipalityCode($0) }
        kind = try root.value("kind", Expectation(english: "domestic or overseas", japanese: "domestic か overseas")) {
            CertificateKind(rawValue: $0)
        }
        copies = try root.value(
            "copies",
            Expectation(english: "a number from 1 to \(Copies.maximum)", japanese: "1〜\(Copies.maximum)の数"),
            fallback: Copies(1)
        ) {
            Int($0).flatMap { Copies($0) }
        }
        let digits = Expectation(english: "a list of four digits in quotes each", japanese: "4桁の数字（引用符つき）のリスト")
        pins = try root.texts("pins", digits)
        guard pins.count <= 8,
            pins.allSatisfy({ $0.utf8.count == 4 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else {
            throw root.error(
                "pins", english: "write \(digits.english), at most 8", japanese: "\(digits.japanese)を8つまで書いてください。")
        }
        language = try root.value("language", Expectation(english: "ja or en", japanese: "ja か en"), fallback: .ja) {
            Language(rawValue: $0)
        }
        leave = try Self.step("leave", root)
        idle = try Self.step("idle", root)
        crash = try Self.step("crash", root)
        take = try root.optionalSection("take").map { section throws(ConfigurationError) in
            guard let at = try Self.step("at", section) else { throw section.missing("at", Self.steps) }
            return Taking(at: at, afterCommands: try section.integer("afterCommands", 0...1000, fallback: 0))
        }
        expected = try root.string("expect", 1...1024, fallback: "printed")
        try root.refuseUnknownKeys()
    }

    private static let steps: Expectation = {
        let steps = SessionStep.allCases.map(\.rawValue).joined(separator: ", ")
        return Expectation(english: "one of \(steps)", japanese: "次のどれか: \(steps)")
    }()

    private static func step(_ key: String, _ section: ConfigurationSection) throws(ConfigurationError) -> SessionStep?
    {
        try section.optionalValue(key, steps) { SessionStep(rawValue: $0) }
    }
}
