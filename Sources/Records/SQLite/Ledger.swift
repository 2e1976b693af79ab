import Foundation
import GRDB

/// That a database lacks more of what the journal knows than one transaction makes again.
struct BehindJournal: Error {}

/// One transaction's way to the log and to rows that matter: keeps the chain and the sum while writes of many callers
/// are made, and seals the head once at their end.
///
/// A ledger lives in one transaction, on the connection's own queue.
final class Ledger {
    let db: Database
    private let keys: EvidenceKeys
    var log: LogName { keys.log }
    /// What proves the rows that this transaction reads.
    var evidence: EvidenceKeys { keys }
    private let follower: JournalFollower?
    private var loaded: LedgerState?
    private var state: LedgerState?
    private var pending: [JournalEntry] = []
    /// How many lines the log had when the transaction began.
    private var linesBefore: Int64?
    private var hasCaughtUp = false

    /// Whether writes of others wait for this transaction to end.
    private let othersWait: () -> Bool
    /// Whether a write has ended early since others wait.
    private(set) var hasGivenWay = false

    /// - Parameter follower: the journal; `nil` where nothing is changed that has to stand in it.
    init(
        _ db: Database, _ keys: EvidenceKeys, _ follower: JournalFollower? = nil,
        othersWait: @escaping () -> Bool = { false }
    ) {
        self.othersWait = othersWait
        self.db = db
        self.keys = keys
        self.follower = follower
    }

    /// Whether a write that can go on later should end here, so that others need not wait for it.
    func givesWay() -> Bool {
        guard othersWait() else { return false }
        hasGivenWay = true
        return true
    }

    /// Ends what callers wrote, the last thing before the commit: seals the head, and makes what has to survive a restore
    /// durable in the journal. Should the commit fail, the journal is ahead, and the next change makes up for it.
    func finish() throws {
        try flush()
        try follower?.journal.append(pending)
    }

    // MARK: The head

    /// The state as of now; read when it is first needed, since most writes of the control file need none.
    private func current() throws -> LedgerState {
        if let state { return state }
        let read = try Self.read(db, keys)
        loaded = read
        state = read
        if linesBefore == nil { linesBefore = read.count }
        return read
    }

    /// The state that a head seals.
    static func read(_ db: Database, _ keys: EvidenceKeys) throws -> LedgerState {
        let row = try StoredRow.fetchOne(try db.cachedStatement(sql: "SELECT sealed FROM head WHERE id = 1"))
        guard let row, let state = keys.open(try row.parse("sealed")) else {
            throw StoreError.broken(EvidenceBreak(log: keys.log, kind: .head, place: "head"))
        }
        return state
    }

    /// Seals the head if anything changed.
    func flush() throws {
        guard let state, state != loaded else { return }
        try db.cachedStatement(
            sql: "INSERT INTO head (id, sealed) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed"
        ).execute(arguments: [try keys.seal(state)])
        loaded = state
    }

    /// The head that this transaction leaves; `nil` if it needed none.
    var head: LogHead? { state?.head }

    /// What has to be put back if a caller's write is undone.
    struct Mark {
        fileprivate let state: LedgerState?
        fileprivate let pending: [JournalEntry]
    }

    var mark: Mark { Mark(state: state, pending: pending) }

    /// Forgets what a write did that was undone.
    func restore(to mark: Mark) {
        state = mark.state
        pending = mark.pending
        // A head that was sealed inside the undone write is undone too, and what was made again.
        loaded = nil
        hasCaughtUp = false
    }

    // MARK: The journal

    /// Puts a change into the journal too, with this transaction.
    func journal(_ change: JournalEntry.Change, at now: Date) throws {
        guard follower != nil else { throw StoreError.unavailable("\(keys.log): no journal") }
        // Behind what was changed just now it would be made again over it.
        guard hasCaughtUp else { throw StoreError.unavailable("\(keys.log): behind its journal") }
        let order = try JournalTable.applied(db) + 1
        _ = try current()
        pending.append(
            JournalEntry(
                log: "\(keys.log)", order: order, lines: linesBefore ?? 0, at: now.storedMilliseconds, change: change))
        try JournalTable.set(["applied": order], in: self)
    }

