import Vaccination

/// Turns the fields of one row into a person, collecting what is wrong with it.
struct RowParser {
    private var reader: RowReader
    /// Whether the columns that only a card says have to be there.
    private let needsCard: Bool
    /// Whether the file has no columns of a passport, so that the one that is recorded stays.
    private let keepsPassport: Bool
    /// Whether the file has any of ``PeopleCSV/detailColumns``.
    private let hasDetails: Bool

    var refusals: [CSVRefusal] { reader.refusals }
    private var line: Int { reader.line }

    /// - Parameters:
    ///   - places: where each column stands among the fields.
    ///   - fields: as many as there are places.
    init(
        line: Int, places: [String: Int], fields: [String], needsCard: Bool = true, keepsPassport: Bool = false,
        hasDetails: Bool = false
    ) {
        self.hasDetails = hasDetails
        self.keepsPassport = keepsPassport
        self.needsCard = needsCard
        reader = RowReader(
            line: line, places: places, fields: fields, verbatim: Self.verbatim, needsAll: needsCard)
    }

    /// Columns whose wide characters mean what they are.
    private static let verbatim = Set(
        ["card_name", "card_address", "name", "note"] + doseColumns.flatMap { [$0.details.venue, $0.details.doctor] })

    private static let doseColumns = (1...PeopleCSV.maximumDoses).map { number in
        (
            number: number, columns: ["dose\(number)_date", "dose\(number)_product", "dose\(number)_lot"],
            details: (
                voucher: "dose\(number)_voucher", venue: "dose\(number)_venue", doctor: "dose\(number)_doctor"
            )
        )
    }
    static var doseColumnNames: [String] { doseColumns.flatMap(\.columns) }
    private static let sexes = ["男": Sex.male, "女": .female, "不明": .unspecified]
    private static let standings = ["住民": Standing.resident, "転出": .movedAway, "死亡": .deceased]

    /// Sex as it is written in English or Japanese.
    static func sex(_ text: String) -> Sex? { Sex(rawValue: text) ?? sexes[text] }

    /// The row; `nil` with ``refusals`` if anything is wrong.
    mutating func row() -> PeopleCSV.Row? {
        let number = value(
            "individual_number", english: "twelve digits, the last a right check digit", japanese: "検査用数字の正しい12桁の数字"
        ) {
            IndividualNumber($0)
        }
        var (cardName, address): (String?, String?) = ("", "")
        if needsCard {
            cardName = value(
                "card_name", english: "the name on the card, at most 80 characters", japanese: "券面の氏名（80文字以内）"
            ) {
                Self.text($0, 1...80)
            }
            address = value(
                "card_address", english: "the address on the card, at most 200 characters",
                japanese: "券面の住所（200文字以内）"
            ) {
                Self.text($0, 1...200)
            }
        }
        let code = value(
            "municipality_code", english: "six digits, the last a right check digit", japanese: "検査数字の正しい6桁の団体コード"
        ) {
            MunicipalityCode($0)
        }
        let standing = value(
            "standing", english: "resident, movedAway or deceased",
            japanese: "住民、転出、死亡（resident、movedAway、deceased）のどれか"
        ) {
            Standing(rawValue: $0) ?? Self.standings[$0]
        }
        let printed = value(
            "overseas_printed", english: "at most eight passport numbers, separated by spaces",
            japanese: "旅券番号（空白区切り、8件以内）"
        ) {
            Self.passportNumbers($0)
        }
        let vaccinee = vaccinee()
        let (history, details) = history()
        let vouchers = hasDetails ? vouchers() : []
        guard refusals.isEmpty, let number, let cardName, let address, let code, let standing, let printed,
            let vaccinee,
            let history, let vouchers,
            let person = NewPerson(
                number: number, vaccinee: vaccinee, standing: standing, history: history,
                printedOverseasPassports: printed, keepsPassport: keepsPassport, details: details,
                vouchers: vouchers)
        else { return nil }
        return PeopleCSV.Row(
            line: line, municipality: code, person: person, cardName: cardName, cardAddress: address)
    }

    private mutating func vaccinee() -> Vaccinee? {
        let birthDate = reader.birthDate("birth_date")
        let sex = value(
            "sex", english: "male, female or unspecified", japanese: "男、女、不明（male、female、unspecified）のどれか"
        ) {
            Self.sex($0)
        }
        let passport = passport()
        guard let birthDate, let sex else { return nil }
        return value("name", english: "the registered name, at most 80 characters", japanese: "登録された氏名（80文字以内）") {
            Vaccinee(name: $0, birthDate: birthDate, sex: sex, passport: passport)
        }
    }

