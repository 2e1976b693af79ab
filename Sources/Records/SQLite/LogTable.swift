import Foundation
import GRDB
import Vaccination

/// The log table, the same in every file.
enum LogTable {
    static func append(
        _ event: LogEvent, certificate: CertificateID? = nil, terminal: String? = nil, inquiry: String? = nil,
        detail: String? = nil, at now: Date, to db: Database
    ) throws {
        try db.cachedStatement(
            sql: "INSERT INTO log (at, event, certificate, terminal, inquiry, detail) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [now.storedMilliseconds, event.rawValue, certificate?.text, terminal, inquiry, detail])
    }

    static func lines(after sequence: Int64, limit: Int, of db: Database) throws -> [LogEntry] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM log WHERE sequence > ? ORDER BY sequence LIMIT ?",
            arguments: [sequence, limit.asLimit])
        return try rows.map { row in
            LogEntry(
                sequence: try row.parse("sequence"), at: try row.parseInstant("at"), event: try row.parseCase("event"),
                certificateID: try (row.parseOptional("certificate") as String?).map { _ in
                    try row.parseCertificateID("certificate")
                },
                terminal: try row.parseOptional("terminal"), inquiry: try row.parseOptional("inquiry"),
                detail: try row.parseOptional("detail"))
        }
    }
}

extension Int {
    /// A page of a list: 1 to 10,000.
    var asLimit: Int { Swift.min(Swift.max(self, 1), 10_000) }
}