    /// Makes again what the journal knows and the database lacks, and begins the journal of a database that has none.
    func follow(_ now: Date) throws {
        guard let follower else { return }
        try catchUp()
        if try JournalTable.applied(db) == 0 { try follower.begin(now, self) }
    }

    /// Begins the journal anew with all that the database knows, if some of it is lost.
    func beginJournalIfShort(_ now: Date) throws {
        guard let follower else { return }
        let applied = try JournalTable.applied(db)
        try catchUp()
        if try !follower.journal.span(of: keys.log).covers(applied) { try follower.begin(now, self) }
    }

    /// Makes again what the journal knows and the database lacks: first of all in each write that may put something into the
    /// journal, so that what is asked for now comes last, and is judged by what is.
    /// - Throws: ``BehindJournal`` if that is more than one transaction makes again: ``DatabaseFile`` has the rest made in others, and
    ///   the write begun anew.
    func catchUp() throws {
        guard let follower, !hasCaughtUp else { return }
        let applied = try JournalTable.applied(db)
        if try follower.journal.span(of: keys.log).last > applied {
            let behind = try follower.journal.next(of: keys.log, after: applied)
            guard !behind.hasMore else { throw BehindJournal() }
            try redo(behind, follower)
        }
        hasCaughtUp = true
    }

    /// Makes again as much of it as one transaction does.
    /// - Returns: whether there may be more.
    func catchUpPartly() throws -> Bool {
        guard let follower, !hasCaughtUp else { return false }
        let behind = try follower.journal.next(of: keys.log, after: try JournalTable.applied(db))
        try redo(behind, follower)
        return behind.hasMore
    }

    private func redo(_ behind: Journal.Behind, _ follower: JournalFollower) throws {
        guard !behind.entries.isEmpty else { return }
        // Of all that is lacking, and before lines are added by making it again: a later transaction could not tell any more that
        // the database was put back.
        let isPutBack = try behind.lines > current().count
        for entry in behind.entries {
            try follower.redo(entry, self)
            try JournalTable.set(["applied": entry.order], in: self)
        }
        if isPutBack { try JournalTable.set(["known": max(behind.lines, JournalTable.knownLine(db))], in: self) }
    }

    // MARK: Lines

    /// Adds a line to the log and to its chain.
    func append(_ line: LogTable.Line) throws {
        var state = try current()
        state.count += 1
        state.hash = line.chain(after: state.hash, sequence: state.count)
        try LogTable.insert(line, sequence: state.count, chain: state.hash, into: db)
        self.state = state
    }

    // MARK: Rows

    /// A row that is as it was written.
    struct VerifiedRow {
        let table: EvidentTable
        fileprivate let values: [DatabaseValue]
        fileprivate let summand: RowSum
        /// Whether it is proven by the keys in use, and not by those before a rotation.
        fileprivate let isCurrent: Bool
    }

    /// Throws ``StoreError/broken(_:)`` if a row is not as it was written.
    func verified(_ row: StoredRow, of table: EvidentTable) throws -> VerifiedRow {
        let (summand, isCurrent) = try Self.summand(of: row, table, keys)
        return VerifiedRow(
            table: table, values: try table.values(of: row), summand: summand, isCurrent: isCurrent)
    }

    /// A row's part of the sum; throws ``StoreError/broken(_:)`` if it is not as it was written.
    @discardableResult
    static func code(of row: StoredRow, _ table: EvidentTable, _ keys: EvidenceKeys) throws -> RowSum {
        try summand(of: row, table, keys).summand
    }

    private static func summand(
        of row: StoredRow, _ table: EvidentTable, _ keys: EvidenceKeys
    ) throws -> (summand: RowSum, isCurrent: Bool) {
        guard let found = keys.summand(of: table, try table.values(of: row), try row.parseOptional("mac")) else {
            throw StoreError.broken(EvidenceBreak(log: keys.log, kind: .row, place: table.place(of: row)))
        }
        return found
    }

