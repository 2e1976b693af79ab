package import Exchange
import Foundation
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
    /// The code that the session has to end with; `printed` where the script says nothing.
    package let expected: String

    /// The card is taken away on the way.
    package struct Taking: Hashable, Sendable {
        /// When this step is reached.
        package let at: SessionStep
        /// After this many more commands to the chip.
        package let afterCommands: Int
    }

    /// Reads a script file.
    package init(path: String) throws(ConfigurationError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, key: "", english: "cannot be read", japanese: "読めません")
        }
        try self.init(bytes: Array(data), file: path)
    }

    /// A script from its bytes.
    package init(bytes: [UInt8], file: String) throws(ConfigurationError) {
        var reader = try YAMLReader(bytes, file: file)
        guard let municipality = MunicipalityCode(try reader.text("municipality")) else {
            throw reader.error("municipality", "has to be a municipality code in quotes", "全国地方公共団体コード（引用符つき）にしてください")
        }
        self.municipality = municipality
        guard let kind = CertificateKind(rawValue: try reader.text("kind")) else {
            throw reader.error("kind", "has to be domestic or overseas", "domestic か overseas にしてください")
        }
        self.kind = kind
        guard let copies = Copies(try reader.optionalInteger("copies", in: 1...Copies.maximum) ?? 1) else {
            throw reader.error("copies", "has to be 1 to 10", "1 から 10 までにしてください")
        }
        self.copies = copies
        pins = try reader.optionalList("pins") ?? []
        guard pins.count <= 8,
            pins.allSatisfy({ $0.utf8.count == 4 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else {
            throw reader.error("pins", "has to be a list of four digits in quotes each", "4 桁の数字（引用符つき）のリストにしてください")
        }
        guard let language = Language(rawValue: try reader.optionalText("language") ?? "ja") else {
            throw reader.error("language", "has to be ja or en", "ja か en にしてください")
        }
        self.language = language
        leave = try Self.step("leave", &reader)
        idle = try Self.step("idle", &reader)
        crash = try Self.step("crash", &reader)
        if var inside = try reader.optionalInside("take") {
            guard let at = try Self.step("at", &inside) else { throw inside.error("at", "is missing", "がありません") }
            take = Taking(at: at, afterCommands: try inside.optionalInteger("afterCommands", in: 0...1000) ?? 0)
            try inside.finish()
        } else {
            take = nil
        }
        expected = try reader.optionalText("expect") ?? "printed"
        try reader.finish()
    }

    private static func step(_ key: String, _ reader: inout YAMLReader) throws(ConfigurationError) -> SessionStep? {
        guard let text = try reader.optionalText(key) else { return nil }
        guard let step = SessionStep(rawValue: text) else {
            let steps = SessionStep.allCases.map(\.rawValue).joined(separator: ", ")
            throw reader.error(key, "has to be one of \(steps)", "次のどれかにしてください: \(steps)")
        }
        return step
    }
}
