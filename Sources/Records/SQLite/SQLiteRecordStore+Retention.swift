public import Foundation
import GRDB
public import Vaccination

// Retention: lists and erasures in a region's file, decisions and their end in the control file. What each call does is said at
// RetentionStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func proposeRetention(
        for region: MunicipalityCode, by name: String, reason: String, now: Date
    ) async throws -> RegionDecision {
        guard LogEntry.reasonLengths.contains(reason.count) else { throw Self.reasonOutOfBounds }
        guard ImportOrigin.isRight(name) else { throw StoreError.invalid("an operator's name") }
        guard configured[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        try await refuseOpenImports(of: region)
        let run = try await dueRecords(in: region, now: now) { _ in }
        guard !run.counts.isEmpty else { throw StoreError.conflict("nothing of region \(region) is due") }
        return try await control.write { ledger in
            try DecisionTable.propose(
                .retention(run), for: region, by: name, reason: reason, insteadOf: nil, now: now, in: ledger)
        }
    }

    public func dueRecords(
        in region: MunicipalityCode, now: Date, _ body: ([RetentionListed]) async throws -> Void
    ) async throws -> RetentionRun {
        guard configured[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        let rules = try await settings(of: region).retention
        guard let cutoff = RetentionRules.cutoff(at: now) else { throw StoreError.invalid("the time") }
        return try await scan(region, rules, cutoff) { try await body($0.map(\.listed)) }
    }

    /// Goes through all people of a region, a part in one snapshot each.
    private func scan(
        _ region: MunicipalityCode, _ rules: RetentionRules, _ cutoff: CalendarDate,
        _ body: ([DueScan.Found]) async throws -> Void
    ) async throws -> RetentionRun {
        guard wasMade(region) else { return RetentionRun(cutoff: cutoff, rules: rules, counts: .init(), digest: "") }
        var sum = try await withRegion(region) { RetentionSum($0.encryptor) }
        var last: Int64? = 0
        while let behind = last {
            try Task.checkCancellation()
            let part = try await read(from: region, sound: true) { db, encryptor in
                try DueScan(encryptor: encryptor, rules: rules, cutoff: cutoff).next(after: behind, in: db)
            }
            for found in part.found { sum.add(found) }
            try await body(part.found)
            last = part.last
        }
        return sum.run(rules, cutoff)
    }

    /// An import may be about people who are due, and nobody can tell before its rows are in.
    private func refuseOpenImports(of region: MunicipalityCode) async throws {
        guard let open = try await imports(in: region).first(where: { $0.state.isOpen }) else { return }
        throw StoreError.importOpen("import \(open.number) of region \(region)")
    }

    // MARK: The second operator

    /// Approves a decision; one that is a run of retention has its list by then.
    func listed(
        _ number: Int64, of region: MunicipalityCode, by name: String,
        _ approve: () async throws -> RegionDecision
    ) async throws -> RegionDecision {
        func proposed() async throws -> RetentionRun? {
            let decision = try await control.write { ledger in
                try DecisionTable.whoseTurn(number, of: region, by: name, in: ledger)
            }
            guard case .retention(let run) = decision?.subject else { return nil }
            return run
        }
        guard try await proposed() != nil else { return try await approve() }
        // Nobody else lists, nor stages an import, until the decision counts.
        let turn = try ImportTurn(region, in: try importFolder())
        defer { turn.end() }
        if let run = try await proposed() { try await list(run, number, of: region) }
        return try await approve()
    }

    /// Puts down who is erased by a run that is about to be approved: those who are due, if they are those who were due when it was
    /// proposed.
    private func list(_ run: RetentionRun, _ number: Int64, of region: MunicipalityCode) async throws {
        guard !isErased(region) else { throw StoreError.erased("region \(region)") }
        try await refuseOpenImports(of: region)
        // Of approvals that were broken off, or found something else: another run cannot be under way.
        try await forgetListed(of: region)
        let present = try await scan(region, run.rules, run.cutoff) { found in
            guard !found.isEmpty else { return }
            try await write(to: region, sound: true) { ledger, _ in
                for one in found { try ErasureTable.list(one.due, of: one.id, for: number, in: ledger) }
            }
        }
        guard present == run else {
            try await forgetListed(of: region)
            throw StoreError.conflict("decision \(number) of region \(region): not what was due is due now")
        }
    }

    private func forgetListed(of region: MunicipalityCode) async throws {
        while try await write(
            to: region, { ledger, _ in try ErasureTable.forgetListed(limit: DueScan.batch, in: ledger) })
        {}
    }

    // MARK: Carrying out

    public func regionsWithRetention() async throws -> [MunicipalityCode] {
        try await control.read { db in try DecisionTable.regionsWithRetention(in: db) }.filter { served[$0] != nil }
    }

    public func eraseDue(in region: MunicipalityCode, limit: Int, now: Date) async throws -> RetentionStep {
        let decided = try await control.read { [keys = control.keys] db in
            try DecisionTable.confirmRetention(of: region, keys, in: db)
        }
        guard let (number, run) = decided else { return RetentionStep(people: 0, isDone: true) }
        // Who was given longer since then has it.
        let present = try await settings(of: region).retention
        let people = try await write(to: region, sound: true) { ledger, encryptor in
            // First of all: an erasure has to stand behind what the journal knows already.
            try ledger.catchUp()
            // In the transaction itself: one that is staged meanwhile may bring a dose of somebody whose turn it is.
            if let open = try ImportTable(encryptor: encryptor).open(in: ledger.db).first {
                throw StoreError.importOpen("import \(open.report.number) of region \(region)")
            }
            let table = ErasureTable(encryptor: encryptor)
            var people = 0
            var erased: [JournalEntry.Erasure] = []
            for row in try ErasureTable.left(number, limit: limit.asLimit, in: ledger.db) {
                if people > 0, ledger.givesWay() || erased.count == ErasureTable.batch { break }
                if let one = try table.erase(row, by: run, and: present, now: now, in: ledger) { erased.append(one) }
                people += 1
            }
            if !erased.isEmpty { try ledger.journal(.erased(erased), at: now) }
            return people
        }
        let (isDone, counts) = try await read(from: region) { db, _ in
            let isDone = try ErasureTable.left(number, limit: 1, in: db).isEmpty
            return (isDone, isDone ? try ErasureTable.counts(number, in: db) : RetentionCounts())
        }
        guard isDone else { return RetentionStep(people: people, isDone: false) }
        await withoutLog(region)
        try await control.write { ledger in
            try DecisionTable.noteRetained(number, of: region, counts, now: now, in: ledger)
        }
        try? await heads.flush()
        return RetentionStep(people: people, isDone: true)
    }

    private func withoutLog(_ region: MunicipalityCode) async {
        try? await withRegion(region) { await $0.file.emptyLog() }
    }

    public func progress(
        ofRetention number: Int64, in region: MunicipalityCode
    ) async throws -> RetentionProgress {
        guard served[region] != nil, wasMade(region) else { return RetentionProgress(erased: 0, left: 0) }
        return try await read(from: region) { db, _ in try ErasureTable.progress(number, in: db) }
    }
}
