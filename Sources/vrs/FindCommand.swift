public import ArgumentParser
import CommandFrame
import Foundation
import RecordService
public import Records
import Vaccination

extension Records {
    /// `vrs records find`
    struct Find: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find a person of a region. / 住民を検索する",
            discussion: """
                What is searched for is one line of standard input, so that it stands in no list of processes and no history: a \
                number, or name, birth date and sex with commas between. Who was searched for, by whom and what for stands in the \
                region's log. With more than five hits none is shown.
                """)

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The region's municipality code. / 自治体コード")
        var region: String

        @Option(
            name: .long,
            help: "number, addressee, integrated, voucher or name. / 個人番号、宛名番号、統合宛名番号、接種券番号、氏名")
        var by: PersonSearch.Kind

        @Option(name: .long, help: "What for, 1 to 100 characters. / 利用目的")
        var purpose: String

        func run() async throws {
            let code = try MunicipalityCode(written: region)
            guard ImportOrigin.isRight(purpose) else {
                throw WrongUse("--purpose has 1 to 100 characters", "--purpose は1〜100文字です。")
            }
            let search = try StandardInput.line(by.prompt) { PersonSearch(by, written: $0) }
            let configuration = try await options.load()
            let (lines, isFound) = try await FileCommands.find(
                search, for: purpose, in: code, configuration, now: Date())
            for line in lines { print(line) }
            if !isFound { throw ExitCode.no }
        }
    }
}

extension Records {
    /// `vrs records export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a region's doses back to its ledger, in an encrypted zip. / 予防接種台帳への書き出し",
            discussion: """
                A line for each dose, by addressee number; no individual number stands in it. The zip is encrypted with AES-256. How \
                many, by whom and what for stands in the region's log.
                """)

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The region's municipality code. / 自治体コード")
        var region: String

        @Option(name: .long, help: "The JSON file that says what the ledger's codes of products are. / コード表")
        var codes: String?

        @Option(name: .long, help: "The file of the zip's password, for its owner alone. / zipのパスワードのファイル")
        var passwordFile: String

        @Option(name: .long, help: "What for, 1 to 100 characters. / 利用目的")
        var purpose: String

        @Option(name: .long, help: "The zip to make. / 作成するzipファイル")
        var out: String

        func run() async throws {
            let code = try MunicipalityCode(written: region)
            guard ImportOrigin.isRight(purpose) else {
                throw WrongUse("--purpose has 1 to 100 characters", "--purpose は1〜100文字です。")
            }
            let configuration = try await options.load()
            for line in try await FileCommands.export(
                code, to: out, codes: codes, passwordFile: passwordFile, for: purpose, configuration, now: Date())
            {
                print(line)
            }
        }
    }
}

extension PersonSearch.Kind: ExpressibleByArgument {
    /// What the line is.
    var prompt: String {
        switch self {
        case .number: "individual number / 個人番号"
        case .addressee: "addressee number / 宛名番号"
        case .integrated: "integrated addressee number / 統合宛名番号"
        case .voucher: "voucher: ten digits, or its line of eighteen / 接種券番号10桁かOCRライン18桁"
        case .name: "name,birth date,sex / 氏名,生年月日,性別"
        }
    }
}
