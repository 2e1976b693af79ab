public import Foundation
import GRDB
public import Vaccination

// Looking in the logs. What each does is said at LogSearchStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    /// How many lines in the database, and how many in files, one page of a search looks at.
    private static let (mostAtHand, mostInFiles): (Int64, Int64) = (1_000_000, 200_000)

    public func searchLog(
        _ query: LogQuery, in log: LogName, for purpose: String, after sequence: Int64, limit: Int, now: Date
    ) async throws -> LogPage {
        guard ImportOrigin.isRight(purpose) else { throw StoreError.invalid("the purpose of a search") }
        let people: LogPeople?
        switch (log, query.person) {
        case (_, nil): people = nil
        case (.control, _): throw StoreError.invalid("the control log names no people")
        case (.region(let region), let person?):
            // Who is in a sealed region is told to nobody; lines that bear a pseudonym are.
            if case .found = person { try await refuseSealed(region) }
            people = try await read(from: region, sound: true) { db, encryptor in
                try LogPeople(person, encryptor, in: db)
            }
        }
        var page = LogPage()
        if people?.isTooMany ?? false {
            page.isTooMany = true
        } else {
            do {
                page = try await find(query, people, log, after: max(0, sequence), limit.asLimit)
            } catch let error as StoreError where error == .segmentDamaged() {
                // Somebody was looked for all the same.
                try await note(.logSearched, "\(query.kinds) \(sequence) damaged \(purpose)", in: log, now: now)
                throw error
            }
        }
        let count = page.isTooMany ? "too_many" : "\(page.entries.count)"
        try await note(.logSearched, "\(query.kinds) \(sequence) \(count) \(purpose)", in: log, now: now)
        return page
    }

    public func foldLog<Value: Sendable>(
        _ log: LogName, from: Date, to: Date, into value: Value,
        _ body: @escaping @Sendable (inout Value, LogEntry) -> Void
    ) async throws -> Value {
        guard try await isThere(log) else { return value }
        var (value, position): (Value, Int64) = (value, 0)
        while true {
            if case .region(let region) = log, let (closed, keys) = try await segment(of: region, behind: position) {
                let segment = closed.segment
                if segment.removed == nil, segment.from < to, segment.to >= from {
                    value = try await lines(of: closed, keys, region, into: value) { value, entry in
                        if entry.at >= from, entry.at < to { body(&value, entry) }
                        return true
                    }
                }
                position = segment.last
                continue
            }
            let read = try await readLog(log) { [value, position] db -> (value: Value, last: Int64)? in
                // Lines that were closed meanwhile are in a file.
                if try log != .control && (SegmentTable.unprovenBase(db)?.count ?? 0) > position { return nil }
                var (value, last): (Value, Int64) = (value, position)
                let rows = try StoredRow.fetchCursor(
                    db, sql: "SELECT * FROM log WHERE sequence > ? ORDER BY sequence LIMIT 50000", arguments: [position]
                )
                while let row = try rows.next() {
                    let entry = try LogTable.entry(row)
                    last = entry.sequence
                    if entry.at >= from, entry.at < to { body(&value, entry) }
                }
                return (value, last)
            }
            guard let read else { continue }
            guard read.last > position else { return value }
            (value, position) = (read.value, read.last)
        }
    }

    public func noteListed(_ what: LogListing, count: Int, in region: MunicipalityCode, now: Date) async throws {
        try await note(.listed, "\(what) \(count)", in: .region(region), now: now)
    }

    public func noteLogReport(regions: Int, from: Date, to: Date, now: Date) async throws {
        let times = [from, to].map { $0.formatted(.iso8601) }.joined(separator: " ")
        try await note(.logSearched, "report \(regions) \(times)", in: .control, now: now)
    }

    private func note(_ event: LogEvent, _ detail: String, in log: LogName, now: Date) async throws {
        switch log {
        case .control:
            try await control.write { ledger in try LogTable.append(event, detail: detail, at: now, to: ledger) }
        case .region(let region):
            try await write(to: region) { ledger, _ in
                try LogTable.append(event, detail: detail, at: now, to: ledger)
            }
        }
        try? await heads.flush()
    }

    private func isThere(_ log: LogName) async throws -> Bool {
        guard case .region(let region) = log else { return true }
        guard served[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        return wasMade(region)
    }

    private func readLog<Value: Sendable>(
        _ log: LogName, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        switch log {
        case .control: try await control.read(body)
        case .region(let region): try await read(from: region) { db, _ in try body(db) }
        }
    }

    // MARK: Segments

    /// The first closed segment that ends behind a line, and the keys that open it; `nil` if that line is at hand.
    private func segment(
        of region: MunicipalityCode, behind line: Int64
    ) async throws -> (SegmentTable.Closed, RegionLogKeys)? {
        try await read(from: region) { db, encryptor in
            try SegmentTable(region: region).closed(endingAfter: line, limit: 1, db, encryptor.evidence).first.map {
                ($0, encryptor.generations.current.log)
            }
        }
    }

    /// Gives the lines of a segment's file to `body` until it says `false`.
    private func lines<Value: Sendable>(
        of closed: SegmentTable.Closed, _ keys: RegionLogKeys, _ region: MunicipalityCode, into value: Value,
        _ body: @escaping @Sendable (inout Value, LogEntry) -> Bool
    ) async throws -> Value {
        try await onOwnThread { [segmentFolder] in
            var value = value
            do {
                try segmentFolder.lines(of: closed.header, under: keys.segments, in: region) { sequence, line, _ in
                    body(&value, try LogTable.entry(line, sequence))
                }
            } catch let fault as SegmentFault {
                throw StoreError.segmentDamaged("region \(region): \(closed.segment.file) \(fault.words.english)")
            }
            return value
        }
    }

    // MARK: A page

    private func find(
        _ query: LogQuery, _ people: LogPeople?, _ log: LogName, after sequence: Int64, _ limit: Int
    ) async throws -> LogPage {
        var (page, position, inFiles): (LogPage, Int64, Int64) = (LogPage(), sequence, 0)
        let fits: @Sendable (LogEntry) -> Bool = { query.fits($0) && people?.fits($0) ?? true }
        guard try await isThere(log) else { return page }
        while true {
            if case .region(let region) = log, let (closed, keys) = try await segment(of: region, behind: position) {
                let segment = closed.segment
                let mayFit =
                    segment.removed == nil && query.from.map { segment.to >= $0 } ?? true
                    && query.to.map { segment.from < $0 } ?? true
                if mayFit {
                    guard inFiles < Self.mostInFiles else {
                        page.next = position
                        return page
                    }
                    inFiles += segment.last - segment.first + 1
                    page = try await lines(of: closed, keys, region, into: page) { [position] page, entry in
                        guard entry.sequence > position, fits(entry) else { return true }
                        page.entries.append(entry)
                        return page.entries.count < limit
                    }
                }
                if page.entries.count >= limit {
                    page.next = page.entries.last?.sequence
                    return page
                }
                position = segment.last
                continue
            }
            let statement = LogSearchStatement(query, people)
            let read = try await readLog(log) { [page, position] db -> LogPage? in
                if try log != .control && (SegmentTable.unprovenBase(db)?.count ?? 0) > position { return nil }
                var page = page
                let through = position > Int64.max - Self.mostAtHand ? Int64.max : position + Self.mostAtHand
                let rows = try StoredRow.fetchCursor(
                    db, sql: statement.sql, arguments: [position, through] + statement.arguments)
                while page.entries.count < limit, let row = try rows.next() {
                    let entry = try LogTable.entry(row)
                    if fits(entry) { page.entries.append(entry) }
                }
                let last = try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM log") ?? 0
                page.next =
                    page.entries.count >= limit ? page.entries.last?.sequence : last > through ? through : nil
                return page
            }
            if let read { return read }
        }
    }
}

