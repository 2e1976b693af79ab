import Foundation
import GRDB
import Vaccination

// What people are found by beside the individual number: rows that say nothing but that a person is found by a hash.
extension PersonTable {
    /// The people whom a search finds; `nil` if they are more than a limit.
    func find(_ search: PersonSearch, limit: Int, in db: Database) throws -> [PersonRecord]? {
        guard let key = FindingKey(search) else {
            guard case .number(let number) = search, let person = try find(number, in: db) else { return [] }
            return [person]
        }
        // A line names its municipality: the same number of another one's is somebody else's.
        if case .voucher(_, let municipality?) = search, municipality != encryptor.region { return [] }
        let ids = try people(foundBy: key, limit: limit + 1, in: db)
        guard ids.count <= limit else { return nil }
        return try ids.map { id in
            let row = try row(id, in: db)
            let person = try record(row, foundBy: try row.parse("number_hash"), in: db)
            // The row of the index is proven, and so are the person's: what they say of each other has to be the same.
            guard
                PersonFields(vaccinee: person.vaccinee, standing: person.standing, register: person.register)
                    .findingKeys(try vouchers(of: id, in: db).map(\.voucher)).contains(key)
            else {
                throw StoreError.broken(
                    EvidenceBreak(log: evidence.log, kind: .row, place: "what person \(id) is found by"))
            }
            return person
        }
    }

    /// The numbers of the rows of people whom a key finds, in their order.
    func people(foundBy key: FindingKey, limit: Int, in db: Database) throws -> [Int64] {
        var found: Set<Int64> = []
        for hash in encryptor.hashes(of: key) {
            let rows = try StoredRow.fetchAll(
                try db.cachedStatement(sql: "SELECT * FROM finding WHERE hash = ? ORDER BY person LIMIT ?"),
                arguments: [hash, limit])
            for row in rows {
                try Ledger.code(of: row, .finding, evidence)
                found.insert(try row.parse("person"))
            }
        }
        return found.sorted()
    }

    /// How the log names a person. Where an index key has rotated the number is known of everybody: it is what names.
    func pseudonym(of person: Int64, in db: Database) throws -> String {
        try pseudonym(of: person, foundBy: nil, in: db)
    }

    /// The same.
    /// - Parameter hash: what the person is found by, where the row was read already.
    func pseudonym(of person: Int64, foundBy hash: Data?, in db: Database) throws -> String {
        if encryptor.namesByNumber {
            let statement = try db.cachedStatement(sql: "SELECT sealed FROM individual_number WHERE person = ?")
            // One that was erased has nothing there.
            if let sealed = try Data.fetchOne(statement, arguments: [person]), !sealed.isEmpty {
                return encryptor.pseudonym(of: try encryptor.number(from: sealed, ofPerson: person).number)
            }
        }
        return encryptor.pseudonym(ofHash: try hash ?? row(person, in: db).parse("number_hash"))
    }

    /// Makes the index say of a person what the fields and vouchers do.
    /// - Parameter isNew: the person has no rows yet.
    func writeFindings(
        _ fields: PersonFields, _ vouchers: [Voucher], of person: Int64, isNew: Bool = false, to ledger: Ledger
    ) throws {
        var hashes = Set(fields.findingKeys(vouchers).map { encryptor.hash(of: $0) })
        if !isNew {
            for row in try findings(of: person, in: ledger.db) {
                if hashes.remove(try row.parse("hash")) == nil {
                    try ledger.delete(row, of: .finding)
                } else {
                    try ledger.update(try ledger.verified(row, of: .finding), [:], unlessCurrent: true)
                }
            }
        }
        // In their order, so that the database finds their places beside each other.
        for hash in hashes.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            try ledger.insert(["person": person, "hash": hash], into: .finding)
        }
    }

    /// Whether the index says of a person what the fields and vouchers do, under whichever keys.
    func isFound(_ fields: PersonFields, _ vouchers: [Voucher], _ person: Int64, in db: Database) throws -> Bool {
        let stored = Set(try findings(of: person, in: db).map { try $0.parse("hash") as Data })
        let keys = fields.findingKeys(vouchers)
        return stored.count == keys.count
            && keys.allSatisfy { key in encryptor.hashes(of: key).contains(where: stored.contains) }
    }

    private func findings(of person: Int64, in db: Database) throws -> [StoredRow] {
        try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM finding WHERE person = ? ORDER BY hash"), arguments: [person])
    }
}
