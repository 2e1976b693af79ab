import CardChip
import Crypto
import Foundation
package import SimulatedCard
import TestSupport
package import Vaccination

/// One person of the sample records, as far as tests look at it.
package struct SamplePerson: Sendable {
    package let number: String
    package let cardName: String
    package let birthDate: BirthDate
    package let sexDigit: UInt8
    package let address: String
    package let municipality: MunicipalityCode
    /// `resident`, `movedAway` or `deceased`.
    package var standing = "resident"
    /// Whether at least one dose is recorded.
    package var hasDoses = true
    /// The other columns by their names.
    package var columns: [String: String] = [:]

    package init(
        number: String, cardName: String, birthDate: BirthDate, sexDigit: UInt8, municipality: MunicipalityCode
    ) {
        (self.number, self.cardName, self.birthDate, self.sexDigit) = (number, cardName, birthDate, sexDigit)
        (address, self.municipality) = ("見本県見本市見本町１－２－３", municipality)
    }

    /// Whether nothing about the person is out of the ordinary: who is there for a case of its own has a note.
    package var isOrdinary: Bool { standing == "resident" && hasDoses && columns["note"]?.isEmpty == true }

    /// Every person of the sample file, in its order.
    package static func all(csv: String) throws -> [SamplePerson] {
        let lines = csv.split(whereSeparator: \.isNewline)
        let names = lines.first.map(fields) ?? []
        return try lines.dropFirst().map { line in
            let columns = Dictionary(zip(names, fields(line)), uniquingKeysWith: { first, _ in first })
            guard let number = columns["individual_number"], let cardName = columns["card_name"],
                let birthDate = BirthDate(iso: columns["birth_date"] ?? ""),
                let digit = ["male": UInt8(1), "female": 2, "unspecified": 9][columns["sex"] ?? ""],
                let municipality = MunicipalityCode(columns["municipality_code"] ?? "")
            else { throw TestFailure("the sample file has a line of another form") }
            var person = SamplePerson(
                number: number, cardName: cardName, birthDate: birthDate, sexDigit: digit, municipality: municipality)
            person.standing = columns["standing"] ?? ""
            person.hasDoses = columns["dose1_date"]?.isEmpty == false
            person.columns = columns
            return person
        }
    }

    private static func fields(_ line: Substring) -> [String] {
        // What stands between quotes is one field; the sample has no quotes inside fields.
        let pieces = line.split(separator: "\"", omittingEmptySubsequences: false)
        let marked = pieces.enumerated().map {
            $0.offset % 2 == 1 ? String($0.element.replacing(",", with: "\u{1F}")) : String($0.element)
        }
        return marked.joined().split(separator: ",", omittingEmptySubsequences: false)
            .map { String($0.replacing("\u{1F}", with: ",")) }
    }

    /// What is printed on the card.
    package func holder() throws -> CardHolder {
        try CardHolder(
            individualNumber: number, name: cardName, address: address, birthDate: birthDate.digits, sexDigit: sexDigit)
    }

    /// The same person with another name on the card.
    package func named(_ name: String) -> SamplePerson {
        SamplePerson(
            number: number, cardName: name, birthDate: birthDate, sexDigit: sexDigit, municipality: municipality)
    }
}
