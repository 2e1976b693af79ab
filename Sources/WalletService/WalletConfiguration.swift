package import Attestation
package import CardChip
package import CheckedConfiguration
package import Exchange
package import ExchangeServer
package import Foundation
package import HTTPServer
package import MutualTLS
package import Vaccination

/// What a mobile back end is made from; it can only be right, because every value was checked when it was read.
package struct WalletConfiguration: RelayConfiguration {
    /// The phones' listener.
    package private(set) var phone: PhoneListenerConfiguration
    /// The operations listener.
    package let operations: OperationsConfiguration
    /// How `vrs` is reached.
    package private(set) var recordSystem: RecordSystemConfiguration
    /// The card authorities whose cards are accepted.
    package private(set) var cards: CardAuthorities
    /// Who issues device certificates.
    package private(set) var devices: DeviceAuthorities
    /// The same, by their files.
    package private(set) var deviceCertificates: CertificateAuthorities
    /// Hours of service.
    package private(set) var hours: ServiceHours
    /// Notices in the app.
    package private(set) var notices: [Menu.Notice]
    /// The municipalities that take part, by code.
    package private(set) var participants: [MunicipalityCode: Participant]
    /// The maximum of applications under way at once.
    package let applicationsAtOnce: Int
    /// The maximum of enrolments under way at once.
    package let enrolmentsAtOnce: Int
    /// The maximum of queries under way at once whether a certificate is still current.
    package let queriesAtOnce: Int
    /// At which distance answers leave that say whether a certificate is still current.
    package let currentInterval: Duration
    /// What is taken from one network.
    package let limits: WalletLimits
    /// Whether development material is accepted.
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
        phone = try PhoneListenerConfiguration(listen.section("phone"), development: development, now: now)
        operations = try OperationsConfiguration(listen.section("operations"))
        try listen.refuseSamePort([
            "phone": (phone.host, phone.port), "operations": (operations.host, operations.port),
        ])
        recordSystem = try RecordSystemConfiguration(root.section("vrs"), development: development, now: now)
        cards = try root.section("cards").cardAuthorities(development: development)
        let devices = try root.section("devices")
        deviceCertificates = try CertificateAuthorities(devices, "authorities", development: development, now: now)
        self.devices = try Self.devices(deviceCertificates, devices)
        let service = try root.section("service")
        hours = try service.serviceHours()
        applicationsAtOnce = try service.integer("applicationsAtOnce", 1...10_000, fallback: 256)
        enrolmentsAtOnce = try service.integer("enrolmentsAtOnce", 1...10_000, fallback: 64)
        queriesAtOnce = try service.integer("queriesAtOnce", 1...10_000, fallback: 1024)
        currentInterval = .milliseconds(
            try service.integer("currentMilliseconds", 10...1000, unit: "ms", fallback: 50))
        limits = try WalletLimits(root.optionalSection("limits"))
        notices = try root.menuNotices()
        participants = try Participant.all(root, "municipalities")
        isDevelopment = development
        try root.refuseUnknownKeys()
        warnings = root.warnings
        outline = file.outline.naming(root)
    }

    private static func devices(
        _ certificates: CertificateAuthorities, _ section: ConfigurationSection
    ) throws(ConfigurationError) -> DeviceAuthorities {
        let der = certificates.certificates.compactMap { try? $0.der }
        guard der.count == certificates.certificates.count, let devices = DeviceAuthorities(der: der) else {
            throw section.error(
                "authorities",
                english:
                    "a certificate is not that of an authority that may issue device certificates; name the one of vrs",
                japanese: "端末の証明書を発行できる認証局の証明書ではないものがあります。vrsのものを指定してください。")
        }
        return devices
    }

    /// A configuration in memory, for tests.
    package init(
        phone: PhoneListenerConfiguration, operations: OperationsConfiguration,
        recordSystem: RecordSystemConfiguration, cards: CardAuthorities, devices: DeviceAuthorities,
        hours: ServiceHours, notices: [Menu.Notice] = [], participants: [Participant], applicationsAtOnce: Int = 256,
        enrolmentsAtOnce: Int = 64, queriesAtOnce: Int = 1024,
        currentInterval: Duration = .milliseconds(50), limits: WalletLimits = .init(), isDevelopment: Bool = true
    ) {
        self.phone = phone
        self.operations = operations
        self.recordSystem = recordSystem
        self.cards = cards
        self.devices = devices
        deviceCertificates = CertificateAuthorities([])
        self.hours = hours
        self.notices = notices
        self.participants = Dictionary(participants.map { ($0.municipality.code, $0) }) { first, _ in first }
        self.applicationsAtOnce = applicationsAtOnce
        self.enrolmentsAtOnce = enrolmentsAtOnce
        self.queriesAtOnce = queriesAtOnce
        self.currentInterval = currentInterval
        self.limits = limits
        self.isDevelopment = isDevelopment
        warnings = []
        outline = nil
    }
}

