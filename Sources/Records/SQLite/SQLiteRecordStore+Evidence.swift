public import Foundation
import GRDB
public import Vaccination

// Evidence: a region's lies in its file, the heads in the control file. What each does is said at EvidenceStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func verify(_ log: LogName, pins: [LogHead], everything: Bool) async throws -> EvidenceReport {
        switch log {
        case .region(let code):
            // A region without a file is one that nobody was written to, unless somebody knows better.
            guard wasMade(code) else {
                var report = EvidenceReport()
                let known = (try await heads.known(code).map { [$0] } ?? []) + pins
                if let most = known.map(\.count).max(), most > 0 {
                    report.add(log, .rollback, "no database where \(most) lines were known")
                }
                return report
            }
            return try await withRegion(code) { try await $0.verify(pins: pins, everything: everything) }
        case .control:
            return try await control.read { [keys = control.keys] db in
                everything
                    ? try EvidenceCheck.whole(db, keys, pins: pins) : try EvidenceCheck.quick(db, keys, pins: pins)
            }
        }
    }

    public func probe(_ region: MunicipalityCode) async throws {
        guard served[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        let path = Self.path(of: region, in: folder)
        guard wasMade(region) else { return }
        try DatabaseFile.refuseGone(path: path, name: "region \(region)")
        if let open = await regions.openRegion(region) {
            let isThere = open.file.isStillThere(path)
            if !isThere || open.file.hasShrunk(path) {
                // What is written to a file that has no name any more is lost.
                await regions.letGo(region)
                throw StoreError.corrupt(
                    "region \(region): \(path) was \(isThere ? "cut" : "replaced") while it was open")
            }
        }
        if let why = DatabaseFile.whyUnwritable(path) {
            throw StoreError.unavailable("region \(region): \(path) cannot be written to: \(why)")
        }
    }

    /// A database writes over the room that its log has from before, so that one may take changes while the next does not.
    public func probeRoom() async throws {
        // A file in it says no more of the disk than one beside it, but it may be another one.
        let regions = "\(folder)/regions"
        if let why = DatabaseFile.whyUnwritable(regions) {
            throw StoreError.unavailable("records: \(regions) cannot be written to: \(why)")
        }
        let folders = [("records", folder), ("journal", journal.folder)]
        for (name, folder) in folders {
            // Of one name, so that what a process left that was ended here is written over.
            let path = "\(folder)/.room"
            defer { unlink(path) }
            do {
                try Self.filling().write(to: URL(fileURLWithPath: path))
            } catch {
                throw StoreError.unavailable("\(name): there is no room in \(folder), or it cannot be written to")
            }
        }
    }

    /// As many bytes as the certificates of a minute may need, which no file system makes smaller.
    private static func filling() -> Data {
        var state = UInt64.random(in: 0...UInt64.max)
        var bytes: [UInt64] = []
        bytes.reserveCapacity(1 << 17)
        for _ in 0..<1 << 17 {
            // Knuth's MMIX generator: no secret, only nothing that compresses.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(state)
        }
        return bytes.withUnsafeBytes { Data($0) }
    }

    public func heads() async throws -> LogHeads {
        try await heads.flush()
        return try await control.read { [keys = control.keys] db in
            var heads: [LogName: LogHead] = [.control: try Ledger.read(db, keys).head]
            for row in try StoredRow.fetchAll(db, sql: "SELECT * FROM region_head") {
                try Ledger.code(of: row, .regionHead, keys)
                guard let code = MunicipalityCode(try row.parse("region") as String) else { continue }
                heads[.region(code)] = try HeadKeeper.head(row)
            }
            guard let row = try ControlTables.find(.control, 1, in: db) else {
                throw StoreError.corrupt("control has no revision")
            }
            try Ledger.code(of: row, .control, keys)
            return LogHeads(
                incarnation: try row.parse("incarnation"), root: try JournalTable.roots(db), heads: heads)
        }
    }

    public func beginRoot() async throws -> LogHeads {
        try await control.write { ledger in
            try JournalTable.set(["roots": try JournalTable.roots(ledger.db) + 1], in: ledger)
        }
        return try await heads()
    }

    public func noteBreak(_ found: EvidenceBreak, in region: MunicipalityCode, now: Date) async throws {
        try await control.write { ledger in
            guard try ControlTables.find(.regionBreak, region.digits, in: ledger.db) == nil else { return }
            let place = String(found.description.prefix(LogEntry.reasonLengths.upperBound))
            let columns: Ledger.Columns = ["region": region.digits, "at": now.storedMilliseconds, "place": place]
            try ledger.insert(columns, into: .regionBreak)
            try ControlTables.changed(.evidenceBroken, place, now, ledger)
        }
    }

    public func noteRestored(_ log: LogName, reason: String, asItIs: Bool, now: Date) async throws {
        guard LogEntry.reasonLengths.contains(reason.count) else { throw Self.reasonOutOfBounds }
        guard case .region(let code) = log else {
            try await control.write { [heads] ledger in
                heads.forgetAll()
                try Self.restore(ledger, asItIs: asItIs)
                try ledger.follow(now)
                try JournalTable.forgetKnownLine(in: ledger)
                try Self.newIncarnation("control: \(reason)", now: now, in: ledger)
                try ledger.beginJournalIfShort(now)
            }
            // The heads that the file now holds were accepted by somebody, not compared with the regions.
            await regions.doubtAll()
            // A journal that was lost was lost for all of them.
            for code in served.keys.sorted() where wasMade(code) {
                // A region that is broken itself begins it with a restore of its own; exports stop until then.
                do {
                    try await write(to: code) { ledger, _ in try ledger.beginJournalIfShort(now) }
                } catch let error as StoreError where EvidenceBreak(error, in: code) != nil {}
            }
            return
        }
        let head = try await write(to: code) { ledger, _ in
            try Self.restore(ledger, asItIs: asItIs)
            try ledger.follow(now)
            try JournalTable.forgetKnownLine(in: ledger)
            try ledger.beginJournalIfShort(now)
            try LogTable.append(.restored, detail: reason, at: now, to: ledger)
            return ledger.head
        }
        try await control.write { [heads] ledger in
            heads.forget(code)
            if let head { try HeadKeeper.set(head, of: code, in: ledger) }
            if let row = try ControlTables.find(.regionBreak, code.digits, in: ledger.db) {
                try ledger.delete(row, of: .regionBreak)
            }
            try Self.newIncarnation("\(code): \(reason)", now: now, in: ledger)
        }
        try await withRegion(code, sound: true) { _ in }
    }

    /// What is there has to be whole in itself, or is sealed anew as it stands.
    private static func restore(_ ledger: Ledger, asItIs: Bool) throws {
        if asItIs {
            try ledger.db.execute(sql: "UPDATE journal SET known = 0")
            try ledger.sealAnew(EvidentTable.all(of: ledger.log))
            // In this transaction, however much it is: another one would find the log as broken as it was.
            while try ledger.catchUpPartly() {}
            return
        }
        try JournalTable.forgetKnownLine(in: ledger)
        if let first = try ledger.checked().breaks.first { throw StoreError.broken(first) }
    }

    private static func newIncarnation(_ detail: String, now: Date, in ledger: Ledger) throws {
        try ledger.catchUp()
        guard let row = try ControlTables.find(.control, 1, in: ledger.db) else {
            throw StoreError.corrupt("control has no revision")
        }
        // Beyond every revision that the state before may have reached: who has seen one of those hears of this one.
        let incarnation = (try row.parse("incarnation") as Int64) &+ 1
        let columns: Ledger.Columns = [
            "incarnation": incarnation,
            "revision": (try row.parse("revision") as Int64) &+ 1_000_000,
        ]
        try ledger.update(row, of: .control, columns)
        try ControlTables.changed(.restored, detail, now, ledger)
        try ledger.journal(.incarnation(incarnation), at: now)
    }
}
