public import ArgumentParser
import CommandFrame
import Foundation
import RecordService
public import Records
import Vaccination

extension Records {
    /// `vrs records stage`
    struct Stage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a CSV file for one region's import, and say what it would change. / 取込ファイルを読み、変更内容を示す",
            discussion: """
                Nothing goes in before two operators of different names approved it (vrs imports approve); then the running service \
                writes it, a few people at a time. Rows that cannot be taken are refused by themselves and come back with vrs \
                records refused.
                """)

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The region's municipality code. / 自治体コード")
        var region: String

        @Option(name: .long, help: "What the file came on, 1 to 100 characters. / 媒体")
        var medium: String

        @Option(name: .long, help: "What it is imported for, 1 to 100 characters. / 利用目的")
        var purpose: String

        @Option(
            name: .long,
            help: "people, residents (the feed of 64 items) or ledger (doses by addressee number). / ファイルの種類")
        var format = ImportFormat.people

        @Option(name: .long, help: "The JSON file that says what the file's codes and gaiji mean. / コード表・外字表")
        var codes: String?

        @Option(
            name: .long, help: "The file of the zip's password, for its owner alone. / zipのパスワードのファイル")
        var passwordFile: String?

        @Option(name: .long, help: "utf-8 or cp932. / 文字コード")
        var encoding = FileEncoding.utf8

        @Flag(
            name: .long,
            help: "The file's doses are from then on all that count of its people. / 訂正（ファイルの接種だけを有効とする）")
        var correct = false

        @Argument(help: "The CSV file, or an AES zip that holds it. / CSVファイルか、AESで暗号化したzipファイル")
        var file: String

        func run() async throws {
            let code = try MunicipalityCode(written: region)
            guard let origin = ImportOrigin(medium: medium, purpose: purpose, format: format) else {
                throw WrongUse(
                    "--medium and --purpose have 1 to 100 characters each", "--medium と --purpose は1〜100文字です。")
            }
            let configuration = try await options.load()
            let bar = ProgressBar()
            defer { bar.clear() }
            let (lines, isTaken) = try await FileCommands.stage(
                file, of: code, origin, encoding: encoding, codes: codes, passwordFile: passwordFile,
                correcting: correct, configuration,
                now: Date(),
                progress: { bar.show("\(code)", $0) })
            bar.clear()
            for line in lines { print(line) }
            if !isTaken { throw ExitCode.no }
        }
    }

    /// `vrs records refused`
    struct Refused: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write an import's refused rows to a CSV file, to be repaired and read again. / 取込不可の行を書き出す",
            discussion: "The file names people: it belongs into the hands of their municipality alone.")

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The region's municipality code. / 自治体コード")
        var region: String

        @Option(name: .customLong("import"), help: "The import's number. / 取込番号")
        var number: Int64

        @Option(name: .long, help: "The CSV file to make. / 作成するCSVファイル")
        var out: String

        func run() async throws {
            let code = try MunicipalityCode(written: region)
            let configuration = try await options.load()
            for line in try await FileCommands.refused(of: number, in: code, to: out, configuration, now: Date()) {
                print(line)
            }
        }
    }
}

extension FileEncoding: ExpressibleByArgument {}
extension ImportFormat: ExpressibleByArgument {}

/// `vrs imports`
struct Imports: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at imports, approve or discard one. / 取込の一覧、承認、破棄",
        subcommands: [List.self, Approve.self, Discard.self, Erased.self])

    /// `vrs imports list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a region's imports, newest first, and how far each is. / 一覧と進み具合")

        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        func run() async throws {
            let code = try MunicipalityCode(written: municipality)
            try await options.run { try await $0.listImports(in: code) }
        }
    }

    /// One import.
    struct Subject: ParsableArguments {
        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        @Argument(help: "The import's number. / 取込番号")
        var number: Int64

        /// Runs what a command does with the import.
        func run(_ body: (OperatorCommands, Int64, MunicipalityCode) async throws -> Void) async throws {
            let code = try MunicipalityCode(written: municipality)
            try await options.run { try await body($0, number, code) }
        }
    }

    /// `vrs imports approve`
    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approve an import, as one of two operators of different names. / 承認する（異なる名前の運用者2名）")

        @OptionGroup var subject: Subject

        func run() async throws {
            try await subject.run { try await $0.approve(import: $1, in: $2) }
        }
    }

    /// `vrs imports discard`
    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Discard what of an import has not gone in. / 破棄する（未登録分）")

        @OptionGroup var subject: Subject

        func run() async throws {
            try await subject.run { try await $0.discard(import: $1, in: $2) }
        }
    }

    /// `vrs imports erased`
    struct Erased: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Confirm that an import's file was erased wherever it had been; its refused rows are erased with that. / \
                媒体の消去を確認した（取込不可の行も消去する）
                """)

        @OptionGroup var subject: Subject

        func run() async throws {
            try await subject.run { try await $0.erased(import: $1, in: $2) }
        }
    }
}
