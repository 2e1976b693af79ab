import Foundation
import GRDB
import Vaccination

/// Looks for breaks in one log and its rows, in one snapshot of its file.
struct EvidenceCheck {
    private let db: Database
    private let keys: EvidenceKeys
    private let pins: [LogHead]
    private var report = EvidenceReport()
    /// Where the lines at hand begin: behind the last one that is closed.
    private var base: LogHead?

    init(_ db: Database, _ keys: EvidenceKeys, pins: [LogHead]) {
        self.db = db
        self.keys = keys
        self.pins = pins
    }

    /// The head, the pins, and the lines behind the last pin.
    static func quick(_ db: Database, _ keys: EvidenceKeys, pins: [LogHead]) throws -> EvidenceReport {
        var check = EvidenceCheck(db, keys, pins: pins)
        if let state = try check.head(), check.findBase() {
            let last = pins.max { $0.count < $1.count }
            try check.chain(after: check.report.breaks.isEmpty ? last : nil, to: state)
        }
        return check.report
    }

    /// Every line and every row.
    static func whole(_ db: Database, _ keys: EvidenceKeys, pins: [LogHead]) throws -> EvidenceReport {
        var check = EvidenceCheck(db, keys, pins: pins)
        if let state = try check.head() {
            if check.findBase() { try check.chain(after: nil, to: state) }
            try check.rows(state)
        } else {
            try check.rows(nil)
        }
        if case .region(let code) = keys.log {
            try check.belongings()
            try check.states(code)
        }
        return check.report
    }

    // MARK: Head and chain

    private mutating func head() throws -> LedgerState? {
        let state: LedgerState
        do {
            state = try Ledger.read(db, keys)
        } catch let error as StoreError where error == .broken() {
            report.add(keys.log, .head, "head")
            return nil
        }
        report.head = state.head
        let known = try JournalTable.knownLine(db)
        if known > 0 {
            report.add(keys.log, .rollback, "put back from before line \(known), which the journal knows")
        }
        let closed = try SegmentTable.unprovenBase(db)?.count ?? 0
        for pin in pins where pin.count > 0 {
            // Those before it are compared by who reads the segments.
            if pin.count < closed { continue }
            if pin.count == closed {
                let last = try StoredRow.fetchOne(
                    db, sql: "SELECT hash FROM segment WHERE last = ?", arguments: [closed])
                if try last?.parseBytes("hash") != pin.hash {
                    report.add(keys.log, .rollback, "line \(pin.count) is not the one that was known")
                }
                continue
            }
            if pin.count > state.count {
                report.add(keys.log, .rollback, "\(state.count) lines where \(pin.count) were known")
            } else if try LogTable.chain(at: pin.count, in: db).map(Array.init) != pin.hash {
                report.add(keys.log, .rollback, "line \(pin.count) is not the one that was known")
            }
        }
        return state
    }

    /// Finds where the lines at hand begin; `false` if what says so is broken.
    private mutating func findBase() -> Bool {
        do {
            base = try SegmentTable.base(db, keys)
            return true
        } catch {
            report.add(keys.log, .row, (error as? StoreError)?.found?.place ?? "segment")
            return false
        }
    }

    private mutating func chain(after pin: LogHead?, to state: LedgerState) throws {
        let start = [pin, base].compactMap { $0 }.max { $0.count < $1.count }
        var hash = start.flatMap { $0.count > 0 ? Data($0.hash) : nil } ?? keys.chainBeginning
        var expected = start?.count ?? 0
        let beginning = expected
        if pin == nil, try LogTable.hasLines(through: expected, in: db) {
            report.add(keys.log, .chain, "lines up to \(expected) that a segment has")
        }
        let lines = try LogLines(db, after: expected)
        defer { report.lines += expected - beginning }
        while let line = try lines.next() {
            expected += 1
            guard line.sequence == expected else {
                return report.add(keys.log, .chain, "line \(expected) is missing")
            }
            hash = line.chain(after: hash)
            guard line.isChained(by: hash) else {
                return report.add(keys.log, .chain, "line \(line.sequence)")
            }
        }
        if expected != state.count {
            report.add(keys.log, .chain, "the log ends at line \(expected), its head at \(state.count)")
        } else if hash != state.hash {
            report.add(keys.log, .chain, "line \(expected): the head seals another one")
        }
    }

    // MARK: Rows

    private mutating func rows(_ state: LedgerState?) throws {
        var sum = RowSum()
        var count: Int64 = 0
        var input: [UInt8] = []
        for table in EvidentTable.all(of: keys.log) {
            let rows = try RawRows(db, sql: table.selection)
            let mac = Int32(table.columns.count)
            while try rows.next() {
                count += 1
                keys.begin(&input, table)
                for column in 0..<Int(mac) {
                    let place = Int32(column)
                    if table.isAdded(column) {
                        if rows.isNull(place) { continue }
                        input.appendField(table.columns[column].utf8)
                    }
                    rows.append(place, to: &input)
                }
                if let summand = keys.summand(of: input, rows.bytes(mac)) {
                    sum += summand
                } else {
                    let names = StoredRow(
                        names: table.key, values: table.key.indices.map { rows.value(Int32($0)) })
                    report.add(keys.log, .row, table.place(of: names))
                }
            }
        }
        report.rows = count
        guard let state, sum != state.sum || count != state.rows else { return }
        report.add(keys.log, .sum, "\(count) rows where \(state.rows) were written, or older ones among them")
    }

