import Foundation
import Records
import Vaccination

/// What commands say of a person who was searched for.
enum PersonWords {
    static func lines(_ person: PersonRecord, _ vouchers: [VoucherStanding]) -> [String] {
        let vaccinee = person.vaccinee
        var lines = [
            "\(shown(vaccinee.name)), \(vaccinee.birthDate), \(vaccinee.sex.rawValue), \(person.standing.rawValue) / \(word(person.standing))"
        ]
        if let register = person.register {
            lines.append("  addressee number / 宛名番号: \(register.addressee.text)")
            for name in register.otherNames {
                lines.append("  \(name.kind.rawValue) / \(word(name.kind)): \(shown(name.name))")
            }
            if let from = register.residentFrom { lines.append("  resident since / 住民となった日: \(from)") }
            if let until = register.residentUntil { lines.append("  resident until / 住民でなくなった日: \(until)") }
        }
        for entry in person.doses.entries where entry.counts {
            let dose = entry.dose
            lines.append("  \(dose.number): \(dose.date) \(dose.product.code) \(dose.lot)")
            if let venue = entry.details.venue { lines.append("     venue / 会場: \(shown(venue))") }
            if let doctor = entry.details.doctor { lines.append("     doctor / 医師: \(shown(doctor))") }
            if let voucher = entry.details.voucher {
                lines.append(
                    "     voucher / 接種券: \(voucher.digits)" + (entry.dispute.map { ", \(word($0))" } ?? ""))
            }
        }
        if person.doses.history == nil {
            lines.append("  these contradict each other: nothing is issued / 食い違いがあるため発行しません")
        }
        lines += vouchers.map(VoucherWords.line)
        for entry in person.passports.entries {
            let passport = entry.passport
            let times = [
                entry.recordedAt.map { "recorded / 登録 \($0.formatted(.iso8601))" },
                entry.endedAt.map { "ended / 終了 \($0.formatted(.iso8601))" },
                entry.reason.map { "\($0.rawValue) / \(word($0))" },
            ].compactMap { $0 }
            lines.append(
                ([
                    "  passport / 旅券 \(passport.number): \(passport.writtenName), \(passport.nationality), until / 有効期限 \(passport.expires)"
                ] + times).joined(separator: "; "))
        }
        return lines
    }

    private static func word(_ dispute: VoucherDispute) -> String {
        switch dispute {
        case .spent: "spent by another dose / 別の接種で使用済み"
        case .void: "void / 無効"
        case .otherPerson: "somebody else's / 別の人のもの"
        case .second: "another one is recorded too / 別の接種券も登録済み"
        }
    }

    private static func word(_ reason: PassportReason) -> String {
        switch reason {
        case .renewed: "更新"
        case .corrected: "訂正"
        case .nameChange: "氏名変更"
        case .withdrawn: "情報なし"
        }
    }

    /// Without what would change the terminal that shows it.
    private static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    // Controls of direction; joiners belong to names.
                    case .format where !(0x200C...0x200D).contains(scalar.value): "\u{FFFD}"
                    default: scalar
                    }
                }))
    }

    private static func word(_ standing: Standing) -> String {
        switch standing {
        case .resident: "住民"
        case .movedAway: "転出"
        case .deceased: "死亡"
        }
    }

    private static func word(_ kind: OtherName.Kind) -> String {
        switch kind {
        case .alphabet: "アルファベット氏名"
        case .foreign: "外国人氏名"
        case .alias: "通称"
        case .combined: "併記名"
        }
    }
}
