package import CredentialIssuing
package import TestSupport
import Vaccination

/// Made-up people and histories.
package enum MadeUp {
    /// Family names.
    package static let families = ["見本", "試験", "髙橋", "渡邉", "𠮷田", "佐\u{E0100}藤", "MIHON", "O'SAMPLE-TEST", "ヴァン・デル・見本"]
    /// Given names.
    package static let givens = ["花子", "太郎", "", "ジョン ポール ジョージ", "HANAKO", "一二三四五六七八九十"]

    /// A person with up to five doses, the last of a product that an EU certificate has codes for.
    package static func subject(_ random: inout Seeded) throws -> SmartHealthCardSubject {
        let count = Int.random(in: 1...5, using: &random)
        var day = Int.random(in: 18_600...19_000, using: &random)
        var doses: [Dose] = []
        for number in 1...count {
            day += Int.random(in: 0...200, using: &random)
            let products = Product.all.filter { number < count || $0.eu != nil }
            guard let date = CalendarDate(daysSince1970: day), let product = products.randomElement(using: &random),
                let dose = Dose(number: number, date: date, product: product, lot: lot(&random))
            else { throw Missing() }
            doses.append(dose)
        }
        guard let birth = CalendarDate(daysSince1970: Int.random(in: -20_000...18_000, using: &random)) else {
            throw Missing()
        }
        // Of some people the day, or the month too, is unknown.
        let known = Int.random(in: 0..<16, using: &random)
        guard
            let born = known > 1 ? BirthDate(birth) : BirthDate(year: birth.year, month: known == 1 ? birth.month : nil)
        else { throw Missing() }
        return SmartHealthCardSubject(
            family: families.randomElement(using: &random) ?? "", given: givens.randomElement(using: &random) ?? "",
            birthDate: born, doses: doses,
            performer: ["見本県見本市", "MHLW_Gov_of_JAPAN"].randomElement(using: &random) ?? "")
    }

    private static func lot(_ random: inout Seeded) -> String {
        let characters = Array("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")
        return String(
            (0..<Int.random(in: 4...8, using: &random)).compactMap { _ in characters.randomElement(using: &random) })
    }

    struct Missing: Error {}
}
