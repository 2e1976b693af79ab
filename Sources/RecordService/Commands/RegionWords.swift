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
        ]
    }

    static func lines(_ decision: DecisionAccount) -> [String] {
        let what = decision.subject == .erasure ? "erasure / 消去" : "settings / 設定"
        var lines = [
            "decision \(decision.number): \(decision.state.rawValue) / \(word(decision.state)) (\(what); \(decision.reason))",
            "  proposed by / 起案: \(decision.proposedBy), \(decision.at.formatted(.iso8601))",
        ]
        if let name = decision.approvedBy {
            lines.append("  approved by / 承認: \(name), \(decision.endedAt?.formatted(.iso8601) ?? "")")
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
        case .done:
            [
                "take \(region) out of regions in the configurations of vrs and centre, and destroy what copies of its keys there are / 設定の regions から \(region) を外し、鍵の写しを破棄してください"
            ]
        case .approved, .withdrawn: []
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
