import Foundation
import GRDB
import Vaccination

/// What of people was kept long enough: what waits to be erased by a run, and what was erased. A row of a person stays for ever, so that
/// the number of the person's own row is never another's, and a journal that begins anew knows of it.
struct ErasureTable {
    let encryptor: FieldEncryptor
    private var people: PersonTable { PersonTable(encryptor: encryptor) }

    /// How many people an entry of the journal names at most.
    static let batch = 256

    // MARK: Reading

    /// The highest number that a person's row has or had.
    static func lastPerson(in db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: "SELECT max((SELECT ifnull(max(id), 0) FROM person), (SELECT ifnull(max(person), 0) FROM erasure))")
        return try Int64.fetchOne(statement) ?? 0
    }

    /// The people of a run who wait, in the order of their rows.
    static func left(_ decision: Int64, limit: Int, in db: Database) throws -> [StoredRow] {
        try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: "SELECT * FROM erasure WHERE decision = ? AND at IS NULL ORDER BY person LIMIT ?"),
            arguments: [decision, limit])
    }

    static func progress(_ decision: Int64, in db: Database) throws -> RetentionProgress {
        let sql = "SELECT count(at) AS erased, count(*) AS every FROM erasure WHERE decision = ?"
        let row = try StoredRow.fetchOne(db, sql: sql, arguments: [decision])
        let erased: Int = try row?.parse("erased") ?? 0
        return RetentionProgress(erased: erased, left: (try row?.parse("every") ?? 0) - erased)
    }

    /// What a run has erased.
    static func counts(_ decision: Int64, in db: Database) throws -> RetentionCounts {
        let rows = try StoredRow.fetchCursor(
            db, sql: "SELECT content FROM erasure WHERE decision = ? AND at IS NOT NULL", arguments: [decision])
        var counts = RetentionCounts()
        while let row = try rows.next() {
            counts.add(try content(row).due)
            counts.listed += 1
        }
        return counts
    }

    private static func content(_ row: StoredRow) throws -> JournalEntry.Erasure {
        let text: String = try row.parse("content")
        guard let content = try? JSONDecoder().decode(JournalEntry.Erasure.self, from: Data(text.utf8)) else {
            throw StoreError.corrupt("column content")
        }
        return content
    }

    private static func text(_ content: JournalEntry.Erasure) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(content), as: UTF8.self)
    }

    private static func find(_ person: Int64, _ decision: Int64, in db: Database) throws -> StoredRow? {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM erasure WHERE person = ? AND decision = ?"),
            arguments: [person, decision])
    }

    // MARK: Listing

    /// Has a person wait for a run.
    static func list(_ due: DueRecords, of person: Int64, for decision: Int64, in ledger: Ledger) throws {
        guard try find(person, decision, in: ledger.db) == nil else { return }
        let content = JournalEntry.Erasure(due, of: person, pseudonyms: [], decision: decision, numberHash: nil)
        let columns: Ledger.Columns = [
            "person": person, "decision": decision, "content": try text(content), "at": nil,
        ]
        try ledger.insert(columns, into: .erasure)
    }

    /// Forgets who waits, whatever for.
    /// - Returns: whether there may be more.
    static func forgetListed(limit: Int, in ledger: Ledger) throws -> Bool {
        let rows = try StoredRow.fetchAll(
            ledger.db, sql: "SELECT * FROM erasure WHERE at IS NULL LIMIT ?", arguments: [limit])
        for row in rows { try ledger.delete(row, of: .erasure) }
        return rows.count == limit
    }

    // MARK: Erasing

    /// Erases what is listed of a person and is due, by the rules that were decided and by those of now.
    /// - Returns: what the journal has to know; `nil` if nothing is due any more, which is noted.
    func erase(
        _ listed: StoredRow, by run: RetentionRun, and present: RetentionRules, now: Date, in ledger: Ledger
    ) throws -> JournalEntry.Erasure? {
        let person: Int64 = try listed.parse("person")
        let listing = try Self.content(listed)
        func isDue(by rules: RetentionRules) throws -> DueRecords {
            try DueScan(encryptor: encryptor, rules: rules, cutoff: run.cutoff).due(person, in: ledger.db)?.due
                ?? DueRecords()
        }
        var due = try isDue(by: run.rules).and(listing.due)
        if present != run.rules, !due.isEmpty { due = try due.and(isDue(by: present)) }
        guard !due.isEmpty else {
            let passed = JournalEntry.Erasure(
                due, of: person, pseudonyms: [], decision: listing.decision, numberHash: nil)
            try ledger.update(
                listed, of: .erasure, ["content": try Self.text(passed), "at": now.storedMilliseconds])
            return nil
        }
        let content = JournalEntry.Erasure(
            due, of: person, pseudonyms: try pseudonyms(of: person, in: ledger.db), decision: listing.decision,
            numberHash: due.number ? Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }) : nil)
        try carryOut(content, now: now, in: ledger)
        let columns: Ledger.Columns = ["content": try Self.text(content), "at": now.storedMilliseconds]
        try ledger.update(listed, of: .erasure, columns)
        return content
    }

    /// The pseudonyms of a person, the one of now first.
    private func pseudonyms(of person: Int64, in db: Database) throws -> [String] {
        var names = [try people.pseudonym(of: person, in: db)]
        var index = 0
        while index < names.count, names.count < 100 {
            let former = try String.fetchAll(
                try db.cachedStatement(sql: "SELECT former FROM renumbering WHERE later = ? ORDER BY former"),
                arguments: [names[index]])
            names += former.filter { !names.contains($0) }
            index += 1
        }
        return names
    }

    private func carryOut(_ content: JournalEntry.Erasure, now: Date, in ledger: Ledger) throws {
        let (db, person) = (ledger.db, content.person)
        // Of a backup there may be more certificates of somebody who goes as a whole: none of them may stay.
        let certificates = try StoredRow.fetchAll(
            db, sql: "SELECT * FROM certificate WHERE person = ? ORDER BY id", arguments: [person])
        let table = CertificateTable(encryptor: encryptor)
        for row in certificates {
            guard try content.isWhole || content.certificates.contains(row.parse("id") as String) else { continue }
            try table.erase(row, decision: content.decision, now: now, in: ledger)
        }
        if content.isWhole {
            try people.erase(person, in: ledger)
        } else {
            if content.doses { try people.eraseDoses(of: person, in: ledger) }
            if let hash = content.numberHash { try people.eraseNumber(of: person, foundBy: hash, in: ledger) }
        }
        let kinds = content.due.kinds.map(\.rawValue).joined(separator: ",")
        try LogTable.append(
            .recordsErased, detail: "\(content.pseudonyms.first ?? "-") \(kinds) decision \(content.decision)", at: now,
            to: ledger)
    }

    // MARK: The journal

    /// Puts all that was erased into a journal that begins.
    static func begin(in ledger: Ledger) throws {
        let rows = try StoredRow.fetchCursor(
            ledger.db, sql: "SELECT * FROM erasure WHERE at IS NOT NULL ORDER BY at, person, decision")
        var (erased, last): ([JournalEntry.Erasure], Date?) = ([], nil)
        while let row = try rows.next() {
            let (content, at) = (try content(row), try row.parseInstant("at"))
            if let last, !erased.isEmpty, last != at || erased.count == batch {
                try ledger.journal(.erased(erased), at: last)
                erased = []
            }
            last = at
            // Who was passed over lost nothing.
            if !content.due.isEmpty { erased.append(content) }
        }
        if let last, !erased.isEmpty { try ledger.journal(.erased(erased), at: last) }
    }

    /// Erases again what a database that was put back has, and notes in any case that the number of the row was used.
    func redo(_ content: JournalEntry.Erasure, at: Date, in ledger: Ledger) throws {
        let known = try Self.find(content.person, content.decision, in: ledger.db)
        // What the person has by now is of later.
        if let known, try known.parseOptional("at") as Int64? != nil { return }
        let statement = try ledger.db.cachedStatement(sql: "SELECT 1 FROM person WHERE id = ?")
        let isThere = try Int.fetchOne(statement, arguments: [content.person]) != nil
        if isThere, try !Set(pseudonyms(of: content.person, in: ledger.db)).isDisjoint(with: content.pseudonyms) {
            try carryOut(content, now: at, in: ledger)
        } else {
            let detail = "\(LogEvent.recordsErased.rawValue) \(content.pseudonyms.first ?? "-")"
            try LogTable.append(.redone, detail: detail, at: at, to: ledger)
        }
        var columns: Ledger.Columns = ["content": try Self.text(content), "at": at.storedMilliseconds]
        if let known { return try ledger.update(known, of: .erasure, columns) }
        columns["person"] = content.person
        columns["decision"] = content.decision
        try ledger.insert(columns, into: .erasure)
    }
}

