package import CardChip
package import Crypto
import ExchangeServer
package import Foundation
package import Logging
package import CheckedConfiguration
package import MutualTLS
package import Signing
package import Records
package import Rendering
package import Vaccination

/// Everything that the configuration file says, read, checked and opened: what is in here can be used as it is.
package struct VRSConfiguration: Sendable {
    /// Whether development keys, certificates and simulated cards are accepted, and pages bear the sample mark.
    package let isDevelopment: Bool
    /// Where the regions' databases lie.
    package let recordFolder: String
    /// Where the journal lies, and the last signed root.
    package let journal: JournalPlace
    /// Where closed parts of regions' logs go, and for how long.
    package let log: LogConfiguration
    /// Where the regions' keys lie.
    package let regionKeys: RegionKeyFolder
    /// Signs roots over the heads of the logs.
    package let rootKey: FileKey
    /// The file of the last root: apart from the records, so that a backup put back does not bring an older one.
    package var rootFile: String { journal.folder + "/root.jws" }
    /// The regions, by code.
    package let regions: [Municipality]
    /// Those that were not erased, as far as the folder of keys knows.
    package var presentRegions: [Municipality] { regions.filter { !regionKeys.isErased($0.code) } }
    /// The kinds that each offers.
    package let kinds: [MunicipalityCode: Set<CertificateKind>]
    /// What signs certificates.
    package var signers: Signers
    /// What an operator should know although it is not wrong: certificates that end soon.
    package let warnings: [ConfigurationError]
    /// What the file says that it is from.
    package let outline: ConfigurationOutline
    /// Seals answers; its public part is pinned at the terminals.
    package let sealingKey: P256.KeyAgreement.PrivateKey
    /// Public parts of the keys that come next or were before it, which terminals take answers from as well.
    package let otherAnswerKeys: [P256.KeyAgreement.PublicKey]
    /// What exports say to terminals, and where they go.
    package let publishing: PublishingConfiguration
    /// Makes and opens challenges.
    package let challenges: ChallengeMaker
    /// Whose certificates terminals carry.
    package let terminalAuthorities: CertificateAuthorities
    /// The key that signs terminals' requests, if this service holds it.
    package let terminalIssuing: TerminalEnrolment.Issuing?
    /// Whose cards are accepted.
    package let cards: CardAuthorities
    /// Lays out pages.
    package let renderer: PageRenderer
    /// The bounds.
    package let limits: VRSLimits
    /// What tests of the started program ask for.
    package let faults: FaultPoints
    /// Where the service listens.
    package let listeners: VRSListeners
    /// What is needed to issue to phones; `nil` if they are not served.
    package let phones: PhoneConfiguration?
    /// Which centres, mobile back ends and operators it listens to.
    package let clients: ClientList
    /// Whether files that are not encrypted are imported.
    package let takesPlainImports: Bool
    /// Where backups go; `nil` if none are made.
    package let backup: BackupConfiguration?
    /// From which level on lines are logged.
    package let logLevel: Logger.Level

    /// Reads and checks a configuration file.
    /// - Parameter now: the time by which certificates are judged.
    package init(path: String, development: Bool, now: Date) async throws {
        try await self.init(try ConfigurationFile(path: path), development: development, now: now)
    }

    /// Checks a configuration.
    package init(_ file: ConfigurationFile, development: Bool, now: Date) async throws {
        let root = file.root
        isDevelopment = development
        let records = try root.section("records")
        recordFolder = try records.path("folder")
        journal = try Self.journal(records, apartFrom: recordFolder)
        log = try LogConfiguration(records, recordFolder: recordFolder)
        takesPlainImports = try records.boolean("plainImports", fallback: false)
        let token = try TokenConfiguration(root)
        regionKeys = RegionKeyFolder(
            path: try records.folder("keys"), allowDevelopment: development,
            masters: try token.masterKeys(records, development: development))
        let participants = try Participant.all(root, "regions")
        regions = participants.values.map(\.municipality).sorted { $0.code < $1.code }
        kinds = participants.mapValues { Set($0.kinds) }

        let signing = SignerConfiguration(development: development, now: now, token: token)
        signers = try await signing.signers(root, needsVDSNC: kinds.values.contains { $0.contains(.overseas) })
        let answers = try root.section("answers")
        sealingKey = try SecretFile.sealingKey(answers, "key", development: development)
        otherAnswerKeys = try answers.publicKeys("otherKeys") {
            try? P256.KeyAgreement.PublicKey(pemRepresentation: $0)
        }
        publishing = try PublishingConfiguration(root)
        challenges = try SecretFile.challenges(try root.section("challenges"), "key", development: development)
        rootKey = try SecretFile.signingKey(records, "rootKey", development: development)

        let terminals = try root.section("terminals")
        let authorities = try CertificateAuthorities(terminals, "authorities", development: development, now: now)
        terminalAuthorities = authorities
        terminalIssuing = try terminals.optionalSection("issuing").map {
            try Self.issuing($0, among: authorities, development: development, now: now)
        }
        cards = try Self.cards(try root.section("cards"), development: development)
        do {
            renderer = try PageRenderer(templateFolder: try root.folder("templates"))
        } catch let error as TemplateError {
            throw root.error(
                "templates",
                english: "\(error.description); mend the layout, or name the folder templates of this program",
                japanese: "テンプレートに誤りがあります。直すか、このプログラムの templates フォルダーを指定してください。")
        }
        limits = try VRSLimits(try root.optionalSection("limits"))
        faults = try FaultPoints(root, development: development)
        phones = try PhoneConfiguration(
            root, apartFrom: [recordFolder, journal.folder, regionKeys.path, log.folder], development: development,
            now: now)
        listeners = try VRSListeners(
            root, terminals: authorities, devices: phones?.authorities, development: development, now: now)
        backup = try BackupConfiguration(root, apartFrom: [recordFolder, journal.folder, regionKeys.path, log.folder])
        let list = try root.file("clients")
        logLevel = try Self.logLevel(root)
        try root.refuseUnknownKeys()
        // The last, so that what is wrong in the list alone is told apart from what is wrong here.
        clients = try ClientList(path: list)
        warnings = root.warnings + Self.erased(regions, regionKeys, root)
        outline = file.outline.naming(root)
    }

    /// Regions that are configured though they were erased: they are served no more, and no reason not to serve the others.
    private static func erased(
        _ regions: [Municipality], _ keys: RegionKeyFolder, _ root: ConfigurationSection
    ) -> [ConfigurationError] {
        regions.map(\.code).filter(keys.isErased).map { code in
            root.error(
                "regions", english: "\(code) was erased, and is not served any more; take it out of the list",
                japanese: "\(code)は消去済みで、提供されません。一覧から外してください。")
        }
    }

    /// A folder outside of the records', since these are put back from a backup as a whole.
    private static func journal(
        _ section: ConfigurationSection, apartFrom records: String
    ) throws(ConfigurationError) -> JournalPlace {
        func standard(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path + "/" }
        let folder = try section.path("journal")
        guard !standard(folder).hasPrefix(standard(records)) else {
            throw section.error(
                "journal", english: "a folder outside of records.folder, which a backup replaces",
                japanese: "records.folder の外のフォルダーにしてください。バックアップを戻すと、その中は置き換わります。")
        }
        let expected = Expectation(
            english: "1 to 32 letters, digits, - or _", japanese: "1〜32文字の英数字、-、_")
        let instance = try section.value("instance", expected, fallback: "vrs") { text in
            (1...32).contains(text.utf8.count)
                && text.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || byte == 0x2D || byte == 0x5F
                } ? text : nil
        }
        return JournalPlace(folder: folder, instance: instance)
    }

    /// - Parameter authorities: whose certificates terminals may carry. The one that issues them is one of these, by its key:
    ///   what it issues would be refused otherwise, and its key would be missing where the listeners' are compared.
    private static func issuing(
        _ section: ConfigurationSection, among authorities: CertificateAuthorities, development: Bool,
        now: Date
    ) throws(ConfigurationError) -> TerminalEnrolment.Issuing {
        let certificate = try section.file("certificate")
        let key = try section.file("key")
        let days = try section.integer("validDays", 1...1100, unit: "d", fallback: 365)
        _ = try section.privateKey(key, "key")
        guard let authority = IssuingAuthority(certificateFile: certificate, keyFile: key) else {
            throw section.error(
                "key", english: "\(key) is not the key of \(certificate); name the pair that belongs together",
                japanese: "\(key)は\(certificate)の鍵ではありません。対になる鍵と証明書を指定してください。")
        }
        try section.checkTime(of: authority.certificate, in: certificate, "certificate", now: now)
        guard development || !DevelopmentMark.isOn(authority.certificate) else {
            throw section.developmentOnly("certificate", certificate)
        }
        guard CertificateAuthorities([authority.certificate]).sharesKey(with: authorities) else {
            throw section.error(
                "certificate", english: "\(certificate) is none of terminals.authorities, by its key; put it there",
                japanese: "\(certificate)の鍵は terminals.authorities のどの認証局のものでもありません。そこに加えてください。")
        }
        return TerminalEnrolment.Issuing(authority: authority, validDays: days)
    }

    static func cards(_ section: ConfigurationSection, development: Bool) throws(ConfigurationError)
        -> CardAuthorities
    {
        let folder = try section.folder("authorities")
        let acceptReal = try section.boolean("acceptReal", fallback: false)
        let acceptSimulated = try section.boolean("acceptSimulated", fallback: false)
        guard development || !acceptSimulated else {
            throw section.error(
                "acceptSimulated",
                english: "simulated cards are for development only; remove this, or start with --development",
                japanese: "模擬カードは開発専用です。この設定を外すか、--developmentを付けて起動してください。")
        }
        let authorities: CardAuthorities
        do {
            authorities = try CardAuthorities(
                folder: folder, acceptReal: acceptReal, acceptSimulated: acceptSimulated)
        } catch {
            throw section.error(
                "authorities",
                english: "\(folder) cannot be used (\(error.code)): put card authorities there, KEYID.pem each",
                japanese: "\(folder)を使えません（\(error.code)）。カード認証局の鍵を 鍵ID.pem の名前で置いてください。")
        }
        guard !authorities.keyIDs.isEmpty else {
            throw section.error(
                "authorities",
                english: """
                    \(folder) holds no card authority that is accepted, so that nobody's card would be: \
                    \(authorities.ignored.count) were left out; cards.acceptReal takes real ones, cards.acceptSimulated simulated ones
                    """,
                japanese:
                    "\(folder)に受け入れられるカード認証局がありません（除外\(authorities.ignored.count)件）。実物は cards.acceptReal、模擬は cards.acceptSimulated で受け入れます。"
            )
        }
        return authorities
    }

    private static func logLevel(_ root: ConfigurationSection) throws(ConfigurationError) -> Logger.Level {
        guard let section = try root.optionalSection("log") else { return .info }
        let expected = Expectation(
            english: "debug, info, notice, warning or error", japanese: "debug、info、notice、warning、error のどれか")
        return try section.value("level", expected, fallback: .info) { text in
            ["debug", "info", "notice", "warning", "error"].contains(text) ? Logger.Level(rawValue: text) : nil
        }
    }

    /// The store of this configuration.
    /// - Parameter mayBegin: see ``Records/SQLiteRecordStore/init(folder:keys:journal:regions:mayBegin:segments:maximumOpenRegions:)``.
    package func openStore(mayBegin: Bool) throws -> SQLiteRecordStore {
        try StoreFolder.refuseRemote(recordFolder, "records.folder")
        try StoreFolder.refuseRemote(journal.folder, "records.journal")
        try StoreFolder.refuseRemote(log.folder, "records.log.folder")
        try StoreFolder.close(recordFolder, "records.folder")
        try StoreFolder.close(journal.folder, "records.journal")
        try StoreFolder.close(log.folder, "records.log.folder")
        return try SQLiteRecordStore(
            folder: recordFolder, keys: regionKeys, journal: journal, regions: regions, mayBegin: mayBegin,
            segments: log.folder)
    }

    /// Reads every key of the records, of all regions and the one that they share, as the store would.
    package func checkRecordKeys() throws {
        do { try regionKeys.check(presentRegions.map(\.code)) } catch let error
            as StoreError
        {
            // A token that is away is no mistake in a file.
            if error.isTransient { throw error }
            throw outline.error(
                "records.keys",
                english: "\(error.detail): restore it from its backup, or make the keys of new regions with vrs keys",
                japanese: "\(error.detail)。バックアップから戻すか、新しい自治体の鍵は vrs keys で作ってください。")
        }
        for (key, folder) in [
            ("records.folder", recordFolder), ("records.journal", journal.folder), ("records.log.folder", log.folder),
        ] {
            guard OwnerOnlyFolder.isOpen(folder) else { continue }
            throw outline.error(
                key, english: "\(folder) can be read by others than its owner: chmod -R go= \(folder)",
                japanese: "\(folder)を所有者以外が読めます。chmod -R go= \(folder) してください。")
        }
    }
}
