import Foundation
import GRDB
import Synchronization
import Vaccination

/// Brings the heads of regions into the control file, behind the commits that made them.
///
/// Nobody waits for it: until then the region is ahead, with the same beginning. Heads of one moment go together, so
/// that the control file pays for few of them.
final class HeadKeeper: Sendable {
    private struct State {
        var waiting: [MunicipalityCode: LogHead] = [:]
        var isScheduled = false
    }

    /// How long heads are gathered.
    static let delay: Duration = .milliseconds(200)

    private let control: DatabaseFile
    private let state = Mutex(State())

    init(control: DatabaseFile) { self.control = control }

    /// The head that the control file knows of a region; `nil` if it was never opened.
    func known(_ region: MunicipalityCode) async throws -> LogHead? {
        try await control.read { [keys = control.keys] db in try Self.known(region, keys, in: db) }
    }

    /// The same at once on the caller's thread; for opening.
    @available(*, noasync)
    func knownNow(_ region: MunicipalityCode) throws -> LogHead? {
        try control.readNow { [keys = control.keys] db in try Self.known(region, keys, in: db) }
    }

    private static func known(_ region: MunicipalityCode, _ keys: EvidenceKeys, in db: Database) throws -> LogHead? {
        guard let row = try ControlTables.find(.regionHead, region.digits, in: db) else { return nil }
        try Ledger.code(of: row, .regionHead, keys)
        return try head(row)
    }

    static func head(_ row: StoredRow) throws -> LogHead {
        LogHead(count: try row.parse("count"), hash: try row.parseBytes("hash"))
    }

    /// Makes a region known, once, on the caller's thread; for opening.
    @available(*, noasync)
    func begin(_ region: MunicipalityCode, at head: LogHead) throws {
        try control.writeNow { ledger in
            guard try ControlTables.find(.regionHead, region.digits, in: ledger.db) == nil else { return }
            try Self.insert(head, of: region, into: ledger)
        }
    }

    private static func insert(_ head: LogHead, of region: MunicipalityCode, into ledger: Ledger) throws {
        let columns: Ledger.Columns = ["region": region.digits, "count": head.count, "hash": Data(head.hash)]
        try ledger.insert(columns, into: .regionHead)
    }

    /// Writes a head, also one that is behind the one that is known: after a logged restore.
    static func set(_ head: LogHead, of region: MunicipalityCode, in ledger: Ledger) throws {
        guard let row = try ControlTables.find(.regionHead, region.digits, in: ledger.db) else {
            return try insert(head, of: region, into: ledger)
        }
        try ledger.update(row, of: .regionHead, ["count": head.count, "hash": Data(head.hash)])
    }

    /// Takes a head that became durable.
    func note(_ head: LogHead, of region: MunicipalityCode) {
        let isFirst = state.withLock { state in
            if let waiting = state.waiting[region], waiting.count >= head.count { return false }
            state.waiting[region] = head
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard isFirst else { return }
        // A store that is let go is closed at once: its regions are then only further ahead.
        Task { [weak self] in
            try? await Task.sleep(for: Self.delay)
            await self?.flushGathered()
        }
    }

    /// Forgets what waits for a region: a restore has written its head.
    func forget(_ region: MunicipalityCode) { state.withLock { $0.waiting[region] = nil } }

    /// Forgets what waits for any region: a restore has accepted the heads that the control file holds. A region whose head
    /// is forgotten is only further ahead.
    func forgetAll() { state.withLock { $0.waiting = [:] } }

    private func flushGathered() async {
        state.withLock { $0.isScheduled = false }
        // What could not be written goes with the next one; until then the region is only further ahead.
        try? await flush()
    }

    /// Brings what waits into the control file now, also what another call is about to bring there: when it returns, nothing
    /// that was noted before comes behind it.
    func flush() async throws {
        guard state.withLock({ !$0.waiting.isEmpty }) else { return }
        let written = try await control.write { [self] ledger in
            // Taken in the transaction, so that what a restore in between has forgotten is not written over it.
            let heads = state.withLock { $0.waiting }
            let erased = Set(try DecisionTable.erased(in: ledger.db).map(\.region))
            for (region, head) in heads.filter({ !erased.contains($0.key) }).sorted(by: { $0.key < $1.key }) {
                let row = try ControlTables.find(.regionHead, region.digits, in: ledger.db)
                // Another process may have brought a later one; none ever goes back.
                if let row, try Self.head(row).count >= head.count { continue }
                try Self.set(head, of: region, in: ledger)
            }
            return heads
        }
        state.withLock { state in
            for (region, head) in written where state.waiting[region] == head { state.waiting[region] = nil }
        }
    }
}