extension JournalEntry.Erasure {
    init(_ due: DueRecords, of person: Int64, pseudonyms: [String], decision: Int64, numberHash: Data?) {
        self.init(
            person: person, pseudonyms: pseudonyms, decision: decision, certificates: due.certificates.map(\.text),
            doses: due.doses, number: due.number, numberHash: numberHash, isWhole: due.person)
    }

    /// The same as it was found due.
    var due: DueRecords {
        DueRecords(
            certificates: certificates.compactMap { CertificateID($0) }, doses: doses, number: number, person: isWhole)
    }
}

// MARK: - Certificates and people

extension CertificateTable {
    /// Erases what a certificate held. Its lines in the log stay, and that it is revoked.
    func erase(_ row: StoredRow, decision: Int64, now: Date, in ledger: Ledger) throws {
        let (db, id) = (ledger.db, try row.parseCertificateID("id"))
        try refuseChangedCodes(row, of: id, in: db)
        let wasPrinted = try row.parseOptional("revoked_at") as Int64? != nil
        let isVoided = try row.parseCase("state") == CertificateState.voided
        if try wasPrinted || isVoided || isTakenBack(id, in: db) {
            let event = wasPrinted ? LogEvent.revokedByOperator : .voidedByOperator
            try JournalTable.bury(
                id.text, event: event.rawValue, codes: JournalTable.codes(of: id.text, in: db),
                at: now.storedMilliseconds, in: ledger)
        }
        for table in ["code", "revocable_code", "import_certificate"] {
            try db.cachedStatement(sql: "DELETE FROM \(table) WHERE certificate = ?").execute(arguments: [id.text])
        }
        try ledger.delete(row, of: .certificate)
        try LogTable.append(
            .certificateErased, certificate: id, detail: "decision \(decision)", at: now, to: ledger)
    }

