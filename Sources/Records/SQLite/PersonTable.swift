import Foundation
import GRDB
import Vaccination

/// People, their doses and their earlier passports: every field encrypted, a person found by the keyed hash of the number.
struct PersonTable: Sendable {
    let encryptor: FieldEncryptor
    private var evidence: EvidenceKeys { encryptor.evidence }

    private struct PersonFields: Codable {
        let vaccinee: Vaccinee
        let standing: Standing
    }

    func find(_ number: IndividualNumber, in db: Database) throws -> PersonRecord? {
        let hash = encryptor.hash(of: number)
        guard
            let row = try Row.fetchOne(
                try db.cachedStatement(sql: "SELECT * FROM person WHERE number_hash = ?"), arguments: [hash])
        else { return nil }
        let id: Int64 = try row.parse("id")
        // Before anything is believed of it: a dose that was taken out leaves the others readable.
        try Ledger.code(of: row, .person, evidence)
        let found = try Belongings.doses(of: id, in: db)
        guard try row.parse("doses") == found.count, try row.parse("doses_hash") == found.hash,
            try row.parse("passports_hash") == Belongings.passports(of: id, in: db)
        else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "doses or earlier passports of person \(id)"))
        }
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
    func addEarlierPassport(_ number: String, to person: Int64, in ledger: Ledger) throws {
        let db = ledger.db
        let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [person]) else {
            throw StoreError.corrupt("a certificate of nobody in region \(encryptor.region)")
        }
        let earlier = try earlierPassports(of: person, in: db)
        guard !earlier.contains(number) else { return }
        try refuseChangedPassports(row, of: person, in: db)
        try insert([(earlier.count, try sealed(number, person, earlier.count))], of: person, in: db)
        try ledger.update(row, of: .person, ["passports_hash": Belongings.passports(of: person, in: db)])
    }

    /// Before the row's code covers more of them.
    private func refuseChangedPassports(_ row: Row, of person: Int64, in db: Database) throws {
        guard try row.parse("passports_hash") == Belongings.passports(of: person, in: db) else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "earlier passports of person \(person)"))
        }
    }

    private func sealed(_ passport: String, _ person: Int64, _ position: Int) throws -> Data {
        try encryptor.encrypt(passport, for: .earlierPassport(person: person, index: position))
    }

    private func insert(_ passports: [(position: Int, sealed: Data)], of person: Int64, in db: Database) throws {
        for passport in passports {
            try db.cachedStatement(sql: "INSERT INTO earlier_passport (person, position, sealed) VALUES (?, ?, ?)")
                .execute(arguments: [person, passport.position, passport.sealed])
        }
    }

    /// Writes people, replacing those whose number is there. Returns how many were new.
    func write(_ people: [NewPerson], to ledger: Ledger) throws -> Int {
        let db = ledger.db
        var last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM person") ?? 0
        var added = 0
        for person in people {
            let hash = encryptor.hash(of: person.number)
            let existing = try Row.fetchOne(
                try db.cachedStatement(sql: "SELECT * FROM person WHERE number_hash = ?"), arguments: [hash])
            if existing == nil {
                last += 1
                added += 1
            }
            let id = try existing?.parse("id") ?? last
            try write(person, hash, as: id, replacing: existing, to: ledger)
        }
        return added
    }

    private func write(
        _ person: NewPerson, _ hash: Data, as id: Int64, replacing existing: Row?, to ledger: Ledger
    ) throws {
        let db = ledger.db
        let doses = try person.history.doses.map { dose in
            (number: dose.number, sealed: try encryptor.encrypt(dose, for: .dose(person: id, number: dose.number)))
        }
        let earlier = existing == nil ? [] : try earlierPassports(of: id, in: db)
        let passports = try person.printedOverseasPassports.sorted().filter { !earlier.contains($0) }.enumerated().map {
            (position: earlier.count + $0, sealed: try sealed($1, id, earlier.count + $0))
        }
        let fields = try encryptor.encrypt(
            PersonFields(vaccinee: person.vaccinee, standing: person.standing), for: .person(id, numberHash: hash))
        var columns: Ledger.Columns = [
            "id": id, "number_hash": hash, "sealed": fields, "doses": doses.count,
            "doses_hash": Belongings.doses(doses),
            "passports_hash": Belongings.passports(passports),
        ]
        if let existing {
            try refuseChangedPassports(existing, of: id, in: db)
            try db.cachedStatement(sql: "DELETE FROM dose WHERE person = ?").execute(arguments: [id])
            try insert(passports, of: id, in: db)
            columns["passports_hash"] = try Belongings.passports(of: id, in: db)
            try ledger.update(existing, of: .person, columns)
        } else {
            try ledger.insert(columns, into: .person)
            try insert(passports, of: id, in: db)
        }
        for dose in doses {
            try db.cachedStatement(sql: "INSERT INTO dose (person, number, sealed) VALUES (?, ?, ?)")
                .execute(arguments: [id, dose.number, dose.sealed])
        }
    }
}
