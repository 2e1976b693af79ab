import ArgumentParser
import CommandFrame
import Foundation
import RecordService
import Records
import Vaccination

/// `vrs backup`
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Back records up to another place, encrypted, and put them back. / 記録のバックアップと復元",
        discussion: """
            Backups are sealed to a key whose private half is not on this machine: restoring and looking into them needs it \
            (--key).
            """,
        subcommands: [
            Make.self, List.self, Verify.self, Prune.self, ForgetKeys.self, Restore.self, MakeKey.self,
        ])

    /// Where backups are, where it is not as the configuration says.
    struct SourceOptions: ParsableArguments {
        @Option(name: .long, help: "The folder of the backups; without it backup.folder. / バックアップのフォルダー")
        var from: String?

        @Option(name: .long, help: "The private half of the backup key, PEM. / バックアップ用の秘密鍵")
        var key: String?

        @Option(
            name: .long, parsing: .upToNextOption,
            help: "Public parts of root keys of before, PEM: who signed the sets. / 以前のルート鍵の公開鍵")
        var signer: [String] = []

        var source: BackupCommands.Source { BackupCommands.Source(folder: from, key: key, signers: signer) }
    }

    /// What a command says, and a bar meanwhile where a person waits.
    static func run(
        _ body: (@escaping @Sendable (BackupPart, Double) -> Void) async throws -> (lines: [String], isRight: Bool)
    ) async throws {
        let bar = ProgressBar()
        let result: (lines: [String], isRight: Bool)
        do { result = try await body { bar.show("\($0)", $1) } } catch {
            bar.clear()
            throw error
        }
        bar.clear()
        for line in result.lines { print(line) }
        if !result.isRight { throw ExitCode.no }
    }

    /// `vrs backup make`
    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a set: what has changed since the last one is written. / バックアップを取る（差分だけを書く）",
            discussion: """
                The service goes on meanwhile. Control file, journal and last root are in every set. One that was broken off \
                leaves no set; the next one uses what it wrote.
                """)

        @OptionGroup var options: ServiceOptions

        @Argument(help: "These regions alone; without it all. / 自治体コード（省略時は全自治体）")
        var regions: [String] = []

        func run() async throws {
            let codes = try Keys.codes(regions)
            let configuration = try await options.load()
            try await Backup.run { progress in
                let (lines, isWhole) = try await BackupCommands.make(
                    codes, configuration, now: Date(), progress: progress)
                return (lines, isWhole)
            }
        }
    }

    /// `vrs backup list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the sets, the oldest first. / 世代の一覧")

        @OptionGroup var options: ServiceOptions
        @OptionGroup var source: SourceOptions

        @Flag(name: .long, help: "Print JSON, a line each. / JSONで出力する")
        var json = false

        func run() async throws {
            let configuration = try await options.load()
            try await Backup.run { _ in
                let (lines, isWhole) = try await BackupCommands.list(source.source, json: json, configuration)
                return (lines, isWhole)
            }
        }
    }

    /// `vrs backup verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read everything of a set, and restore nothing. / 復元せずに、世代の全ファイルを確かめる",
            discussion: "With --key every block is opened too; without it every file is compared with its hash.")

        @OptionGroup var options: ServiceOptions
        @OptionGroup var source: SourceOptions

        @Flag(name: .long, help: "All sets. / 全世代")
        var all = false

        @Argument(help: "The set; without it the newest. / 世代（省略時は最新）")
        var set: String?

        func run() async throws {
            guard !all || set == nil else {
                throw WrongUse("name a set, or --all", "世代か --all のどちらかを指定してください。")
            }
            let configuration = try await options.load()
            try await Backup.run { progress in
                let (lines, isSound) = try await BackupCommands.verify(
                    set, all: all, source.source, configuration, progress: progress)
                return (lines, isSound)
            }
        }
    }

    /// `vrs backup prune`
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep some sets, and remove what no set needs. / 古い世代を削除する")

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "How many of the newest stay, 1 to 10000. / 残す最新の世代数")
        var keep: Int

        @Option(name: .long, help: "Of how many months the last one stays too. / 月ごとの最終世代を残す月数")
        var months = 0

        func run() async throws {
            guard let retention = BackupRetention(newest: keep, months: months) else {
                throw WrongUse(
                    "--keep is 1 to 10000, --months 0 to 1200", "--keep は1〜10000、--months は0〜1200です。")
            }
            let configuration = try await options.load()
            for line in try await BackupCommands.prune(retention, configuration) { print(line) }
        }
    }

    /// `vrs backup forget-keys`
    struct ForgetKeys: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Remove regions' keys from the backups: none of them brings the region back. / 自治体の鍵をバックアップから消す（以後は復元不能）"
        )

        @OptionGroup var options: ServiceOptions

        @Option(name: .long, help: "The folder of the backups; without it backup.folder. / バックアップのフォルダー")
        var from: String?

        @Argument(help: "The regions' municipality codes. / 自治体コード")
        var regions: [String]

        func run() async throws {
            let codes = try Keys.codes(regions)
            let configuration = try await options.load()
            let lines = try await BackupCommands.forgetKeys(
                of: codes, BackupCommands.Source(folder: from), configuration)
            for line in lines { print(line) }
        }
    }

    /// `vrs backup restore`
    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a set in place, everything or some regions; nothing is overwritten. / 復元する（上書きはしない）",
            discussion: """
                The service is stopped, and what is to be replaced was moved away. Everything is looked at before it is in its \
                place, and again with the journal.
                """)

        @OptionGroup var options: ServiceOptions
        @OptionGroup var source: SourceOptions

        @Option(name: .long, help: "The set; without it the newest with every region asked for. / 世代（省略時は対象区域をすべて含む最新）")
        var set: String?

        @Flag(name: .long, help: "Everything, where there are no records. / すべて（記録がない場合）")
        var all = false

        @Argument(help: "These regions alone, beside the others. / 自治体コード")
        var regions: [String] = []

        func run() async throws {
            guard all == regions.isEmpty else {
                throw WrongUse("name regions, or --all", "自治体コードか --all のどちらかを指定してください。")
            }
            let codes = try Keys.codes(regions)
            let configuration = try await options.load()
            try await Backup.run { progress in
                let (lines, isWhole) = try await BackupCommands.restore(
                    set, only: all ? nil : codes, source.source, configuration, now: Date(), progress: progress)
                return (lines, isWhole)
            }
        }
    }

    /// `vrs backup make-key`
    struct MakeKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a pair of backup keys, on a machine that is no server. / バックアップ用の鍵の組を作る（サーバー以外で）")

        @Option(
            name: .long, help: "The new file of the private half; the public one is beside it as FILE.pub. / 秘密鍵のファイル")
        var out: String

        func run() throws { for line in try BackupCommands.makeKey(out) { print(line) } }
    }
}
