import Crypto
import Foundation
import GRDB
import GRDBSQLite
import Vaccination

/// All rows of a person who is not there yet, sealed and proven before the turn of writing comes: what a file's next people wait
/// for is the database, and not AES, and what does the one can do the other at the same time.
///
/// Whether nobody is there is seen when they are written. Somebody who is, or who has vouchers, is planned then.
struct ReadyPerson: Sendable {
    /// A row under evidence: its columns but the first, which names the person, and the version; and its code.
    struct Row: Sendable {
        let columns: [DatabaseValue]
        let code: Data
    }

    /// The row's number that the fields are sealed for, which nobody had.
    let id: Int64
    /// Whether the doses contradict each other.
    let isUnclear: Bool
    fileprivate let numberHash: Data
    /// What somebody else would be found by who has the addressee number.
    fileprivate let addresseeHash: Data?
    fileprivate let person: Row
    fileprivate let number: Row?
    fileprivate let findings: [Row]
    fileprivate let doses: [(entry: Int, sealed: Data)]
    fileprivate let passports: [(position: Int, sealed: Data)]
    /// The sum of the rows' codes.
    fileprivate let sum: RowSum
    fileprivate var rows: Int { 1 + (number == nil ? 0 : 1) + findings.count }
    /// Under whose keys, and when: the moment at which the doses are recorded.
    private let encryptor: FieldEncryptor
    private let at: Date

    /// How far the moment at which a dose is said to be recorded may be behind that of its transaction.
    static let maximumAge: TimeInterval = 1

    /// Whether it may be written under these keys at this moment.
    func isFresh(for encryptor: FieldEncryptor, at now: Date) -> Bool {
        self.encryptor === encryptor && at <= now && now.timeIntervalSince(at) <= Self.maximumAge
    }

    /// A person's rows; `nil` where what is there decides of more than whether they may be written: of vouchers, and while the keys
    /// rotate.
    init?(
        _ person: NewPerson, as change: RecordChange, id: Int64, now: Date, _ encryptor: FieldEncryptor
    ) throws {
        guard encryptor.generations.previous == nil, person.vouchers.isEmpty,
            person.details.values.allSatisfy({ $0.voucher == nil }),
            let doses = DoseRecord([]).taking(person.told, as: change, at: now, dispute: { _ in nil })
        else { return nil }
        (self.id, self.encryptor, at) = (id, encryptor, now)
        let table = PersonTable(encryptor: encryptor)
        let fields = PersonTable.fields(ofNew: person, as: change, now: now)
        numberHash = encryptor.hash(of: person.number)
        addresseeHash = person.register.map { encryptor.hash(of: .addressee($0.addressee)) }
        isUnclear = doses.history == nil
        self.doses = try doses.entries.enumerated().map { try table.sealed($1, of: id, at: $0 + 1) }
        passports = try person.printedOverseasPassports.sorted().enumerated().map {
            (position: $0, sealed: try table.sealed($1, id, $0))
        }
        var sum = RowSum()
        func row(_ table: EvidentTable, _ columns: [DatabaseValue]) -> Row {
            let (code, summand) = encryptor.evidence.code(table, [id.databaseValue] + columns + [1.databaseValue])
            sum += summand
            return Row(columns: columns, code: code)
        }
        self.person = row(
            .person,
            [
                numberHash.databaseValue,
                try encryptor.encrypt(fields, for: .person(id, numberHash: numberHash)).databaseValue,
                self.doses.count.databaseValue, Belongings.doses(self.doses).databaseValue,
                Belongings.passports(passports).databaseValue,
            ])
        number = try encryptor.encrypt(person.number, ofPerson: id).map { row(.individualNumber, [$0.databaseValue]) }
        // In their order, so that the database finds their places beside each other.
        findings = fields.findingKeys([]).map { encryptor.hash(of: $0) }
            .sorted { $0.lexicographicallyPrecedes($1) }.map { row(.finding, [$0.databaseValue]) }
        self.sum = sum
    }
}

extension ReadyPerson: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    var description: String { "ReadyPerson(…)" }
    /// Shows no parts, to dumps and debuggers either.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Writes people who were made ready, in one transaction, with statements that are bound as they are: GRDB looks at each argument
