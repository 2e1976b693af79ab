import Vaccination

/// Why a change of a person cannot be written.
enum PersonRefusal: Hashable, Sendable {
    /// There would be too many entries of the person's doses.
    case tooMany
    /// The individual number is one person's, the addressee number another's, or what is said of the number is not of whom has it.
    case otherPerson
    /// Nobody has the addressee number.
    case nobody
}

extension PersonRefusal {
    /// What a row is refused with.
    func reason(_ line: Int) -> CSVRefusal {
        switch self {
        case .tooMany:
            CSVRefusal(
                line: line, code: "csv.doses",
                english:
                    "the person would have more than \(DoseRecord.maximumAdded) entries of doses: correct the record first",
                japanese: "この人の接種記録が\(DoseRecord.maximumAdded)件を超えます。先に記録を訂正してください。")
        case .otherPerson:
            CSVRefusal(
                line: line, code: CSVRefusal.otherPerson,
                english:
                    "individual number and addressee number are recorded as different people's: find out whose they are",
                japanese: "個人番号と宛名番号が、別の人のものとして登録されています。どちらが正しいか確認してください。")
        case .nobody:
            CSVRefusal(
                line: line, code: "csv.nobody",
                english: "nobody has this addressee number: import the residents' feed first",
                japanese: "この宛名番号の人は登録されていません。先に住民情報を取り込んでください。")
        }
    }
}

extension CSVRefusals {
    /// Whether nobody can repair the row, so that it says nothing of the file: somebody has to decide of the person.
    var isForStaff: Bool {
        refusals.allSatisfy { [CSVRefusal.deleted, CSVRefusal.otherPerson].contains($0.code) }
    }
}
