import Foundation
import GRDB
import Vaccination

/// Writes a region's rows anew under the keys that took over, a few at a time, while others read and write. What a rotation
/// has reached shows in the rows alone: one that was broken off begins again and passes over what is done.
struct KeyRotation: Sendable {
    /// The next rows.
    enum Position: Sendable {
        case people(after: Int64)
        case certificates(after: String)
        case closedCertificates(after: String)
        case erasures(after: Int64, decision: Int64)
        case end

        static let beginning = Position.people(after: 0)
    }

    /// How many people or certificates one transaction takes: others wait for it.
    static let batch = 100

    let encryptor: FieldEncryptor

    // MARK: Beginning and end

    /// From here on everything is written under the new keys; who opened the file before opens it anew. Nothing else is
    /// looked at: a region that is broken has to be opened to be looked at.
    static func begin(_ generations: RegionKeyGenerations, in db: Database) throws {
        try set(generations.check, in: db)
    }

    /// Writes the head anew, and the tables of few rows at once.
    func renewHead(now: Date, in ledger: Ledger) throws {
        try ledger.renew([.journal, .tombstone, .segment, .renumbering])
        try ImportTable(encryptor: encryptor).renew(in: ledger)
        try LogTable.append(.keyRotationBegun, at: now, to: ledger)
    }

    /// From here on nothing is read under the keys before.
    func end(now: Date, in ledger: Ledger) throws {
        try Self.set(encryptor.generations.current.check, in: ledger.db)
        try LogTable.append(.keyRotationEnded, at: now, to: ledger)
    }

    private static func set(_ check: Data, in db: Database) throws {
        try db.execute(sql: "UPDATE meta SET value = ? WHERE name = 'key_check'", arguments: [check])
    }

