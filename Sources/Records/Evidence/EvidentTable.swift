import GRDB

/// A table whose rows matter: each carries its version and a code over all its columns, and is in the sum of its log's
/// head.
struct EvidentTable: Sendable {
    let name: String
    /// The columns that name a row.
    let key: [String]
    /// All columns that the code covers, in order: those of the key first, the version last.
    let columns: [String]
    /// The place of the first of ``columns`` that came with a later version than the table's codes, if any did: these stand before
    /// the version, and a row that has nothing in one has the code that it had before there was such a column.
    let firstAdded: Int
    /// What names a row, for a statement.
    let condition: String
    /// Adds a row of all columns and its code. Made once: it is asked for with every row.
    let insertion: String
    /// Selects every row's columns, and its code behind them.
    let selection: String

    private init(_ name: String, key: [String], _ others: [String], added: [String] = []) {
        self.name = name
        self.key = key
        columns = key + others + added + ["version"]
        firstAdded = key.count + others.count
        condition = key.map { "\($0) = ?" }.joined(separator: " AND ")
        let all = columns + ["mac"]
        let marks = all.map { _ in "?" }.joined(separator: ", ")
        selection = "SELECT \(all.joined(separator: ", ")) FROM \(name)"
        insertion = "INSERT INTO \(name) (\(all.joined(separator: ", "))) VALUES (\(marks))"
    }

    // `doses` and the hashes stand for the rows of other tables that belong to one of these.
    static let person = EvidentTable(
        "person", key: ["id"], ["number_hash", "sealed", "doses", "doses_hash", "passports_hash"])
    static let certificate = EvidentTable(
        "certificate", key: ["id"],
        [
            "kind", "copies", "person", "terminal", "application_hash", "transcript_hash", "session_signing_key",
            "inquiry", "at", "issued_on", "state", "sealed", "revoked_at", "codes_hash",
        ], added: ["channel"])
    /// Certificates that are revoked though the register does not say so: a backup was put back.
    static let tombstone = EvidentTable("tombstone", key: ["certificate"], ["event", "at", "codes"])
    /// How far the database holds what stands in the journal.
    static let journal = EvidentTable("journal", key: ["id"], ["applied", "known", "roots"])
    /// Apart from the person's row, which every look-up reads.
    static let individualNumber = EvidentTable("individual_number", key: ["person"], ["sealed"])
    static let `import` = EvidentTable(
        "import", key: ["id"],
        [
            "state", "format", "change", "medium", "purpose", "at", "ended", "staged_by", "first_approval",
            "first_certificate", "second_approval", "erased_by", "rows", "refused", "unchanged", "older", "new",
            "changed",
            "unclear", "ended_doses", "removed_passports", "renumbered", "applied", "skipped", "place", "sealed",
        ])
    /// What people are found by beside the individual number: the hash is all of a row.
    static let finding = EvidentTable("finding", key: ["person", "hash"], [])
    /// People's vouchers: a row each, under a code of its own.
    static let voucher = EvidentTable("voucher", key: ["person", "position"], ["sealed"])
    /// Parts of the log that are closed: lines up to the last of them may leave the database.
    static let segment = EvidentTable(
        "segment", key: ["last"], ["first", "hash", "file", "bytes", "from_at", "to_at", "removed"])
    /// What closed lines say of a certificate.
    static let closedCertificate = EvidentTable(
        "closed_certificate", key: ["certificate"],
        ["state", "signed", "revoked", "taken_back", "contradicted", "irregular"])
    /// Pseudonyms of people who were given another individual number.
    static let renumbering = EvidentTable("renumbering", key: ["later", "former"], [])
    /// What was erased since it was kept long enough, and what waits for it.
    static let erasure = EvidentTable("erasure", key: ["person", "decision"], ["content", "at"])
    static let ofRegion = [
        person, certificate, journal, tombstone, individualNumber, `import`, finding, voucher, segment,
        closedCertificate, renumbering, erasure,
    ]

    static let control = EvidentTable("control", key: ["id"], ["revision", "halted", "incarnation"])
    static let terminal = EvidentTable(
        "terminal", key: ["id"], ["shop", "certificate_hash", "certificate_der", "not_after", "status", "enrolled_at"])
    static let suspension = EvidentTable("suspension", key: ["subject"], ["at"])
    static let stop = EvidentTable("stop", key: ["hash"], ["at"])
    static let publishedCounter = EvidentTable("published", key: ["id"], ["counter"])
    static let publishedIdentifier = EvidentTable("published_identifier", key: ["identifier"], ["at"])
    static let publishedCode = EvidentTable("published_code", key: ["key_id", "hash"], ["expires"])
    static let regionHead = EvidentTable("region_head", key: ["region"], ["count", "hash"])
    static let regionBreak = EvidentTable("region_break", key: ["region"], ["at", "place"])
    /// Terminals' certificates that ended before their time.
    static let endedCertificate = EvidentTable("ended_certificate", key: ["hash"], ["at"])
    /// Phones' keys that enrolled: rows with a code, checked where they are used, and in no sum. There are millions, and the control file
    /// is gone through again and again.
    static let device = EvidentTable(
        "device", key: ["key_hash"], ["kind", "level", "not_after", "certificate_der", "code_hash"])
    /// Those that are revoked, whether or not there is a device of it.
    static let revokedDevice = EvidentTable("revoked_device", key: ["key_hash"], ["not_after", "at"])
    /// What two operators decide of regions.
    static let decision = EvidentTable(
        "decision", key: ["id"],
        [
            "region", "subject", "content", "state", "reason", "at", "proposed_by", "proposed_certificate",
            "approved_by",
            "approved_certificate", "ended",
        ])
    static let signingKey = EvidentTable("signing_key", key: ["role", "thumbprint"], ["at"])
    static let ofControl = [
        control, terminal, suspension, stop, publishedCounter, publishedIdentifier, publishedCode, regionHead,
        regionBreak, journal, endedCertificate, signingKey, decision, revokedDevice,
    ]
    /// Those that came with a later version than evidence itself.
    private static let later = [
        journal, tombstone, individualNumber, `import`, finding, voucher, segment, closedCertificate, renumbering,
        erasure,
        endedCertificate, signingKey, decision, revokedDevice,
    ].map(\.name)

    static func all(of log: LogName) -> [EvidentTable] { log == .control ? ofControl : ofRegion }
    /// Those that there were when evidence began: what a migration that was released has to go on meaning.
    static func first(of log: LogName) -> [EvidentTable] { all(of: log).filter { !later.contains($0.name) } }

    /// Whether the column at a place came with a later version than the table's codes: then its name is covered before its value, and it
    /// is left out of the code of a row that has nothing there.
    func isAdded(_ place: Int) -> Bool { place >= firstAdded && place < columns.count - 1 }

    /// The covered columns of a row.
    func values(of row: StoredRow) throws -> [DatabaseValue] {
        try columns.enumerated().map { index, column in
            if let value = row.stored(column) { return value }
            // Before the step that adds it, a row has nothing there.
            guard index >= firstAdded, column != "version" else { throw StoreError.corrupt("column \(column)") }
            return .null
        }
    }

    /// What a row is called where a break is told: its table, and its number or identifier.
    func place(of row: StoredRow) -> String {
        let names = key.map { column in
            switch row.stored(column)?.storage {
            case .int64(let number): String(number)
            case .string(let text): String(text.prefix(64))
            case .blob(let bytes):
                bytes.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            default: "?"
            }
        }
        return "\(name) \(names.joined(separator: " "))"
    }
}
