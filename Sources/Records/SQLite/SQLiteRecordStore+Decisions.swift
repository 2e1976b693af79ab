public import Foundation
import GRDB
import Synchronization
public import Vaccination

// Decisions of two operators: the control file, and for an erasure the folder of keys. What each does is said at DecisionStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func propose(
        _ subject: DecisionSubject, for region: MunicipalityCode, by name: String, reason: String,
        insteadOf present: RegionSettings?, now: Date
    ) async throws -> RegionDecision {
        guard LogEntry.reasonLengths.contains(reason.count) else { throw Self.reasonOutOfBounds }
        guard ImportOrigin.isRight(name) else { throw StoreError.invalid("an operator's name") }
        guard configured[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        if case .retention = subject { throw StoreError.invalid("a run of retention that the store did not make") }
        return try await control.write { ledger in
            try DecisionTable.propose(
                subject, for: region, by: name, reason: reason, insteadOf: present, now: now, in: ledger)
        }
    }

    public func approve(
        decision number: Int64, of region: MunicipalityCode, by name: String, now: Date
    ) async throws -> RegionDecision {
        guard ImportOrigin.isRight(name) else { throw StoreError.invalid("an operator's name") }
        guard configured[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        try await refuseOpenImport(number, of: region)
        let decision = try await listed(number, of: region, by: name) {
            try await control.write { ledger in
                try DecisionTable.approve(number, of: region, by: name, now: now, in: ledger)
            }
        }
        guard decision.subject == .erasure, decision.state == .approved else { return decision }
        // It counts in any case; what is in the way now, such as a rotation of keys, is told by whoever tries again.
        try? await carryOutErasures(now: now)
        return try await self.decision(number, of: region)
    }

    public func withdraw(decision number: Int64, of region: MunicipalityCode, now: Date) async throws -> RegionDecision
    {
        try await control.write { ledger in
            try DecisionTable.withdraw(number, of: region, now: now, in: ledger)
        }
    }

    public func decisions(of region: MunicipalityCode) async throws -> [RegionDecision] {
        guard configured[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        return try await control.read { [keys = control.keys] db in
            try DecisionTable.last(100, of: region, keys, in: db).map(\.decision)
        }
    }

    private func decision(_ number: Int64, of region: MunicipalityCode) async throws -> RegionDecision {
        try await control.write { ledger in try DecisionTable.find(number, of: region, in: ledger).decision }
    }

    /// An import that was approved is not left half written by settings that do not let the rest in.
    private func refuseOpenImport(_ number: Int64, of region: MunicipalityCode) async throws {
        let decision = try await decision(number, of: region)
        guard decision.state.isOpen, case .settings(let settings) = decision.subject, settings.state != .open,
            !isErased(region)
        else { return }
        let imports: [RecordImport]
        do { imports = try await self.imports(in: region) } catch let error as StoreError
            where [.corrupt(), .broken(), .wrongKey(), .keyMissing()].contains(error)
        {
            // Nothing goes into a region that is damaged, and closing it must not wait for its repair.
            return
        }
        let open = imports.first { found in
            found.state.isOpen && !settings.admits(found.change, from: found.origin.format)
        }
        if let open { throw StoreError.importOpen("import \(open.number) of region \(region)") }
    }

    // MARK: What settings let in

    /// A region's settings now; throws ``StoreError/erased(_:)`` if it is none any more.
    func settings(of region: MunicipalityCode) async throws -> RegionSettings {
        guard !isErased(region) else { throw StoreError.erased("region \(region)") }
        return try await control.read { [keys = control.keys] db in
            try DecisionTable.settings(of: region, keys, in: db)
        }
    }

    /// Throws ``StoreError/regionClosed(_:)`` if a region is sealed: nobody looks into it.
    func refuseSealed(_ region: MunicipalityCode) async throws {
        guard try await settings(of: region).state != .sealed else {
            throw StoreError.regionClosed("region \(region) is sealed")
        }
    }

    /// Throws ``StoreError/regionClosed(_:)`` if a region's settings do not let a file's people and doses in.
    func refuseClosed(_ region: MunicipalityCode, to change: RecordChange, from format: ImportFormat) async throws {
        let settings = try await settings(of: region)
        guard settings.admits(change, from: format) else {
            throw StoreError.regionClosed("region \(region) is \(settings.state.rawValue)")
        }
    }

    // MARK: Erasure

    func isErased(_ region: MunicipalityCode) -> Bool { erased.withLock { $0.contains(region) } }

    /// Takes the regions whose erasure counts by now, whoever decided it: they are served no more.
    func noteErased(_ regions: Set<MunicipalityCode>) async {
        let fresh = erased.withLock { known in
            defer { known.formUnion(regions) }
            return regions.subtracting(known)
        }
        // What is open of them has their keys.
        for region in fresh.sorted() { await self.regions.close(region) }
    }

    /// Puts what a region has revoked among what was published, since nobody can ask it later. A region that is damaged has no more to
    /// say than what was published of it.
    private func publishLast(of region: MunicipalityCode, now: Date) async throws {
        // With the mark beside them the keys may be written over already: then it was done before.
        guard keys.hasKeys(of: region), !keys.isErased(region), wasMade(region), let municipality = configured[region]
        else { return }
        let path = Self.path(of: region, in: folder)
        do {
            // Opened for this alone: it is served no more.
            let found = try await onOwnThread { [keys, heads, journal] in
                let region = try Region(
                    path: path, municipality: municipality, keys: try keys.generations(for: region), heads: heads,
                    journal: journal, settle: {})
                return try region.file.readNow { db in
                    let table = CertificateTable(encryptor: region.encryptor)
                    return (try table.revoked(in: db), try table.revokedCodes(now: now, in: db))
                }
            }
            try await control.write { ledger in
                _ = try PublicationTable.publish(
                    Publication(identifiers: Set(found.0.map(\.text)), codes: Set(found.1), counter: 0), now: now,
                    in: ledger)
            }
        } catch let error as StoreError
            where [.corrupt(), .broken(), .wrongKey(), .keyMissing()].contains(error)
        {}
    }

    public func carryOutErasures(now: Date) async throws {
        let decided = try await control.read { db in try DecisionTable.erased(in: db) }
        await noteErased(Set(decided.map(\.region)))
        var failure: (any Error)?
        for (region, number, isDone) in decided where !isDone || keys.hasKeys(of: region) {
            // One that cannot be carried out keeps no other from it.
            do { try await carryOut(number, of: region, isDone: isDone, now: now) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func carryOut(_ number: Int64, of region: MunicipalityCode, isDone: Bool, now: Date) async throws {
        try await control.write { ledger in try DecisionTable.confirmErasure(number, of: region, in: ledger) }
        if !isDone { try await publishLast(of: region, now: now) }
        try await onOwnThread { [keys, folder, segmentFolder] in
            try keys.destroy(region)
            segmentFolder.removeAll(of: region)
            // They are unreadable too; nobody would ever tidy them.
            StagedFiles.removeAll(of: region.digits, in: "\(folder)/imports")
        }
        heads.forget(region)
        try await control.write { ledger in
            if isDone {
                try ControlTables.changed(.redone, "erasure of region \(region)", now, ledger)
            } else {
                try DecisionTable.noteErased(number, of: region, now: now, in: ledger)
            }
        }
    }
}
