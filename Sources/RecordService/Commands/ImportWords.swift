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
        if report.older > 0 {
            lines.append(
                "  \(report.older) of those as they are, since the register has said something later / 登録済みの内容のほうが新しい行: \(report.older)"
            )
        }
        if report.unclear > 0 {
            lines.append(
                "  \(report.unclear) rows lead to doses that contradict each other: nothing is issued for these people until they are corrected / 食い違いが生じる行: \(report.unclear)"
            )
        }
        if report.endedDoses > 0 {
            lines.append("  \(report.endedDoses) doses count no more then / 取り消される接種: \(report.endedDoses)件")
        }
        if report.renumbered > 0 {
            lines.append(
                "  \(report.renumbered) people get another individual number / 個人番号が変わる人: \(report.renumbered)")
        }
        if report.removedPassports > 0 {
            lines.append(
                "  \(report.removedPassports) people have no passport any more then / 旅券情報がなくなる人: \(report.removedPassports)"
            )
        }
        if report.applied > 0 {
            lines.append(
                "  \(report.applied - report.skipped) of \(report.new + report.changed) rows are in the records / 登録済み"
            )
        }
        if report.skipped > 0 {
            lines.append(
                "  \(report.skipped) rows were left out: what is recorded by now does not let them in / 現在の記録と合わないため登録しなかった行: \(report.skipped)"
            )
        }
        if !report.approvals.isEmpty {
            lines.append("  approved by / 承認: \(report.approvals.joined(separator: ", "))")
        }
        if let name = report.erasureConfirmedBy { lines.append("  file erased, seen by / 媒体消去の確認: \(name)") }
        if report.affectedCount > 0 {
            lines.append(
                "  \(report.affectedCount) certificates name doses, or a passport, which do not count any more, each to be revoked or left / 取り消された接種または旅券が載っている証明書: \(report.affectedCount)件"
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

extension EncryptedFileFault {
    /// What is wrong with a zip, and what to do.
    var words: (english: String, japanese: String) {
        switch self {
        case .damaged: ("no zip, or a damaged one: copy it again", "zipファイルでないか、壊れています。もう一度複写してください。")
        case .notOne: ("the zip has to hold one file", "zipファイルにはファイルを1つだけ入れてください。")
        case .notAES:
            (
                "the file in it is not encrypted with AES: choose AES-256 where it is made",
                "AESで暗号化されていません。作成時にAES-256を選んでください。"
            )
        case .compression: ("compressed in a way that is not read: choose Deflate", "圧縮方式に対応していません。Deflateを選んでください。")
        case .password: ("the password is another one", "パスワードが違います。")
        case .authentication: ("what is in it is not what was encrypted", "暗号化された内容と一致しません。")
        case .unreadable: ("it cannot be read", "読めません。")
        case .unwritable:
            (
                "it cannot be made: something is there already, or there is no room, or no right to write",
                "作成できません。既にあるか、空き容量または書き込み権限がありません。"
            )
        case .tooLarge: ("what is in it is larger than 4 GiB: split it", "中のファイルが4 GiBを超えています。分割してください。")
        }
    }
}
