import Foundation
import GRDB
import Vaccination

// Writing people: what a change means for what is there is planned first, so that it can be told before anything is written.
extension PersonTable {
    /// How many people are written before others are given way.
    private static let fewest = 2

    /// Writes people, as ``PersonStore`` says; those of whom that cannot be are left as they are and counted.
    /// - Parameters:
    ///   - reserved: what was made ready for each; for all or none.
    ///   - givesWay: whether it may end early, see ``PeopleWritten/gone``.
    func write(
        _ changes: [PersonChange], reserved: [ReservedPerson] = [], as change: RecordChange, to ledger: Ledger,
        now: Date, givesWay: Bool = false
    ) throws -> PeopleWritten {
        let db = ledger.db
        var last = try ErasureTable.lastPerson(in: db)
        var written = PeopleWritten()
        let newPeople = try reserved.isEmpty ? nil : NewPeople(db)
        for (index, one) in changes.enumerated() {
            if givesWay, written.gone >= Self.fewest, ledger.givesWay() { break }
            written.gone += 1
            let free = newPeople == nil ? nil : reserved[index].id
            if let free, free <= last { written.isBehind = true }
            if let newPeople, let ready = reserved[index].ready, ready.id > last,
                ready.isFresh(for: encryptor, at: now), try newPeople.insert(ready, into: ledger)
            {
                last = ready.id
                written.added += 1
                if ready.isUnclear { written.unclear += 1 }
                continue
            }
            let plan: Plan
            switch try self.plan(one, as: change, now: now, in: db) {
            case .success(let found): plan = found
            case .failure(let refusal):
                written.refused[refusal.reason, default: 0] += 1
                continue
            }
            if plan.existing == nil {
                // Those behind have theirs already.
                last = max(last + 1, free ?? 0)
                written.added += 1
            }
            let id = try plan.existing?.parse("id") ?? last
            let pseudonym = plan.getsNumber ? try self.pseudonym(of: id, in: db) : nil
            // What says nothing new is not written, so that nobody who reads the record has to begin anew.
            if plan.isChanged { try write(plan, as: id, to: ledger) }
            try write(plan.vouchers, of: id, to: ledger)
            if plan.isChanged || plan.lacksFindings {
                try writeFindings(
                    plan.fields, plan.vouchers.after, of: id, isNew: plan.existing == nil, to: ledger)
            }
            if let pseudonym, let number = plan.number {
                try renumber(id, number, knownAs: pseudonym, to: ledger, now: now)
            } else if let number = plan.number {
                try write(number, of: id, isNew: plan.existing == nil, to: ledger)
            }
            if plan.after.history == nil { written.unclear += 1 }
            if change == .correction || plan.changesPassports {
                written.affected += try CertificateTable(encryptor: encryptor).naming(
                    ended: change == .correction ? plan.after : nil, takenBack: plan.fields.passports, of: id, in: db)
            }
            if change != .correction, plan.given.contains(where: { plan.before.hasEnded($0.dose) }) {
                written.passedOver += 1
            }
        }
        return written
    }

    /// What a change would do.
    enum Preview: Sendable {
        case written(isNew: Bool, isUnclear: Bool, ended: Int, losesPassport: Bool, getsNumber: Bool)
        case unchanged
        /// The register has said something later since.
        case older
        case refused(PersonRefusal)
    }

    func preview(_ one: PersonChange, as change: RecordChange, now: Date, in db: Database) throws -> Preview {
        switch try plan(one, as: change, now: now, in: db) {
        case .failure(let refusal): return .refused(refusal.reason)
        case .success(let plan):
            guard plan.isChanged || plan.lacksNumber || plan.lacksFindings else {
                return plan.isOlder ? .older : .unchanged
            }
            return .written(
                isNew: plan.existing == nil, isUnclear: plan.after.history == nil, ended: plan.ended,
                losesPassport: plan.losesPassport, getsNumber: plan.getsNumber)
        }
    }

    // MARK: Planning

    /// What a change means for what is there.
    private struct Plan {
        /// The person's row; `nil` if there is none.
        let existing: StoredRow?
        /// The hash of the number, under the keys in use where the number is known.
        let hash: Data
        /// The number; `nil` if the change does not name it.
        let number: IndividualNumber?
        let stored: [StoredEntry]
        /// The doses that the change names.
        let given: [ToldDose]
        let after: DoseRecord
        let vouchers: VoucherPlan
        var earlier: [String] = []
        /// Earlier passports that are not there.
        var passports: [String] = []
        let fields: PersonFields
        /// Whether name, standing, register or passport are others than those that are there, or nobody is.
        var hasOtherFields = true
        /// Whether the register has said something later since.
        var isOlder = false
        /// Whether the person gets another individual number.
        var getsNumber = false
        /// Whether a passport that was there is not any more.
        var losesPassport = false
        /// Whether a passport ended, or another one is there.
        var changesPassports = false
        /// Whether the number is not kept though it could be.
        var lacksNumber = false
        /// Whether the person is not found by all that it says.
        var lacksFindings = false

