public import Foundation
import GRDB
public import Vaccination

// Keys: the file in the key folder, then one region's database. What is done is said at RegionKeyStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func rotateKeys(
        of region: MunicipalityCode, now: Date, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> KeyRotationReport {
        guard served[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        let turn = try keys.rotationTurn()
        defer { turn.end() }
        let (generations, isResumed) = try await begin(region)
        guard let previous = generations.previous else { throw StoreError.keyMissing("the keys before of \(region)") }
        // What is open here goes over to the new keys by itself, but the next call has to see them at once.
        await regions.letGo(region)
        try await control.write { ledger in
            try Self.noteKeys(generations.current.check, of: region.digits, in: ledger.db)
        }
        if try await !isAllRenewed(region, since: previous, isResumed: isResumed) {
            try await rotate(region, generations, now: now, progress)
            try await read(from: region) { db, encryptor in
                try KeyRotation(encryptor: encryptor).checkAllIsRenewed(since: previous, db)
            }
            try await write(to: region) { ledger, encryptor in
                try KeyRotation(encryptor: encryptor).end(now: now, in: ledger)
            }
        }
        try await onOwnThread { [keys] in try keys.endRotation(of: region) }
        await regions.letGo(region)
        let (people, certificates, withoutNumber) = try await read(from: region) { db, _ in
            (
                try Int.fetchOne(db, sql: "SELECT count(*) FROM person") ?? 0,
                try Int.fetchOne(db, sql: "SELECT count(*) FROM certificate") ?? 0,
                try KeyRotation.withoutNumber(db)
            )
        }
        // A command that ends now leaves no head behind; nothing depends on it.
        try? await heads.flush()
        return KeyRotationReport(
            people: people, certificates: certificates, isResumed: isResumed,
            keepsIndexKey: previous.indexKey == generations.current.indexKey, withoutNumber: withoutNumber)
    }

    /// Puts new keys into the region's file, unless a rotation that was broken off has, and gives what is in it.
    private func begin(_ region: MunicipalityCode) async throws -> (keys: RegionKeyGenerations, isResumed: Bool) {
        let found = try await onOwnThread { [keys] in try keys.generations(for: region) }
        if found.previous != nil {
            // The one that wrote them may not have come as far.
            try await onOwnThread { [keys] in try keys.synchronise() }
            return (found, true)
        }
        // Before anything is changed: what is broken cannot be proven to be what was written.
        let report = try await withRegion(region) { try await $0.verify(pins: [], everything: true) }
        if let first = report.breaks.first { throw StoreError.broken(first) }
        let withoutNumber = try await read(from: region) { db, _ in try KeyRotation.withoutNumber(db) }
        return try await onOwnThread { [keys] in
            try keys.beginRotation(of: region, keepsIndexKey: withoutNumber > 0 || found.current.numberKey == nil)
            return (try keys.generations(for: region), false)
        }
    }

    /// Whether a rotation that was broken off had only its file left to clean. The database may say so by a hand: it has to be
    /// so.
    private func isAllRenewed(
        _ region: MunicipalityCode, since previous: RegionKeys, isResumed: Bool
    ) async throws -> Bool {
        guard isResumed, try await withRegion(region, { $0.encryptor.generations.previous == nil }) else {
            return false
        }
        do {
            try await read(from: region) { db, encryptor in
                try KeyRotation(encryptor: encryptor).checkAllIsRenewed(since: previous, db)
            }
            return true
        } catch let error as StoreError where error == .broken() || error == .corrupt() {
            return false
        }
    }

    private func rotate(
        _ region: MunicipalityCode, _ generations: RegionKeyGenerations, now: Date,
        _ progress: @Sendable (Double) -> Void
    ) async throws {
        if try await withRegion(region, { $0.encryptor.generations.previous == nil }) {
            // The database has been told that it is done, and is not: both keys are good again until it is.
            try await write(to: region) { ledger, _ in try KeyRotation.begin(generations, in: ledger.db) }
            await regions.letGo(region)
        }
        let size = max(1, try await read(from: region) { db, _ in try KeyRotation.size(db) })
        try await write(to: region) { ledger, encryptor in
            try KeyRotation(encryptor: encryptor).renewHead(now: now, in: ledger)
        }
        var (position, done) = (KeyRotation.Position.beginning, 0)
        while true {
            if case .end = position { break }
            let begun = ContinuousClock.now
            let (next, count) = try await write(to: region) { [position] ledger, encryptor in
                try KeyRotation(encryptor: encryptor).step(from: position, in: ledger)
            }
            position = next
            done += count
            progress(min(1, Double(done) / Double(size)))
            // As long as it took, others write: who waits for SQLite's lock looks for it now and then, and has no turn.
            try await Task.sleep(for: ContinuousClock.now - begun)
        }
    }

    /// Does what may wait for a token, not on a thread that other tasks share.
    func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}
