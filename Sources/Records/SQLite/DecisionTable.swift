import Foundation
import GRDB
import Vaccination

/// What two operators decide of regions: all settings that counted, and what waits for a second one.
enum DecisionTable {
    /// A decision's row that was read in this transaction, and is as it was written.
    struct Found {
        let row: StoredRow
        let decision: RegionDecision
        /// The certificate with which it was proposed.
        let certificate: String?
    }

    // MARK: Reading

    static func find(_ number: Int64, of region: MunicipalityCode, in ledger: Ledger) throws -> Found {
        guard let row = try ControlTables.find(.decision, number, in: ledger.db),
            try row.parse("region") == region.digits
        else { throw StoreError.notFound("decision \(number) of region \(region)") }
        _ = try ledger.verified(row, of: .decision)
        return try found(row)
    }

    /// The last of a region, newest first.
    static func last(_ limit: Int, of region: MunicipalityCode, _ keys: EvidenceKeys, in db: Database) throws -> [Found]
    {
        try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM decision WHERE region = ? ORDER BY id DESC LIMIT ?"),
            arguments: [region.digits, limit]
        ).map { row in
            // What two people have decided is said of no row that evidence does not prove.
            try Ledger.code(of: row, .decision, keys)
            return try found(row)
        }
    }

    /// The settings of every region that has any of its own. One of whose rows a hand has changed, or whose settings this version
    /// cannot read, is sealed: nobody has decided that it is open.
    static func settings(_ keys: EvidenceKeys, in db: Database) throws -> [MunicipalityCode: RegionSettings] {
        let rows = try StoredRow.fetchAll(
            try db.cachedStatement(sql: "SELECT * FROM decision WHERE subject = 'settings' ORDER BY id"))
        let byRegion = Dictionary(grouping: rows) { row in (try? row.parse("region") as String) ?? "" }
        return byRegion.reduce(into: [:]) { settings, region in
            guard let code = MunicipalityCode(region.key) else { return }
            do {
                if let found = try last(of: region.value, keys) { settings[code] = found }
            } catch { settings[code] = RegionSettings(state: .sealed) }
        }
    }

    /// A region's settings now.
    static func settings(
        of region: MunicipalityCode, _ keys: EvidenceKeys, in db: Database
    ) throws -> RegionSettings {
        let statement = try db.cachedStatement(
            sql: "SELECT * FROM decision WHERE region = ? AND subject = 'settings' ORDER BY id")
        return try last(of: try StoredRow.fetchAll(statement, arguments: [region.digits]), keys) ?? .initial
    }

    /// The settings that count of a region's rows: each is proven, since a hand may take one out by its state.
    private static func last(of rows: [StoredRow], _ keys: EvidenceKeys) throws -> RegionSettings? {
        var last: RegionSettings?
        for row in rows {
            try Ledger.code(of: row, .decision, keys)
            guard try row.parse("state") == DecisionState.approved.rawValue,
                case .settings(let settings) = try found(row).decision.subject
            else { continue }
            last = settings
        }
        return last
    }

    /// The regions whose erasure counts. A row that a hand has changed counts too: a region that stays closed can be opened again,
    /// one that was opened cannot be closed for those who saw it.
    static func erased(in db: Database) throws -> [(region: MunicipalityCode, number: Int64, isDone: Bool)] {
        try StoredRow.fetchAll(
            try db.cachedStatement(
                sql:
                    "SELECT id, region, state FROM decision WHERE subject = 'erasure' AND state IN ('approved', 'done') ORDER BY id"
            )
        ).compactMap { row in
            guard let code = MunicipalityCode(try row.parse("region") as String) else { return nil }
            return (code, try row.parse("id"), try row.parse("state") == DecisionState.done.rawValue)
        }
    }

    static func isErased(_ region: MunicipalityCode, in db: Database) throws -> Bool {
        try erased(in: db).contains { $0.region == region }
    }

    private static func found(_ row: StoredRow) throws -> Found {
        guard let region = MunicipalityCode(try row.parse("region") as String) else {
            throw StoreError.corrupt("column region")
        }
        return Found(
            row: row,
            decision: RegionDecision(
                number: try row.parse("id"), region: region,
                subject: try DecisionSubject(name: row.parse("subject"), content: row.parseOptional("content")),
                state: try row.parseCase("state"),
                reason: try row.parse("reason"), at: try row.parseInstant("at"),
                proposedBy: try row.parse("proposed_by"), approvedBy: try row.parseOptional("approved_by"),
                endedAt: try (row.parseOptional("ended") as Int64?).map { Date(storedMilliseconds: $0) }),
            certificate: try row.parseOptional("proposed_certificate"))
    }

    // MARK: Writing

    static func propose(
        _ subject: DecisionSubject, for region: MunicipalityCode, by name: String, reason: String,
        insteadOf seen: RegionSettings?, now: Date, in ledger: Ledger
    ) throws -> RegionDecision {
        try ledger.catchUp()
        let db = ledger.db
        guard try !isErased(region, in: db) else { throw StoreError.erased("region \(region)") }
        if let open = try openNumber(of: region, in: db) {
            throw StoreError.conflict("decision \(open) of region \(region) waits")
        }
        let present = try settings(of: region, ledger.evidence, in: db)
        guard seen == nil || seen == present else {
            throw StoreError.conflict("region \(region) has other settings by now")
        }
        try refuse(subject, in: present, region)
        if case .retention = subject, let run = try underWay(region, in: db) {
            throw StoreError.conflict("decision \(run) of region \(region) is under way")
        }
        let number = (try Int64.fetchOne(db, sql: "SELECT max(id) FROM decision") ?? 0) + 1
        let columns: Ledger.Columns = [
            "id": number, "region": region.digits, "subject": subject.name, "content": try subject.content,
            "state": DecisionState.proposed.rawValue, "reason": reason, "at": now.storedMilliseconds,
            "proposed_by": name, "proposed_certificate": LogActor.current,
        ]
        try ledger.insert(columns, into: .decision)
        try ControlTables.changed(.decisionProposed, detail(number, region, subject), now, ledger)
        return try find(number, of: region, in: ledger).decision
    }

    private static func openNumber(of region: MunicipalityCode, in db: Database) throws -> Int64? {
        try Int64.fetchOne(
            try db.cachedStatement(sql: "SELECT id FROM decision WHERE region = ? AND state = 'proposed'"),
            arguments: [region.digits])
    }

    /// Throws what is in the way of a subject, with the settings of now.
    private static func refuse(
        _ subject: DecisionSubject, in present: RegionSettings, _ region: MunicipalityCode
    ) throws {
        switch subject {
        case .settings(let settings):
            guard settings != present else { throw StoreError.conflict("region \(region) has these settings already") }
        case .erasure:
            guard present.state == .sealed else { throw StoreError.conflict("region \(region) is not sealed") }
        case .retention(let run):
            guard run.rules == present.retention else {
                throw StoreError.conflict("region \(region) keeps things for other times by now")
            }
        }
    }

    /// The run of retention of a region that counts and is not done.
    private static func underWay(_ region: MunicipalityCode, in db: Database) throws -> Int64? {
        try Int64.fetchOne(
            try db.cachedStatement(
                sql: """
                    SELECT id FROM decision WHERE region = ? AND subject = 'retention' AND state = 'approved'
                    ORDER BY id LIMIT 1
                    """), arguments: [region.digits])
    }

    /// A decision that waits for a second operator, if it is this one who may approve it; `nil` if it does not wait.
    static func whoseTurn(
        _ number: Int64, of region: MunicipalityCode, by name: String, in ledger: Ledger
    ) throws -> RegionDecision? {
        let found = try find(number, of: region, in: ledger)
        guard found.decision.state == .proposed else { return nil }
        try refuseFirst(found, name)
        return found.decision
    }

    /// Two operators are two names and two certificates.
    private static func refuseFirst(_ found: Found, _ name: String) throws {
        let decision = found.decision
        // One certificate is one operator too, should the list of clients have got another name for it.
        guard decision.proposedBy != name, found.certificate == nil || found.certificate != LogActor.current else {
            throw StoreError.conflict(
                "decision \(decision.number) of region \(decision.region) waits for another operator")
        }
    }

    /// Makes a decision count. Returns `nil` if somebody else has, before.
    static func approve(
        _ number: Int64, of region: MunicipalityCode, by name: String, now: Date, in ledger: Ledger
    ) throws -> RegionDecision {
        try ledger.catchUp()
        let found = try find(number, of: region, in: ledger)
        let decision = found.decision
        switch decision.state {
        case .approved, .done: return decision
        case .withdrawn: throw StoreError.conflict("decision \(number) of region \(region) was withdrawn")
        case .proposed: break
        }
        try refuseFirst(found, name)
        try refuse(decision.subject, in: try settings(of: region, ledger.evidence, in: ledger.db), region)
        let columns: Ledger.Columns = [
            "state": DecisionState.approved.rawValue, "approved_by": name, "approved_certificate": LogActor.current,
            "ended": now.storedMilliseconds,
        ]
        try ledger.update(found.row, of: .decision, columns)
        try ControlTables.changed(.decisionApproved, detail(number, region, decision.subject), now, ledger)
        let kept = JournalEntry.Decision(
            number: number, region: region.digits, subject: decision.subject.name,
            content: try decision.subject.content,
            reason: decision.reason, proposedBy: decision.proposedBy, approvedBy: name)
        try ledger.journal(.decided(kept), at: now)
        return try find(number, of: region, in: ledger).decision
    }

    static func withdraw(
        _ number: Int64, of region: MunicipalityCode, now: Date, in ledger: Ledger
    ) throws -> RegionDecision {
        // An approval may stand in the journal that was not committed: then it counts.
        try ledger.catchUp()
        let found = try find(number, of: region, in: ledger)
        switch found.decision.state {
        case .withdrawn: return found.decision
        case .approved, .done: throw StoreError.conflict("decision \(number) of region \(region) counts")
        case .proposed: break
        }
        let columns: Ledger.Columns = ["state": DecisionState.withdrawn.rawValue, "ended": now.storedMilliseconds]
        try ledger.update(found.row, of: .decision, columns)
        try ControlTables.changed(
            .decisionWithdrawn, detail(number, region, found.decision.subject), now, ledger)
        return try find(number, of: region, in: ledger).decision
    }

    /// Throws ``StoreError/broken(_:)`` unless two operators have decided an erasure, as evidence proves: a region whose row a hand has
    /// written is closed, and its keys are kept.
    static func confirmErasure(_ number: Int64, of region: MunicipalityCode, in ledger: Ledger) throws {
        let found = try find(number, of: region, in: ledger)
        let second: String? = try found.row.parseOptional("approved_certificate")
        guard found.decision.subject == .erasure, [.approved, .done].contains(found.decision.state),
            let name = found.decision.approvedBy, name != found.decision.proposedBy,
            found.certificate == nil || found.certificate != second
        else {
            throw StoreError.broken(
                EvidenceBreak(log: ledger.log, kind: .row, place: EvidentTable.decision.place(of: found.row)))
        }
    }

    /// Notes that a region's keys and files are gone, with the last that was known of its log: it is no region any more.
    static func noteErased(_ number: Int64, of region: MunicipalityCode, now: Date, in ledger: Ledger) throws {
        let db = ledger.db
        let found = try find(number, of: region, in: ledger)
        guard found.decision.state == .approved else { return }
        try ledger.update(found.row, of: .decision, ["state": DecisionState.done.rawValue])
        var proof = "region \(region), decision \(number)"
        if let row = try ControlTables.find(.regionHead, region.digits, in: db) {
            let head = try HeadKeeper.head(row)
            proof += ", log of \(head.count) lines ending in \(hexadecimal(head.hash))"
            try ledger.delete(row, of: .regionHead)
        }
        if let row = try ControlTables.find(.regionBreak, region.digits, in: db) {
            try ledger.delete(row, of: .regionBreak)
        }
        try db.execute(sql: "DELETE FROM import_due WHERE region = ?", arguments: [region.digits])
        try ControlTables.changed(.regionErased, proof, now, ledger)
    }

    // MARK: Retention

    static func regionsWithRetention(in db: Database) throws -> [MunicipalityCode] {
        try StoredRow.fetchAll(
            try db.cachedStatement(
                sql: """
                    SELECT DISTINCT region FROM decision WHERE subject = 'retention' AND state = 'approved' ORDER BY region
                    """)
        ).compactMap { MunicipalityCode(try $0.parse("region") as String) }
    }

    /// A region's run that counts and is not done. Throws ``StoreError/broken(_:)`` unless two operators have decided it, as evidence
    /// proves: nothing is erased by a row that a hand has written.
    static func confirmRetention(
        of region: MunicipalityCode, _ keys: EvidenceKeys, in db: Database
    ) throws -> (number: Int64, run: RetentionRun)? {
        guard let number = try underWay(region, in: db), let row = try ControlTables.find(.decision, number, in: db)
        else { return nil }
        try Ledger.code(of: row, .decision, keys)
        let found = try found(row)
        let second: String? = try found.row.parseOptional("approved_certificate")
        guard case .retention(let run) = found.decision.subject, let name = found.decision.approvedBy,
            name != found.decision.proposedBy, found.certificate == nil || found.certificate != second
        else {
            throw StoreError.broken(
                EvidenceBreak(log: keys.log, kind: .row, place: EvidentTable.decision.place(of: found.row)))
        }
        return (number, run)
    }

    /// Notes that nothing of a run is left, with how much it has erased.
    static func noteRetained(
        _ number: Int64, of region: MunicipalityCode, _ counts: RetentionCounts, now: Date, in ledger: Ledger
    ) throws {
        let found = try find(number, of: region, in: ledger)
        guard found.decision.state == .approved, case .retention(let run) = found.decision.subject else { return }
        try ledger.update(found.row, of: .decision, ["state": DecisionState.done.rawValue])
        let proof =
            "region \(region), decision \(number), \(run.cutoff): certificates \(counts.certificates), "
            + "doses \(counts.doses), numbers \(counts.numbers), people \(counts.people)"
            // Fewer where the region was put back from before the list: the next run has the rest.
            + ", \(counts.listed) of \(run.counts.listed) gone through"
        try ControlTables.changed(.retentionDone, proof, now, ledger)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func detail(_ number: Int64, _ region: MunicipalityCode, _ subject: DecisionSubject) -> String {
        switch subject {
        case .settings(let settings): "region \(region), decision \(number), settings \(settings.state.rawValue)"
        case .erasure: "region \(region), decision \(number), erasure"
        case .retention(let run): "region \(region), decision \(number), retention \(run.cutoff)"
        }
    }

    // MARK: The journal

    /// Everything that counts now, for a journal that begins.
    static func begin(_ now: Date, in ledger: Ledger) throws {
        let rows = try StoredRow.fetchAll(
            ledger.db,
            sql: """
                SELECT * FROM decision WHERE subject IN ('erasure', 'retention') AND state IN ('approved', 'done') OR id IN
                    (SELECT max(id) FROM decision WHERE subject = 'settings' AND state = 'approved' GROUP BY region)
                ORDER BY id
                """)
        for row in rows {
            let decision = try found(row).decision
            let kept = JournalEntry.Decision(
                number: decision.number, region: decision.region.digits, subject: decision.subject.name,
                content: try decision.subject.content, reason: decision.reason, proposedBy: decision.proposedBy,
                approvedBy: decision.approvedBy ?? "")
            try ledger.journal(.decided(kept), at: now)
        }
    }

    /// Makes a decision count again that a backup does not know, or knows as one that waits.
    static func redo(_ kept: JournalEntry.Decision, at: Date, in ledger: Ledger) throws {
        let db = ledger.db
        var columns: Ledger.Columns = [
            "region": kept.region, "subject": kept.subject, "content": kept.content,
            "state": DecisionState.approved.rawValue, "reason": kept.reason, "proposed_by": kept.proposedBy,
            "approved_by": kept.approvedBy, "ended": at.storedMilliseconds,
        ]
        var number = kept.number
        if let row = try ControlTables.find(.decision, number, in: db) {
            // By what is meant: a version before wrote settings with fewer members.
            let subject = try? DecisionSubject(name: row.parse("subject"), content: row.parseOptional("content"))
            let isSame =
                try row.parse("region") == kept.region
                && subject == DecisionSubject(name: kept.subject, content: kept.content)
            let state: DecisionState = try row.parseCase("state")
            if isSame, state == .approved || state == .done { return }
            if isSame, state == .proposed {
                try ledger.update(row, of: .decision, columns)
                return try ControlTables.changed(.redone, "decision \(number)", at, ledger)
            }
            number = (try Int64.fetchOne(db, sql: "SELECT max(id) FROM decision") ?? 0) + 1
        }
        // Another one may wait, and was proposed without knowledge of this one.
        for row in try StoredRow.fetchAll(
            db, sql: "SELECT * FROM decision WHERE region = ? AND state = 'proposed'", arguments: [kept.region])
        {
            try ledger.update(
                row, of: .decision,
                ["state": DecisionState.withdrawn.rawValue, "ended": at.storedMilliseconds])
        }
        columns["id"] = number
        columns["at"] = at.storedMilliseconds
        try ledger.insert(columns, into: .decision)
        try ControlTables.changed(.redone, "decision \(number)", at, ledger)
    }
}
