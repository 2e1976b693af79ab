import ArgumentParser
import CommandFrame
import Foundation
import RecordService
import Vaccination

/// `vrs keys`
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make keys. / 鍵を作る",
        subcommands: [Production.self, Development.self, InToken.self, Wrap.self, Rotate.self])

    /// The municipality codes of words.
    static func codes(_ texts: [String]) throws -> [MunicipalityCode] {
        try texts.map { try MunicipalityCode(written: $0) }
    }

    /// `vrs keys production`
    struct Production: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Make every key of an installation, and say where each goes; nothing is overwritten. / \
                本番の鍵一式を作り、置き場所を示す（上書きしない）
                """)

        @Option(name: .long, help: "The folder to write to. / 出力先フォルダー")
        var out: String

        @Option(name: .long, help: "The organisation that certificates name. / 証明書に記す組織名")
        var organisation: String

        @Option(name: .long, help: "The issuing country, two capital letters. / 発行国")
        var country = "JP"

        @Option(
            name: .long, parsing: .upToNextOption,
            help: "Names and addresses by which the centre and operators reach vrs. / vrs のホスト名・アドレス")
        var vrsHosts: [String]

        @Option(
            name: .long, parsing: .upToNextOption,
            help: "Names and addresses by which terminals reach the centre. / 証明書交付センターのホスト名・アドレス")
        var centreHosts: [String]

        @Option(
            name: .long, parsing: .upToNextOption,
            help: """
                Names and addresses by which phones reach the mobile back end; without them nothing is made for phones. / \
                電子交付サーバーのホスト名・アドレス（なければスマートフォン用の鍵は作らない）
                """)
        var walletHosts: [String] = []

        @Option(name: .long, parsing: .upToNextOption, help: "The operators' names. / 運用者の名前")
        var operators: [String]

        @Option(name: .long, parsing: .upToNextOption, help: "The regions' municipality codes. / 自治体コード")
        var regions: [String]

        func run() async throws {
            let installation = ProductionKeys.Installation(
                organisation: organisation, country: country, recordSystemHosts: vrsHosts, centreHosts: centreHosts,
                walletHosts: walletHosts, operators: operators, regions: try Keys.codes(regions))
            guard let installation else {
                throw WrongUse(
                    """
                    --organisation has 1 to 64 characters and is no development name, --country two capital letters, an \
                    operator's name 1 to 32 letters, digits, - or _, each once, and a host at most 253 characters
                    """,
                    """
                    --organisation は1〜64文字（開発用の名前は不可）、--country は英大文字2字、運用者名は重複のない1〜32文字の英数字・-・_、\
                    ホスト名は253文字以内です。
                    """)
            }
            let keys = ProductionKeys(folder: out, now: Date())
            for path in try keys.make(installation) { print(path) }
            print("Where each goes / 置き場所:")
            for direction in keys.directions {
                print("  \(direction.path)\n    \(direction.english)\n    \(direction.japanese)")
            }
        }
    }

    /// `vrs keys development`
    struct Development: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make what a development installation needs; refused in production. / 開発用の鍵一式を作る")

        @Option(name: .long, help: "The folder to write to. / 出力先フォルダー")
        var out: String = "keys/dev"

        @Option(name: .long, help: "How many terminals get a certificate, 1 to 9999. / 端末の数")
        var terminals: Int = 1

        @Option(name: .long, parsing: .upToNextOption, help: "The regions' municipality codes. / 自治体コード")
        var regions: [String] = DevelopmentKeys.sampleRegions

        func run() async throws {
            guard (1...9999).contains(terminals) else {
                throw WrongUse("--terminals is 1 to 9999", "--terminals は1〜9999です。")
            }
            let made = try await DevelopmentKeys(folder: out, now: Date()).make(
                terminals: terminals, regions: try Keys.codes(regions))
            for path in made { print(path) }
            print("FOR DEVELOPMENT ONLY: refused without --development. / 開発専用です。")
        }
    }
}

/// `vrs records`
struct Records: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write people to the regions. / 接種記録を登録する",
        subcommands: [Load.self, Stage.self, Refused.self, Unclear.self, Find.self, Export.self, Fabricate.self])

    /// `vrs records load`
    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load a CSV file. / CSVを読み込む",
            discussion: """
                Doses are added to those that were recorded. Where they contradict these (one number twice, dates that go back), \
                both stand in the record, and nothing is issued for the person until a file corrects it.
                """)

        @OptionGroup var options: ServiceOptions

        @Flag(
            name: .long,
            help: """
                The file's doses are from now on all that count of its people; others stay as what was recorded before. / \
                訂正（ファイルの接種だけを有効とし、以前の記録は履歴に残す）
                """)
        var correct = false

        @Argument(help: "The CSV file. / CSVファイル")
        var file: String

        func run() async throws {
            let configuration = try await options.load()
            let lines = try await FileCommands.load(file, correcting: correct, configuration, now: Date())
            for line in lines { print(line) }
        }
    }

    /// `vrs records unclear`
    struct Unclear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List people whose doses contradict each other. / 接種記録に食い違いのある人を一覧にする",
            discussion: "The file names people: it belongs into the hands of their municipality alone.")

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The region's municipality code. / 自治体コード")
        var region: String

        @Option(name: .long, help: "The CSV file to make. / 作成するCSVファイル")
        var out: String

        func run() async throws {
            let code = try MunicipalityCode(written: region)
            let configuration = try await options.load()
            for line in try await FileCommands.listUnclear(of: code, to: out, configuration, now: Date()) {
                print(line)
            }
        }
    }

    /// `vrs records fabricate`
    struct Fabricate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write made-up people for load tests; development mode only. / 架空の人を登録する（開発専用）")

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "How many, 1 to 1000000. / 人数")
        var people: Int

        @Option(
            name: .long, help: "Where to write what simulated cards are made from; - is standard output. / カード一覧の出力先")
        var outCards: String

        func run() async throws {
            guard options.development else {
                throw WrongUse(
                    "made-up people are for development only: add --development", "架空の人は開発専用です。--development を付けてください。")
            }
            guard (1...Fabrication.maximum).contains(people) else {
                throw WrongUse("--people is 1 to 1000000", "--people は1〜1000000です。")
            }
            let configuration = try await options.load()
            let lines = try await FileCommands.fabricate(people, cards: outCards, configuration, now: Date())
            for line in lines { print(line) }
        }
    }
}

/// `vrs export`
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Write key set, signer certificates and revocation lists as static files for a public web server. / \
            公開鍵、署名者証明書、失効リストを書き出す
            """)

    @OptionGroup var options: ServiceOptions

    @Option(
        name: .long, help: "The folder to write to; without it publishing.folder of the configuration. / 出力先フォルダー")
    var out: String?

    @Flag(
        name: .long,
        help: "Write what terminals trust alone, without opening the records. / 端末向けの信頼情報だけを書き出す（記録は開かない）")
    var terminalsOnly = false

    @Flag(
        name: .long,
        help: """
            Sign by a key that terminals were not told of: publisher.key has to be changed at each by hand. / \
            予告していない鍵で署名する（全端末の publisher.key を手で変更）
            """)
    var unannouncedPublisher = false

    func run() async throws {
        let configuration = try await options.load()
        guard let out = out ?? configuration.publishing.folder else {
            throw ValidationError("name a folder by --out, or by publishing.folder in the configuration")
        }
        let exported =
            try await terminalsOnly
            ? FileCommands.exportTerminals(to: out, configuration, mayBeUnannounced: unannouncedPublisher, now: Date())
            : FileCommands.export(to: out, configuration, mayBeUnannounced: unannouncedPublisher, now: Date())
        for path in exported.paths { print(path) }
        for warning in exported.warnings { CommandFrame.say(warning) }
        if exported.isPartial { throw ExitCode.no }
    }
}