    /// Whether the log calls a certificate revoked, whatever its row says.
    func isTakenBack(_ id: CertificateID, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                SELECT 1 FROM log
                WHERE certificate = ?1 AND event IN ('voided', 'voided_by_operator', 'revoked_by_operator')
                UNION ALL SELECT 1 FROM closed_certificate WHERE certificate = ?1 AND taken_back = 1 LIMIT 1
                """)
        return try Int.fetchOne(statement, arguments: [id.text]) != nil
    }
}

extension PersonTable {
    /// Whether the number of somebody who died is erased: then its row has nothing in it.
    func hasErasedNumber(_ person: Int64, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT length(sealed) FROM individual_number WHERE person = ?")
        return try Int.fetchOne(statement, arguments: [person]) == 0
    }

    /// Erases a person, of whom no certificate is there.
    fileprivate func erase(_ person: Int64, in ledger: Ledger) throws {
        let row = try row(person, in: ledger.db)
        try eraseBelongings(of: person, in: ledger)
        for table in [EvidentTable.finding, .individualNumber] { try delete(table, of: person, in: ledger) }
        try ledger.delete(row, of: .person)
    }

    /// Erases all of a person's doses, with vouchers and passports.
    fileprivate func eraseDoses(of person: Int64, in ledger: Ledger) throws {
        let row = try row(person, in: ledger.db)
        let hash: Data = try row.parse("number_hash")
        let fields = try fields(row).with(PassportRecord())
        try eraseBelongings(of: person, in: ledger)
        let columns: Ledger.Columns = [
            "sealed": try encryptor.encrypt(fields, for: .person(person, numberHash: hash)), "doses": 0,
            "doses_hash": Belongings.doses([]), "passports_hash": Belongings.passports([]),
        ]
        try ledger.update(row, of: .person, columns)
        try writeFindings(fields, [], of: person, to: ledger)
    }

    /// Erases a person's individual number, and puts random bytes in the place of what it finds.
    fileprivate func eraseNumber(of person: Int64, foundBy hash: Data, in ledger: Ledger) throws {
        let row = try row(person, in: ledger.db)
        let fields = try fields(row)
        let former = try pseudonym(of: person, in: ledger.db)
        try delete(.individualNumber, of: person, in: ledger)
        let columns: Ledger.Columns = [
            "number_hash": hash, "sealed": try encryptor.encrypt(fields, for: .person(person, numberHash: hash)),
        ]
        try ledger.update(row, of: .person, columns)
        try ledger.insert(["person": person, "sealed": Data()], into: .individualNumber)
        // Who searches the log for the person finds the lines of before.
        try ledger.noteRenumbering("\(former) \(pseudonym(of: person, in: ledger.db))")
    }

    private func eraseBelongings(of person: Int64, in ledger: Ledger) throws {
        try delete(.voucher, of: person, in: ledger)
        for table in ["dose", "earlier_passport"] {
            try ledger.db.cachedStatement(sql: "DELETE FROM \(table) WHERE person = ?").execute(arguments: [person])
        }
    }

    private func delete(_ table: EvidentTable, of person: Int64, in ledger: Ledger) throws {
        let statement = try ledger.db.cachedStatement(sql: "SELECT * FROM \(table.name) WHERE person = ?")
        for row in try StoredRow.fetchAll(statement, arguments: [person]) { try ledger.delete(row, of: table) }
    }
}
