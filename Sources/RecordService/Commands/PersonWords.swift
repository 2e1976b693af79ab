import Records
import Vaccination

/// What commands say of a person who was searched for.
enum PersonWords {
    static func lines(_ person: PersonRecord) -> [String] {
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
        }
        if person.doses.history == nil {
            lines.append("  these contradict each other: nothing is issued / 食い違いがあるため発行しません")
        }
        return lines
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