/// several times, which takes longer than SQLite needs for the row.
struct NewPeople {
    private let database: Database
    private let byNumber, byFinding, person, dose, passport, number, finding: Statement

    init(_ db: Database) throws {
        database = db
        byNumber = try db.cachedStatement(sql: "SELECT 1 FROM person WHERE number_hash = ?")
        byFinding = try db.cachedStatement(sql: "SELECT 1 FROM finding WHERE hash = ? LIMIT 1")
        person = try db.cachedStatement(sql: EvidentTable.person.insertion)
        dose = try db.cachedStatement(sql: "INSERT INTO dose (person, number, sealed) VALUES (?, ?, ?)")
        passport = try db.cachedStatement(
            sql: "INSERT INTO earlier_passport (person, position, sealed) VALUES (?, ?, ?)")
        number = try db.cachedStatement(sql: EvidentTable.individualNumber.insertion)
        finding = try db.cachedStatement(sql: EvidentTable.finding.insertion)
    }

    /// Writes a person's rows; false, and nothing, if the person is there already, or somebody has the addressee number.
    func insert(_ ready: ReadyPerson, into ledger: Ledger) throws -> Bool {
        if try isThere(ready.numberHash, byNumber) { return false }
        if let hash = ready.addresseeHash, try isThere(hash, byFinding) { return false }
        try insert(ready.person, of: ready.id, person)
        for passport in ready.passports {
            try insert(passport.position, passport.sealed, of: ready.id, self.passport)
        }
        for dose in ready.doses { try insert(dose.entry, dose.sealed, of: ready.id, self.dose) }
        for row in ready.findings { try insert(row, of: ready.id, finding) }
        if let row = ready.number { try insert(row, of: ready.id, number) }
        try ledger.note(rows: ready.rows, ready.sum)
        return true
    }

    private func isThere(_ hash: Data, _ statement: Statement) throws -> Bool {
        let row = statement.sqliteStatement
        // GRDB leaves a statement as it ended until it runs the next time, and then nothing can be bound.
        sqlite3_reset(row)
        defer { sqlite3_reset(row) }
        try bind(hash, 1, row)
        switch sqlite3_step(row) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure
        }
    }

    private func insert(_ row: ReadyPerson.Row, of person: Int64, _ statement: Statement) throws {
        try insert(statement) { bound in
            try check(sqlite3_bind_int64(bound, 1, person))
            var place: Int32 = 2
            for column in row.columns {
                switch column.storage {
                case .int64(let number): try check(sqlite3_bind_int64(bound, place, number))
                case .blob(let bytes): try bind(bytes, place, bound)
                case .null, .double, .string: try check(SQLITE_MISMATCH)
                }
                place += 1
            }
            // The version.
            try check(sqlite3_bind_int64(bound, place, 1))
            try bind(row.code, place + 1, bound)
        }
    }

    private func insert(_ index: Int, _ sealed: Data, of person: Int64, _ statement: Statement) throws {
        try insert(statement) { bound in
            try check(sqlite3_bind_int64(bound, 1, person))
            try check(sqlite3_bind_int64(bound, 2, Int64(index)))
            try bind(sealed, 3, bound)
        }
    }

    private func insert(_ statement: Statement, _ bind: (OpaquePointer) throws -> Void) throws {
        let row = statement.sqliteStatement
        sqlite3_reset(row)
        defer { sqlite3_reset(row) }
        try bind(row)
        guard sqlite3_step(row) == SQLITE_DONE else { throw failure }
    }

    private func bind(_ bytes: Data, _ place: Int32, _ row: OpaquePointer) throws {
        // SQLite copies what it is told to keep.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        try check(bytes.withUnsafeBytes { sqlite3_bind_blob(row, place, $0.baseAddress, Int32($0.count), copied) })
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }

    /// What SQLite says of the last step.
    private var failure: DatabaseError {
        let code = database.sqliteConnection.map { sqlite3_extended_errcode($0) } ?? SQLITE_MISUSE
        return DatabaseError(resultCode: ResultCode(rawValue: code))
    }
}