    /// The columns that a call gives a row.
    typealias Columns = [String: (any DatabaseValueConvertible)?]

    /// Adds a row.
    func insert(_ columns: Columns, into table: EvidentTable) throws {
        var state = try current()
        let values = table.columns.map { column in
            column == "version" ? 1.databaseValue : (columns[column] ?? nil)?.databaseValue ?? .null
        }
        let (mac, summand) = keys.code(table, values)
        try db.cachedStatement(sql: table.insertion).execute(arguments: Self.arguments(values + [mac.databaseValue]))
        state.sum += summand
        state.rows += 1
        self.state = state
    }

    /// Writes a row that has a code and is in no sum, in the place of the one with its key: of a table that is in none of
    /// ``EvidentTable/all(of:)``.
    func put(_ columns: Columns, into table: EvidentTable) throws {
        let values = table.columns.map { column in
            column == "version" ? 1.databaseValue : (columns[column] ?? nil)?.databaseValue ?? .null
        }
        try db.cachedStatement(sql: "DELETE FROM \(table.name) WHERE \(table.condition)")
            .execute(arguments: Self.arguments(Array(values.prefix(table.key.count))))
        let (mac, _) = keys.code(table, values)
        try db.cachedStatement(sql: table.insertion).execute(arguments: Self.arguments(values + [mac.databaseValue]))
    }

    /// Takes up rows that a caller has written with their codes.
    func note(rows: Int, _ sum: RowSum) throws {
        var state = try current()
        state.sum += sum
        state.rows += Int64(rows)
        self.state = state
    }

    /// Changes columns of a row that was read in this transaction, if it is as it was written.
    func update(_ row: StoredRow, of table: EvidentTable, _ columns: Columns) throws {
        try update(try verified(row, of: table), columns)
    }

    /// Changes columns of a row that was read in this transaction.
    /// - Parameter unlessCurrent: leaves a row alone that the keys in use prove already.
    func update(_ row: VerifiedRow, _ columns: Columns, unlessCurrent: Bool = false) throws {
        guard !unlessCurrent || !row.isCurrent else { return }
        let table = row.table
        var state = try current()
        state.sum -= row.summand
        var values = row.values
        var settings = ""
        var arguments: [DatabaseValue] = []
        for (index, column) in table.columns.enumerated() {
            if column == "version" {
                guard let version = Int64.fromDatabaseValue(values[index]) else { throw StoreError.corrupt("version") }
                values[index] = (version &+ 1).databaseValue
            } else if let value = columns[column] {
                values[index] = value?.databaseValue ?? .null
            } else {
                continue
            }
            settings += "\(column) = ?, "
            arguments.append(values[index])
        }
        let (mac, summand) = keys.code(table, values)
        arguments.append(mac.databaseValue)
        arguments += values.prefix(table.key.count)
        try db.cachedStatement(sql: "UPDATE \(table.name) SET \(settings)mac = ? WHERE \(table.condition)")
            .execute(arguments: Self.arguments(arguments))
        state.sum += summand
        self.state = state
    }

    /// As values that may be NULL: GRDB reads those of one type each by a key path, which costs several times as much.
    private static func arguments(_ values: [DatabaseValue]) -> StatementArguments {
        StatementArguments(values.map { $0 as (any DatabaseValueConvertible)? })
    }

    /// Removes a row that was read in this transaction, and is as it was written.
    func delete(_ row: StoredRow, of table: EvidentTable) throws {
        var state = try current()
        state.sum -= try verified(row, of: table).summand
        state.rows -= 1
        let values = table.key.map { column in row.stored(column) ?? .null }
        try db.cachedStatement(sql: "DELETE FROM \(table.name) WHERE \(table.condition)")
            .execute(arguments: StatementArguments(values))
        self.state = state
    }

    /// What a look at everything finds, in this transaction and before it changed anything.
    func checked() throws -> EvidenceReport {
        try flush()
        return try EvidenceCheck.whole(db, keys, pins: [])
    }

    // MARK: Beginning

