public import Foundation
import GRDB
public import Vaccination

// People: each call goes to one region's file. What each does is said at PersonStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func person(_ number: IndividualNumber, in region: MunicipalityCode) async throws -> PersonRecord? {
        try await lookUp(in: region, sound: true) { db, encryptor in
            try PersonTable(encryptor: encryptor).find(number, in: db)
        }
    }

    public func find(
        _ search: PersonSearch, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws -> PeopleFound {
        guard ImportOrigin.isRight(purpose) else { throw StoreError.invalid("the purpose of a search") }
        try await refuseSealed(region)
        return try await write(to: region, sound: true) { ledger, encryptor in
            let found = try PersonTable(encryptor: encryptor).find(
                search, limit: PersonSearch.maximumFound, in: ledger.db)
            try PersonTable(encryptor: encryptor).noteSearched(found, search.kind, for: purpose, in: ledger, now: now)
            return found.map { .people($0) } ?? .tooMany
        }
    }

    public func write(
        _ people: [NewPerson], as change: RecordChange, in region: MunicipalityCode, now: Date
    ) async throws -> PeopleWritten {
        guard !people.isEmpty else { return try await withRegion(region) { _ in PeopleWritten() } }
        try await refuseClosed(region, to: change, from: .people)
        let written = try await write(to: region) { ledger, encryptor in
            let written = try PersonTable(encryptor: encryptor).write(
                people.map { .person($0) }, as: change, to: ledger, now: now)
            if !written.refused.isEmpty { throw Self.refusal(of: written.refused) }
            let event: LogEvent = change == .correction ? .corrected : .imported
            try LogTable.append(event, detail: String(people.count), at: now, to: ledger)
            return written
        }
        // A command that ends now leaves no head behind; nothing depends on it.
        try? await heads.flush()
        return written
    }

    /// Why none of some people were written: how many for each reason.
    private static func refusal(of refused: [PersonRefusal: Int]) -> StoreError {
        let words = refused.sorted { $0.key.words < $1.key.words }.map { "\($0.key.words): \($0.value) people" }
        let detail = words.joined(separator: "; ")
        return refused.keys.contains(where: \.isForStaff) ? .conflict(detail) : .invalid(detail)
    }

    public func people(
        in region: MunicipalityCode, after id: Int64, limit: Int
    ) async throws -> (people: [PersonRecord], last: Int64?) {
        guard served[region] == nil || wasMade(region) else { return ([], nil) }
        try await refuseSealed(region)
        return try await read(from: region, sound: true) { db, encryptor in
            try PersonTable(encryptor: encryptor).people(after: id, limit: limit, in: db)
        }
    }

    public func notePassport(
        _ passport: Passport, source: PassportSource, of version: Int64, person: Int64, in region: MunicipalityCode,
        now: Date
    ) async throws -> PassportNoting {
        try await refuseSealed(region)
        return try await write(to: region, sound: true) { ledger, encryptor in
            try PersonTable(encryptor: encryptor).note(
                passport, from: source, of: version, person, in: ledger, now: now)
        }
    }

    public func noteExport(
        people: Int, doses: Int, for purpose: String, in region: MunicipalityCode, now: Date
    ) async throws {
        guard ImportOrigin.isRight(purpose) else { throw StoreError.invalid("the purpose of an export") }
        try await write(to: region, sound: true) { ledger, _ in
            try LogTable.append(.exported, detail: "\(people) \(doses) \(purpose)", at: now, to: ledger)
        }
        try? await heads.flush()
    }

    public func unclear(
        in region: MunicipalityCode, after id: Int64, limit: Int
    ) async throws -> (people: [PersonRecord], last: Int64?) {
        guard served[region] == nil || wasMade(region) else { return ([], nil) }
        try await refuseSealed(region)
        return try await read(from: region, sound: true) { db, encryptor in
            try PersonTable(encryptor: encryptor).unclear(after: id, limit: limit, in: db)
        }
    }
}

extension PersonTable {
    /// Records the passport that a person has shown, as ``PersonStore`` says.
    fileprivate func note(
        _ passport: Passport, from source: PassportSource, of version: Int64, _ person: Int64, in ledger: Ledger,
        now: Date
    ) throws -> PassportNoting {
        let db = ledger.db
        func found() throws -> (row: StoredRow, record: PersonRecord)? {
            let statement = try db.cachedStatement(sql: "SELECT * FROM person WHERE id = ?")
            return try StoredRow.fetchOne(statement, arguments: [person]).map { row in
                (row, try record(row, foundBy: try row.parse("number_hash"), in: db))
            }
        }
        guard let before = try found(), before.record.version == version else { return .recordChanged }
        let after: PassportRecord
        switch before.record.passports.showing(passport, from: source, at: now) {
        case .after(let passports): after = passports
        case .ended: return .ended
        case .tooMany: throw StoreError.conflict("too many passports, in region \(encryptor.region)")
        }
        guard after != before.record.passports else { return .noted(before.record) }
        let sealed = try encryptor.encrypt(
            try fields(before.row).with(after), for: .person(person, numberHash: try before.row.parse("number_hash")))
        try ledger.update(before.row, of: .person, ["sealed": sealed])
        try LogTable.append(
            .passportNoted,
            detail: "\(try pseudonym(of: person, in: db)) \(source.rawValue) application by phone", at: now, to: ledger)
        return try found().map { .noted($0.record) } ?? .recordChanged
    }
}
