import Dispatch
import Foundation
import SimulatedCard
import Synchronization
import Vaccination

/// One person of a card list, and where the person's record lies.
struct ListedPerson: Sendable {
    let holder: CardHolder
    let birthDate: BirthDate
    let municipality: MunicipalityCode
}

/// The people whose cards a load run makes, as `vrs records fabricate` lists them: a JSON object a line with `number`,
/// `name`, `address`, `birthDate` (`YYYYMMDD`), `sex` (the card's digit) and `municipality`.
struct CardList: Sendable {
    let people: [ListedPerson]

    private struct Line: Decodable {
        let number: String
        let name: String
        let address: String
        let birthDate: String
        let sex: String
        let municipality: String
    }

    /// Reads a list and mixes its order, always the same way, so that municipalities follow each other at random.
    init(reading path: String) throws {
        let decoder = JSONDecoder()
        var people: [ListedPerson] = []
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for (index, line) in text.split(separator: "\n").enumerated() {
            guard let line = try? decoder.decode(Line.self, from: Data(line.utf8)), let person = Self.person(line)
            else {
                throw LoadError("\(path): line \(index + 1) is not a card's line")
            }
            people.append(person)
        }
        var order = SplitMix64(state: 1)
        people.shuffle(using: &order)
        self.people = people
    }

    private static func person(_ line: Line) -> ListedPerson? {
        guard let birthDate = BirthDate(digits: line.birthDate.utf8),
            let municipality = MunicipalityCode(line.municipality),
            let sex = UInt8(line.sex),
            let holder = try? CardHolder(
                individualNumber: line.number, name: line.name, address: line.address, birthDate: line.birthDate,
                sexDigit: sex)
        else { return nil }
        return ListedPerson(holder: holder, birthDate: birthDate, municipality: municipality)
    }
}

/// A card of a load run and what its document must say.
struct LoadCard: Sendable {
    let card: CustomerCard
    let person: ListedPerson

    /// The cards of the first `count` listed people, each with keys of its own out of the pool, made on all cores.
    static func make(_ count: Int, of list: CardList, authority: SimulatedAuthority, pool: RSAKeyPool) throws
        -> [LoadCard]
    {
        guard list.people.count >= count else {
            throw LoadError("\(count) sessions need as many people; the card list has \(list.people.count)")
        }
        let keys = try pool.take(2 * count)
        let made = Mutex<[Int: Result<LoadCard, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let person = list.people[index]
            let card = Result {
                LoadCard(
                    card: CustomerCard(
                        try SimulatedCardFile.make(
                            holder: person.holder, pin: CustomerCard.ordinaryPIN, authority: authority,
                            certificateKey: keys[2 * index], chipKey: keys[2 * index + 1])),
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
