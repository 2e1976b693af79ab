public import ArgumentParser
import CommandFrame
import Foundation
import RecordService
public import Records
import Vaccination

extension RetentionPeriod: ExpressibleByArgument {
    /// A number of years, or `forever`.
    public init?(argument: String) {
        if argument == "forever" {
            self = .forever
        } else if let years = Int(argument), "\(years)" == argument {
            self = .years(years)
        } else {
            return nil
        }
    }
}

/// `vrs retention`
struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract:
            "The yearly run that erases what a municipality has kept long enough, decided by two operators. / 保存期間満了の消去（運用者2名の決裁）",
        subcommands: [List.self, Propose.self])

    /// `vrs retention list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is due, or list it for the municipality's staff. / 保存期間が満了した記録を確かめる",
            discussion: """
                On this machine, from the records. The list is an encrypted zip with a line for each person, by addressee number: what \
                goes, and the last day of it. No name and no individual number stands in it. That it was made stands in the region's log.
                """)

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The zip to make. / 作成するzipファイル")
        var output: String?

        @Option(name: .long, help: "The file of the zip's password, for its owner alone. / zipのパスワードのファイル")
        var passwordFile: String?

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        func run() async throws {
            let code = try MunicipalityCode(written: municipality)
            let lines: [String]
            switch (output, passwordFile) {
            case (nil, nil):
                lines = try await FileCommands.dueRecords(in: code, try await options.load(), now: Date())
            case (let output?, let passwordFile?):
                lines = try await FileCommands.listDueRecords(
                    in: code, to: output, passwordFile: passwordFile, try await options.load(), now: Date())
            default:
                throw WrongUse(
                    "--output and --password-file go together", "--output と --password-file は両方とも指定してください。")
            }
            for line in lines { print(line) }
        }
    }

    /// `vrs retention propose`
    struct Propose: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose that what is due is erased. / 保存期間が満了した記録の消去を起案する",
            discussion: """
                It counts once another operator approved it (vrs region approve), if the same is due by then, and cannot be taken back. \
                What is due is judged by 1 April of the fiscal year; vrs region show says how far it is.
                """)

        @OptionGroup var proposal: RegionCommand.Proposal

        func run() async throws {
            try await proposal.run { try await $0.proposeRetention(in: $1, reason: $2) }
        }
    }
}
