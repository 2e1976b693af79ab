public import Foundation
import GRDB
public import Vaccination

// Vouchers and passports by hand. What each does is said at VoucherStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func vouchers(
        ofPerson person: Int64, in region: MunicipalityCode
    ) async throws -> [VoucherStanding] {
        try await refuseSealed(region)
        return try await read(from: region, sound: true) { db, encryptor in
            try PersonTable(encryptor: encryptor).standings(of: person, in: db)
        }
    }

    public func vouchers(
        of person: PersonSearch, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws -> [VoucherStanding] {
        guard ImportOrigin.isRight(purpose) else { throw StoreError.invalid("the purpose of a search") }
        guard case .people(let people) = try await find(person, for: purpose, in: region, now: now),
            people.count < 2
        else { throw Self.several(region) }
        guard let found = people.first else { throw Self.nobody(region) }
        return try await vouchers(ofPerson: found.id, in: region)
    }

    public func issue(
        _ line: VoucherLine, on day: CalendarDate, to person: PersonSearch, in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding {
        try Self.check(line, region)
        try await refuseClosed(region, to: .addition, from: .people)
        return try await changing(person, "voucher", region, now) { table, found, ledger in
            var plan = VoucherPlan(try table.vouchers(of: found.id, in: ledger.db).map(\.voucher))
            let voucher: Voucher
            if let index = plan.before.firstIndex(where: { $0.line == line && !$0.isVoid }) {
                voucher = plan.before[index].filled(issuedOn: day)
                guard voucher.issuedOn == day else {
                    throw StoreError.conflict("the voucher was issued on another day, in region \(region)")
                }
                guard voucher != plan.before[index] else { return nil }
                plan.after[index] = voucher
                try table.write(plan, of: found.id, to: ledger)
            } else {
                let event = VoucherEvent(kind: .issued, at: now, by: LogActor.current, source: .byOperator)
                voucher = Voucher(line, issuedOn: day, event)
                try table.add(voucher, to: plan, of: found, ledger)
            }
            try LogTable.append(
                .voucherIssued, detail: try table.pseudonym(of: found.id, in: ledger.db), at: now, to: ledger)
            return VoucherStanding(voucher, found.doses)
        } unchanged: { table, found, db in
            try table.standing(of: line, found, in: db)
        }
    }

    public func reissue(
        _ line: VoucherLine, on day: CalendarDate, to person: PersonSearch, for reason: VoucherReason,
        in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding {
        try Self.check(line, region)
        try await refuseClosed(region, to: .addition, from: .people)
        return try await changing(person, "voucher", region, now) { table, found, ledger in
            var plan = VoucherPlan(try table.vouchers(of: found.id, in: ledger.db).map(\.voucher))
            // It may be there already, from a file that came first.
            let own = plan.before.first { $0.line == line && !$0.isVoid }
            let event = VoucherEvent(
                kind: .voided, at: now, by: LogActor.current, source: .byOperator, reason: reason)
            var replaced = 0
            for (index, earlier) in plan.after.enumerated()
            where earlier.line != line && earlier.line.doseNumber == line.doseNumber && !earlier.isVoid {
                guard earlier.state(by: found.doses) == .issued else {
                    throw StoreError.conflict("a voucher for the dose is spent, in region \(region)")
                }
                plan.after[index] = earlier.adding(event)
                replaced += 1
            }
            if own != nil, replaced == 0 { return nil }
            guard replaced > 0 || reason == .movedIn else {
                throw StoreError.notFound("no voucher to be issued again in region \(region)")
            }
            let voucher =
                own
                ?? Voucher(
                    line, issuedOn: day,
                    VoucherEvent(
                        kind: .reissued, at: now, by: LogActor.current, source: .byOperator, reason: reason))
            if own == nil {
                try table.add(voucher, to: plan, of: found, ledger)
            } else {
                try table.write(plan, of: found.id, to: ledger)
            }
            try LogTable.append(
                .voucherReissued,
                detail: "\(try table.pseudonym(of: found.id, in: ledger.db)) \(replaced) \(reason.rawValue)", at: now,
                to: ledger)
            return VoucherStanding(voucher, found.doses)
        } unchanged: { table, found, db in
            try table.standing(of: line, found, in: db)
        }
    }

    public func void(
        _ line: VoucherLine, for reason: VoucherReason, in region: MunicipalityCode, now: Date
    ) async throws -> VoucherStanding {
        try Self.check(line, region)
        try await refuseSealed(region)
        let voided = try await write(to: region, sound: true) { ledger, encryptor -> VoucherStanding? in
            let table = PersonTable(encryptor: encryptor)
            let people = try table.find(.voucher(line.number, of: region), limit: 100, in: ledger.db) ?? []
            var voided: VoucherStanding?
            for found in people {
                var plan = VoucherPlan(try table.vouchers(of: found.id, in: ledger.db).map(\.voucher))
                guard let index = plan.after.firstIndex(where: { $0.line == line }) else { continue }
                let voucher = plan.after[index]
                if voucher.isVoid {
                    voided = VoucherStanding(voucher, found.doses)
                    continue
                }
                guard voucher.state(by: found.doses) == .issued else {
                    throw StoreError.conflict("the voucher is spent, in region \(region)")
                }
                plan.after[index] = voucher.adding(
                    VoucherEvent(
                        kind: .voided, at: now, by: LogActor.current, source: .byOperator, reason: reason))
                try table.write(plan, of: found.id, to: ledger)
                try LogTable.append(
                    .voucherVoided,
                    detail: "\(try table.pseudonym(of: found.id, in: ledger.db)) \(reason.rawValue)", at: now,
                    to: ledger)
                return VoucherStanding(plan.after[index], found.doses)
            }
            try table.noteSearched(people, .voucher, for: "void", in: ledger, now: now)
            return voided
        }
        guard let voided else { throw StoreError.notFound("no such voucher in region \(region)") }
        return voided
    }

    public func amend(
        passport: Passport?, of person: PersonSearch, for reason: PassportReason, in region: MunicipalityCode,
        now: Date
    ) async throws -> [CertificateID] {
        try await refuseSealed(region)
        return try await changing(person, "passport", region, now) { table, found, ledger in
            let row = try table.row(found.id, in: ledger.db)
            let fields = try table.fields(row)
            let after = fields.passports.amended(to: passport, for: reason, from: .byOperator, at: now)
            guard let after else { throw StoreError.conflict("too many passports, in region \(region)") }
            guard after != fields.passports else { return nil }
            let sealed = try table.encryptor.encrypt(
                fields.with(after), for: .person(found.id, numberHash: try row.parse("number_hash")))
            try ledger.update(row, of: .person, ["sealed": sealed])
            try LogTable.append(
                .passportCorrected,
                detail: "\(try table.pseudonym(of: found.id, in: ledger.db)) \(reason.rawValue)", at: now,
                to: ledger)
            return try CertificateTable(encryptor: table.encryptor).naming(
                ended: nil, takenBack: after, of: found.id, in: ledger.db)
        } unchanged: { table, found, db in
            let fields = try table.fields(try table.row(found.id, in: db))
            return try CertificateTable(encryptor: table.encryptor).naming(
                ended: nil, takenBack: fields.passports, of: found.id, in: db)
        }
    }

    // MARK: What each does

    /// Changes something of the person whom a search finds. Where nothing changes, or nobody is found, that somebody looked is in the log
    /// before it is told, as ``find(_:for:in:now:)`` has it.
    /// - Parameters:
    ///   - body: gives what there is then, behind a line that says what was changed; `nil` if there is nothing to change.
    ///   - unchanged: gives what there is then.
    private func changing<Value: Sendable>(
        _ search: PersonSearch, _ what: String, _ region: MunicipalityCode, _ now: Date,
        _ body: @escaping @Sendable (PersonTable, PersonRecord, Ledger) throws -> Value?,
        unchanged: @escaping @Sendable (PersonTable, PersonRecord, Database) throws -> Value
    ) async throws -> Value {
        let result = try await write(to: region, sound: true) { ledger, encryptor -> Result<Value, StoreError> in
            let table = PersonTable(encryptor: encryptor)
            let people = try table.find(search, limit: 1, in: ledger.db)
            if let found = people?.first, let changed = try body(table, found, ledger) { return .success(changed) }
            try table.noteSearched(people, search.kind, for: what, in: ledger, now: now)
            guard let people else { return .failure(Self.several(region)) }
            guard let found = people.first else { return .failure(Self.nobody(region)) }
            return .success(try unchanged(table, found, ledger.db))
        }
        return try result.get()
    }

    private static func check(_ line: VoucherLine, _ region: MunicipalityCode) throws(StoreError) {
        guard line.municipality == region else { throw .invalid("a voucher of another municipality than \(region)") }
    }

    private static func nobody(_ region: MunicipalityCode) -> StoreError {
        .notFound("the person, in region \(region)")
    }

    private static func several(_ region: MunicipalityCode) -> StoreError {
        .conflict("several people are found, in region \(region)")
    }
}

extension PersonTable {
    /// What a search found, as a line of the log.
    func noteSearched(
        _ people: [PersonRecord]?, _ kind: PersonSearch.Kind, for purpose: String, in ledger: Ledger, now: Date
    ) throws {
        let names = try people?.map { try pseudonym(of: $0.id, in: ledger.db) }
        let what = names.map { "\($0.count)" + $0.map { " \($0)" }.joined() } ?? "too_many"
        try LogTable.append(.searched, detail: "\(kind.rawValue) \(what) \(purpose)", at: now, to: ledger)
    }

    fileprivate func standing(
        of line: VoucherLine, _ person: PersonRecord, in db: Database
    ) throws -> VoucherStanding {
        guard
            let found = try vouchers(of: person.id, in: db).first(where: {
                $0.voucher.line == line && !$0.voucher.isVoid
            })
        else { throw StoreError.notFound("no such voucher in region \(encryptor.region)") }
        return VoucherStanding(found.voucher, person.doses)
    }

    fileprivate func standings(of person: Int64, in db: Database) throws -> [VoucherStanding] {
        let row = try row(person, in: db)
        let record = try record(row, foundBy: try row.parse("number_hash"), in: db)
        return try vouchers(of: person, in: db).map { VoucherStanding($0.voucher, record.doses) }
    }

    /// Writes a plan with one more voucher, unless its number is somebody else's or the person had it before.
    fileprivate func add(
        _ voucher: Voucher, to plan: VoucherPlan, of person: PersonRecord, _ ledger: Ledger
    ) throws {
        guard !plan.before.contains(where: { $0.line == voucher.line }) else {
            throw StoreError.conflict("the voucher was made void, in region \(encryptor.region)")
        }
        guard try holder(of: voucher.line.number, besides: person.id, in: ledger.db) == nil else {
            throw StoreError.conflict("the voucher is somebody else's, in region \(encryptor.region)")
        }
        guard plan.before.count < Voucher.maximum else {
            throw StoreError.conflict("too many vouchers, in region \(encryptor.region)")
        }
        var plan = plan
        plan.after.append(voucher)
        try write(plan, of: person.id, to: ledger)
        try writeFindings(try fields(try row(person.id, in: ledger.db)), plan.after, of: person.id, to: ledger)
    }
}
