import Foundation
import GRDB
import Vaccination

/// Which parts of a region's log are closed, and what the register has to know of their lines.
///
/// The engine refuses to remove a line that no row of `segment` covers: closing adds that row, under evidence as every other,
/// before it removes the lines, in one transaction.
struct SegmentTable {
    let region: MunicipalityCode

    // MARK: Reading

    /// A closed segment with what its file's header says.
    struct Closed {
        let segment: LogSegment
        let header: SegmentHeader
    }

    /// The last closed line and the chain up to it; `nil` if nothing was closed.
    static func base(_ db: Database, _ keys: EvidenceKeys) throws -> LogHead? {
        guard case .region = keys.log else { return nil }
        let statement = try db.cachedStatement(sql: "SELECT * FROM segment ORDER BY last DESC LIMIT 1")
        guard let row = try StoredRow.fetchOne(statement) else { return nil }
        try Ledger.code(of: row, .segment, keys)
        return LogHead(count: try row.parse("last"), hash: try row.parseBytes("hash"))
    }

    /// The last closed line that a row proves, for who seals everything anew: rows that a hand has put behind it are removed.
    static func provenBase(_ db: Database, _ keys: EvidenceKeys) throws -> LogHead? {
        guard case .region = keys.log, try db.tableExists("segment") else { return nil }
        while let row = try StoredRow.fetchOne(db, sql: "SELECT * FROM segment ORDER BY last DESC LIMIT 1") {
            do {
                try Ledger.code(of: row, .segment, keys)
                return LogHead(count: try row.parse("last"), hash: try row.parseBytes("hash"))
            } catch let error as StoreError where [.broken(), .corrupt()].contains(error) {
                try db.execute(
                    sql: "DELETE FROM segment WHERE last = (SELECT max(last) FROM segment)")
            }
        }
        return nil
    }

    /// The same as it stands there, for who looks whether it is proven.
    static func unprovenBase(_ db: Database) throws -> LogHead? {
        guard try db.tableExists("segment"),
            let row = try StoredRow.fetchOne(db, sql: "SELECT * FROM segment ORDER BY last DESC LIMIT 1")
        else { return nil }
        return LogHead(count: try row.parse("last"), hash: try row.parseBytes("hash"))
    }

    /// Closed segments from the first on that end behind a line, each as it was written.
    func closed(endingAfter line: Int64 = 0, limit: Int = .max, _ db: Database, _ keys: EvidenceKeys) throws -> [Closed]
    {
        let before = try StoredRow.fetchOne(
            db, sql: "SELECT * FROM segment WHERE last <= ? ORDER BY last DESC LIMIT 1", arguments: [line])
        var chain: Data = try before.map { try $0.parse("hash") } ?? keys.chainBeginning
        let rows = try StoredRow.fetchAll(
            db, sql: "SELECT * FROM segment WHERE last > ? ORDER BY last LIMIT ?", arguments: [line, limit])
        return try rows.map { row in
            try Ledger.code(of: row, .segment, keys)
            let segment = try Self.segment(row)
            let header = SegmentHeader(
                region: region.digits, first: segment.first, last: segment.last, before: Array(chain),
                hash: segment.hash)
            chain = Data(segment.hash)
            return Closed(segment: segment, header: header)
        }
    }

    private static func segment(_ row: StoredRow) throws -> LogSegment {
        LogSegment(
            first: try row.parse("first"), last: try row.parse("last"), hash: try row.parseBytes("hash"),
            file: try row.parse("file"), bytes: try row.parse("bytes"), from: try row.parseInstant("from_at"),
            to: try row.parseInstant("to_at"),
            removed: try (row.parseOptional("removed") as Int64?).map { Date(storedMilliseconds: $0) })
    }

    // MARK: Closing

    /// Takes the lines of a segment, whose file is on the disk, out of the database.
    /// - Returns: whether it did: another process may have, or a restore was logged in between.
    func close(_ closed: Closed, now: Date, in ledger: Ledger, _ keys: EvidenceKeys) throws -> Bool {
        let (segment, db) = (closed.segment, ledger.db)
        let base = try Self.base(db, keys)
        guard (base?.count ?? 0) == segment.first - 1,
            (base?.hash ?? Array(keys.chainBeginning)) == closed.header.before,
            try LogTable.chain(at: segment.last, in: db) == Data(segment.hash)
        else { return false }
        try carry(through: segment.last, in: ledger)
        let columns: Ledger.Columns = [
            "first": segment.first, "last": segment.last, "hash": Data(segment.hash), "file": segment.file,
            "bytes": segment.bytes, "from_at": segment.from.storedMilliseconds, "to_at": segment.to.storedMilliseconds,
            "removed": nil,
        ]
        try ledger.insert(columns, into: .segment)
        try db.execute(sql: "DELETE FROM log WHERE sequence <= ?", arguments: [segment.last])
        guard db.changesCount == segment.last - segment.first + 1 else {
            throw StoreError.corrupt("region \(region): the lines of a segment")
        }
        try LogTable.append(.segmentClosed, detail: Self.detail(segment), at: now, to: ledger)
        return true
    }

