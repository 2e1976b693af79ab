import Crypto
import Foundation
import GRDB
import Vaccination

/// The log table, the same in every file.
enum LogTable {
    /// What a line says, without its number.
    struct Line {
        let at: Int64
        let event: String
        var certificate: String?
        var terminal: String?
        var inquiry: String?
        var detail: String?
        /// See ``LogEntry/actor``.
        var actor: String?

        /// The chain up to this line: SHA-256 over the chain before it, its number, and every field with its length.
        func chain(after previous: Data, sequence: Int64) -> Data {
            var input = Array(previous)
            input.appendInteger(UInt64(bitPattern: sequence))
            input.appendInteger(UInt64(bitPattern: at))
            for field in [event, certificate, terminal, inquiry, detail, actor] {
                guard let field else {
                    input.append(0)
                    continue
                }
                input.append(1)
                input.appendField(field.utf8)
            }
            return Data(copying: SHA256.hash(data: input))
        }
    }

    static func append(
        _ event: LogEvent, certificate: CertificateID? = nil, terminal: String? = nil, inquiry: String? = nil,
        detail: String? = nil, at now: Date, to ledger: Ledger
    ) throws {
        try ledger.append(
            Line(
                at: now.storedMilliseconds, event: event.rawValue, certificate: certificate?.text, terminal: terminal,
                inquiry: inquiry, detail: detail, actor: LogActor.current))
    }

    /// Adds a line that a ledger has numbered and chained.
    static func insert(_ line: Line, sequence: Int64, chain: Data, into db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO log (sequence, at, event, certificate, terminal, inquiry, detail, actor, chain)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                sequence, line.at, line.event, line.certificate, line.terminal, line.inquiry, line.detail, line.actor,
                chain,
            ])
    }

    static func lines(after sequence: Int64, limit: Int, of db: Database) throws -> [LogEntry] {
        let rows = try StoredRow.fetchAll(
            db, sql: "SELECT * FROM log WHERE sequence > ? ORDER BY sequence LIMIT ?",
            arguments: [sequence, limit.asLimit])
        return try rows.map(entry)
    }

    static func entry(_ row: StoredRow) throws -> LogEntry {
        LogEntry(
            sequence: try row.parse("sequence"), at: try row.parseInstant("at"), event: try row.parseCase("event"),
            certificateID: try (row.parseOptional("certificate") as String?).map { _ in
                try row.parseCertificateID("certificate")
            },
            terminal: try row.parseOptional("terminal"), inquiry: try row.parseOptional("inquiry"),
            detail: try row.parseOptional("detail"), actor: try row.parseOptional("actor"))
    }

    /// A line of a closed segment.
    static func entry(_ line: Line, _ sequence: Int64) throws -> LogEntry {
        guard let event = LogEvent(rawValue: line.event) else { throw StoreError.corrupt("column event") }
        let id = try line.certificate.map { text in
            guard let id = CertificateID(text) else { throw StoreError.corrupt("column certificate") }
            return id
        }
        return LogEntry(
            sequence: sequence, at: Date(storedMilliseconds: line.at), event: event, certificateID: id,
            terminal: line.terminal, inquiry: line.inquiry, detail: line.detail, actor: line.actor)
    }

    // MARK: For who checks or seals the chain

    static func line(_ row: StoredRow) throws -> Line {
        Line(
            at: try row.parse("at"), event: try row.parse("event"), certificate: try row.parseOptional("certificate"),
            terminal: try row.parseOptional("terminal"), inquiry: try row.parseOptional("inquiry"),
            detail: try row.parseOptional("detail"), actor: try row.parseOptional("actor"))
    }

    static func line(_ sequence: Int64, in db: Database) throws -> Line {
        let statement = try db.cachedStatement(sql: "SELECT * FROM log WHERE sequence = ?")
        guard let row = try StoredRow.fetchOne(statement, arguments: [sequence]) else {
            throw StoreError.corrupt("the log's line \(sequence)")
        }
        return try line(row)
    }

    /// The stored chain up to a line; `nil` if there is no such line.
    static func chain(at sequence: Int64, in db: Database) throws -> Data? {
        try Data.fetchOne(
            try db.cachedStatement(sql: "SELECT chain FROM log WHERE sequence = ?"), arguments: [sequence])
    }

    /// When the last line was written; `nil` if there is none.
    static func newest(in db: Database) throws -> Date? {
        try Int64.fetchOne(db, sql: "SELECT at FROM log ORDER BY sequence DESC LIMIT 1").map {
            Date(storedMilliseconds: $0)
        }
    }

    /// Whether any line has a number up to this one.
    static func hasLines(through sequence: Int64, in db: Database) throws -> Bool {
        try Int.fetchOne(db, sql: "SELECT 1 FROM log WHERE sequence <= ? LIMIT 1", arguments: [sequence]) != nil
    }

    /// Refuses every change and removal of a line, by the database itself.
    /// - Parameter hasSegments: whether lines may go that a closed segment has.
    static func forbidChanges(_ db: Database, hasSegments: Bool = false) throws {
        let exception = hasSegments ? "WHEN OLD.sequence > (SELECT coalesce(max(last), 0) FROM segment) " : ""
        try db.execute(
            sql: """
                CREATE TRIGGER log_no_update BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
                CREATE TRIGGER log_no_delete BEFORE DELETE ON log \(exception)BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
                """)
    }

    /// Does what only sealing anew may do, or changes what is refused.
    static func allowingChanges(_ db: Database, _ body: () throws -> Void) throws {
        try db.execute(sql: "DROP TRIGGER IF EXISTS log_no_update; DROP TRIGGER IF EXISTS log_no_delete")
        try body()
        try forbidChanges(db, hasSegments: try db.tableExists("segment"))
    }
}

extension Int {
    /// A page of a list: 1 to 10,000.
    var asLimit: Int { Swift.min(Swift.max(self, 1), 10_000) }
}
