package import CardChip
package import Exchange
package import Foundation
package import CheckedConfiguration
package import MutualTLS
package import ExchangeServer
package import HTTPServer
package import Vaccination

/// What a centre is made from; it can only be right, because every value was checked when it was read.
package struct CentreConfiguration: Sendable {
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
        cards = try Self.authorities(root.section("cards"), development: development)
        let service = try root.section("service")
        hours = try Self.hours(service)
        feeYen = try Self.fee(service)
        applicationsAtOnce = try service.integer("applicationsAtOnce", 1...10_000, fallback: 256)
        notices = try Self.notices(root)
        participants = try Participant.all(root, "municipalities")
        isDevelopment = development
        try root.refuseUnknownKeys()
        warnings = root.warnings
        outline = file.outline.naming(root)
    }

    private static func hours(_ section: ConfigurationSection) throws(ConfigurationError) -> ServiceHours {
        try section.value(
            "hours",
            Expectation(english: "hours like 06:30-23:00, in Japan's time", japanese: "日本時間の時間帯（例: 06:30-23:00）")
        ) { ServiceHours($0) }
    }

    private static func fee(_ section: ConfigurationSection) throws(ConfigurationError) -> Int {
        try section.integer("feeYen", 0...Menu.maximumFeeYen, unit: "yen")
    }

    private static func authorities(_ section: ConfigurationSection, development: Bool) throws(ConfigurationError)
        -> CardAuthorities
    {
        let folder = try section.folder("trust")
        let acceptReal = try section.boolean("acceptReal", fallback: false)
        let authorities: CardAuthorities
        do {
            authorities = try CardAuthorities(
                folder: folder + "/card", acceptReal: acceptReal, acceptSimulated: development)
        } catch {
            throw section.error(
                "trust",
                english:
                    "\(folder)/card cannot be used: \(error.code) (\(error)); put card authorities there, KEYID.pem each",
                japanese: "\(folder)/cardを使えません: \(error.code)（\(error)）。カード認証局の鍵を 鍵ID.pem の名前で置いてください。")
        }
        guard !authorities.keyIDs.isEmpty else {
            throw section.error(
                "trust",
                english:
                    "\(folder)/card holds no card authority that is accepted: \(authorities.ignored.count) were left out; "
                    + "simulated ones need --development, real ones acceptReal: true",
                japanese: "\(folder)/cardに受け入れられるカード認証局がありません（除外\(authorities.ignored.count)件）。模擬のものは--development、"
                    + "本物はacceptReal: trueが必要です。")
        }
        return authorities
    }

    private static func notices(_ root: ConfigurationSection) throws(ConfigurationError) -> [Menu.Notice] {
        var notices: [Menu.Notice] = []
        for section in try root.sections("notices") {
            notices.append(
                Menu.Notice(
                    japanese: try section.string("japanese", 1...Menu.maximumNotice),
                    english: try section.string("english", 1...Menu.maximumNotice)))
        }
        guard notices.count <= Menu.maximumNotices else {
            throw root.error(
                "notices", english: "at most \(Menu.maximumNotices) notices; take some out",
                japanese: "お知らせは\(Menu.maximumNotices)件までです。減らしてください。")
        }
        return notices
    }
}

/// How the centre reaches `vrs`.
package struct RecordSystemConfiguration: Sendable {
    /// `https://host:port` of its listener for the centre.
    package let url: String
    /// Who the centre is there.
    package private(set) var identity: TLSIdentity
    /// Who vouches for `vrs`.
    package private(set) var authorities: CertificateAuthorities
    /// The maximum of connections at once.
    package let connections: Int
    /// How long an application or outcome may take there.
    package let applicationTimeout: Duration
    /// How long a challenge may take there.
    package let challengeTimeout: Duration
    /// How long the last policy counts when `vrs` cannot be reached, for what is under way.
    package let lostAfter: Duration
    /// How long `vrs` may answer nothing before terminals are told that it cannot be asked.
    package let silentAfter: Duration
    /// How long the centre waits before it asks for a lost policy again: at first, and at most.
    package let pollPauses: (minimum: Duration, maximum: Duration)

    package init(
        url: String, identity: TLSIdentity, authorities: CertificateAuthorities, connections: Int = 256,
        applicationTimeout: Duration = .seconds(20), challengeTimeout: Duration = .seconds(5),
        lostAfter: Duration = .seconds(10), silentAfter: Duration = .milliseconds(900),
        pollPauses: (minimum: Duration, maximum: Duration) = (.milliseconds(200), .seconds(2))
    ) {
        self.url = url
        self.identity = identity
        self.authorities = authorities
        self.connections = connections
        self.applicationTimeout = applicationTimeout
        self.challengeTimeout = challengeTimeout
        self.lostAfter = lostAfter
        self.silentAfter = silentAfter
        self.pollPauses = pollPauses
    }

    init(_ section: ConfigurationSection, development: Bool, now: Date) throws(ConfigurationError) {
        self.init(
            url: try section.serviceURL("url"),
            identity: try TLSIdentity(section, for: .client, development: development, now: now),
            authorities: try CertificateAuthorities(section, "authorities", development: development, now: now),
            connections: try section.integer("connections", 1...1024, fallback: 256),
            applicationTimeout: try section.seconds("applicationSeconds", 1...120, fallback: 20),
            challengeTimeout: try section.seconds("challengeSeconds", 1...60, fallback: 5),
            lostAfter: try section.seconds("lostAfterSeconds", 1...600, fallback: 10),
            silentAfter: .milliseconds(
                try section.integer("silentAfterMilliseconds", 300...60_000, unit: "ms", fallback: 900)))
    }
}

extension RecordSystemConfiguration {
    mutating func readAgain(
        _ section: Result<ConfigurationSection, ConfigurationError>, development: Bool, now: Date
    ) -> [ConfigurationError] {
        var flaws: [ConfigurationError] = []
        if case .success(let section) = section {
            do throws(ConfigurationError) {
                identity = try TLSIdentity(section, for: .client, development: development, now: now)
            } catch { flaws.append(error) }
        }
        let read = authorities.readAgain(section, "authorities", development: development, now: now)
        authorities = read.authorities
        return flaws + [read.flaw].compactMap { $0 }
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
        ) { section throws(ConfigurationError) in try Self.authorities(section, development: development) }
        cards = cardsRead.authorities
        flaws += [cardsRead.flaw].compactMap { $0 }
        func part(_ read: () throws(ConfigurationError) -> Void) {
            do throws(ConfigurationError) { try read() } catch { flaws.append(error) }
        }
        part { () throws(ConfigurationError) in hours = try Self.hours(root.section("service")) }
        part { () throws(ConfigurationError) in feeYen = try Self.fee(root.section("service")) }
        part { () throws(ConfigurationError) in notices = try Self.notices(root) }
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