        var before: DoseRecord { DoseRecord(stored.map(\.entry)) }
        var isChanged: Bool {
            hasOtherFields || getsNumber || !passports.isEmpty || before != after || vouchers.isChanged
        }
        /// How many doses count no more.
        var ended: Int {
            guard before != after else { return 0 }
            let counted = after.counted
            return before.counted.count { !counted.contains($0) }
        }
    }

    struct Refused: Error { let reason: PersonRefusal }

    private func plan(
        _ one: PersonChange, as change: RecordChange, now: Date, in db: Database
    ) throws -> Result<Plan, Refused> {
        switch one {
        case .person(let person): try plan(person, as: change, now: now, in: db)
        case .dose(let dose, let details, let addressee):
            try plan(ToldDose(dose: dose, details: details), of: addressee, as: change, now: now, in: db)
        }
    }

    private func plan(
        _ told: ToldDose, of addressee: AddresseeNumber, as change: RecordChange, now: Date, in db: Database
    ) throws -> Result<Plan, Refused> {
        guard let id = try people(foundBy: .addressee(addressee), limit: 1, in: db).first else {
            return .failure(Refused(reason: .nobody))
        }
        let row = try row(id, in: db)
        let stored = try entries(of: id, row, in: db)
        let taken: (doses: DoseRecord, vouchers: VoucherPlan)
        switch try take([told], [], by: id, DoseRecord(stored.map(\.entry)), as: change, now: now, in: db) {
        case .success(let found): taken = found
        case .failure(let refused): return .failure(refused)
        }
        let fields = try fields(row)
        guard fields.register?.addressee == addressee else {
            throw StoreError.broken(
                EvidenceBreak(log: evidence.log, kind: .row, place: "what person \(id) is found by"))
        }
        var plan = Plan(
            existing: row, hash: try row.parse("number_hash"), number: nil, stored: stored, given: [told],
            after: taken.doses, vouchers: taken.vouchers, fields: fields, hasOtherFields: false)
        plan.earlier = try earlierPassports(of: id, row, in: db)
        return .success(plan)
    }

    private func plan(
        _ person: NewPerson, as change: RecordChange, now: Date, in db: Database
    ) throws -> Result<Plan, Refused> {
        var found = try row(person.number, in: db)
        var getsNumber = false
        if let register = person.register {
            let holders = try people(foundBy: .addressee(register.addressee), limit: 2, in: db)
            if found == nil, let holder = holders.first, let row = try whoGetsNumber(person, holder, in: db) {
                (found, getsNumber) = (row, true)
            }
            let id: Int64? = try found?.row.parse("id")
            guard holders.allSatisfy({ $0 == id }) else { return .failure(Refused(reason: .otherPerson)) }
        }
        let id: Int64? = try found?.row.parse("id")
        let stored = try found.map { try entries(of: try $0.row.parse("id"), $0.row, in: db) } ?? []
        let taken: (doses: DoseRecord, vouchers: VoucherPlan)
        switch try take(
            person.told, person.vouchers, by: id, DoseRecord(stored.map(\.entry)), as: change, now: now, in: db)
        {
        case .success(let found): taken = found
        case .failure(let refused): return .failure(refused)
        }
        let hash = encryptor.hash(of: person.number)
        let passports = person.printedOverseasPassports.sorted()
        guard let found, let id else {
            var plan = Plan(
                existing: nil, hash: hash, number: person.number, stored: [], given: person.told, after: taken.doses,
                vouchers: taken.vouchers, fields: Self.fields(ofNew: person, as: change, now: now))
            plan.passports = passports
            return .success(plan)
        }
        var fields = PersonFields(vaccinee: person.vaccinee, standing: person.standing, register: person.register)
        let before = try encryptor.decrypt(
            PersonFields.self, from: try found.row.parse("sealed"), of: .person(id, numberHash: found.hash))
        guard Self.isSamePerson(before, fields) else { return .failure(Refused(reason: .otherPerson)) }
        let isOlder =
            if let known = before.register, let told = person.register { told.isOlder(than: known) } else { false }
        if isOlder || before.register != nil && person.register == nil {
            // Of two entries of the register the later one counts, in whichever order they come; and of a person who has one it alone
            // says who that is: a list that somebody keeps does not know of a death.
            fields = before
        }
        let known = before.passports
        let told = person.keepsPassport ? known : known.taking(person.vaccinee.passport, as: change, at: now)
        guard let told else { return .failure(Refused(reason: .tooManyPassports)) }
        fields = told == known ? fields.keepingPassports(of: before) : fields.with(told)
        let earlier = try earlierPassports(of: id, found.row, in: db)
        // An older entry says nothing of the number either.
        var plan = Plan(
            existing: found.row, hash: getsNumber && isOlder ? found.hash : hash,
            number: getsNumber && isOlder ? nil : person.number, stored: stored,
            given: person.told, after: taken.doses, vouchers: taken.vouchers, earlier: earlier,
            passports: passports.filter { !earlier.contains($0) }, fields: fields)
        // By what is written and not by what is equal to it: a registered variant of a character is another one, and Swift takes
        // many of them for the same (Unicode Standard Annex 15).
        plan.isOlder = isOlder
        plan.getsNumber = getsNumber && !isOlder
        plan.hasOtherFields = try before.json() != fields.json()
        plan.losesPassport = before.vaccinee.passport != nil && fields.vaccinee.passport == nil
        plan.changesPassports = told != known
        plan.lacksNumber = try plan.number != nil && encryptor.keepsNumbers && !hasNumber(id, in: db)
        plan.lacksFindings = try !isFound(fields, taken.vouchers.before, id, in: db)
        return .success(plan)
    }