    /// What belongs to people and certificates without a code of its own.
    private mutating func belongings() throws {
        var input: [UInt8] = []
        let people = try RawRows(db, sql: "SELECT id, doses, doses_hash, passports_hash FROM person ORDER BY id")
        var doses = try BelongingRows(
            db, columns: 2, sql: "SELECT person, number, sealed FROM dose ORDER BY person, number")
        var passports = try BelongingRows(
            db, columns: 2, sql: "SELECT person, position, sealed FROM earlier_passport ORDER BY person, position")
        var owned = 0
        while try people.next() {
            let id = people.integer(0)
            input.removeAll(keepingCapacity: true)
            let count = try doses.append(of: id, to: &input)
            owned += count
            if people.isNull(1) || people.integer(1) != count || !people.isHash(of: input, 2) {
                report.add(keys.log, .row, "doses of person \(id)")
            }
            input.removeAll(keepingCapacity: true)
            _ = try passports.append(of: id, to: &input)
            if !people.isHash(of: input, 3) { report.add(keys.log, .row, "earlier passports of person \(id)") }
        }
        if try Int.fetchOne(db, sql: "SELECT count(*) FROM dose") != owned {
            report.add(keys.log, .row, "doses of nobody")
        }
        let certificates = try RawRows(db, sql: "SELECT id, codes_hash FROM certificate ORDER BY id")
        var codes = try BelongingRows(
            db, columns: 1, sql: "SELECT certificate, hash FROM code ORDER BY certificate, hash")
        var revocable = try BelongingRows(
            db, columns: 3,
            sql: "SELECT certificate, key_id, hash, expires FROM revocable_code ORDER BY certificate, key_id, hash")
        while try certificates.next() {
            input.removeAll(keepingCapacity: true)
            try codes.append(of: certificates.bytes(0), to: &input)
            try revocable.append(of: certificates.bytes(0), to: &input)
            if !certificates.isHash(of: input, 1) {
                report.add(keys.log, .row, "codes of certificate \(certificates.text(0))")
            }
        }
    }

    // MARK: States

    /// What lines call events.
    private static let events = Dictionary(
        LogEvent.allCases.map { ($0.rawValue, $0) }, uniquingKeysWith: { first, _ in first })

    /// The one that SQLite puts first.
    private static func first(_ a: String?, _ b: String?) -> String? {
        guard let a, let b else { return a ?? b }
        return a == b || a.utf8.lexicographicallyPrecedes(b.utf8) ? a : b
    }

    /// Compares each certificate with what its lines lead to, the closed ones and those at hand. All come in the order of
    /// identifiers, so that no list of them is held.
    private mutating func states(_ region: MunicipalityCode) throws {
        let lines = try RawRows(
            db, sql: "SELECT certificate, event FROM log WHERE certificate IS NOT NULL ORDER BY certificate, sequence")
        let closings = try StoredRow.fetchCursor(db, sql: "SELECT * FROM closed_certificate ORDER BY certificate")
        let certificates = try RawRows(db, sql: "SELECT id, state, revoked_at FROM certificate ORDER BY id")
        var (logged, registered): (String?, String?)
        func nextLine() throws { logged = try lines.next() ? lines.text(0) : nil }
        func nextCertificate() throws { registered = try certificates.next() ? certificates.text(0) : nil }
        try nextLine()
        try nextCertificate()
        var closing = try closings.next()
        while true {
            let closed = try closing.map { try $0.parse("certificate") as String }
            guard let id = Self.first(Self.first(logged, closed), registered) else { return }
            var history = CertificateHistory()
            if closed == id, let row = closing {
                history = try SegmentTable.history(row)
                closing = try closings.next()
            }
            while logged == id {
                if let event = Self.events[lines.text(1)] { history.add(event) }
                try nextLine()
            }
            var found: CertificateHistory.Register?
            if registered == id {
                guard let state = CertificateState(rawValue: certificates.text(1)) else {
                    throw StoreError.corrupt("column state")
                }
                found = CertificateHistory.Register(state: state, isRevoked: !certificates.isNull(2))
                try nextCertificate()
            }
            if let place = history.contradiction(with: found) {
                report.add(keys.log, .state, "certificate \(id.prefix(64)): \(place)")
            }
            for irregularity in history.irregularities {
                report.add(irregularity: "certificate \(id.prefix(64)): \(irregularity)")
            }
        }
    }
}