    private mutating func passport() -> Passport? {
        let columns = ["passport_number", "passport_name", "passport_nationality", "passport_expires"]
        if columns.allSatisfy({ (field($0) ?? "").isEmpty }) { return nil }
        guard let expires = date("passport_expires") else { return nil }
        let name = field("passport_name") ?? ""
        let nationality = field("passport_nationality") ?? ""
        return value(
            "passport_number",
            english:
                "all four passport columns or none: A-Z and 0-9 (at most 11), the name in capital letters with other names in brackets, three letters, a date",
            japanese: "旅券の4項目はすべて書くか、すべて空にします（番号は英大文字と数字11字以内、氏名は英大文字で別名はかっこ書き、国籍は英大文字3字、期限は日付）"
        ) {
            Passport(number: $0, writtenName: name, nationality: nationality, expires: expires)
        }
    }

    private mutating func history() -> (History?, [Int: DoseDetails]) {
        var (doses, all): ([Dose], [Int: DoseDetails]) = ([], [:])
        for (number, columns, names) in Self.doseColumns {
            // A voucher, a venue or a doctor without a dose is refused by what is missing of that.
            let isEmpty = columns.allSatisfy({ (field($0) ?? "").isEmpty })
            if isEmpty,
                !hasDetails || [names.voucher, names.venue, names.doctor].allSatisfy({ (field($0) ?? "").isEmpty })
            {
                continue
            }
            let date = date(columns[0])
            let product = value(columns[1], english: "a product code of the catalogue", japanese: "製品一覧にあるコード") {
                Product.withCode($0)
            }
            guard let date, let product else { continue }
            let dose = value(
                columns[2], english: "1 to 20 letters, digits, -, . or spaces", japanese: "英数字、-、.、空白で1～20字"
            ) {
                Dose(number: number, date: date, product: product, lot: $0)
            }
            if hasDetails,
                let details = reader.details(number, names.voucher, names.venue, names.doctor), !details.isEmpty
            {
                all[number] = details
            }
            if let dose { doses.append(dose) }
        }
        guard let history = History(doses) else {
            reader.refuse(
                CSVRefusal(
                    line: line, code: "csv.doses", english: "a later dose has an earlier date: put the doses in order",
                    japanese: "後の回の接種日が前の回より前です。順序を直してください。"))
            return (nil, [:])
        }
        return (history, all)
    }

    private mutating func vouchers() -> [IssuedVoucher]? {
        let maximum = NewPerson.maximumVouchers
        return value(
            "vouchers",
            english:
                "at most \(maximum) vouchers, separated by spaces: eighteen digits, and behind a stroke the day of issue",
            japanese: "接種券のOCRライン18桁（空白区切り、\(maximum)件以内。発行日は / の後に書きます）"
        ) {
            Self.vouchers($0)
        }
    }

    private static func vouchers(_ text: String) -> [IssuedVoucher]? {
        var vouchers: [IssuedVoucher] = []
        for piece in text.split(separator: " ", omittingEmptySubsequences: true) {
            let parts = piece.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let day = parts.dropFirst().first.map { WrittenValue.date(String($0)) }
            guard vouchers.count < NewPerson.maximumVouchers, let line = parts.first.flatMap({ VoucherLine($0) }),
                day.map({ $0 != nil }) ?? true, !vouchers.contains(where: { $0.line == line })
            else { return nil }
            vouchers.append(IssuedVoucher(line: line, issuedOn: day ?? nil))
        }
        return vouchers
    }

    private mutating func date(_ column: String) -> CalendarDate? { reader.date(column) }

    private mutating func value<Value>(
        _ column: String, english: String, japanese: String, _ parse: (String) -> Value?
    ) -> Value? {
        reader.value(column, english: english, japanese: japanese, parse)
    }

    private func field(_ column: String) -> String? { reader.field(column) }

    private static func text(_ text: String, _ length: ClosedRange<Int>) -> String? {
        length.contains(text.count) && text.unicodeScalars.count <= 2 * length.upperBound ? text : nil
    }

    private static func passportNumbers(_ text: String) -> Set<String>? {
        let numbers = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard numbers.count <= 8,
            numbers.allSatisfy({ number in
                (1...11).contains(number.utf8.count)
                    && number.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
            })
        else { return nil }
        return Set(numbers)
    }
}
