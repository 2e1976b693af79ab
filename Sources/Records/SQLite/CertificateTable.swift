import Foundation
import GRDB
import Vaccination

/// Certificates and their states, with a log line for every change.
struct CertificateTable: Sendable {
    let encryptor: FieldEncryptor

    // MARK: Reading

    func entry(_ id: CertificateID, in db: Database) throws -> CertificateEntry? {
        try row(id, in: db).map(entry)
    }

    func entry(transcriptHash: [UInt8], in db: Database) throws -> CertificateEntry? {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM certificate WHERE transcript_hash = ?"),
            arguments: [Data(transcriptHash)]
        ).map(entry)
    }

    func entries(
        _ state: CertificateState, after last: CertificateID?, limit: Int, in db: Database
    ) throws -> [CertificateEntry] {
        var begin: (at: Int64, id: String) = (.min, "")
        if let last {
            guard let row = try row(last, in: db) else {
                throw StoreError.notFound("no certificate \(last) in region \(encryptor.region)")
            }
            begin = (try row.parse("at"), last.text)
        }
        return try StoredRow.fetchAll(
            db, sql: "SELECT * FROM certificate WHERE state = ? AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?",
            arguments: [state.rawValue, begin.at, begin.id, limit.asLimit]
        ).map(entry)
    }

    // A certificate that the log calls revoked stays revoked, whatever a hand has set its state to.
    private static let isRevoked = """
        (state = 'voided' OR revoked_at IS NOT NULL OR id IN (
            SELECT certificate FROM log WHERE event IN ('voided', 'voided_by_operator', 'revoked_by_operator'))
            OR id IN (SELECT certificate FROM closed_certificate WHERE taken_back = 1))
        """

    func revoked(in db: Database) throws -> [CertificateID] {
        try StoredRow.fetchAll(
            db,
            sql: """
                SELECT id FROM certificate WHERE state = 'voided'
                UNION SELECT id FROM certificate WHERE revoked_at IS NOT NULL
                UNION SELECT certificate FROM tombstone
                UNION SELECT certificate FROM closed_certificate WHERE taken_back = 1
                UNION SELECT certificate FROM log
                    WHERE event IN ('voided', 'voided_by_operator', 'revoked_by_operator') AND certificate IS NOT NULL
                ORDER BY id
                """
        ).map { row in try row.parseCertificateID("id") }
    }

    /// A person's certificates that name a dose which does not count any more, or show a passport that was taken back, and are
    /// neither voided nor revoked, from the first on.
    /// - Parameter record: the doses; `nil` if none of them was corrected.
    func naming(
        ended record: DoseRecord?, takenBack passports: PassportRecord, of person: Int64, in db: Database
    ) throws -> [CertificateID] {
        let doses = record.flatMap { $0.entries.contains { !$0.counts } ? $0 : nil }
        guard doses != nil || passports.hasTakenBack else { return [] }
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: "SELECT * FROM certificate WHERE person = ? AND NOT \(Self.isRevoked) ORDER BY at, id"),
            arguments: [person])
        return try rows.filter { row in
            let content = try content(row)
            if let doses, content.doses.contains(where: doses.hasEnded) { return true }
            // No other kind shows a passport.
            guard let shown = content.vaccinee.passport, try row.parse("kind") == CertificateKind.overseas.rawValue
            else { return false }
            return passports.hasTakenBack(shown)
        }.map { try $0.parseCertificateID("id") }
    }

    func standing(of id: CertificateID, in db: Database) throws -> CertificateStanding? {
        guard let row = try row(id, in: db) else { return nil }
        let entry = try entry(row)
        if try entry.state == .voided || entry.isRevoked || isTakenBack(id, in: db) { return .revoked }
        let content = try content(row)
        let holder = try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM person WHERE id = ?"),
            arguments: [try row.parse("person") as Int64])
        guard let holder else { return nil }
        let person = try PersonTable(encryptor: encryptor).record(
            holder, foundBy: try holder.parse("number_hash"), in: db)
        let (then, now) = (content.vaccinee, person.vaccinee)
        // Of what contradicts itself nobody knows whether it was corrected.
        guard let history = person.doses.history else { return nil }
        guard then.name == now.name, then.birthDate == now.birthDate,
            then.sex == now.sex, content.doses.allSatisfy(history.doses.contains)
        else { return .corrected }
        if entry.kind == .overseas, let shown = then.passport,
            person.passports.hasTakenBack(shown)
        {
            return .corrected
        }
        let last = content.doses.last?.number ?? 0
        return history.doses.contains { $0.number > last } ? .newerDoses : .current
    }

    /// The passports on a person's overseas certificates that went to a phone. Such a one counts as issued before from its signature on,
    /// until it is voided or revoked.
    func passportsOnPhones(of person: Int64, in db: Database) throws -> [String] {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: """
                    SELECT * FROM certificate WHERE person = ? AND channel = 'app' AND kind = 'overseas'
                        AND state IN ('signed', 'printed', 'unknown') AND revoked_at IS NULL
                    """), arguments: [person])
        return try rows.compactMap { row in
            // What a hand has put there lets nobody have another one.
            try Ledger.code(of: row, .certificate, encryptor.evidence)
            guard try !isTakenBack(try row.parseCertificateID("id"), in: db) else { return nil }
            return try content(row).vaccinee.passport?.number
        }
    }

    func revokedCodes(now: Date, in db: Database) throws -> [RevocableCode] {
        try StoredRow.fetchAll(
            db,
            sql: """
                SELECT key_id, hash, expires FROM revocable_code JOIN certificate ON id = certificate
                WHERE \(Self.isRevoked) AND expires >= ? ORDER BY key_id, hash
                """, arguments: [now.storedMilliseconds]
        ).map { row in
            RevocableCode(
                keyID: try row.parseBytes("key_id"), hash: try row.parseBytes("hash"),
                expires: try row.parseInstant("expires"))
        } + JournalTable.buriedCodes(now: now, in: db)
    }

    private func row(_ id: CertificateID, in db: Database) throws -> StoredRow? {
        try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT * FROM certificate WHERE id = ?"), arguments: [id.text])
    }

    private func entry(_ row: StoredRow) throws -> CertificateEntry {
        CertificateEntry(
            certificateID: try row.parseCertificateID("id"), municipality: encryptor.region,
            kind: try row.parseCase("kind"),
            channel: try (row.parseOptional("channel") as String?).map { _ in try row.parseCase("channel") } ?? .kiosk,
            copies: try row.parse("copies"), state: try row.parseCase("state"),
            isRevoked: try row.parseOptional("revoked_at") as Int64? != nil, terminal: try row.parse("terminal"),
            sessionSigningKey: try row.parseBytes("session_signing_key"),
            transcriptHash: try row.parseBytes("transcript_hash"), inquiry: try row.parse("inquiry"),
            at: try row.parseInstant("at"), issuedOn: try row.parseDay("issued_on"))
    }

    private func content(_ row: StoredRow) throws -> IssueContent {
        try encryptor.decrypt(
            IssueContent.self, from: try row.parse("sealed"),
            of: .certificate(try row.parse("id"), person: try row.parse("person")))
    }

    private func intent(_ row: StoredRow) throws -> Intent {
        let entry = try entry(row)
        return Intent(
            certificateID: entry.certificateID, municipality: entry.municipality, kind: entry.kind,
            channel: entry.channel, copies: entry.copies,
            personID: try row.parse("person"), terminal: entry.terminal,
            applicationHash: try row.parseBytes("application_hash"), transcriptHash: entry.transcriptHash,
            sessionSigningKey: entry.sessionSigningKey, inquiry: entry.inquiry, at: entry.at, issuedOn: entry.issuedOn,
            content: try content(row))
    }

    // MARK: Intent and signing

    func record(_ intent: Intent, limit: DailyLimit, of version: Int64?, in ledger: Ledger) throws -> IntentOutcome {
        let db = ledger.db
        if let row = try row(intent.certificateID, in: db) {
            _ = try ledger.verified(row, of: .certificate)
            guard try row.parseBytes("transcript_hash") == intent.transcriptHash else {
                throw StoreError.conflict(
                    "certificate identifier \(intent.certificateID) belongs to another application")
            }
            return .resumed(try self.intent(row))
        }
        let person = try StoredRow.fetchOne(
            try db.cachedStatement(sql: "SELECT version, number_hash FROM person WHERE id = ?"),
            arguments: [intent.personID])
        guard let person else {
            // Somebody who was read a moment ago was kept long enough, and is erased.
            if version != nil { return .recordChanged }
            throw StoreError.notFound("no such person in region \(encryptor.region)")
        }
        let now: Int64 = try person.parse("version")
        guard version == nil || version == now else { return .recordChanged }
        let day = intent.issuedOn.daysSince1970
        let counts = try StoredRow.fetchOne(
            try db.cachedStatement(
                sql: """
                    SELECT count(*) AS whole, count(CASE WHEN state = 'voided' THEN 1 END) AS aborted
                    FROM certificate WHERE person = ? AND issued_on = ?
                    """), arguments: [intent.personID, day])
        let aborted: Int = try counts?.parse("aborted") ?? 0
        let issued = (try counts?.parse("whole") ?? 0) - aborted
        guard issued < limit.issued, aborted < limit.aborted else { return .limitReached }
        let id = intent.certificateID.text
        let sealed = try encryptor.encrypt(intent.content, for: .certificate(id, person: intent.personID))
        let columns: Ledger.Columns = [
            "id": id, "kind": intent.kind.rawValue, "channel": intent.channel.rawValue, "copies": intent.copies,
            "person": intent.personID,
            "terminal": intent.terminal, "application_hash": Data(intent.applicationHash),
            "transcript_hash": Data(intent.transcriptHash), "session_signing_key": Data(intent.sessionSigningKey),
            "inquiry": intent.inquiry, "at": intent.at.storedMilliseconds, "issued_on": day,
            "state": CertificateState.intended.rawValue, "sealed": sealed, "revoked_at": nil,
            "codes_hash": Belongings.noCodes,
        ]
        try ledger.insert(columns, into: .certificate)
        // In the line itself: a closed segment is read without the register.
        let pseudonym = try PersonTable(encryptor: encryptor).pseudonym(
            of: intent.personID, foundBy: try person.parse("number_hash"), in: db)
        try LogTable.append(
            .intent, certificate: intent.certificateID, terminal: intent.terminal, inquiry: intent.inquiry,
            detail: "\(intent.kind.rawValue) \(pseudonym)", at: intent.at, to: ledger)
        return .recorded
    }

    func recordSigned(
        _ id: CertificateID, codeHashes: [[UInt8]], revocable: RevocableCode?, now: Date, in ledger: Ledger
    ) throws -> StateTransition {
        let db = ledger.db
        guard let row = try row(id, in: db) else { return .unknownCertificate }
        try refuseChangedCodes(row, of: id, in: db)
        let entry = try entry(row)
        guard let state = entry.state.after(.signed) else { return .contradicts(entry.state) }
        for hash in codeHashes {
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO code (certificate, hash) VALUES (?, ?)")
                .execute(arguments: [id.text, Data(hash)])
        }
        if let code = revocable {
            try db.cachedStatement(
                sql: "INSERT OR IGNORE INTO revocable_code (certificate, key_id, hash, expires) VALUES (?, ?, ?, ?)"
            ).execute(arguments: [id.text, Data(code.keyID), Data(code.hash), code.expires.storedMilliseconds])
        }
        try log(entry.state == .intended ? .signed : .redelivery, of: entry, at: now, to: ledger)
        try ledger.update(
            row, of: .certificate,
            ["state": state.rawValue, "codes_hash": Belongings.codes(of: id.text, in: db)])
        return state == entry.state ? .repeated : .changed
    }

    /// Before the row's code covers more of them.
    func refuseChangedCodes(_ row: StoredRow, of id: CertificateID, in db: Database) throws {
        guard try row.parse("codes_hash") == Belongings.codes(of: id.text, in: db) else {
            throw StoreError.broken(
                EvidenceBreak(
                    log: encryptor.evidence.log, kind: .row, place: "codes of certificate \(id)"))
        }
    }

    // MARK: Outcomes

    func recordOutcome(_ id: CertificateID, printed: Bool, now: Date, in ledger: Ledger) throws -> StateTransition {
        if !printed { try ledger.catchUp() }
        guard let row = try row(id, in: ledger.db) else { return .unknownCertificate }
        let verified = try ledger.verified(row, of: .certificate)
        let entry = try entry(row)
        guard let state = entry.state.after(printed ? .printed : .aborted) else {
            try logContradictionOnce(entry, at: now, to: ledger)
            return .contradicts(entry.state)
        }
        guard state != entry.state else { return .repeated }
        try ledger.update(verified, ["state": state.rawValue])
        try log(printed ? .printed : .voided, of: entry, at: now, to: ledger)
        if !printed {
            try journal(.voided, id, at: now, to: ledger)
            try noteTakenBack(entry, row, in: ledger)
        }
        // One on a phone counts by itself (passportsOnPhones), and no more once it is revoked.
        if printed, entry.kind == .overseas, entry.channel != .app, let passport = try content(row).vaccinee.passport {
            try PersonTable(encryptor: encryptor).addEarlierPassport(
                passport.number, to: try row.parse("person"), in: ledger)
        }
        return .changed
    }

    func void(_ id: CertificateID, now: Date, in ledger: Ledger) throws -> StateTransition {
        try ledger.catchUp()
        guard let row = try row(id, in: ledger.db) else { return .unknownCertificate }
        let entry = try entry(row)
        guard let state = entry.state.after(.voidedByOperator) else { return .contradicts(entry.state) }
        guard state != entry.state else { return .repeated }
        try ledger.update(row, of: .certificate, ["state": state.rawValue])
        try log(.voidedByOperator, of: entry, at: now, to: ledger)
        try journal(.voidedByOperator, id, at: now, to: ledger)
        try noteTakenBack(entry, row, in: ledger)
        return .changed
    }

    func revoke(_ id: CertificateID, now: Date, in ledger: Ledger) throws -> StateTransition {
        try ledger.catchUp()
        guard let row = try row(id, in: ledger.db) else { return .unknownCertificate }
        let entry = try entry(row)
        guard entry.state == .printed else { return try void(id, now: now, in: ledger) }
        guard !entry.isRevoked else { return .repeated }
        try ledger.update(row, of: .certificate, ["revoked_at": now.storedMilliseconds])
        try log(.revokedByOperator, of: entry, at: now, to: ledger)
        try journal(.revokedByOperator, id, at: now, to: ledger)
        try noteTakenBack(entry, row, in: ledger)
        return .changed
    }

    /// Has whoever read the person before judge anew: what counted as issued before does so no more.
    private func noteTakenBack(_ entry: CertificateEntry, _ row: StoredRow, in ledger: Ledger) throws {
        guard entry.channel == .app, entry.kind == .overseas, entry.state != .intended else { return }
        let id: Int64 = try row.parse("person")
        try ledger.update(try PersonTable(encryptor: encryptor).row(id, in: ledger.db), of: .person, [:])
    }

    private func journal(_ event: LogEvent, _ id: CertificateID, at now: Date, to ledger: Ledger) throws {
        let codes = try JournalTable.codes(of: id.text, in: ledger.db)
        try ledger.journal(.revoked(certificate: id.text, event: event.rawValue, codes: codes), at: now)
    }

    /// Makes a revocation again that stands in the journal, as far as the state of a certificate that was put back allows.
    /// Returns whether there is such a certificate.
    func redo(_ event: LogEvent, _ id: CertificateID, at: Date, in ledger: Ledger) throws -> Bool {
        guard let row = try row(id, in: ledger.db) else { return false }
        let entry = try entry(row)
        if entry.state == .printed {
            guard !entry.isRevoked else { return true }
            try ledger.update(row, of: .certificate, ["revoked_at": at.storedMilliseconds])
            try log(.revokedByOperator, of: entry, at: at, to: ledger)
            try noteTakenBack(entry, row, in: ledger)
        } else if let state = entry.state.after(.voidedByOperator), state != entry.state {
            try ledger.update(row, of: .certificate, ["state": state.rawValue])
            try log(event == .voided ? .voided : .voidedByOperator, of: entry, at: at, to: ledger)
            try noteTakenBack(entry, row, in: ledger)
        }
        return true
    }

    /// Marks up to a batch of certificates; returns how many, and how many signed ones remain in the region.
    func markUnreported(olderThan: Date, now: Date, in ledger: Ledger) throws -> (marked: Int, remaining: Int) {
        let db = ledger.db
        let rows = try StoredRow.fetchAll(
            db, sql: "SELECT * FROM certificate WHERE state = 'signed' AND at < ? ORDER BY at LIMIT ?",
            arguments: [olderThan.storedMilliseconds, Int.max.asLimit])
        for row in rows {
            let entry = try entry(row)
            try ledger.update(row, of: .certificate, ["state": CertificateState.unknown.rawValue])
            try log(.unreported, of: entry, at: now, to: ledger)
        }
        let remaining = try Int.fetchOne(db, sql: "SELECT count(*) FROM certificate WHERE state = 'signed'")
        return (rows.count, remaining ?? 0)
    }

    private func log(_ event: LogEvent, of entry: CertificateEntry, at now: Date, to ledger: Ledger) throws {
        try LogTable.append(
            event, certificate: entry.certificateID, terminal: entry.terminal, inquiry: entry.inquiry, at: now,
            to: ledger)
    }

    /// Once a certificate, so that repeating a report cannot fill the log.
    private func logContradictionOnce(_ entry: CertificateEntry, at now: Date, to ledger: Ledger) throws {
        let logged = try Int.fetchOne(
            ledger.db, sql: "SELECT 1 FROM log WHERE event = 'contradiction' AND certificate = ? LIMIT 1",
            arguments: [entry.certificateID.text])
        if logged == nil, try !SegmentTable.isContradicted(entry.certificateID.text, in: ledger.db) {
            try log(.contradiction, of: entry, at: now, to: ledger)
        }
    }
}
