import Foundation
import GRDB
import Vaccination

/// People, their doses and their earlier passports: every field encrypted, a person found by the keyed hash of the number.
struct PersonTable: Sendable {
    let encryptor: FieldEncryptor
    private var evidence: EvidenceKeys { encryptor.evidence }

    func find(_ number: IndividualNumber, in db: Database) throws -> PersonRecord? {
        guard let (row, hash) = try row(number, in: db) else { return nil }
        return try record(row, foundBy: hash, in: db)
    }

    /// People whose doses contradict each other, among the next rows.
    func unclear(after last: Int64, limit: Int, in db: Database) throws -> (people: [PersonRecord], last: Int64?) {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM person WHERE id > ? ORDER BY id LIMIT ?"),
            arguments: [last, limit])
        let people = try rows.map { try record($0, foundBy: try $0.parse("number_hash"), in: db) }
        return (people.filter { $0.doses.history == nil }, people.count < limit ? nil : people.last?.id)
    }

    private func record(_ row: StoredRow, foundBy hash: Data, in db: Database) throws -> PersonRecord {
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
            id: id, vaccinee: person.vaccinee, standing: person.standing,
            doses: DoseRecord(try inOrder(found.rows, of: id).map(\.entry)),
            printedOverseasPassports: Set(try passports.rows.map { try passport($0, of: id) }),
            version: try row.parse("version"))
    }

    /// The row of the person with a number, and the hash that it has.
    private func row(_ number: IndividualNumber, in db: Database) throws -> (row: StoredRow, hash: Data)? {
        for hash in encryptor.hashes(of: number) {
            let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE number_hash = ?")
            if let row = try StoredRow.fetchOne(statement, arguments: [hash]) { return (row, hash) }
        }
        return nil
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
    private func earlierPassports(of person: Int64, _ row: StoredRow, in db: Database) throws -> [String] {
        let found = try Belongings.passports(of: person, in: db)
        guard try row.parse("passports_hash") == found.hash else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "earlier passports of person \(person)"))
        }
        return try found.rows.map { try passport($0, of: person) }
    }

    /// An entry of a person's doses, and the number of its row.
    private typealias StoredEntry = (number: Int, entry: DoseEntry)

    /// Entries in the order in which they were recorded: a correction's may have the number of one that was never there.
    private func inOrder(_ rows: [StoredRow], of person: Int64) throws -> [StoredEntry] {
        try rows.map { (number: try $0.parse("number"), entry: try dose($0, of: person)) }.sorted {
            ($0.entry.recordedAt ?? .distantPast, $0.number) < ($1.entry.recordedAt ?? .distantPast, $1.number)
        }
    }

    /// The entries of a person's doses, if they are as they were written: the row's code is about to cover more of them.
    private func entries(of person: Int64, _ row: StoredRow, in db: Database) throws -> [StoredEntry] {
        let found = try Belongings.doses(of: person, in: db)
        guard try row.parse("doses") == found.rows.count, try row.parse("doses_hash") == found.hash else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "doses of person \(person)"))
        }
        return try inOrder(found.rows, of: person)
    }

    private func sealed(_ entry: DoseEntry, of person: Int64, at number: Int) throws -> (entry: Int, sealed: Data) {
        (number, try encryptor.encrypt(entry, for: .dose(person: person, entry: number)))
    }

    private func insert(entries: [(entry: Int, sealed: Data)], of person: Int64, in db: Database) throws {
        for entry in entries {
            try db.cachedStatement(sql: "INSERT INTO dose (person, number, sealed) VALUES (?, ?, ?)")
                .execute(arguments: [person, entry.entry, entry.sealed])
        }
    }

    private func replace(entries: [(entry: Int, sealed: Data)], of person: Int64, in db: Database) throws {
        for entry in entries {
            try db.cachedStatement(sql: "UPDATE dose SET sealed = ? WHERE person = ? AND number = ?")
                .execute(arguments: [entry.sealed, person, entry.entry])
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

    /// Writes people, as ``PersonStore`` says; but those who would have too many entries are left as they are and counted.
    func write(_ people: [NewPerson], as change: RecordChange, to ledger: Ledger, now: Date) throws -> PeopleWritten {
        let db = ledger.db
        var last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM person") ?? 0
        var written = PeopleWritten()
        for person in people {
            guard let plan = try plan(person, as: change, now: now, in: db) else {
                written.tooMany += 1
                continue
            }
            if plan.existing == nil {
                last += 1
                written.added += 1
            }
            let id = try plan.existing?.parse("id") ?? last
            // What says nothing new is not written, so that nobody who reads the record has to begin anew.
            if plan.isChanged { try write(person, plan, as: id, to: ledger) }
            try write(person.number, of: id, isNew: plan.existing == nil, to: ledger)
            if plan.after.history == nil { written.unclear += 1 }
            if change == .correction {
                written.affected += try CertificateTable(encryptor: encryptor).naming(
                    ended: plan.after, of: id, in: db)
            } else if person.history.doses.contains(where: plan.before.hasEnded) {
                written.passedOver += 1
            }
        }
        return written
    }

    /// What writing a person means for what is there.
    private struct Plan {
        /// The person's row; `nil` if there is none.
        let existing: StoredRow?
        let stored: [StoredEntry]
        let after: DoseRecord
        let earlier: [String]
        /// Earlier passports that are not there.
        let passports: [String]
        let fields: PersonFields
        /// Whether name, standing or passport are others than those that are there, or nobody is.
        let hasOtherFields: Bool
        /// Whether a passport that was there is not any more.
        let losesPassport: Bool
        /// Whether the number is not kept though it could be.
        let lacksNumber: Bool

        var before: DoseRecord { DoseRecord(stored.map(\.entry)) }
        var isChanged: Bool { hasOtherFields || !passports.isEmpty || before != after }
        /// How many doses count no more.
        var ended: Int { zip(before.entries, after.entries).count { $0.counts && !$1.counts } }
    }

    /// - Returns: `nil` if the person would have too many entries of doses.
    private func plan(_ person: NewPerson, as change: RecordChange, now: Date, in db: Database) throws -> Plan? {
        let found = try row(person.number, in: db)
        let id: Int64? = try found?.row.parse("id")
        let stored = try found.map { try entries(of: try $0.row.parse("id"), $0.row, in: db) } ?? []
        guard let after = DoseRecord(stored.map(\.entry)).taking(person.history.doses, as: change, at: now) else {
            return nil
        }
        let earlier = try found.map { try earlierPassports(of: try $0.row.parse("id"), $0.row, in: db) } ?? []
        var fields = PersonFields(vaccinee: person.vaccinee, standing: person.standing)
        var (hasOtherFields, losesPassport, lacksNumber) = (true, false, false)
        if let found, let id {
            let before = try encryptor.decrypt(
                PersonFields.self, from: try found.row.parse("sealed"), of: .person(id, numberHash: found.hash))
            if person.keepsPassport { fields = fields.keeping(before.vaccinee.passport) }
            // By what is written and not by what is equal to it: a registered variant of a character is another one, and Swift
            // takes many of them for the same (Unicode Standard Annex 15).
            hasOtherFields = try before.json() != fields.json()
            losesPassport = before.vaccinee.passport != nil && fields.vaccinee.passport == nil
            lacksNumber = try encryptor.keepsNumbers && !hasNumber(id, in: db)
        }
        return Plan(
            existing: found?.row, stored: stored, after: after, earlier: earlier,
            passports: person.printedOverseasPassports.sorted().filter { !earlier.contains($0) }, fields: fields,
            hasOtherFields: hasOtherFields, losesPassport: losesPassport, lacksNumber: lacksNumber)
    }

    /// What writing a person would do.
    enum Preview: Sendable {
        case written(isNew: Bool, isUnclear: Bool, ended: Int, losesPassport: Bool)
        case unchanged
        /// There would be too many entries of the person's doses.
        case tooMany
    }

    func preview(_ person: NewPerson, as change: RecordChange, now: Date, in db: Database) throws -> Preview {
        guard let plan = try plan(person, as: change, now: now, in: db) else { return .tooMany }
        guard plan.isChanged || plan.lacksNumber else { return .unchanged }
        return .written(
            isNew: plan.existing == nil, isUnclear: plan.after.history == nil, ended: plan.ended,
            losesPassport: plan.losesPassport)
    }

    private func write(_ person: NewPerson, _ plan: Plan, as id: Int64, to ledger: Ledger) throws {
        let db = ledger.db
        let (stored, after, existing) = (plan.stored, plan.after, plan.existing)
        let hash = encryptor.hash(of: person.number)
        let ended = try zip(stored, after.entries).filter { $0.entry != $1 }.map { stored, entry in
            try sealed(entry, of: id, at: stored.number)
        }
        // A version before named an entry by its dose's number: those that are taken have gaps.
        let taken = Set(stored.map(\.number))
        let free = (1...DoseRecord.maximumEntries).lazy.filter { !taken.contains($0) }
        let added = try zip(free, after.entries.dropFirst(stored.count)).map { try sealed($1, of: id, at: $0) }
        let passports = try plan.passports.enumerated().map {
            (position: plan.earlier.count + $0, sealed: try sealed($1, id, plan.earlier.count + $0))
        }
        let fields = try encryptor.encrypt(plan.fields, for: .person(id, numberHash: hash))
        var columns: Ledger.Columns = ["id": id, "number_hash": hash, "sealed": fields, "doses": after.entries.count]
        if let existing {
            try insert(passports, of: id, in: db)
            try replace(entries: ended, of: id, in: db)
            try insert(entries: added, of: id, in: db)
            columns["doses_hash"] = try Belongings.doses(of: id, in: db).hash
            columns["passports_hash"] = try Belongings.passports(of: id, in: db).hash
            try ledger.update(existing, of: .person, columns)
        } else {
            columns["doses_hash"] = Belongings.doses(added)
            columns["passports_hash"] = Belongings.passports(passports)
            try ledger.insert(columns, into: .person)
            try insert(passports, of: id, in: db)
            try insert(entries: added, of: id, in: db)
        }
    }

    private func hasNumber(_ person: Int64, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM individual_number WHERE person = ?")
        return try Int.fetchOne(statement, arguments: [person]) != nil
    }

    /// Adds a person's number where it is not known: it never changes.
    private func write(_ number: IndividualNumber, of person: Int64, isNew: Bool, to ledger: Ledger) throws {
        guard let sealed = try encryptor.encrypt(number, ofPerson: person) else { return }
        if !isNew {
            guard try !hasNumber(person, in: ledger.db) else { return }
        }
        try ledger.insert(["person": person, "sealed": sealed], into: .individualNumber)
    }
}