    /// Seals the head and every row of some tables anew, as it is proven to be: under the keys that took over.
    func renew(_ tables: [EvidentTable]) throws {
        state = try current()
        loaded = nil
        for table in tables {
            for row in try StoredRow.fetchAll(db, sql: "SELECT * FROM \(table.name)") {
                try update(row, of: table, [:])
            }
        }
        try flush()
    }

    /// Seals everything as it stands: for a database of a version that kept no evidence, and when an operator accepts
    /// what cannot be restored.
    func sealAnew(_ tables: [EvidentTable]) throws {
        let base = try SegmentTable.provenBase(db, keys)
        var state = LedgerState(count: base?.count ?? 0, hash: base.map { Data($0.hash) } ?? keys.chainBeginning)
        if linesBefore == nil { linesBefore = try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM log") ?? 0 }
        // The lines' numbers may have gaps by a hand; they stay, and the chain says so no more.
        try LogTable.allowingChanges(db) {
            // What a closed segment has is not what a hand has put here.
            try db.execute(sql: "DELETE FROM log WHERE sequence <= ?", arguments: [state.count])
            for row in try StoredRow.fetchAll(db, sql: "SELECT sequence FROM log ORDER BY sequence") {
                let old: Int64 = try row.parse("sequence")
                let line = try LogTable.line(old, in: db)
                state.count += 1
                state.hash = line.chain(after: state.hash, sequence: state.count)
                try db.execute(
                    sql: "UPDATE log SET sequence = ?, chain = ? WHERE sequence = ?",
                    arguments: [state.count, state.hash, old])
            }
        }
        for table in tables {
            try Self.fillDigests(of: table, in: db)
            let keyList = table.key.joined(separator: ", ")
            for name in try StoredRow.fetchAll(db, sql: "SELECT \(keyList) FROM \(table.name)") {
                let arguments = StatementArguments(table.key.map { name.stored($0) ?? .null })
                try db.cachedStatement(sql: "UPDATE \(table.name) SET version = version + 1 WHERE \(table.condition)")
                    .execute(arguments: arguments)
                let select = try db.cachedStatement(sql: "SELECT * FROM \(table.name) WHERE \(table.condition)")
                guard let row = try StoredRow.fetchOne(select, arguments: arguments) else { continue }
                let (mac, summand) = keys.code(table, try table.values(of: row))
                try db.cachedStatement(sql: "UPDATE \(table.name) SET mac = ? WHERE \(table.condition)")
                    .execute(arguments: [mac] + arguments)
                state.sum += summand
                state.rows += 1
            }
        }
        self.state = state
        loaded = nil
        try flush()
    }

    private static func fillDigests(of table: EvidentTable, in db: Database) throws {
        switch table.name {
        case EvidentTable.person.name:
            for id in try Int64.fetchAll(db, sql: "SELECT id FROM person") {
                let (doses, dosesHash) = try Belongings.doses(of: id, in: db)
                let passports = try Belongings.passports(of: id, in: db).hash
                try db.cachedStatement(
                    sql: "UPDATE person SET doses = ?, doses_hash = ?, passports_hash = ? WHERE id = ?"
                ).execute(arguments: [doses.count, dosesHash, passports, id])
            }
        case EvidentTable.certificate.name:
            for id in try String.fetchAll(db, sql: "SELECT id FROM certificate") {
                try db.cachedStatement(sql: "UPDATE certificate SET codes_hash = ? WHERE id = ?")
                    .execute(arguments: [try Belongings.codes(of: id, in: db), id])
            }
        default: break
        }
    }
}

extension Ledger {
    /// Keeps which pseudonym follows which, from the detail of a line: so that a search for a person finds both, wherever the line
    /// lies by then.
    func noteRenumbering(_ detail: String) throws {
        let names = detail.split(separator: " ").map(String.init)
        guard names.count == 2, names[0] != names[1] else { return }
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM renumbering WHERE later = ? AND former = ?")
        guard try Int.fetchOne(statement, arguments: [names[1], names[0]]) == nil else { return }
        try insert(["later": names[1], "former": names[0]], into: .renumbering)
    }
}