    /// The fields of a person who was not there.
    static func fields(ofNew person: NewPerson, as change: RecordChange, now: Date) -> PersonFields {
        let history = PassportRecord().taking(person.vaccinee.passport, as: change, at: now)
        return PersonFields(vaccinee: person.vaccinee, standing: person.standing, register: person.register)
            .with(history ?? PassportRecord())
    }

    /// The row of the person who has the addressee number of an entry, if the entry gives that person another individual number
    /// (番号法 7条2項) and nothing else: the register may change one, and only of who is the same in name, birth date and sex.
    private func whoGetsNumber(
        _ person: NewPerson, _ holder: Int64, in db: Database
    ) throws -> (row: StoredRow, hash: Data)? {
        let row = try row(holder, in: db)
        // A number that was erased since its holder died does not come back.
        guard try !hasErasedNumber(holder, in: db) else { return nil }
        let before = try fields(row)
        // Of one moment nobody can tell which number is the later one.
        guard let known = before.register, let told = person.register,
            known.isOlder(than: told) || told.isOlder(than: known)
        else { return nil }
        let (one, other) = (before.vaccinee, person.vaccinee)
        guard one.birthDate == other.birthDate, one.sex == other.sex, NameKey(one.name) == NameKey(other.name) else {
            return nil
        }
        return (row, try row.parse("number_hash"))
    }

    /// Whether what is told of a number may be of whom has it. Where the register has one addressee number and tells another, a row
    /// with somebody else's number would make that person's doses this one's: birth date, sex and given name have to be the same.
    private static func isSamePerson(_ before: PersonFields, _ told: PersonFields) -> Bool {
        guard let known = before.register, let register = told.register, known.addressee != register.addressee else {
            return true
        }
        let (one, other) = (before.vaccinee, told.vaccinee)
        return one.birthDate == other.birthDate && one.sex == other.sex
            && NameKey(one.given) == NameKey(other.given)
    }

    // MARK: Writing

    private func write(_ plan: Plan, as id: Int64, to ledger: Ledger) throws {
        let db = ledger.db
        let (stored, after, existing) = (plan.stored, plan.after, plan.existing)
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
        let fields = try encryptor.encrypt(plan.fields, for: .person(id, numberHash: plan.hash))
        var columns: Ledger.Columns = [
            "id": id, "number_hash": plan.hash, "sealed": fields, "doses": after.entries.count,
        ]
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

    /// Puts another number in the place of a person's, and links the two pseudonyms in the log.
    private func renumber(
        _ person: Int64, _ number: IndividualNumber, knownAs pseudonym: String, to ledger: Ledger, now: Date
    ) throws {
        let statement = try ledger.db.cachedStatement(sql: "SELECT * FROM individual_number WHERE person = ?")
        if let row = try StoredRow.fetchOne(statement, arguments: [person]) {
            try ledger.delete(row, of: .individualNumber)
        }
        try write(number, of: person, isNew: true, to: ledger)
        let detail = "\(pseudonym) \(encryptor.pseudonym(of: number))"
        try LogTable.append(.renumbered, detail: detail, at: now, to: ledger)
        try ledger.noteRenumbering(detail)
    }

    /// Adds a person's number where it is not known.
    private func write(_ number: IndividualNumber, of person: Int64, isNew: Bool, to ledger: Ledger) throws {
        guard let sealed = try encryptor.encrypt(number, ofPerson: person) else { return }
        if !isNew {
            guard try !hasNumber(person, in: ledger.db) else { return }
        }
        try ledger.insert(["person": person, "sealed": sealed], into: .individualNumber)
    }
}
