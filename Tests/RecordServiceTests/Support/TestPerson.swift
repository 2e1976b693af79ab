import Foundation
import Records
import SimulatedCard
import TestSupport
import Vaccination

/// A made-up person: what the record holds, and what stands on the card. Tests change one thing at a time.
struct TestPerson: Sendable {
    var number: String
    var name = "見本\u{3000}花子"
    var birthDate = "1980-01-23"
    var sex = Sex.female
    var standing = Standing.resident
    var doses = 3
    /// The product of a dose, by its index.
    var product: @Sendable (Int) -> Product? = { Product.all[$0 % 6] }
    var romaji = "MIHON, HANAKO"
    var lot: @Sendable (Int) -> String = { "MH\($0)001" }
    var passportNumber: String?
    var passportExpires = "2030-01-01"
    var printedBefore: Set<String> = []
    var cardName: String?
    var cardBirthDate: String?
    var cardSexDigit: UInt8?

    /// A person with a number of her own; 1 to 99,999,999.
    init(_ index: Int, _ change: (inout TestPerson) -> Void = { _ in }) {
        let eleven = Array(String(10_000_000_000 + index)).compactMap(\.wholeNumberValue)
        number = eleven.map(String.init).joined() + String(IndividualNumber.checkDigit(of: eleven))
        change(&self)
    }

    /// A person who may be issued an overseas certificate.
    static func traveller(_ index: Int, _ change: (inout TestPerson) -> Void = { _ in }) -> TestPerson {
        TestPerson(index) {
            $0.passportNumber = "TZ1234567"
            $0.printedBefore = ["TZ1234567"]
            change(&$0)
        }
    }

    func record() throws -> NewPerson {
        guard let number = IndividualNumber(number), let birthDate = BirthDate(iso: birthDate),
            let expires = CalendarDate(iso: passportExpires),
            let vaccinee = Vaccinee(
                name: name, birthDate: birthDate, sex: sex,
                passport: passportNumber.flatMap {
                    Passport(number: $0, romajiName: romaji, nationality: "JPN", expires: expires)
                }), let history = History(try Self.doses(doses, of: product, lot: lot)),
            let person = NewPerson(
                number: number, vaccinee: vaccinee, standing: standing, history: history,
                printedOverseasPassports: printedBefore)
        else { throw TestFailure("person") }
        return person
    }

    static func doses(
        _ count: Int, of product: (Int) -> Product? = { Product.all[$0 % 6] },
        lot: (Int) -> String = { "MH\($0)001" }
    ) throws -> [Dose] {
        try (0..<count).map { index in
            guard let date = CalendarDate(daysSince1970: 18_800 + index * 100), let product = product(index),
                let dose = Dose(number: index + 1, date: date, product: product, lot: lot(index))
            else { throw TestFailure("dose") }
            return dose
        }
    }

    func holder() throws -> CardHolder {
        try CardHolder(
            individualNumber: number, name: cardName ?? name, address: "見本県見本市見本町１丁目２番３号",
            birthDate: String(((cardBirthDate ?? birthDate).filter { $0 != "-" } + "0000").prefix(8)),
            sexDigit: cardSexDigit ?? [Sex.male: 1, .female: 2, .unspecified: 0][sex] ?? 0)
    }
}
