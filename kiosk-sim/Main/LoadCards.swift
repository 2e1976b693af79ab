import Dispatch
import Foundation
import SimulatedCard
import Synchronization
import Vaccination

/// One person of a card list, and where the person's record lies.
struct ListedPerson: Sendable {
    let holder: CardHolder
    let birthDate: CalendarDate
    let municipality: MunicipalityCode
}

/// The people whose cards a load run makes: a CSV file whose first six columns are the card's, never quoted:
/// `individual_number,card_name,birth_date,sex,card_address,municipality_code`.
struct CardList: Sendable {
    let people: [ListedPerson]

    /// Reads at most `limit` people; lines of another form are refused with their number.
    init(reading path: String, limit: Int) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var people: [ListedPerson] = []
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated().dropFirst() {
            if people.count == limit { break }
            guard let person = Self.person(line) else { throw LoadError("\(path): line \(index + 1) is not a card's line") }
            people.append(person)
        }
        self.people = people
    }

    private static func person(_ line: Substring) -> ListedPerson? {
        let columns = line.split(separator: ",", maxSplits: 6, omittingEmptySubsequences: false).map(String.init)
        guard columns.count >= 6, IndividualNumber(columns[0]) != nil, let birthDate = CalendarDate(iso: columns[2]),
            let sex = Sex(rawValue: columns[3]), let municipality = MunicipalityCode(columns[5]),
            let holder = try? CardHolder(
                individualNumber: columns[0], name: columns[1], address: columns[4], birthDate: birthDate.digits,
                sexDigit: digit(of: sex))
        else { return nil }
        return ListedPerson(holder: holder, birthDate: birthDate, municipality: municipality)
    }

    private static func digit(of sex: Sex) -> UInt8 {
        switch sex {
        case .male: 1
        case .female: 2
        case .unspecified: 9
        }
    }
}

/// A card of a load run and what its document must say.
struct LoadCard: Sendable {
    /// The PIN of every card of a load run.
    static let pin = "1234"
    let file: SimulatedCardFile
    let person: ListedPerson

    /// The cards of the first `count` listed people, each with keys of its own out of the pool, made on all cores.
    static func make(_ count: Int, of list: CardList, authority: SimulatedAuthority, pool: RSAKeyPool) throws -> [LoadCard] {
        guard list.people.count >= count else {
            throw LoadError("\(count) sessions need as many people; the card list has \(list.people.count)")
        }
        let keys = try pool.take(2 * count)
        let made = Mutex<[Int: Result<LoadCard, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let person = list.people[index]
            let card = Result {
                LoadCard(
                    file: try SimulatedCardFile.make(
                        holder: person.holder, pin: pin, authority: authority, certificateKey: keys[2 * index],
                        chipKey: keys[2 * index + 1]),
                    person: person)
            }
            made.withLock { $0[index] = card }
        }
        let all = made.withLock { $0 }
        return try (0..<count).compactMap { try all[$0]?.get() }
    }
}

/// Why a load run cannot start or go on; never with personal data.
struct LoadError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
