package import CardChip
package import Exchange
package import Foundation
package import CheckedConfiguration
import MutualTLS
package import ExchangeServer
package import HTTPServer
package import Vaccination

/// What a centre is made from; it can only be right, because every value was checked when it was read.
package struct CentreConfiguration: RelayConfiguration {
    /// The terminals' listener.
    package private(set) var terminal: ListenerConfiguration
    /// The operations listener.
    package let operations: OperationsConfiguration
    /// How `vrs` is reached.
    package private(set) var recordSystem: RecordSystemConfiguration
    /// The card authorities whose cards are accepted.
    package private(set) var cards: CardAuthorities
    /// Hours of service.
    package private(set) var hours: ServiceHours
    /// The fee of one copy in yen.
    package private(set) var feeYen: Int
    /// Notices at the terminals.
    package private(set) var notices: [Menu.Notice]
    /// The municipalities that take part, by code.
    package private(set) var participants: [MunicipalityCode: Participant]
    /// The maximum of applications under way at once.
    package let applicationsAtOnce: Int
    /// Whether development material is accepted and every page bears 「見本 SAMPLE」.
    package let isDevelopment: Bool
    /// What an operator should know although it is not wrong: certificates that end soon.
    package let warnings: [ConfigurationError]
    /// What the file says that it is from; `nil` of a configuration in memory.
    package let outline: ConfigurationOutline?

    /// Reads and checks a configuration file.
    package init(path: String, development: Bool, now: Date) throws(ConfigurationError) {
        try self.init(try ConfigurationFile(path: path), development: development, now: now)
    }

    /// Checks a configuration.
    package init(_ file: ConfigurationFile, development: Bool, now: Date) throws(ConfigurationError) {
        let root = file.root
        let listen = try root.section("listen")
        terminal = try ListenerConfiguration(
            listen.section("terminal"), name: "terminal", development: development, now: now)
        operations = try OperationsConfiguration(listen.section("operations"))
        try listen.refuseSamePort([
            "terminal": (terminal.host, terminal.port), "operations": (operations.host, operations.port),
        ])
        recordSystem = try RecordSystemConfiguration(root.section("vrs"), development: development, now: now)
        cards = try root.section("cards").cardAuthorities(development: development)
        let service = try root.section("service")
        hours = try service.serviceHours()
        feeYen = try Self.fee(service)
        applicationsAtOnce = try service.integer("applicationsAtOnce", 1...10_000, fallback: 256)
        notices = try root.menuNotices()
        participants = try Participant.all(root, "municipalities")
        isDevelopment = development
        try root.refuseUnknownKeys()
        warnings = root.warnings
        outline = file.outline.naming(root)
    }

    private static func fee(_ section: ConfigurationSection) throws(ConfigurationError) -> Int {
        try section.integer("feeYen", 0...Menu.maximumFeeYen, unit: "yen")
    }
}

extension CentreConfiguration {
    /// Takes from its file, read again, what can be taken while the service runs, each part by itself, and gives what is
    /// wrong: a part that is stays as it was, and of the authorities none stays that does not stand in its list or folder any
    /// more.
    package mutating func readAgain(_ root: ConfigurationSection, now: Date) -> [ConfigurationError] {
        let development = isDevelopment
        var flaws = terminal.readAgain(
            Result { () throws(ConfigurationError) in try root.section("listen").section("terminal") },
            development: development, now: now)
        flaws += recordSystem.readAgain(
            Result { () throws(ConfigurationError) in try root.section("vrs") }, development: development, now: now)
        let cardsRead = cards.readAgain(
            Result { () throws(ConfigurationError) in try root.section("cards") }, folder: "trust", subfolder: "/card"
        ) { section throws(ConfigurationError) in try section.cardAuthorities(development: development) }
        cards = cardsRead.authorities
        flaws += [cardsRead.flaw].compactMap { $0 }
        func part(_ read: () throws(ConfigurationError) -> Void) {
            do throws(ConfigurationError) { try read() } catch { flaws.append(error) }
        }
        part { () throws(ConfigurationError) in hours = try root.section("service").serviceHours() }
        part { () throws(ConfigurationError) in feeYen = try Self.fee(root.section("service")) }
        part { () throws(ConfigurationError) in notices = try root.menuNotices() }
        part { () throws(ConfigurationError) in participants = try Participant.all(root, "municipalities") }
        return flaws
    }

    /// A centre's configuration in memory, for tests.
    package init(
        terminal: ListenerConfiguration, operations: OperationsConfiguration, recordSystem: RecordSystemConfiguration,
        cards: CardAuthorities, hours: ServiceHours, feeYen: Int = 120, notices: [Menu.Notice] = [],
        participants: [Participant], applicationsAtOnce: Int = 256, isDevelopment: Bool = true
    ) {
        self.terminal = terminal
        self.operations = operations
        self.recordSystem = recordSystem
        self.cards = cards
        self.hours = hours
        self.feeYen = feeYen
        self.notices = notices
        self.participants = Dictionary(participants.map { ($0.municipality.code, $0) }) { first, _ in first }
        self.applicationsAtOnce = applicationsAtOnce
        self.isDevelopment = isDevelopment
        warnings = []
        outline = nil
    }
}
