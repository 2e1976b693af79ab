import Foundation
import IssuerSupport
import TestSupport
import Vaccination

/// What other implementations are to find in people's certificates.
extension Person {
    private static let kanji = (
        ["見本", "髙橋", "渡邉", "𠮷田", "佐\u{E0100}藤", "ヴァン・デル・見本"], ["花子", "太郎", "", "ジョン ポール ジョージ"]
    )
    private static let latin = (
        ["MIHON", "SAMPLE-TEST", "O CONNOR", "VAN DER MIHON"], ["HANAKO", "", "JOHN PAUL GEORGE", "A"]
    )

    /// A person with a random history.
    init(_ random: inout Seeded, isLatin: Bool) throws {
        struct NoSample: Error {}
        let names = isLatin ? Self.latin : Self.kanji
        let family = names.0.randomElement(using: &random) ?? ""
        let given = names.1.randomElement(using: &random) ?? ""
        let documentNumber = "TK" + String(Int.random(in: 1_000_000...9_999_999, using: &random))
        let id = CertificateID(using: &random)
        var day = Int.random(in: 18_600...19_000, using: &random)
        var doses: [Dose] = []
        let count = Int.random(in: 1...5, using: &random)
        for number in 1...count {
            // The latest dose goes into an EU certificate.
            let products = Product.all.filter { number < count || $0.eu != nil }
            day += Int.random(in: 0...200, using: &random)
            let lot = "L" + String(Int.random(in: 0...0xFFFFFF, using: &random), radix: 16).uppercased()
            guard let date = CalendarDate(daysSince1970: day), let product = products.randomElement(using: &random),
                let dose = Dose(number: number, date: date, product: product, lot: lot)
            else { throw NoSample() }
            doses.append(dose)
        }
        guard let birthDate = CalendarDate(daysSince1970: Int.random(in: -20_000...18_000, using: &random)) else {
            throw NoSample()
        }
        // Of some people the day, or the month too, is unknown.
        let known = Int.random(in: 0..<16, using: &random)
        guard
            let born = known > 1
                ? BirthDate(birthDate) : BirthDate(year: birthDate.year, month: known == 1 ? birthDate.month : nil)
        else { throw NoSample() }
        self.init(
            family: family, given: given, birthDate: born, documentNumber: documentNumber, id: id, doses: doses)
    }

    /// What is to be found, as the Python side reads it.
    var expected: [String: Any] {
        [
            "time": Int(Issuers.now.timeIntervalSince1970), "id": id.text, "family": family,
            "given": given.split(separator: " ").joined(separator: " "), "birthDate": birthDate.description,
            "documentNumber": documentNumber,
            "doses": doses.map { dose in
                [
                    "date": dose.date.description, "lot": dose.lot, "number": dose.number,
                    "vaccineSystem": dose.product.cvx == nil
                        ? "http://id.who.int/icd/release/11/mms" : "http://hl7.org/fhir/sid/cvx",
                    "vaccineCode": dose.product.cvx ?? dose.product.kind.icd11,
                    "euProduct": dose.product.eu?.product ?? "", "euMaker": dose.product.eu?.maker ?? "",
                ] as [String: Any]
            },
        ]
    }
}
