import Foundation
import Records
import Vaccination

/// What commands say of a region's settings and of decisions.
enum RegionWords {
    static func lines(_ account: RegionAccount) -> [String] {
        if account.isErased {
            return ["\(account.municipality) \(account.name): erased / 消去済み"] + account.decisions.flatMap(lines)
        }
        let settings = account.settings
        return ["\(account.municipality) \(account.name)"] + Self.settings(settings).map { "  \($0)" }
            + account.decisions.flatMap(lines)
    }

    private static func settings(_ settings: RegionSettings) -> [String] {
        let channels = IssueChannel.allCases.filter(settings.channels.contains).map(\.rawValue)
        let kinds = CertificateKind.allCases.filter(settings.kinds.contains).map(\.rawValue)
        func list(_ words: [String]) -> String { words.isEmpty ? "none" : words.joined(separator: ", ") }
        return [
            "state: \(settings.state.rawValue) / \(word(settings.state))",
            "channels / 窓口: \(list(channels))", "kinds / 種別: \(list(kinds))",
            "desk / 問い合わせ先: \(settings.desk.map { "\($0.japanese) / \($0.english)" } ?? "-")",
            "issuer / 発行者: \(settings.issuer.map { "\($0.japanese) / \($0.english)" } ?? "the mayor / 首長")",
            "kept / 保存: \(rules(settings.retention))",
            "passports without a chip / チップなし旅券: \(settings.acceptsZoneAlone ? "accepted / 可" : "refused / 不可")",
        ]
    }

    private static func rules(_ rules: RetentionRules) -> String {
        func text(_ period: RetentionPeriod) -> String {
            switch period {
            case .years(let years): "\(years) years / \(years)年"
            case .forever: "for ever / 永年"
            }
        }
        return "doses / 接種 \(text(rules.doses)); provision / 交付 \(text(rules.provision)); "
            + "numbers of the deceased / 死亡者の個人番号 \(text(rules.deceasedNumbers))"
    }

    /// How much a run erases.
    static func counts(_ counts: RetentionCounts) -> String {
        "certificates / 証明書 \(counts.certificates), doses of people / 接種（人） \(counts.doses), "
            + "numbers of the deceased / 死亡者の個人番号 \(counts.numbers), people / 記録全体（人） \(counts.people)"
    }

    static func lines(_ decision: DecisionAccount) -> [String] {
        let what =
            switch decision.subject {
            case .settings: "settings / 設定"
            case .erasure: "erasure / 消去"
            case .retention: "retention / 保存期間満了"
            }
        var lines = [
            "decision \(decision.number): \(decision.state.rawValue) / \(word(decision.state)) (\(what); \(decision.reason))",
            "  proposed by / 起案: \(decision.proposedBy), \(decision.at.formatted(.iso8601))",
        ]
        if let name = decision.approvedBy {
            lines.append("  approved by / 承認: \(name), \(decision.endedAt?.formatted(.iso8601) ?? "")")
        }
        if let run = decision.retention {
            lines.append("    on / 基準日 \(run.cutoff): \(counts(run.counts)); list / 一覧 \(run.list)")
            if let erased = run.erased, let left = run.left {
                lines.append("    people gone through / 処理済み \(erased), left / 残り \(left)")
            }
        }
        if let settings = decision.settings { lines += Self.settings(settings).map { "    \($0)" } }
        return lines
    }

    /// What comes next behind a decision.
    static func next(_ decision: DecisionAccount, _ region: MunicipalityCode) -> [String] {
        switch decision.state {
        case .proposed:
            [
                "another operator: vrs region approve \(region) \(decision.number) / 別の運用者: vrs region approve \(region) \(decision.number)"
            ]
        case .approved where decision.subject == .erasure:
            [
                "it counts, and is not carried out yet: the service's log says why, and it tries again / 決裁済みですが、まだ実行されていません。サービスのログを確かめてください"
            ]
        case .approved where decision.subject == .retention:
            [
                "the service erases it, vrs region show \(region) says how far it is / サービスが消去します。進み具合は vrs region show \(region)"
            ]
        case .done where decision.subject == .erasure:
            [
                "take \(region) out of regions in the configurations of vrs and centre, and destroy what copies of its keys there are / 設定の regions から \(region) を外し、鍵の写しを破棄してください"
            ]
        case .approved, .done, .withdrawn: []
        }
    }

    private static func word(_ state: RegionState) -> String {
        switch state {
        case .open: "稼働"
        case .registrationClosed: "登録終了"
        case .counterOnly: "窓口のみ"
        case .sealed: "閉鎖"
        }
    }

    private static func word(_ state: DecisionState) -> String {
        switch state {
        case .proposed: "承認待ち"
        case .approved: "決裁済み"
        case .done: "実行済み"
        case .withdrawn: "取り下げ"
        }
    }
}
