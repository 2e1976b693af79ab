package import CardChip
package import Crypto
import ExchangeServer
package import Foundation
package import CheckedConfiguration
import MutualTLS
import Signing
package import Records
package import Rendering
package import Vaccination

/// Everything that the configuration file says, read, checked and opened: what is in here can be used as it is.
package struct ServiceConfiguration: Sendable {
    /// Whether development keys, certificates and simulated cards are accepted, and pages bear the sample mark.
    package let isDevelopment: Bool
    /// Where the regions' databases lie.
    package let recordFolder: String
    /// Where the regions' keys lie.
    package let regionKeys: RegionKeyFolder
    /// The regions, by code.
    package let regions: [Municipality]
    /// The kinds that each offers.
    package let kinds: [MunicipalityCode: Set<CertificateKind>]
    /// What signs certificates.
    package var signers: Signers
    /// What an operator should know although it is not wrong: certificates that end soon.
    package let warnings: [String]
    /// Seals answers; its public part is pinned at the terminals.
    package let sealingKey: P256.KeyAgreement.PrivateKey
    /// Makes and opens challenges.
    package let challenges: ChallengeMaker
    /// Whose certificates terminals carry.
    package let terminalAuthority: TerminalAuthority
    /// The key that signs terminals' requests, where this service holds it.
    package let terminalIssuing: TerminalEnrolment.Issuing?
    /// Whose cards are accepted.
    package let cards: CardAuthorities
    /// Lays out pages.
    package let renderer: PageRenderer
    /// The bounds.
    package let limits: Limits
    /// What tests of the started program ask for.
    package let faults: FaultPoints

    /// The bounds that an operator may set.
    package struct Limits: Sendable {
        /// Certificates of one person on one day.
        package let perPersonAndDay: Int
        /// Applications under way at once, waiting ones included.
        package let applicationsUnderWay: Int
        /// How long after signing a report is waited for, in seconds; then a certificate is `unknown`.
        package let unknownAfter: Double
        /// How often certificates without a report are looked for.
        package let sweep: Duration
        /// How long a request at the gate waits for a change.
        package let gateWait: Duration

        package init(
            perPersonAndDay: Int, applicationsUnderWay: Int, unknownAfter: Double, sweep: Duration, gateWait: Duration
        ) {
            self.perPersonAndDay = perPersonAndDay
            self.applicationsUnderWay = applicationsUnderWay
            self.unknownAfter = unknownAfter
            self.sweep = sweep
            self.gateWait = gateWait
        }
    }

    /// Reads the sections that concern records and issuing; the listeners are read by ``ServiceListeners``.
    /// - Parameter now: the time by which signers' certificates are judged.
    package init(_ root: ConfigurationSection, development: Bool, now: Date = Date()) async throws {
        isDevelopment = development
        let records = try root.section("records")
        recordFolder = try records.path("folder")
        regionKeys = RegionKeyFolder(path: try records.folder("keys"), allowDevelopment: development)
        let participants = try Participant.all(root, "regions")
        regions = participants.values.map(\.municipality).sorted { $0.code < $1.code }
        kinds = participants.mapValues { Set($0.kinds) }

        var signing = SignerConfiguration(development: development, now: now)
        signers = try await signing.signers(root, needsVDSNC: kinds.values.contains { $0.contains(.overseas) })
        warnings = signing.warnings
        sealingKey = try SecretFile.sealingKey(try root.section("answers"), "key", development: development)
        challenges = try SecretFile.challenges(try root.section("challenges"), "key", development: development)

        let terminals = try root.section("terminals")
        let authorities = try CertificateAuthorities(terminals, "authorities", development: development)
        terminalAuthority = TerminalAuthority(authorities.certificates)
        terminalIssuing = try terminals.optionalSection("issuing").map {
            try Self.issuing($0, development: development)
        }
        cards = try Self.cards(try root.section("cards"), development: development)
        do {
            renderer = try PageRenderer(templateFolder: try root.folder("templates"))
        } catch let error as TemplateError {
            throw root.error("templates", error.description, "テンプレートに誤りがあります。")
        }
        limits = try Self.limits(try root.optionalSection("limits"))
        faults = try FaultPoints(root, development: development)
    }

    private static func issuing(
        _ section: ConfigurationSection, development: Bool
    ) throws(ConfigurationError) -> TerminalEnrolment.Issuing {
        let certificate = try section.file("certificate")
        let key = try section.file("key")
        let days = try section.integer("validDays", 1...1100, unit: "d", fallback: 365)
        guard let authority = IssuingAuthority(certificateFile: certificate, keyFile: key) else {
            throw section.error("key", "\(key) is not the key of \(certificate)", "\(key)は\(certificate)の鍵ではありません。")
        }
        guard development || !DevelopmentMark.isOn(authority.certificate) else {
            throw section.developmentOnly("certificate", certificate)
        }
        return TerminalEnrolment.Issuing(authority: authority, validDays: days)
    }

    private static func cards(_ section: ConfigurationSection, development: Bool) throws(ConfigurationError)
        -> CardAuthorities
    {
        let folder = try section.folder("authorities")
        let acceptReal = try section.boolean("acceptReal", fallback: false)
        let acceptSimulated = try section.boolean("acceptSimulated", fallback: false)
        guard development || !acceptSimulated else {
            throw section.error(
                "acceptSimulated", "simulated cards are for development only; remove this, or start with --development",
                "模擬カードは開発専用です。この設定を外すか、--developmentを付けて起動してください。")
        }
        do {
            return try CardAuthorities(folder: folder, acceptReal: acceptReal, acceptSimulated: acceptSimulated)
        } catch {
            throw section.error(
                "authorities", "no usable card authorities there (\(error.code))", "使えるカード認証局の鍵がありません（\(error.code)）。")
        }
    }

    private static func limits(_ section: ConfigurationSection?) throws(ConfigurationError) -> Limits {
        guard let section else {
            return Limits(
                perPersonAndDay: 10, applicationsUnderWay: 128, unknownAfter: 1800, sweep: .seconds(60),
                gateWait: .seconds(20))
        }
        return Limits(
            perPersonAndDay: try section.integer("perPersonAndDay", 1...1000, fallback: 10),
            applicationsUnderWay: try section.integer("applicationsUnderWay", 1...4096, fallback: 128),
            unknownAfter: Double(try section.integer("unknownAfterSeconds", 1...86_400, unit: "s", fallback: 1800)),
            sweep: try section.seconds("sweepSeconds", 1...3600, fallback: 60),
            gateWait: try section.seconds("gateWaitSeconds", 1...25, fallback: 20))
    }
}

/// What tests of the started program may ask for; refused without development mode.
package struct FaultPoints: Sendable {
    /// The process ends at once when the first intent is durable and nothing was signed yet.
    package var stopsAfterIntent = false
    /// A shorter validity of challenges, in seconds.
    package var challengeSeconds = Challenge.validSeconds

    package init() {}

    init(_ root: ConfigurationSection, development: Bool) throws(ConfigurationError) {
        guard let section = try root.optionalSection("development") else { return }
        guard development else {
            throw root.error(
                "development", "fault points are for tests only; remove this, or start with --development",
                "テスト専用の設定です。外すか、--developmentを付けて起動してください。")
        }
        stopsAfterIntent = try section.value(
            "stopAfter", Expectation("intent or nothing", "intent または nothing"), fallback: false
        ) { ["intent": true, "nothing": false][$0] }
        challengeSeconds = try section.integer("challengeSeconds", 1...180, unit: "s", fallback: Challenge.validSeconds)
    }
}
