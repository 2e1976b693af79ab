import Crypto
public import Foundation
import GRDB
import Synchronization
public import Vaccination

// Writing an import's people: what the call does is said at ImportStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func apply(
        _ number: Int64, in region: MunicipalityCode, limit: Int, now: Date
    ) async throws -> RecordImport {
        // Taken out: of two that write at once the other one reads for itself, and nothing stays behind an error.
        let kept = ahead.withLock { $0.removeValue(forKey: region) }
        let begun = try await read(from: region, sound: true) { db, encryptor in
            let table = ImportTable(encryptor: encryptor)
            let found = try table.find(number, in: db)
            return (
                report: found.report, place: found.place, key: try table.key(of: found), encryptor: encryptor,
                last: try ErasureTable.lastPerson(in: db)
            )
        }
        let before = begun.report
        if before.state == .applied { return before }
        try await refuseClosed(region, to: before.change, from: before.origin.format)
        guard before.state == .applying, let key = begun.key else {
            throw StoreError.conflict("import \(number) of region \(region) is \(before.state.rawValue)")
        }
        let files = StagedFiles(folder: importFolderPath, region: region.digits, number: number, key: key)
        var next =
            if let kept, kept.continues(files, at: before.counts.applied, begun.place, begun.encryptor) {
                kept
            } else {
                ImportAhead(files, of: before, at: begun.place, behind: begun.last, begun.encryptor)
            }
        let people: [ImportAhead.Next]
        do {
            people = try await next.next(min(limit.asLimit, before.counts.staged - before.counts.applied), now: now)
        } catch {
            // Another process may have gone through it meanwhile: with the last person the file goes.
            let found = try await report(ofImport: number, in: region)
            guard found.state == .applying, found.counts.applied == before.counts.applied else { return found }
            throw error
        }
        let (report, written) = try await write(to: region, sound: true) { ledger, encryptor in
            try Self.apply(people, behind: before, now, ledger, encryptor)
        }
        if report.state == .applied {
            try await tidyImports(in: region)
            try? await heads.flush()
        } else if let written, !written.isBehind {
            next.remove(written.gone)
            ahead.withLock { [next] in $0[region] = next }
        }
        return report
    }

    /// Writes people and how far the import is, unless somebody else has written them meanwhile. It ends early where others wait.
    private static func apply(
        _ people: [ImportAhead.Next], behind before: RecordImport, _ now: Date, _ ledger: Ledger,
        _ encryptor: FieldEncryptor
    ) throws -> (RecordImport, PeopleWritten?) {
        let table = ImportTable(encryptor: encryptor)
        let found = try table.find(before.number, in: ledger.db)
        guard found.report.state == .applying, found.report.counts.applied == before.counts.applied else {
            return (found.report, nil)
        }
        let written = try PersonTable(encryptor: encryptor).write(
            people.map(\.change), reserved: people.map(\.reserved), as: before.change, to: ledger, now: now,
            givesWay: true)
        try table.note(affected: written.affected, by: before.number, in: ledger.db)
        let applied = before.counts.applied + written.gone
        let skipped = before.counts.skipped + written.refused.values.reduce(0, +)
        // What was compared row by row before is counted from the first one on as it is written.
        let unclear = (before.counts.applied == 0 ? 0 : before.counts.unclear) + written.unclear
        var columns: Ledger.Columns = [
            "applied": applied, "skipped": skipped, "unclear": unclear,
        ]
        if written.gone > 0 { columns["place"] = people[written.gone - 1].end }
        if applied == before.counts.staged {
            columns["state"] = ImportState.applied.rawValue
            columns["ended"] = now.storedMilliseconds
            if before.counts.refused == 0 { columns.updateValue(nil, forKey: "sealed") }
            try note(applied - skipped, of: before, at: now, in: ledger)
        }
        try table.update(found, columns, in: ledger)
        return (try table.find(before.number, in: ledger.db).report, written)
    }
}
