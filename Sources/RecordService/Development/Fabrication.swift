package import Foundation
package import Records
package import Vaccination

/// Made-up people for load tests: written straight into the regions, with a list from which simulated cards are made.
/// For development mode alone; every name begins with 見本.
package enum Fabrication {
    /// What a simulated card needs to know, one JSON object a line in the list.
    package struct CardLine: Codable, Sendable {
        /// The individual number; the check digit is right, the person does not exist.
        package let number: String
        /// The name as on the card.
        package let name: String
        /// The address as on the card.
        package let address: String
        /// `YYYYMMDD`.
        package let birthDate: String
        /// `1` or `2`.
        package let sex: String
        /// In whose region the record stands.
        package let municipality: String
        /// The kinds that this person can be issued.
        package let kinds: [String]
    }

    /// The maximum of people of one call.
    package static let maximum = 1_000_000
    private static let chunk = 500

    /// Writes `count` people spread over the store's regions, and hands out a card line for each.
    ///
    /// The same `first` gives the same people: numbers are counted up from it.
    /// - Parameter kinds: what each municipality offers, for the card lines.
    package static func write(
        _ count: Int, first: Int = 0, into store: any RegionStore & PersonStore,
        kinds: [MunicipalityCode: Set<CertificateKind>],
        now: Date,
        _ line: (CardLine) throws -> Void
    ) async throws {
        let regions = try await store.municipalities()
        guard !regions.isEmpty, (0...maximum).contains(count), (0...maximum).contains(first) else {
            throw StoreError.invalid("people: 0 to \(maximum)")
        }
        for (place, region) in regions.enumerated() {
            var batch: [NewPerson] = []
            for index in stride(from: first + place, to: first + count, by: regions.count) {
                guard let person = person(index) else { throw StoreError.invalid("person \(index)") }
                batch.append(person)
                try line(card(of: person, index, in: region, kinds[region.code] ?? []))
                if batch.count == chunk {
                    _ = try await store.write(batch, as: .madeUp, in: region.code, now: now)
                    batch = []
                }
            }
            if !batch.isEmpty { _ = try await store.write(batch, as: .madeUp, in: region.code, now: now) }
        }
    }

    private static func person(_ index: Int) -> NewPerson? {
        let eleven = [9] + digits(index, 10)
        let text = eleven.map(String.init).joined() + String(IndividualNumber.checkDigit(of: eleven))
        guard let number = IndividualNumber(text),
            let birthDate = CalendarDate(
                year: 1930 + index % 80, month: 1 + index / 80 % 12, day: 1 + index / 960 % 28),
            let expires = CalendarDate(year: 2199, month: 12, day: 31),
            let passport = Passport(
                number: "TZ" + digits(index, 7).map(String.init).joined(), romajiName: "MIHON, \(letters(index))",
                nationality: "JPN", expires: expires),
            let vaccinee = Vaccinee(
                name: "見本\u{3000}\(kana(index))", birthDate: BirthDate(birthDate),
                sex: index.isMultiple(of: 2) ? .female : .male,
                passport: passport),
            let history = History(doses(index))
        else { return nil }
        return NewPerson(
            number: number, vaccinee: vaccinee, standing: .resident, history: history,
            printedOverseasPassports: [passport.number])
    }

    private static func doses(_ index: Int) -> [Dose] {
        (0...index % 5).compactMap { number in
            guard let date = CalendarDate(daysSince1970: 18_800 + number * 120 + index % 90) else { return nil }
            let products = Product.all.filter { $0.period.contains(date) }
            guard !products.isEmpty else { return nil }
            let product = products[(index + number) % products.count]
            return Dose(number: number + 1, date: date, product: product, lot: "MIHON-\(index % 1000)")
        }
    }

    private static func card(
        of person: NewPerson, _ index: Int, in region: Municipality, _ kinds: Set<CertificateKind>
    ) -> CardLine {
        CardLine(
            number: person.number.digits, name: person.vaccinee.name,
            address: "\(region.prefecture)\(region.name)見本町\(index % 999 + 1)番地",
            birthDate: person.vaccinee.birthDate.digits,
            sex: person.vaccinee.sex == .male ? "1" : "2", municipality: region.code.digits,
            kinds: kinds.map(\.rawValue).sorted())
    }

    private static func digits(_ value: Int, _ count: Int) -> [Int] {
        var rest = value
        var digits: [Int] = []
        for _ in 0..<count {
            digits.append(rest % 10)
            rest /= 10
        }
        return digits.reversed()
    }

    /// A given name that no other index below a million has, in kana and in Latin letters.
    private static func kana(_ index: Int) -> String {
        String(digits(index, 6).map { ["ア", "カ", "サ", "タ", "ナ", "ハ", "マ", "ヤ", "ラ", "ワ"][$0] }.joined())
    }

    private static func letters(_ index: Int) -> String {
        String(digits(index, 6).map { ["A", "KA", "SA", "TA", "NA", "HA", "MA", "YA", "RA", "WA"][$0] }.joined())
    }
}