extension WalletConfiguration {
    /// Takes from its file, read again, what can be taken while the service runs, each part by itself, and gives what is
    /// wrong: a part that is stays as it was, and of the authorities none stays that does not stand in its list or folder any
    /// more; of those for devices the last one stays until there is another, since a list must not be empty.
    package mutating func readAgain(_ root: ConfigurationSection, now: Date) -> [ConfigurationError] {
        let development = isDevelopment
        var flaws: [ConfigurationError] = []
        func part(_ read: () throws(ConfigurationError) -> Void) {
            do throws(ConfigurationError) { try read() } catch { flaws.append(error) }
        }
        part { () throws(ConfigurationError) in
            try phone.readAgain(root.section("listen").section("phone"), development: development, now: now)
        }
        flaws += recordSystem.readAgain(
            Result { () throws(ConfigurationError) in try root.section("vrs") }, development: development, now: now)
        let cardsRead = cards.readAgain(
            Result { () throws(ConfigurationError) in try root.section("cards") }, folder: "trust", subfolder: "/card"
        ) { section throws(ConfigurationError) in try section.cardAuthorities(development: development) }
        cards = cardsRead.authorities
        flaws += [cardsRead.flaw].compactMap { $0 }
        part { () throws(ConfigurationError) in
            let section = try root.section("devices")
            let read = try CertificateAuthorities(section, "authorities", development: development, now: now)
            devices = try Self.devices(read, section)
            deviceCertificates = read
        }
        part { () throws(ConfigurationError) in hours = try root.section("service").serviceHours() }
        part { () throws(ConfigurationError) in notices = try root.menuNotices() }
        part { () throws(ConfigurationError) in participants = try Participant.all(root, "municipalities") }
        return flaws
    }
}

/// Where phones are listened to: TLS without client certificates.
package struct PhoneListenerConfiguration: Sendable {
    /// The address to listen on.
    package let host: String
    /// The port; 0 picks a free one.
    package let port: Int
    /// Who the service is.
    package private(set) var identity: TLSIdentity
    /// What clients may use.
    package let limits: ListenerLimits

    /// A listener out of parts that are right.
    package init(host: String, port: Int, identity: TLSIdentity, limits: ListenerLimits = Self.defaults) {
        (self.host, self.port, self.identity, self.limits) = (host, port, identity, limits)
    }

    /// One slow phone more or less counts nothing here, and strangers are many.
    package static let defaults = ListenerLimits(
        connections: 16_384, connectionsPerAddress: 512, bodyTimeout: .seconds(20))

    /// From a mapping with `address`, `port`, `certificate`, `key` and `limits`.
    init(_ section: ConfigurationSection, development: Bool, now: Date) throws(ConfigurationError) {
        self.init(
            host: try section.string("address"), port: try section.port("port"),
            identity: try TLSIdentity(section, for: .server, development: development, now: now),
            limits: try ListenerLimits(
                withoutPeers: section.optionalSection("limits"), defaults: Self.defaults))
    }

    mutating func readAgain(
        _ section: ConfigurationSection, development: Bool, now: Date
    ) throws(ConfigurationError) {
        identity = try TLSIdentity(section, for: .server, development: development, now: now)
    }
}

/// How much is taken from one network (24 bits of an IPv4 address, 48 of an IPv6 one).
package struct WalletLimits: Hashable, Sendable {
    /// Tokens and enrolments in an hour.
    package var enrolmentsPerHour = 1200
    /// Challenges in a minute; as many applications, and as many outcomes: one more of a kind never stands in another's way.
    package var applicationsPerMinute = 1200
    /// Queries whether a certificate is still current, in a minute.
    package var queriesPerMinute = 1200
    /// Revocation codes in an hour. A carrier has very many phones behind one network, and who has lost one must not wait for others;
    /// codes have 80 bits, so that nobody guesses one, however many he may try: the bound is for the load of `vrs` alone.
    package var revocationsPerHour = 300
    /// Networks that are remembered at once, each with what it asked for; the oldest are forgotten first.
    package var networks = 100_000

    /// The limits that count without others.
    package init() {}

    /// The limits that a mapping gives.
    init(_ section: ConfigurationSection?) throws(ConfigurationError) {
        guard let section else { return }
        let much = 1...1_000_000_000
        enrolmentsPerHour = try section.integer("enrolmentsPerHour", much, fallback: enrolmentsPerHour)
        applicationsPerMinute = try section.integer("applicationsPerMinute", much, fallback: applicationsPerMinute)
        queriesPerMinute = try section.integer("queriesPerMinute", much, fallback: queriesPerMinute)
        revocationsPerHour = try section.integer("revocationsPerHour", much, fallback: revocationsPerHour)
        networks = try section.integer("networks", 1000...10_000_000, fallback: networks)
    }

    var buckets: NetworkLimits {
        NetworkLimits(
            [
                .enrolment: .init(enrolmentsPerHour, per: .seconds(3600)),
                .challenge: .init(applicationsPerMinute, per: .seconds(60)),
                .application: .init(applicationsPerMinute, per: .seconds(60)),
                .outcome: .init(applicationsPerMinute, per: .seconds(60)),
                .current: .init(queriesPerMinute, per: .seconds(60)),
                .revocation: .init(revocationsPerHour, per: .seconds(3600)),
            ], maximum: networks)
    }
}