    /// How many rows there are to look at.
    static func size(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM certificate)
                    + (SELECT count(*) FROM closed_certificate) + (SELECT count(*) FROM erasure)
                """) ?? 0
    }

    // MARK: Steps

    /// Writes the next rows anew.
    /// - Returns: where it goes on, and how many were looked at.
    func step(from position: Position, in ledger: Ledger) throws -> (next: Position, count: Int) {
        switch position {
        case .people(let last):
            let rows = try people(after: last, in: ledger.db)
            for row in rows { try renew(person: row, in: ledger) }
            guard rows.count == Self.batch, let row = rows.last else {
                return (.certificates(after: ""), rows.count)
            }
            return (.people(after: try row.parse("id")), rows.count)
        case .certificates(let last):
            let rows = try certificates(after: last, in: ledger.db)
            for row in rows { try renew(certificate: row, in: ledger) }
            guard rows.count == Self.batch, let row = rows.last else {
                return (.closedCertificates(after: ""), rows.count)
            }
            return (.certificates(after: try row.parse("id")), rows.count)
        case .closedCertificates(let last):
            let rows = try StoredRow.fetchAll(
                try ledger.db.cachedStatement(
                    sql: """
                        SELECT * FROM closed_certificate WHERE certificate > ? ORDER BY certificate LIMIT \(Self.batch)
                        """), arguments: [last])
            for row in rows {
                try ledger.update(try ledger.verified(row, of: .closedCertificate), [:], unlessCurrent: true)
            }
            guard rows.count == Self.batch, let row = rows.last else {
                return (.erasures(after: 0, decision: 0), rows.count)
            }
            return (.closedCertificates(after: try row.parse("certificate")), rows.count)
        case .erasures(let last, let decision):
            let rows = try StoredRow.fetchAll(
                try ledger.db.cachedStatement(
                    sql: """
                        SELECT * FROM erasure WHERE (person, decision) > (?, ?) ORDER BY person, decision
                        LIMIT \(Self.batch)
                        """), arguments: [last, decision])
            for row in rows {
                try ledger.update(try ledger.verified(row, of: .erasure), [:], unlessCurrent: true)
            }
            guard rows.count == Self.batch, let row = rows.last else { return (.end, rows.count) }
            return (.erasures(after: try row.parse("person"), decision: try row.parse("decision")), rows.count)
        case .end: return (.end, 0)
        }
    }

    private func people(after last: Int64, in db: Database) throws -> [StoredRow] {
        try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM person WHERE id > ? ORDER BY id LIMIT \(Self.batch)"),
            arguments: [last])
    }

    private func certificates(after last: String, in db: Database) throws -> [StoredRow] {
        try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM certificate WHERE id > ? ORDER BY id LIMIT \(Self.batch)"),
            arguments: [last])
    }

    private func renew(certificate row: StoredRow, in ledger: Ledger) throws {
        let verified = try ledger.verified(row, of: .certificate)
        let sealed = try encryptor.renewed(
            try row.parse("sealed"),
            of: .certificate(try row.parse("id"), person: try row.parse("person")))
        try ledger.update(verified, sealed.map { ["sealed": $0] } ?? [:], unlessCurrent: sealed == nil)
    }

    private func renew(person row: StoredRow, in ledger: Ledger) throws {
        let db = ledger.db
        let id: Int64 = try row.parse("id")
        let verified = try ledger.verified(row, of: .person)
        let doses = try Belongings.doses(of: id, in: db)
        let passports = try Belongings.passports(of: id, in: db)
        guard try row.parse("doses_hash") == doses.hash, try row.parse("passports_hash") == passports.hash else {
            throw StoreError.broken(
                EvidenceBreak(log: ledger.log, kind: .row, place: "doses or earlier passports of person \(id)"))
        }
        var columns: Ledger.Columns = [:]
        let hash: Data = try row.parse("number_hash")
        let next = try renewNumber(of: id, foundBy: hash, in: ledger)
        if let sealed = try encryptor.renewed(
            try row.parse("sealed"), of: .person(id, numberHash: hash),
            as: next.map { .person(id, numberHash: $0) })
        {
            columns["sealed"] = sealed
        }
        if let next { columns["number_hash"] = next }
        var isChanged = false
        for dose in doses.rows {
            let entry: Int = try dose.parse("number")
            guard let sealed = try encryptor.renewed(try dose.parse("sealed"), of: .dose(person: id, entry: entry))
            else { continue }
            try db.cachedStatement(sql: "UPDATE dose SET sealed = ? WHERE person = ? AND number = ?")
                .execute(arguments: [sealed, id, entry])
            isChanged = true
        }
        if isChanged { columns["doses_hash"] = try Belongings.doses(of: id, in: db).hash }
        isChanged = false
        for passport in passports.rows {
            let position: Int = try passport.parse("position")
            guard
                let sealed = try encryptor.renewed(
                    try passport.parse("sealed"), of: .earlierPassport(person: id, index: position))
            else { continue }
            try db.cachedStatement(sql: "UPDATE earlier_passport SET sealed = ? WHERE person = ? AND position = ?")
                .execute(arguments: [sealed, id, position])
            isChanged = true
        }
        if isChanged { columns["passports_hash"] = try Belongings.passports(of: id, in: db).hash }
        let table = PersonTable(encryptor: encryptor)
        let fields = try table.fields(row)
        try ledger.update(verified, columns, unlessCurrent: columns.isEmpty)
        try table.writeFindings(fields, try table.renewVouchers(of: id, in: ledger), of: id, to: ledger)
    }

    /// Writes a person's number anew.
    /// - Returns: what the person is found by from now on; `nil` if that is what it was.
    private func renewNumber(of person: Int64, foundBy hash: Data, in ledger: Ledger) throws -> Data? {
        let statement = try ledger.db.cachedStatement(sql: "SELECT * FROM individual_number WHERE person = ?")
        guard let row = try StoredRow.fetchOne(statement, arguments: [person]) else { return nil }
        let verified = try ledger.verified(row, of: .individualNumber)
        // The number was erased: what the row is found by is random, and stays.
        guard try !(row.parse("sealed") as Data).isEmpty else {
            try ledger.update(verified, [:], unlessCurrent: true)
            return nil
        }
        let (number, isCurrent) = try encryptor.number(from: try row.parse("sealed"), ofPerson: person)
        guard encryptor.hashes(of: number).contains(hash) else {
            throw StoreError.corrupt("a person's number in region \(encryptor.region) is another's")
        }
        let sealed = isCurrent ? nil : try encryptor.encrypt(number, ofPerson: person)
        try ledger.update(verified, sealed.map { ["sealed": $0] } ?? [:], unlessCurrent: sealed == nil)
        let next = encryptor.hash(of: number)
        return next == hash ? nil : next
    }

    // MARK: Looking

    /// How many people's numbers are not known: their hashes cannot be made anew.
    static func withoutNumber(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM person WHERE id NOT IN (SELECT person FROM individual_number)") ?? 0
    }

    /// Throws unless everything in a region opens, and is proven, under the keys in use alone, and everybody is found by them:
    /// what is not would be lost with those before. What the database says of its keys counts for nothing here.
    /// - Parameter previous: the keys before, as the file has them.
    func checkAllIsRenewed(since previous: RegionKeys, _ db: Database) throws {
        let alone = KeyRotation(encryptor: encryptor.withoutPrevious)
        if previous.indexKey != encryptor.generations.current.indexKey {
            let count = try Self.withoutNumber(db)
            if count > 0 { throw StoreError.numbersMissing("\(count) people in region \(encryptor.region)") }
        }
        if let first = try EvidenceCheck.whole(db, alone.encryptor.evidence, pins: []).breaks.first {
            throw StoreError.broken(first)
        }
        let people = try StoredRow.fetchCursor(db, sql: "SELECT id, number_hash, sealed FROM person")
        while let row = try people.next() { try alone.checkFields(of: row, in: db) }
        let certificates = try StoredRow.fetchCursor(db, sql: "SELECT id, person, sealed FROM certificate")
        while let row = try certificates.next() {
            _ = try alone.encryptor.renewed(
                try row.parse("sealed"), of: .certificate(try row.parse("id"), person: try row.parse("person")))
        }
        try ImportTable(encryptor: alone.encryptor).checkAllOpen(db)
    }

    private func checkFields(of row: StoredRow, in db: Database) throws {
        let id: Int64 = try row.parse("id")
        let hash: Data = try row.parse("number_hash")
        let table = PersonTable(encryptor: encryptor)
        guard
            try table.isFound(
                try table.fields(row), try table.vouchers(of: id, in: db).map(\.voucher), id, in: db)
        else {
            throw StoreError.corrupt("a person in region \(encryptor.region) is not found by what the record says")
        }
        for dose in try Belongings.doses(of: id, in: db).rows {
            _ = try encryptor.renewed(
                try dose.parse("sealed"), of: .dose(person: id, entry: try dose.parse("number")))
        }
        for passport in try Belongings.passports(of: id, in: db).rows {
            _ = try encryptor.renewed(
                try passport.parse("sealed"), of: .earlierPassport(person: id, index: try passport.parse("position")))
        }
        let statement = try db.cachedStatement(sql: "SELECT sealed FROM individual_number WHERE person = ?")
        guard let sealed = try Data.fetchOne(statement, arguments: [id]), !sealed.isEmpty else { return }
        guard encryptor.hash(of: try encryptor.number(from: sealed, ofPerson: id).number) == hash else {
            throw StoreError.corrupt("a person in region \(encryptor.region) is found by another's number")
        }
    }
}
