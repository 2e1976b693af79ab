import Records
import Vaccination

/// What commands say of imports.
enum ImportWords {
    /// What a file that was read means, and what comes next.
    static func staged(_ report: ImportAccount, _ region: MunicipalityCode) -> [String] {
        lines(report) + next(report, region)
    }

    static func lines(_ report: ImportAccount) -> [String] {
        let kind = report.isCorrection ? "correction / 訂正" : "addition / 追加"
        var lines = [
            "import \(report.number): \(report.state.rawValue) / \(word(report.state)) (\(report.format.rawValue); \(kind); \(report.medium); \(report.purpose))",
            "  \(report.rows) rows: \(report.new) new, \(report.changed) changed, \(report.unchanged) as they are, \(report.refused) refused / 全\(report.rows)件: 新規\(report.new)、変更\(report.changed)、変更なし\(report.unchanged)、取込不可\(report.refused)",
        ]
        if report.unclear > 0 {
            lines.append(
                "  \(report.unclear) people would have doses that contradict each other: nothing is issued for them until they are corrected / 食い違いが生じる人: \(report.unclear)"
            )
        }
        if report.endedDoses > 0 {
            lines.append("  \(report.endedDoses) doses count no more then / 取り消される接種: \(report.endedDoses)件")
        }
        if report.removedPassports > 0 {
            lines.append(
                "  \(report.removedPassports) people have no passport any more then / 旅券情報がなくなる人: \(report.removedPassports)"
            )
        }
        if report.applied > 0 {
            lines.append(
                "  \(report.applied - report.skipped) of \(report.new + report.changed) people are in the records / 登録済み"
            )
        }
        if report.skipped > 0 {
            lines.append(
                "  \(report.skipped) rows were left out: the records have changed since the file was read / 読込後に記録が変わったため登録しなかった行: \(report.skipped)"
            )
        }
        if !report.approvals.isEmpty {
            lines.append("  approved by / 承認: \(report.approvals.joined(separator: ", "))")
        }
        if let name = report.erasureConfirmedBy { lines.append("  file erased, seen by / 媒体消去の確認: \(name)") }
        if report.affectedCount > 0 {
            lines.append(
                "  \(report.affectedCount) certificates name doses which do not count any more, each to be revoked or left / 取り消された接種が載っている証明書: \(report.affectedCount)件"
            )
            lines += report.affected.map { "    \($0)" }
        }
        return lines
    }

    private static func word(_ state: ImportState) -> String {
        switch state {
        case .staging: "読込中"
        case .staged: "承認待ち（2名）"
        case .approved: "承認待ち（あと1名）"
        case .applying: "登録中"
        case .applied: "完了"
        case .refused: "取込不可"
        case .discarded: "破棄"
        }
    }

    private static func next(_ report: ImportAccount, _ region: MunicipalityCode) -> [String] {
        var lines: [String] = []
        switch report.state {
        case .staged:
            lines.append(
                "two operators of different names approve it: vrs imports approve \(region) \(report.number) / 2名の運用者が承認すると登録されます"
            )
        case .refused:
            lines.append(
                "too many rows are refused, so that nothing goes in: repair them, or look at limits.refusedRowsPercent / 取込不可の行が多いため、何も登録されません"
            )
        case .applied: lines.append("nothing to write: the records say what was taken of it / 変更はありません")
        default: break
        }
        if report.refused > 0 {
            lines.append(
                "refused rows, to be repaired and read again: vrs records refused --region \(region) --import \(report.number) --out FILE / 取込不可の行は修正して再度取り込めます"
            )
        }
        return lines
    }
}
