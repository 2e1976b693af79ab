import ArgumentParser
import CommandFrame
import Foundation
import RecordService

extension Keys {
    /// `vrs keys token`
    struct InToken: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "token",
            abstract: """
                Make keys in a PKCS#11 token, which they never leave, and the requests for their certificates; a key that is \
                there stays. / PKCS#11トークンの中に鍵を作り、証明書の申請書を書き出す（既存の鍵は残す）
                """)

        @Option(name: .long, help: "The module's shared library. / モジュール（共有ライブラリ）")
        var module: String

        @Option(name: .long, help: "The token's label. / トークンのラベル")
        var label: String

        @Option(name: .long, help: "The file with the user's PIN, readable by its owner alone. / 利用者PINのファイル")
        var pin: String

        @Option(name: .long, help: "The folder for public parts and requests. / 公開鍵と申請書の出力先")
        var out: String

        @Option(name: .long, help: "The organisation that requests name. / 申請書に記す組織名")
        var organisation: String

        @Option(name: .long, help: "The issuing country, two capital letters. / 発行国")
        var country = "JP"

        @Option(name: .long, help: "The name of the key of SMART Health Cards. / SHC署名鍵の名前")
        var shc: String?

        @Option(name: .long, help: "The name of the key of VDS-NC. / VDS-NC署名鍵の名前")
        var vdsnc: String?

        @Option(name: .long, help: "The name of the key of EU certificates. / EU証明書署名鍵の名前")
        var dcc: String?

        @Option(name: .long, help: "The name of the key that wraps regions' keys. / 自治体鍵を包む鍵の名前")
        var master: String?

        func run() async throws {
            let wanted: [(TokenKeys.Role, String?)] = [(.shc, shc), (.vdsnc, vdsnc), (.dcc, dcc), (.master, master)]
            guard wanted.contains(where: { $0.1 != nil }) else {
                throw WrongUse(
                    "name at least one key: --shc, --vdsnc, --dcc or --master",
                    "--shc、--vdsnc、--dcc、--master のうち1つ以上を指定してください。")
            }
            let keys = try TokenKeys(
                module: module, label: label, pinFile: pin, folder: out, organisation: organisation, country: country)
            for case (let role, let name?) in wanted {
                for line in try await keys.make(role, name) { print(line) }
            }
        }
    }

    /// `vrs keys wrap`
    struct Wrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Wrap the files of regions' keys by records.masterKey, whatever wrapped them before. / \
                自治体の鍵ファイルを records.masterKey で包む
                """)

        @OptionGroup var options: ServiceOptions

        func run() async throws {
            let configuration = try await options.load()
            for line in try FileCommands.wrapKeys(configuration) { print(line) }
        }
    }
}
