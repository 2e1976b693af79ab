package import Vaccination

/// Made-up people in any number, for load tests: plainly named, their individual numbers all beginning with `0000`.
package enum MadeUpPeople {
    /// How many different people there are.
    package static let maximum = 10_000_000

    private static let families = ["見本", "例示", "雛形", "架空", "標本", "模擬", "試験", "練習", "凡例", "仮名"]
    private static let familiesRomaji = [
        "MIHON", "REIJI", "HINAGATA", "KAKU", "HYOHON", "MOGI", "SHIKEN", "RENSHU", "HANREI", "KAMEI",
    ]
    private static let given = ["花子", "太郎", "一郎", "桃子", "次郎", "梅子", "三郎", "桜", "四郎", "楓"]
    private static let givenRomaji = [
        "HANAKO", "TARO", "ICHIRO", "MOMOKO", "JIRO", "UMEKO", "SABURO", "SAKURA", "SHIRO", "KAEDE",
    ]

    /// The people numbered from `firstNumber` on, the same ones for the same seed. Every name is followed by the person's
    /// number in full-width digits, so that no two people have the same name.
    ///
    /// - Parameters:
    ///   - count: how many; cut off at ``maximum``.
    ///   - municipality: the region they belong to.
    ///   - firstNumber: 0 to 9,999,999; regions with the same people have the same range.
    ///   - seed: chooses birth dates, doses and who has a passport.
    package static func rows(
        count: Int, municipality: MunicipalityCode, firstNumber: Int, seed: UInt64
    ) -> [PeopleCSV.Row] {
        guard firstNumber >= 0, firstNumber < maximum else { return [] }
        return (firstNumber..<min(maximum, firstNumber + max(0, count))).compactMap { index in
            row(index, municipality, Choices(state: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15))
        }
    }

    private struct Choices {
        var state: UInt64

        // SplitMix64.
        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(bound))
        }
    }

    /// One in a thousand has no known day, one in ten thousand no known month either.
    private static func birthDate(_ index: Int, _ day: CalendarDate) -> BirthDate? {
        guard index % 1000 == 999 else { return BirthDate(day) }
        return BirthDate(year: day.year, month: index % 10_000 == 9_999 ? nil : day.month)
    }

    private static func row(_ index: Int, _ municipality: MunicipalityCode, _ choices: Choices) -> PeopleCSV.Row? {
        var choices = choices
        let padded = String(String(index + maximum).dropFirst())
        let eleven = "0000" + padded
        let check = IndividualNumber.checkDigit(of: eleven.utf8.map { Int($0) - 0x30 })
        let family = choices.below(families.count)
        let personal = choices.below(given.count)
        let digits = padded.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0).map(String.init) }.joined()
        let name = "\(families[family])　\(given[personal])\(digits)"
        let romaji = "\(familiesRomaji[family]), \(givenRomaji[personal])"
        // 1930-01-01 to about 1999.
        guard let number = IndividualNumber("\(eleven)\(check)"),
            let birthday = CalendarDate(daysSince1970: -14_610 + choices.below(25_500)),
            let birthDate = birthDate(index, birthday),
            let expires = CalendarDate(year: 2035, month: 12, day: 31)
        else { return nil }
        let sex: Sex = choices.below(2) == 0 ? .female : .male
        let hasPassport = choices.below(4) == 0
        let passport =
            hasPassport
            ? Passport(number: "ZZ\(padded)", romajiName: romaji, nationality: "JPN", expires: expires) : nil
        var doses: [Dose] = []
        // The first dose from 2021-04-12 on, the others some months apart.
        var day = 18_729 + choices.below(120)
        for number in 1...(1 + choices.below(PeopleCSV.maximumDoses)) {
            guard let date = CalendarDate(daysSince1970: day) else { return nil }
            let all = number < 3 ? ["PFIZER-12", "MODERNA"] : ["MODERNA", "PFIZER-BA1", "PFIZER-BA45", "MODERNA-BA45"]
            let products = all.compactMap { Product.withCode($0) }.filter { $0.period.contains(date) }
            guard !products.isEmpty else { return nil }
            let product = products[choices.below(products.count)]
            guard let dose = Dose(number: number, date: date, product: product, lot: "MU\(1000 + choices.below(9000))")
            else { return nil }
            doses.append(dose)
            day += number == 1 ? 21 : 150
        }
        guard let vaccinee = Vaccinee(name: name, birthDate: birthDate, sex: sex, passport: passport),
            let history = History(doses),
            let person = NewPerson(
                number: number, vaccinee: vaccinee, standing: .resident, history: history,
                printedOverseasPassports: passport.map { [$0.number] } ?? [])
        else { return nil }
        return PeopleCSV.Row(
            line: 0, municipality: municipality, person: person, cardName: name, cardAddress: "見本県見本市例示町\(digits)番地")
    }
}
