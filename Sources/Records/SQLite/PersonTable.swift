import Foundation
import GRDB
import Vaccination

/// People, their doses and their earlier passports: every field encrypted, a person found by the keyed hash of the number.
struct PersonTable: Sendable {
    let encryptor: FieldEncryptor
    private var evidence: EvidenceKeys { encryptor.evidence }

    func find(_ number: IndividualNumber, in db: Database) throws -> PersonRecord? {
        guard let (row, hash) = try row(number, in: db) else { return nil }
        let id: Int64 = try row.parse("id")
        // Before anything is believed of it: a dose that was taken out leaves the others readable.
        try Ledger.code(of: row, .person, evidence)
        let found = try Belongings.doses(of: id, in: db)
        let passports = try Belongings.passports(of: id, in: db)
        guard try row.parse("doses") == found.rows.count, try row.parse("doses_hash") == found.hash,
            try row.parse("passports_hash") == passports.hash
        else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "doses or earlier passports of person \(id)"))
        }
        let person = try encryptor.decrypt(
            PersonFields.self, from: try row.parse("sealed"), of: .person(id, numberHash: hash))
        guard let history = History(try found.rows.map { try dose($0, of: id) }) else {
            throw StoreError.corrupt("the doses of a person in region \(encryptor.region) contradict each other")
        }
        return PersonRecord(
            id: id, vaccinee: person.vaccinee, standing: person.standing, history: history,
            printedOverseasPassports: Set(try passports.rows.map { try passport($0, of: id) }))
    }

    /// The row of the person with a number, and the hash that it has.
    private func row(_ number: IndividualNumber, in db: Database) throws -> (row: StoredRow, hash: Data)? {
        for hash in encryptor.hashes(of: number) {
            let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE number_hash = ?")
            if let row = try StoredRow.fetchOne(statement, arguments: [hash]) { return (row, hash) }
        }
        return nil
    }

    private func dose(_ row: StoredRow, of person: Int64) throws -> Dose {
        try encryptor.decrypt(
            Dose.self, from: try row.parse("sealed"), of: .dose(person: person, number: try row.parse("number")))
    }

    private func passport(_ row: StoredRow, of person: Int64) throws -> String {
        try encryptor.decrypt(
            String.self, from: try row.parse("sealed"),
            of: .earlierPassport(person: person, index: try row.parse("position")))
    }

    /// Adds a passport number to the person's earlier ones, once.
    func addEarlierPassport(_ number: String, to person: Int64, in ledger: Ledger) throws {
        let db = ledger.db
        let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE id = ?")
        guard let row = try StoredRow.fetchOne(statement, arguments: [person]) else {
            throw StoreError.corrupt("a certificate of nobody in region \(encryptor.region)")
        }
        let earlier = try earlierPassports(of: person, row, in: db)
        guard !earlier.contains(number) else { return }
        try insert([(earlier.count, try sealed(number, person, earlier.count))], of: person, in: db)
        try ledger.update(row, of: .person, ["passports_hash": Belongings.passports(of: person, in: db).hash])
    }

    /// A person's earlier passports, if they are as they were written: the row's code is about to cover more of them.
    private func earlierPassports(of person: Int64, _ row: StoredRow, in db: Database) throws -> [String] {
        let found = try Belongings.passports(of: person, in: db)
        guard try row.parse("passports_hash") == found.hash else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "earlier passports of person \(person)"))
        }
        return try found.rows.map { try passport($0, of: person) }
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
            let existing = try row(person.number, in: db)?.row
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
        _ person: NewPerson, _ hash: Data, as id: Int64, replacing existing: StoredRow?, to ledger: Ledger
    ) throws {
        let db = ledger.db
        let doses = try person.history.doses.map { dose in
            (number: dose.number, sealed: try encryptor.encrypt(dose, for: .dose(person: id, number: dose.number)))
        }
        let earlier = try existing.map { try earlierPassports(of: id, $0, in: db) } ?? []
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
            try db.cachedStatement(sql: "DELETE FROM dose WHERE person = ?").execute(arguments: [id])
            try insert(passports, of: id, in: db)
            columns["passports_hash"] = try Belongings.passports(of: id, in: db).hash
            try ledger.update(existing, of: .person, columns)
        } else {
            try ledger.insert(columns, into: .person)
            try insert(passports, of: id, in: db)
        }
        for dose in doses {
            try db.cachedStatement(sql: "INSERT INTO dose (person, number, sealed) VALUES (?, ?, ?)")
                .execute(arguments: [id, dose.number, dose.sealed])
        }
        try write(person.number, of: id, isNew: existing == nil, to: ledger)
    }

    /// Adds a person's number where it is not known: it never changes.
    private func write(_ number: IndividualNumber, of person: Int64, isNew: Bool, to ledger: Ledger) throws {
        guard let sealed = try encryptor.encrypt(number, ofPerson: person) else { return }
        if !isNew {
            let statement = try ledger.db.cachedStatement(sql: "SELECT 1 FROM individual_number WHERE person = ?")
            guard try Int.fetchOne(statement, arguments: [person]) == nil else { return }
        }
        try ledger.insert(["person": person, "sealed": sealed], into: .individualNumber)
    }
}
