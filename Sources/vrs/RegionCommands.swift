public import ArgumentParser
import CommandFrame
import RecordService
public import Records
public import Vaccination

extension RegionState: ExpressibleByArgument {}
extension IssueChannel: ExpressibleByArgument {}
extension CertificateKind: ExpressibleByArgument {}

/// `vrs region`
struct RegionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "region",
        abstract: "A municipality's settings and its end, decided by two operators. / 自治体の設定と消去（運用者2名の決裁）",
        subcommands: [Show.self, Change.self, Erase.self, Approve.self, Withdraw.self])

    /// `vrs region show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the settings, and what was decided before. / 設定と決裁の履歴を表示する")

        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        func run() async throws {
            let code = try MunicipalityCode(written: municipality)
            try await options.run { try await $0.showRegion(code) }
        }
    }

    /// `vrs region change`
    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose other settings; what is not named stays as it is. / 設定の変更を起案する（書かない項目はそのまま）",
            discussion: """
                They count once another operator approved them (vrs region approve), and are seen at the terminals at once. \
                registration_closed takes no doses any more but corrections and what the resident register says; counter_only \
                issues at the counter alone; sealed lets nobody in.
                """)

        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "Why, for the log; nothing of a person. / 理由（個人情報を書かない）")
        var reason: String

        @Option(name: .long, help: "open, registration_closed, counter_only or sealed. / 状態")
        var state: RegionState?

        @Option(
            name: .long, parsing: .upToNextOption,
            help: "The channels: kiosk, app, counter, separated by spaces. / 交付の窓口")
        var channels: [IssueChannel] = []

        @Option(
            name: .long, parsing: .upToNextOption, help: "The kinds: domestic, overseas, separated by spaces. / 種別")
        var kinds: [CertificateKind] = []

        @Option(name: .long, help: "Where people are sent, in Japanese; together with --desk-english. / 問い合わせ先（日本語）")
        var deskJapanese: String?

        @Option(name: .long, help: "The same in English. / 問い合わせ先（英語）")
        var deskEnglish: String?

        @Flag(name: .long, help: "Name no desk any more. / 問い合わせ先を示さない")
        var noDesk = false

        @Option(
            name: .long,
            help: "Who issues, in the page's words, such as 見本市長職務代理者; together with --issuer-english. / 発行者（日本語）")
        var issuerJapanese: String?

        @Option(name: .long, help: "The same in English. / 発行者（英語）")
        var issuerEnglish: String?

        @Flag(name: .long, help: "The mayor issues again. / 発行者を首長に戻す")
        var mayor = false

        @Option(
            name: .long, help: "Years that doses are kept after the last one, 5 to 100, or forever. / 接種の保存年数")
        var keepDoses: RetentionPeriod?

        @Option(
            name: .long,
            help: "Years that certificates are kept after they were asked for, 7 to 100, or forever. / 交付の保存年数")
        var keepProvision: RetentionPeriod?

        @Option(
            name: .long,
            help: "Years that individual numbers are kept after a death, 0 to 100, or forever. / 死亡者の個人番号の保存年数")
        var keepDeceasedNumbers: RetentionPeriod?

        @Option(
            name: .long,
            help:
                "Whether a phone may show a passport without its chip, by its camera alone: true or false. / チップを読めない旅券の可否"
        )
        var passportsWithoutChip: Bool?

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        func run() async throws {
            let code = try MunicipalityCode(written: municipality)
            // Each is out of its bounds or not, whatever the others are.
            let initial = RetentionRules.initial
            guard
                RetentionRules(
                    doses: keepDoses ?? initial.doses, provision: keepProvision ?? initial.provision,
                    deceasedNumbers: keepDeceasedNumbers ?? initial.deceasedNumbers) != nil
            else {
                throw WrongUse(
                    "--keep-doses is 5 to 100, --keep-provision 7 to 100, --keep-deceased-numbers 0 to 100, or forever",
                    "--keep-doses は5〜100、--keep-provision は7〜100、--keep-deceased-numbers は0〜100、または forever です。")
            }
            let desk = try Self.text(deskJapanese, deskEnglish, "desk", removed: noDesk)
            let issuer = try Self.text(issuerJapanese, issuerEnglish, "issuer", removed: mayor)
            try await options.run { commands in
                try await commands.change(code, reason: reason) { settings in
                    if let state { settings.state = state }
                    if !channels.isEmpty { settings.channels = Set(channels) }
                    if !kinds.isEmpty { settings.kinds = Set(kinds) }
                    if let desk { settings.desk = desk }
                    if noDesk { settings.desk = nil }
                    if let issuer { settings.issuer = issuer }
                    if mayor { settings.issuer = nil }
                    if let passportsWithoutChip { settings.acceptsZoneAlone = passportsWithoutChip }
                    let kept = settings.retention
                    settings.retention =
                        RetentionRules(
                            doses: keepDoses ?? kept.doses, provision: keepProvision ?? kept.provision,
                            deceasedNumbers: keepDeceasedNumbers ?? kept.deceasedNumbers) ?? kept
                }
            }
        }

        private static func text(
            _ japanese: String?, _ english: String?, _ name: String, removed: Bool
        ) throws -> BilingualText? {
            let refusal = WrongUse(
                "--\(name)-japanese and --\(name)-english go together, 1 to 100 characters each, and not with what removes them",
                "--\(name)-japanese と --\(name)-english は両方とも1〜100文字で書き、消す指定とは併用できません。")
            guard let japanese, let english else {
                if japanese != nil || english != nil { throw refusal }
                return nil
            }
            guard !removed, let text = BilingualText(japanese: japanese, english: english) else { throw refusal }
            return text
        }
    }

    /// `vrs region erase`
    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Propose that a sealed region's keys are destroyed: nobody reads its records any more. / 消去を起案する（鍵の破棄）",
            discussion: """
                It counts once another operator approved it (vrs region approve), and cannot be taken back. Backups of the records \
                stay unreadable too, unless a copy of the keys is kept somewhere: destroy it as well.
                """)

        @OptionGroup var proposal: Proposal

        func run() async throws {
            try await proposal.run { try await $0.proposeErasure(of: $1, reason: $2) }
        }
    }

    /// What is proposed to another operator, and why.
    struct Proposal: ParsableArguments {
        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "Why, for the log; nothing of a person. / 理由（個人情報を書かない）")
        var reason: String

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        func run(_ body: (OperatorCommands, MunicipalityCode, String) async throws -> Void) async throws {
            let code = try MunicipalityCode(written: municipality)
            try await options.run { try await body($0, code, reason) }
        }
    }

    /// One decision.
    struct Subject: ParsableArguments {
        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        @Argument(help: "The decision's number. / 決裁番号")
        var number: Int64
    }

    /// `vrs region approve`
    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approve a decision, as another operator than the one who proposed it. / 承認する（起案者とは別の運用者）")

        @OptionGroup var subject: Subject

        func run() async throws {
            let code = try MunicipalityCode(written: subject.municipality)
            try await subject.options.run { try await $0.approve(decision: subject.number, of: code) }
        }
    }

    /// `vrs region withdraw`
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw a decision that nobody has approved yet. / 承認前に取り下げる")

        @OptionGroup var subject: Subject

        func run() async throws {
            let code = try MunicipalityCode(written: subject.municipality)
            try await subject.options.run { try await $0.withdraw(decision: subject.number, of: code) }
        }
    }
}
