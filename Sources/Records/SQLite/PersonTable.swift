import Foundation
import GRDB
import Vaccination

/// People, their doses and their earlier passports: every field encrypted, a person found by the keyed hash of the number.
struct PersonTable: Sendable {
    let encryptor: FieldEncryptor

    private struct PersonFields: Codable {
        let vaccinee: Vaccinee
        let standing: Standing
    }

    func find(_ number: IndividualNumber, in db: Database) throws -> PersonRecord? {
        let hash = encryptor.hash(of: number)
        guard
            let row = try Row.fetchOne(
                try db.cachedStatement(sql: "SELECT id, sealed FROM person WHERE number_hash = ?"), arguments: [hash])
        else { return nil }
        let id: Int64 = try row.parse("id")
        let person = try encryptor.decrypt(
            PersonFields.self, from: try row.parse("sealed"), of: .person(id, numberHash: hash))
        guard let history = History(try doses(of: id, in: db)) else {
            throw StoreError.corrupt("the doses of a person in region \(encryptor.region) contradict each other")
        }
        return PersonRecord(
            id: id, vaccinee: person.vaccinee, standing: person.standing, history: history,
            printedOverseasPassports: Set(try earlierPassports(of: id, in: db)))
    }

    private func doses(of person: Int64, in db: Database) throws -> [Dose] {
        let rows = try Row.fetchAll(
            try db.cachedStatement(sql: "SELECT number, sealed FROM dose WHERE person = ? ORDER BY number"),
            arguments: [person])
        return try rows.map { row in
            try encryptor.decrypt(
                Dose.self, from: try row.parse("sealed"), of: .dose(person: person, number: try row.parse("number")))
        }
    }

    private func earlierPassports(of person: Int64, in db: Database) throws -> [String] {
        let rows = try Row.fetchAll(
            try db.cachedStatement(
                sql: "SELECT position, sealed FROM earlier_passport WHERE person = ? ORDER BY position"),
            arguments: [person])
        return try rows.map { row in
            try encryptor.decrypt(
                String.self, from: try row.parse("sealed"),
                of: .earlierPassport(person: person, index: try row.parse("position")))
        }
    }

    /// Adds a passport number to the person's earlier ones, once.
    func addEarlierPassport(_ number: String, to person: Int64, in db: Database) throws {
        let earlier = try earlierPassports(of: person, in: db)
        guard !earlier.contains(number) else { return }
        let sealed = try encryptor.encrypt(number, for: .earlierPassport(person: person, index: earlier.count))
        try db.cachedStatement(sql: "INSERT INTO earlier_passport (person, position, sealed) VALUES (?, ?, ?)")
            .execute(arguments: [person, earlier.count, sealed])
    }

    /// Writes people, replacing those whose number is there. Returns how many were new.
    func write(_ people: [NewPerson], to db: Database) throws -> Int {
        var last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM person") ?? 0
        var added = 0
        for person in people {
            let hash = encryptor.hash(of: person.number)
            let existing = try Int64.fetchOne(
                try db.cachedStatement(sql: "SELECT id FROM person WHERE number_hash = ?"), arguments: [hash])
            if existing == nil {
                last += 1
                added += 1
            }
            let id = existing ?? last
            let sealed = try encryptor.encrypt(
                PersonFields(vaccinee: person.vaccinee, standing: person.standing), for: .person(id, numberHash: hash))
            try db.cachedStatement(
                sql: """
                    INSERT INTO person (id, number_hash, sealed) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed
                    """
            ).execute(arguments: [id, hash, sealed])
            if existing != nil {
                try db.cachedStatement(sql: "DELETE FROM dose WHERE person = ?").execute(arguments: [id])
            }
            for dose in person.history.doses {
                try db.cachedStatement(sql: "INSERT INTO dose (person, number, sealed) VALUES (?, ?, ?)")
                    .execute(
                        arguments: [
                            id, dose.number, try encryptor.encrypt(dose, for: .dose(person: id, number: dose.number)),
                        ])
            }
            for number in person.printedOverseasPassports.sorted() {
                try addEarlierPassport(number, to: id, in: db)
            }
        }
        return added
    }
}
