import Vaccination

/// Why a change of a person cannot be written.
enum PersonRefusal: Hashable, Sendable {
    /// There would be too many entries of the person's doses.
    case tooMany
    /// The individual number is one person's, the addressee number another's, or what is said of the number is not of whom has it.
    case otherPerson
    /// Nobody has the addressee number.
    case nobody
    /// A voucher's line is of another municipality, or not for the dose that names it.
    case voucher
    /// A voucher that is said to be the person's is somebody else's.
    case voucherTaken
    /// The person would have too many vouchers.
    case tooManyVouchers
    /// There would be too many entries of the person's passports.
    case tooManyPassports

    /// The reason in a word or two.
    var words: String {
        switch self {
        case .tooMany: "more than \(DoseRecord.maximumAdded) entries of doses"
        case .otherPerson: "the numbers are others' already"
        case .nobody: "nobody has the addressee number"
        case .voucher: "a voucher of another municipality or dose"
        case .voucherTaken: "a voucher is somebody else's"
        case .tooManyVouchers: "more than \(Voucher.maximum) vouchers"
        case .tooManyPassports: "more than \(PassportRecord.maximumAdded) entries of passports"
        }
    }

    /// Whether nobody can repair the row: somebody has to decide of the person.
    var isForStaff: Bool { self == .otherPerson || self == .voucherTaken }
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
        case .voucher:
            CSVRefusal(
                line: line, code: "csv.voucher",
                english: "a voucher's line names another municipality, or another dose: look at its digits 2 to 8",
                japanese: "接種券のOCRラインの市区町村か回数が異なります。2～8桁目を確認してください。")
        case .voucherTaken:
            CSVRefusal(
                line: line, code: CSVRefusal.voucherTaken,
                english:
                    "a voucher is recorded as somebody else's: find out whose it is (vrs records find --by voucher)",
                japanese: "接種券が別の人のものとして登録されています。vrs records find --by voucher で確認してください。")
        case .tooManyVouchers:
            CSVRefusal(
                line: line, code: "csv.voucher",
                english: "the person would have more than \(Voucher.maximum) vouchers",
                japanese: "この人の接種券が\(Voucher.maximum)枚を超えます。")
        case .tooManyPassports:
            CSVRefusal(
                line: line, code: "csv.passport",
                english:
                    "the person would have more than \(PassportRecord.maximumAdded) entries of passports: correct them by vrs passports amend",
                japanese: "この人の旅券の記録が\(PassportRecord.maximumAdded)件を超えます。vrs passports amend で訂正してください。")
        }
    }
}

extension CSVRefusals {
    /// Whether nobody can repair the row, so that it says nothing of the file: somebody has to decide of the person.
    var isForStaff: Bool {
        refusals.allSatisfy { [CSVRefusal.deleted, CSVRefusal.otherPerson, CSVRefusal.voucherTaken].contains($0.code) }
    }
}
