import Foundation
import GRDB
import Vaccination

/// What a change means for a person's vouchers.
struct VoucherPlan: Sendable {
    /// Those that are there, in their order.
    let before: [Voucher]
    /// Those that are there then: the same, changed or not, and new ones behind them.
    var after: [Voucher]

    init(_ before: [Voucher]) { (self.before, after) = (before, before) }

    /// Whether anything changes.
    var isChanged: Bool { before != after }
}

// People's vouchers: sealed rows of their own, each proven by its own code.
extension PersonTable {
    /// A voucher, and the row that holds it.
    typealias StoredVoucher = (row: StoredRow, voucher: Voucher)

    /// A person's vouchers, in the order in which they were recorded.
    func vouchers(of person: Int64, in db: Database) throws -> [StoredVoucher] {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM voucher WHERE person = ? ORDER BY position"),
            arguments: [person])
        return try rows.map { row in
            try Ledger.code(of: row, .voucher, evidence)
            return (row, try voucher(row, of: person))
        }
    }

    private func voucher(_ row: StoredRow, of person: Int64) throws -> Voucher {
        try encryptor.decrypt(
            Voucher.self, from: try row.parse("sealed"),
            of: .voucher(person: person, index: try row.parse("position")))
    }

    /// Who has a voucher of a number that is not void, beside one person.
    func holder(of number: VoucherNumber, besides person: Int64?, in db: Database) throws -> Int64? {
        try people(foundBy: .voucher(number), limit: 100, in: db).first { id in
            guard id != person else { return false }
            let own = try vouchers(of: id, in: db).filter { $0.voucher.line.number == number }
            guard !own.isEmpty else {
                throw StoreError.broken(
                    EvidenceBreak(log: evidence.log, kind: .row, place: "what person \(id) is found by"))
            }
            return own.contains { !$0.voucher.isVoid }
        }
    }

    /// What doses and vouchers that a change names mean for those that are there.
    ///
    /// A voucher that a dose names and nobody knows is the person's from then on. One that the dose cannot have spent does not keep
    /// the dose out: both stand in the record until somebody corrects it.
    /// - Parameter person: the person's row; `nil` if there is none.
    func take(
        _ told: [ToldDose], _ issued: [IssuedVoucher], by person: Int64?, _ doses: DoseRecord,
        as change: RecordChange, now: Date, in db: Database
    ) throws -> Result<(doses: DoseRecord, vouchers: VoucherPlan), Refused> {
        var plan = VoucherPlan(try person.map { try vouchers(of: $0, in: db).map(\.voucher) } ?? [])
        func isHere(_ line: VoucherLine) -> Bool { line.municipality == encryptor.region }
        guard issued.allSatisfy({ isHere($0.line) }),
            told.allSatisfy({ one in
                one.details.voucher.map { isHere($0) && $0.doseNumber == one.dose.number } ?? true
            })
        else { return .failure(Refused(reason: .voucher)) }
        let event = VoucherEvent(kind: .issued, at: now, by: LogActor.current, source: change.source)
        for one in issued {
            if let index = plan.after.firstIndex(where: { $0.line == one.line }) {
                plan.after[index] = plan.after[index].filled(issuedOn: one.issuedOn)
                continue
            }
            guard try holder(of: one.line.number, besides: person, in: db) == nil else {
                return .failure(Refused(reason: .voucherTaken))
            }
            plan.after.append(Voucher(one.line, issuedOn: one.issuedOn, event))
        }
        let taken = try doses.taking(told, as: change, at: now) { line in
            if let own = plan.after.first(where: { $0.line == line }) { return own.isVoid ? .void : nil }
            return try holder(of: line.number, besides: person, in: db) == nil ? nil : .otherPerson
        }
        guard let taken else { return .failure(Refused(reason: .tooMany)) }
        for entry in taken.entries.dropFirst(doses.entries.count) where entry.dispute == nil {
            guard let line = entry.details.voucher, !plan.after.contains(where: { $0.line == line }) else { continue }
            plan.after.append(Voucher(line, issuedOn: nil, event))
        }
        guard plan.after.count <= max(Voucher.maximum, plan.before.count) else {
            return .failure(Refused(reason: .tooManyVouchers))
        }
        return .success((taken, plan))
    }

    /// Writes what changes of a person's vouchers.
    func write(_ plan: VoucherPlan, of person: Int64, to ledger: Ledger) throws {
        guard plan.isChanged else { return }
        let stored = try vouchers(of: person, in: ledger.db)
        for (index, voucher) in plan.after.enumerated() {
            guard index < stored.count else {
                try insert(voucher, at: index, of: person, to: ledger)
                continue
            }
            guard stored[index].voucher != voucher else { continue }
            let position: Int = try stored[index].row.parse("position")
            let sealed = try encryptor.encrypt(voucher, for: .voucher(person: person, index: position))
            try ledger.update(stored[index].row, of: .voucher, ["sealed": sealed])
        }
    }

    private func insert(_ voucher: Voucher, at position: Int, of person: Int64, to ledger: Ledger) throws {
        let sealed = try encryptor.encrypt(voucher, for: .voucher(person: person, index: position))
        try ledger.insert(["person": person, "position": position, "sealed": sealed], into: .voucher)
    }

    /// Writes a person's vouchers anew under the keys that took over, and gives them.
    func renewVouchers(of person: Int64, in ledger: Ledger) throws -> [Voucher] {
        try vouchers(of: person, in: ledger.db).map { row, voucher in
            let sealed = try encryptor.renewed(
                try row.parse("sealed"), of: .voucher(person: person, index: try row.parse("position")))
            try ledger.update(
                try ledger.verified(row, of: .voucher), sealed.map { ["sealed": $0] } ?? [:],
                unlessCurrent: sealed == nil)
            return voucher
        }
    }
}
