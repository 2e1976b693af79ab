import Crypto
import Foundation
import GRDB
import Vaccination

/// Looks for what a region has kept long enough.
struct DueScan {
    /// One person of whom something is due.
    struct Found: Sendable {
        let id: Int64
        let due: DueRecords
        let listed: RetentionListed
    }

    /// How many people are looked at in one snapshot.
    static let batch = 500

    let encryptor: FieldEncryptor
    let rules: RetentionRules
    let cutoff: CalendarDate

    /// What is due among the next people.
    func next(after last: Int64, in db: Database) throws -> (found: [Found], last: Int64?) {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM person WHERE id > ? ORDER BY id LIMIT \(Self.batch)"),
            arguments: [last])
        let found = try rows.compactMap { try due($0, in: db) }
        return (found, rows.count < Self.batch ? nil : try rows.last?.parse("id"))
    }

    /// What of a person is due; `nil` if nothing is, or nobody is there.
    func due(_ person: Int64, in db: Database) throws -> Found? {
        let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE id = ?")
        return try StoredRow.fetchOne(statement, arguments: [person]).flatMap { try due($0, in: db) }
    }

    private func due(_ row: StoredRow, in db: Database) throws -> Found? {
        let table = PersonTable(encryptor: encryptor)
        let record = try table.record(row, foundBy: try row.parse("number_hash"), in: db)
        let certificates = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT id, issued_on, state FROM certificate WHERE person = ? ORDER BY id"),
            arguments: [record.id]
        ).map { row in
            RetainedPerson.Certificate(
                id: try row.parseCertificateID("id"), askedOn: try row.parseDay("issued_on"),
                state: try row.parseCase("state"))
        }
        let hasNumber = try record.standing == .deceased && !table.hasErasedNumber(record.id, in: db)
        let person = RetainedPerson(
            record, try table.vouchers(of: record.id, in: db).map(\.voucher), hasNumber: hasNumber,
            certificates: certificates)
        let due = rules.due(person, on: cutoff)
        guard !due.isEmpty else { return nil }
        let asked = certificates.filter { due.certificates.contains($0.id) }.map(\.askedOn)
        let days =
            asked
            + [due.doses ? person.lastDose : nil, due.person || due.number ? person.left : nil]
            .compactMap { $0 }
        return Found(
            id: record.id, due: due,
            listed: RetentionListed(
                addressee: record.register?.addressee, kinds: due.kinds, certificates: due.certificates.count,
                lastDay: days.max()))
    }
}

/// A run, as its list is gone through.
struct RetentionSum {
    private(set) var counts = RetentionCounts()
    private var code: HMAC<SHA256>

    init(_ encryptor: FieldEncryptor) { code = encryptor.retentionCode }

    mutating func add(_ found: DueScan.Found) {
        counts.add(found.due)
        counts.listed += 1
        var text = "\(found.id) " + found.due.kinds.map(\.rawValue).joined(separator: ",")
        for id in found.due.certificates { text += " \(id)" }
        code.update(data: Array("\(text)\n".utf8))
    }

    func run(_ rules: RetentionRules, _ cutoff: CalendarDate) -> RetentionRun {
        let digits = Array("0123456789abcdef".utf8)
        let text = code.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return RetentionRun(
            cutoff: cutoff, rules: rules, counts: counts, digest: String(decoding: text, as: UTF8.self))
    }
}