/// The people whom a search in a log is about, as its lines know them.
private struct LogPeople: Sendable {
    private(set) var isTooMany = false
    private(set) var pseudonyms: Set<String> = []
    private(set) var certificates: Set<String> = []

    init(_ person: LogQuery.Person, _ encryptor: FieldEncryptor, in db: Database) throws {
        let table = PersonTable(encryptor: encryptor)
        switch person {
        case .pseudonym(let name): pseudonyms = [name]
        case .found(let search):
            if case .number(let number) = search { pseudonyms = [encryptor.pseudonym(of: number)] }
            guard let found = try table.find(search, limit: PersonSearch.maximumFound, in: db) else {
                isTooMany = true
                return
            }
            for person in found {
                pseudonyms.insert(try table.pseudonym(of: person.id, in: db))
                certificates.formUnion(
                    try String.fetchAll(db, sql: "SELECT id FROM certificate WHERE person = ?", arguments: [person.id]))
            }
        }
        // Who was given another number has another pseudonym since.
        var due = Array(pseudonyms)
        while let name = due.popLast(), pseudonyms.count < 100 {
            let others = try String.fetchAll(
                db,
                sql:
                    "SELECT former FROM renumbering WHERE later = ? UNION SELECT later FROM renumbering WHERE former = ?",
                arguments: [name, name])
            due += others.filter { pseudonyms.insert($0).inserted }
        }
    }

    func fits(_ entry: LogEntry) -> Bool {
        if let id = entry.certificateID, certificates.contains(id.text) { return true }
        guard let detail = entry.detail else { return false }
        return pseudonyms.contains { detail.contains($0) }
    }
}

/// What SQLite looks for: never more than the lines that fit, but it may be more that do not.
private struct LogSearchStatement: Sendable {
    let sql: String
    let arguments: StatementArguments

    init(_ query: LogQuery, _ people: LogPeople?) {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func add(_ condition: String, _ values: [any DatabaseValueConvertible]) {
            conditions.append(condition)
            arguments += StatementArguments(values.map { Optional($0) })
        }
        if let id = query.certificateID { add("certificate = ?", [id.text]) }
        if let inquiry = query.inquiry { add("inquiry = ?", [inquiry]) }
        if let terminal = query.terminal { add("substr(terminal, 1, ?) = ?", [terminal.count, terminal]) }
        if let actor = query.actor { add("substr(actor, 1, ?) = ?", [actor.count, actor]) }
        if let from = query.from { add("at >= ?", [from.storedMilliseconds]) }
        // What is kept is cut off to the millisecond.
        if let to = query.to { add("at <= ?", [to.storedMilliseconds]) }
        if !query.events.isEmpty {
            let events = query.events.map(\.rawValue).sorted()
            add("event IN (\(events.map { _ in "?" }.joined(separator: ", ")))", events)
        }
        if query.numbersOnly {
            let events: [LogEvent] = [.intent, .redelivery, .refused, .searched, .logSearched]
            add("event IN (\(events.map { _ in "?" }.joined(separator: ", ")))", events.map(\.rawValue))
        }
        if let people {
            let names = people.pseudonyms.sorted()
            // A list of any length in one value.
            let list = "[" + people.certificates.sorted().map { "\"\($0)\"" }.joined(separator: ",") + "]"
            add(
                "(certificate IN (SELECT value FROM json_each(?))"
                    + names.map { _ in " OR instr(detail, ?) > 0" }.joined() + ")", [list] + names)
        }
        sql =
            "SELECT * FROM log WHERE sequence > ? AND sequence <= ?" + conditions.map { " AND \($0)" }.joined()
            + " ORDER BY sequence"
        self.arguments = arguments
    }
}
