import Foundation
import GRDB
import Vaccination

/// People, their doses and their earlier passports: every field encrypted, a person found by keyed hashes alone.
struct PersonTable: Sendable {
    let encryptor: FieldEncryptor
    var evidence: EvidenceKeys { encryptor.evidence }

    func find(_ number: IndividualNumber, in db: Database) throws -> PersonRecord? {
        guard let (row, hash) = try row(number, in: db) else { return nil }
        return try record(row, foundBy: hash, in: db)
    }

    /// People whose doses contradict each other, among the next rows.
    func unclear(after last: Int64, limit: Int, in db: Database) throws -> (people: [PersonRecord], last: Int64?) {
        let found = try people(after: last, limit: limit, in: db)
        return (found.people.filter { $0.doses.history == nil }, found.last)
    }

    /// The next people.
    func people(after last: Int64, limit: Int, in db: Database) throws -> (people: [PersonRecord], last: Int64?) {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM person WHERE id > ? ORDER BY id LIMIT ?"),
            arguments: [last, limit])
        let people = try rows.map { try record($0, foundBy: try $0.parse("number_hash"), in: db) }
        return (people, people.count < limit ? nil : people.last?.id)
    }

    func record(_ row: StoredRow, foundBy hash: Data, in db: Database) throws -> PersonRecord {
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
        return PersonRecord(
            id: id, vaccinee: person.vaccinee, standing: person.standing, register: person.register,
            doses: DoseRecord(try inOrder(found.rows, of: id).map(\.entry)),
            printedOverseasPassports: Set(try passports.rows.map { try passport($0, of: id) })
                .union(try CertificateTable(encryptor: encryptor).passportsOnPhones(of: id, in: db)),
            passports: person.passports, version: try row.parse("version"))
    }

    /// The row of the person with a number, and the hash that it has.
    func row(_ number: IndividualNumber, in db: Database) throws -> (row: StoredRow, hash: Data)? {
        for hash in encryptor.hashes(of: number) {
            let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE number_hash = ?")
            if let row = try StoredRow.fetchOne(statement, arguments: [hash]) { return (row, hash) }
        }
        return nil
    }

    /// The row of a person.
    func row(_ id: Int64, in db: Database) throws -> StoredRow {
        let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE id = ?")
        guard let row = try StoredRow.fetchOne(statement, arguments: [id]) else {
            throw StoreError.corrupt("person \(id) of region \(encryptor.region) is not there")
        }
        return row
    }

    /// The fields of a person's row.
    func fields(_ row: StoredRow) throws -> PersonFields {
        try encryptor.decrypt(
            PersonFields.self, from: try row.parse("sealed"),
            of: .person(try row.parse("id"), numberHash: try row.parse("number_hash")))
    }

    private func dose(_ row: StoredRow, of person: Int64) throws -> DoseEntry {
        try encryptor.decrypt(
            DoseEntry.self, from: try row.parse("sealed"), of: .dose(person: person, entry: try row.parse("number")))
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
    func earlierPassports(of person: Int64, _ row: StoredRow, in db: Database) throws -> [String] {
        let found = try Belongings.passports(of: person, in: db)
        guard try row.parse("passports_hash") == found.hash else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "earlier passports of person \(person)"))
        }
        return try found.rows.map { try passport($0, of: person) }
    }

    /// An entry of a person's doses, and the number of its row.
    typealias StoredEntry = (number: Int, entry: DoseEntry)

    /// Entries in the order in which they were recorded: a correction's may have the number of one that was never there.
    private func inOrder(_ rows: [StoredRow], of person: Int64) throws -> [StoredEntry] {
        try rows.map { (number: try $0.parse("number"), entry: try dose($0, of: person)) }.sorted {
            ($0.entry.recordedAt ?? .distantPast, $0.number) < ($1.entry.recordedAt ?? .distantPast, $1.number)
        }
    }

    /// The entries of a person's doses, if they are as they were written: the row's code is about to cover more of them.
    func entries(of person: Int64, _ row: StoredRow, in db: Database) throws -> [StoredEntry] {
        let found = try Belongings.doses(of: person, in: db)
        guard try row.parse("doses") == found.rows.count, try row.parse("doses_hash") == found.hash else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "doses of person \(person)"))
        }
        return try inOrder(found.rows, of: person)
    }

    func sealed(_ entry: DoseEntry, of person: Int64, at number: Int) throws -> (entry: Int, sealed: Data) {
        (number, try encryptor.encrypt(entry, for: .dose(person: person, entry: number)))
    }

    func insert(entries: [(entry: Int, sealed: Data)], of person: Int64, in db: Database) throws {
        for entry in entries {
            try db.cachedStatement(sql: "INSERT INTO dose (person, number, sealed) VALUES (?, ?, ?)")
                .execute(arguments: [person, entry.entry, entry.sealed])
        }
    }

    func replace(entries: [(entry: Int, sealed: Data)], of person: Int64, in db: Database) throws {
        for entry in entries {
            try db.cachedStatement(sql: "UPDATE dose SET sealed = ? WHERE person = ? AND number = ?")
                .execute(arguments: [entry.sealed, person, entry.entry])
        }
    }

    func sealed(_ passport: String, _ person: Int64, _ position: Int) throws -> Data {
        try encryptor.encrypt(passport, for: .earlierPassport(person: person, index: position))
    }

    func insert(_ passports: [(position: Int, sealed: Data)], of person: Int64, in db: Database) throws {
        for passport in passports {
            try db.cachedStatement(sql: "INSERT INTO earlier_passport (person, position, sealed) VALUES (?, ?, ?)")
                .execute(arguments: [person, passport.position, passport.sealed])
        }
    }
}