    /// The first and last line of a segment, and the beginning of the chain up to it.
    private static func detail(_ segment: LogSegment) -> String {
        let hash = segment.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "\(segment.last - segment.first + 1) \(segment.last) \(hash)"
    }

    /// Keeps of each certificate what lines up to a number say of it, so that what follows is judged by it.
    private func carry(through last: Int64, in ledger: Ledger) throws {
        let db = ledger.db
        let lines = try StoredRow.fetchCursor(
            db,
            sql: """
                SELECT certificate, event FROM log WHERE certificate IS NOT NULL AND sequence <= ?
                ORDER BY certificate, sequence
                """, arguments: [last])
        var (current, history, isContradicted, row): (String?, CertificateHistory, Bool, StoredRow?) = (
            nil, CertificateHistory(), false, nil
        )
        var carried: [(String, CertificateHistory, Bool, StoredRow?)] = []
        func end() { if let current { carried.append((current, history, isContradicted, row)) } }
        while let line = try lines.next() {
            let id: String = try line.parse("certificate")
            if id != current {
                end()
                current = id
                row = try Self.row(id, in: db)
                history = try row.map(Self.history) ?? CertificateHistory()
                isContradicted = try row?.parse("contradicted") ?? false
            }
            guard let event = LogEvent(rawValue: try line.parse("event")) else { continue }
            history.add(event)
            isContradicted = isContradicted || event == .contradiction
        }
        end()
        for (id, history, isContradicted, row) in carried {
            let wasTakenBack: Bool = try row?.parse("taken_back") ?? false
            let isTakenBack = wasTakenBack || history.state == .voided || history.isRevoked
            let columns: Ledger.Columns = [
                "certificate": id, "state": history.isErased ? Self.erased : history.state?.rawValue,
                "signed": history.wasSigned,
                "revoked": history.isRevoked, "taken_back": isTakenBack, "contradicted": isContradicted,
                "irregular": !history.irregularities.isEmpty,
            ]
            if let row {
                try ledger.update(row, of: .closedCertificate, columns)
            } else {
                try ledger.insert(columns, into: .closedCertificate)
            }
        }
    }

    private static func row(_ certificate: String, in db: Database) throws -> StoredRow? {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM closed_certificate WHERE certificate = ?"),
            arguments: [certificate])
    }

    /// In the place of a state: what the certificate held is erased.
    private static let erased = "erased"

    /// What the closed lines of a certificate lead to.
    static func history(_ row: StoredRow) throws -> CertificateHistory {
        if try row.parseOptional("state") == erased {
            return CertificateHistory(
                closed: nil, wasSigned: try row.parse("signed"), isRevoked: try row.parse("revoked"),
                isIrregular: try row.parse("irregular"), isErased: true)
        }
        let state = try (row.parseOptional("state") as String?).map { text in
            guard let state = CertificateState(rawValue: text) else { throw StoreError.corrupt("column state") }
            return state
        }
        return CertificateHistory(
            closed: state, wasSigned: try row.parse("signed"), isRevoked: try row.parse("revoked"),
            isIrregular: try row.parse("irregular"))
    }

    /// Whether closed lines tell of a contradiction about a certificate.
    static func isContradicted(_ certificate: String, in db: Database) throws -> Bool {
        try row(certificate, in: db)?.parse("contradicted") ?? false
    }

    // MARK: Removing

    /// Notes that segments' files are removed since they were kept long enough.
    /// - Parameter lines: the last lines of these segments.
    func remove(_ lines: [Int64], now: Date, in ledger: Ledger) throws -> [LogSegment] {
        let rows = try StoredRow.fetchAll(ledger.db, sql: "SELECT * FROM segment WHERE removed IS NULL ORDER BY last")
        return try rows.filter { lines.contains(try $0.parse("last")) }.map { row in
            try ledger.update(row, of: .segment, ["removed": now.storedMilliseconds])
            let segment = try Self.segment(row)
            try LogTable.append(.segmentRemoved, detail: Self.detail(segment), at: now, to: ledger)
            return segment
        }
    }
}
