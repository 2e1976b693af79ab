import Crypto
public import Foundation
import GRDB
import Synchronization
public import Vaccination
import Waiting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// Imports: what each call does is said at ImportStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func stage(
        _ origin: ImportOrigin, as change: RecordChange, in region: MunicipalityCode, maximumRefused: Int, now: Date,
        next: () throws -> [ImportRow]?
    ) async throws -> RecordImport {
        guard (0...100).contains(maximumRefused) else { throw StoreError.invalid("the share of refused rows") }
        guard served[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        try await refuseClosed(region, to: change, from: origin.format)
        let turn = try ImportTurn(region, in: try importFolder())
        defer { turn.end() }
        let (number, key) = try await begin(origin, change, region, now)
        let files = StagedFiles(folder: importFolderPath, region: region.digits, number: number, key: key)
        do {
            let counts = try await read(next, change, region, now, into: files)
            return try await end(number, counts, maximumRefused, region, now)
        } catch {
            _ = try? await close(number, as: .discarded, region, now: now)
            throw error
        }
    }

    var importFolderPath: String { "\(folder)/imports" }

    func importFolder() throws -> String {
        let path = importFolderPath
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            guard FileManager.default.fileExists(atPath: path) else {
                throw StoreError.unavailable("cannot make the folder \(path)")
            }
        }
        return path
    }

    private func begin(
        _ origin: ImportOrigin, _ change: RecordChange, _ region: MunicipalityCode, _ now: Date
    ) async throws -> (number: Int64, key: SymmetricKey) {
        let open = try await read(from: region) { db, encryptor in
            try ImportTable(encryptor: encryptor).open(in: db).map(\.report).first { $0.state == .applying }
        }
        // Nobody goes on with it where the control file is of a backup from before its approval.
        if let open { try await noteDue(open.number, region) }
        let begun = try await write(to: region) { ledger, encryptor in
            let table = ImportTable(encryptor: encryptor)
            for found in try table.open(in: ledger.db) {
                // Whoever read it has no turn any more.
                guard found.report.state == .staging else {
                    throw StoreError.importOpen("import \(found.report.number) of region \(region)")
                }
                try table.update(found, Self.closing(as: .discarded, now), in: ledger)
                try LogTable.append(.importDiscarded, detail: "import \(found.report.number)", at: now, to: ledger)
            }
            return try table.begin(origin, as: change, now: now, in: ledger)
        }
        try await tidyImports(in: region)
        return begun
    }

    private func noteDue(_ number: Int64, _ region: MunicipalityCode) async throws {
        try await control.write { ledger in
            try ledger.db.cachedStatement(sql: "INSERT OR IGNORE INTO import_due (region, number) VALUES (?, ?)")
                .execute(arguments: [region.digits, number])
        }
    }

    public func tidyImports(in region: MunicipalityCode) async throws {
        let closed = try await read(from: region) { db, encryptor in
            let table = ImportTable(encryptor: encryptor)
            return try table.last(100, in: db).filter { !$0.report.state.isOpen }.map { found in
                (number: found.report.number, hasKey: try table.key(of: found) != nil)
            }
        }
        for (number, hasKey) in closed {
            StagedFiles.remove(
                hasKey ? [.people] : StagedFiles.Kind.allCases, of: number, region.digits, in: importFolderPath)
        }
        let numbers = closed.map { "\($0.number)" }.joined(separator: ", ")
        guard !closed.isEmpty else { return }
        // Of what another process went through to its end, nobody stays opened here.
        ahead.withLock { waiting in
            if let number = waiting[region]?.number, closed.contains(where: { $0.number == number }) {
                waiting[region] = nil
            }
        }
        try await control.write { ledger in
            try ledger.db.execute(
                sql: "DELETE FROM import_due WHERE region = ? AND number IN (\(numbers))", arguments: [region.digits])
        }
    }

    private static func closing(as state: ImportState, _ now: Date) -> Ledger.Columns {
        ["state": state.rawValue, "ended": now.storedMilliseconds, "sealed": nil as Data?]
    }

    /// Takes all rows, compares them with the records, and seals what is to be kept of them.
    private func read(
        _ next: () throws -> [ImportRow]?, _ change: RecordChange, _ region: MunicipalityCode, _ now: Date,
        into files: StagedFiles
    ) async throws -> ImportCounts {
        try await withThrowingTaskGroup(of: ComparedRows.self) { group in
            var counts = ImportCounts()
            var people = try StagedFileWriter(files, .people)
            var refused = try StagedFileWriter(files, .refused)
            // While some rows are compared and sealed, the next ones are read.
            while let rows = try next() {
                if let compared = try await group.next() { try Self.take(compared, &counts, &people, &refused) }
                let place = people.count
                group.addTask { try await self.compare(rows, change, region, now, sealedFrom: place, files) }
            }
            while let compared = try await group.next() { try Self.take(compared, &counts, &people, &refused) }
            try people.finish()
            try refused.finish()
            return counts
        }
    }

    /// Rows, what each would do, and those of people who go in, sealed for their places.
    private struct ComparedRows: Sendable {
        let rows: [ImportRow]
        let previews: [PersonTable.Preview?]
        let sealed: StagedRecords
    }

    private func compare(
        _ rows: [ImportRow], _ change: RecordChange, _ region: MunicipalityCode, _ now: Date, sealedFrom place: Int,
        _ files: StagedFiles
    ) async throws -> ComparedRows {
        let previews = try await read(from: region, sound: true) { db, encryptor in
            let table = PersonTable(encryptor: encryptor)
            return try rows.map { row in
                try (try? row.change.get()).map { try table.preview($0, as: change, now: now, in: db) }
            }
        }
        var sealed = StagedRecords(files, .people, from: place)
        for (row, preview) in zip(rows, previews) {
            guard case .written? = preview, case .success(let change) = row.change else { continue }
            try sealed.append(StagedChange(change))
        }
        return ComparedRows(rows: rows, previews: previews, sealed: sealed)
    }

    private static func take(
        _ compared: ComparedRows, _ counts: inout ImportCounts, _ people: inout StagedFileWriter,
        _ refused: inout StagedFileWriter
    ) throws {
        try people.append(compared.sealed)
        for (row, preview) in zip(compared.rows, compared.previews) {
            counts.rows += 1
            var reason: String?
            switch (row.change, preview) {
            case (.success, .written(let isNew, let isUnclear, let ended, let losesPassport, let getsNumber)?):
                if isNew { counts.new += 1 } else { counts.changed += 1 }
                if isUnclear { counts.unclear += 1 }
                if getsNumber { counts.renumbered += 1 }
                if losesPassport { counts.removedPassports += 1 }
                counts.endedDoses += ended
            case (_, .unchanged?): counts.unchanged += 1
            case (_, .older?):
                counts.unchanged += 1
                counts.older += 1
            case (.failure(let refusals), _):
                if refusals.isForStaff { counts.forStaff += 1 }
                reason = refusals.refusals.map(\.description).joined(separator: "; ")
            case (_, .refused(let refusal)?):
                if refusal.isForStaff { counts.forStaff += 1 }
                reason = refusal.reason(row.line).description
            case (.success, nil): reason = PersonRefusal.nobody.reason(row.line).description
            }
            if let reason {
                counts.refused += 1
                try refused.append(RefusedRow(row, because: reason))
            }
        }
    }

    private func end(
        _ number: Int64, _ counts: ImportCounts, _ maximumRefused: Int, _ region: MunicipalityCode, _ now: Date
    ) async throws -> RecordImport {
        // Rows that somebody has to decide of say nothing of the file, unless they are many: then it is another one.
        let decisions = min(counts.forStaff, max(1, (maximumRefused * counts.rows + 99) / 100))
        let isRefused = (counts.refused - decisions) * 100 > maximumRefused * counts.rows
        let state: ImportState = isRefused ? .refused : counts.staged == 0 ? .applied : .staged
        let report = try await write(to: region) { ledger, encryptor in
            let table = ImportTable(encryptor: encryptor)
            var columns = ImportTable.columns(counts)
            columns["state"] = state.rawValue
            if !state.isOpen { columns["ended"] = now.storedMilliseconds }
            // Rows that were refused wait for who repairs them.
            if !state.isOpen, counts.refused == 0 { columns.updateValue(nil, forKey: "sealed") }
            let found = try table.find(number, in: ledger.db)
            guard found.report.state == .staging else {
                throw StoreError.conflict("import \(number) of region \(region) was discarded while it was read")
            }
            try table.update(found, columns, in: ledger)
            try LogTable.append(
                .importStaged, detail: "import \(number), \(counts.rows) rows, \(counts.refused) refused", at: now,
                to: ledger)
            return try table.find(number, in: ledger.db).report
        }
        if !state.isOpen { try await tidyImports(in: region) }
        try? await heads.flush()
        return report
    }

    public func approve(
        _ number: Int64, by name: String, in region: MunicipalityCode, now: Date
    ) async throws -> RecordImport {
        try await refuseSealed(region)
        // Noted first: should the process end behind the second approval, the next one finds what to go on with.
        try await noteDue(number, region)
        return try await write(to: region) { ledger, encryptor in
            let table = ImportTable(encryptor: encryptor)
            let found = try table.find(number, in: ledger.db)
            // One certificate is one operator too, should the list of clients have got another name for it.
            if found.report.approvals.contains(name) { return found.report }
            if let first = found.firstCertificate, first == LogActor.current { return found.report }
            var columns: Ledger.Columns
            switch found.report.state {
            case .staged:
                columns = [
                    "first_approval": name, "first_certificate": LogActor.current,
                    "state": ImportState.approved.rawValue,
                ]
            case .approved: columns = ["second_approval": name, "state": ImportState.applying.rawValue]
            default: throw StoreError.conflict("import \(number) of region \(region) is \(found.report.state.rawValue)")
            }
            try table.update(found, columns, in: ledger)
            try LogTable.append(.importApproved, detail: "import \(number)", at: now, to: ledger)
            return try table.find(number, in: ledger.db).report
        }
    }

    /// Says in the region's log how many people an import wrote.
    static func note(_ people: Int, of report: RecordImport, at now: Date, in ledger: Ledger) throws {
        try LogTable.append(
            report.change == .correction ? .corrected : .imported, detail: "\(people) import \(report.number)",
            at: now, to: ledger)
    }

    public func discard(_ number: Int64, in region: MunicipalityCode, now: Date) async throws -> RecordImport {
        try await close(number, as: .discarded, region, now: now)
    }

    private func close(
        _ number: Int64, as state: ImportState, _ region: MunicipalityCode, now: Date
    ) async throws -> RecordImport {
        // What was made ready of it goes too.
        ahead.withLock { $0[region] = nil }
        let report = try await write(to: region) { ledger, encryptor in
            let table = ImportTable(encryptor: encryptor)
            let found = try table.find(number, in: ledger.db)
            switch found.report.state {
            case .discarded: return found.report
            case .applied: throw StoreError.conflict("import \(number) of region \(region) is applied")
            case .staging, .staged, .approved, .applying, .refused: break
            }
            try table.update(found, Self.closing(as: state, now), in: ledger)
            let counts = found.report.counts
            if counts.applied > 0 {
                try Self.note(counts.applied - counts.skipped, of: found.report, at: now, in: ledger)
            }
            try LogTable.append(.importDiscarded, detail: "import \(number)", at: now, to: ledger)
            return try table.find(number, in: ledger.db).report
        }
        // And what was put back by who was writing meanwhile.
        ahead.withLock { $0[region] = nil }
        try await tidyImports(in: region)
        return report
    }

    public func confirmErasure(
        of number: Int64, by name: String, in region: MunicipalityCode, now: Date
    ) async throws -> RecordImport {
        let report = try await write(to: region) { ledger, encryptor in
            let table = ImportTable(encryptor: encryptor)
            let found = try table.find(number, in: ledger.db)
            guard !found.report.state.isOpen else {
                throw StoreError.conflict("import \(number) of region \(region) is \(found.report.state.rawValue)")
            }
            guard found.report.erasureConfirmedBy == nil else { return found.report }
            try table.update(found, ["erased_by": name, "sealed": nil as Data?], in: ledger)
            try LogTable.append(.importErased, detail: "import \(number)", at: now, to: ledger)
            return try table.find(number, in: ledger.db).report
        }
        try await tidyImports(in: region)
        return report
    }

    public func report(ofImport number: Int64, in region: MunicipalityCode) async throws -> RecordImport {
        try await read(from: region) { db, encryptor in
            try ImportTable(encryptor: encryptor).find(number, in: db).report
        }
    }

    public func imports(in region: MunicipalityCode) async throws -> [RecordImport] {
        guard served[region] == nil || wasMade(region) else { return [] }
        return try await read(from: region) { db, encryptor in
            try ImportTable(encryptor: encryptor).last(100, in: db).map(\.report)
        }
    }

    public func refusedRows(
        of number: Int64, in region: MunicipalityCode, _ body: (RefusedRow) throws -> Void
    ) async throws {
        try await refuseSealed(region)
        let (report, key) = try await read(from: region) { db, encryptor in
            let table = ImportTable(encryptor: encryptor)
            let found = try table.find(number, in: db)
            return (found.report, found.report.state == .staging ? nil : try table.key(of: found))
        }
        guard report.counts.refused > 0 else { return }
        guard let key else {
            throw StoreError.notFound("the refused rows of import \(number) of region \(region)")
        }
        var reader = try StagedFileReader(
            StagedFiles(folder: importFolderPath, region: region.digits, number: number, key: key), .refused)
        for _ in 0..<report.counts.refused { try body(try reader.next(RefusedRow.self)) }
    }

    public func regionsWithImports() async throws -> [MunicipalityCode] {
        try await control.read { db in
            try StoredRow.fetchAll(db, sql: "SELECT DISTINCT region FROM import_due ORDER BY region").compactMap {
                row in
                let digits: String = try row.parse("region")
                return MunicipalityCode(digits)
            }
        }.filter { served[$0] != nil }
    }
}

/// The right to have a file read for a region, or a run of retention listed, of one process at a time.
struct ImportTurn {
    private let descriptor: Int32

    init(_ region: MunicipalityCode, in folder: String) throws(StoreError) {
        let path = "\(folder)/\(region.digits).lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("cannot open \(path): errno \(errno)") }
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: path, within: .zero) } catch {
            close(descriptor)
            throw StoreError(error, path)
        }
    }

    func end() { close(descriptor) }
}
