import Vaccination

/// A list of what a region has kept long enough, for its municipality's staff: 宛名番号, what goes, how many certificates, and the last day.
package enum RetentionCSV {
    /// The columns.
    package static var header: String { CSVFile.line(["宛名番号", "消去対象", "証明書数", "最終日"]) }

    /// The line of a person.
    package static func line(_ listed: RetentionListed) -> String {
        CSVFile.line([
            listed.addressee?.text ?? "", listed.kinds.map(word).joined(separator: "・"), String(listed.certificates),
            listed.lastDay?.description ?? "",
        ])
    }

    private static func word(_ kind: RetentionKind) -> String {
        switch kind {
        case .certificates: "証明書"
        case .doses: "接種"
        case .number: "個人番号"
        case .person: "記録全体"
        }
    }
}
