import Crypto
import Foundation
import GRDB
import Synchronization
public import Vaccination

/// The record store on SQLite: one file a municipality under `regions/`, and one control file that all regions share.
///
/// Each file is in WAL mode with `synchronous = FULL`, and writes of many callers are committed together. Regions are
/// opened when first asked for, and at most so many are open at a time. Several processes may use the same folder.
public final class SQLiteRecordStore: RecordStore {
    let regions: OpenRegions
    let control: DatabaseFile
    let controlKey: SymmetricKey
    let heads: HeadKeeper
    let journal: Journal
    let folder: String
    let served: [MunicipalityCode: Municipality]
    private let unreported: Mutex<Set<MunicipalityCode>>

    /// Opens or creates the store.
    ///
    /// Every region's keys are read and compared with those that its database was made under, so that a wrong or missing
    /// key shows now and not when the first person asks.
    /// - Parameters:
    ///   - folder: where the files are; made with mode 0700 if it is missing.
    ///   - keys: the regions' keys; none is made here.
    ///   - journal: where what has to survive a restore is written too. What stands there and the records lack is made
    ///     again.
    ///   - regions: the municipalities served.
    ///   - mayBegin: whether a store may be begun if there is none. Without it that is ``StoreError/corrupt(_:)``: a volume
    ///     that is not mounted, or another folder than was meant, must not look like a store that knows nobody.
    ///   - maximumOpenRegions: how many region files are open at a time; each takes up to nine file descriptors.
    /// - Throws: ``StoreError``.
    public init(
        folder: String, keys: RegionKeyFolder, journal place: JournalPlace, regions: [Municipality],
        mayBegin: Bool = true,
        maximumOpenRegions: Int = 64
    ) throws {
        served = Dictionary(regions.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        self.folder = folder
        guard served.count == regions.count else { throw StoreError.invalid("a municipality code is given twice") }
        if !mayBegin, DatabaseFile.size("\(folder)/control.sqlite") == 0 {
            throw StoreError.corrupt("control: \(folder) holds no records; vrs records load begins them")
        }
        for path in [folder, "\(folder)/regions"] where !FileManager.default.fileExists(atPath: path) {
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                // Another process may have made it in between.
                guard FileManager.default.fileExists(atPath: path) else {
                    throw StoreError.unavailable("cannot make the folder \(path)")
                }
            }
        }
        controlKey = try keys.controlKey()
        let evidence = EvidenceKeys(log: .control, from: controlKey)
        journal = try Journal(place, key: controlKey)
        control = try DatabaseFile(
            path: "\(folder)/control.sqlite", name: "control", migrator: Schema.control(evidence), keys: evidence,
            follower: JournalFollower(
                journal: journal, redo: { try JournalTable.redoControl($0, in: $1) },
                begin: { try JournalTable.beginControl($0, in: $1) }))
        heads = HeadKeeper(control: control)
        var checks = try keys.checks(of: Array(served.keys))
        checks["control"] = RegionKeys.check(controlKey, "control")
        try Self.compare(checks, in: control)
        // Behind the keys, since with another control key every journal is another store's.
        try journal.check()
        // What is broken is found by whoever looks; until it is mended, what is lacking stays in the journal.
        do { try control.writeNow { try $0.follow(.now) } } catch let error as StoreError where error.leavesRegionOpen {
        }
        unreported = Mutex(Set(served.keys))
        self.regions = OpenRegions(maximumOpen: maximumOpenRegions) { [served, heads, journal] code in
            guard let municipality = served[code] else { throw StoreError.unknownRegion("region \(code)") }
            return try Region(
                path: Self.path(of: code, in: folder), municipality: municipality, keys: try keys.keys(for: code),
                heads: heads, journal: journal)
        }
    }

    static func path(of region: MunicipalityCode, in folder: String) -> String {
        "\(folder)/regions/\(region.digits).sqlite"
    }

    /// Whether the region's database was ever made.
    func wasMade(_ region: MunicipalityCode) -> Bool {
        let path = Self.path(of: region, in: folder)
        return DatabaseFile.size(path) != 0 || DatabaseLock.wasMade(path)
    }

    private static func compare(_ checks: [String: Data], in control: DatabaseFile) throws {
        try control.writeNow { ledger in
            let insert = try ledger.db.cachedStatement(sql: "INSERT INTO key_check (region, value) VALUES (?, ?)")
            let select = try ledger.db.cachedStatement(sql: "SELECT value FROM key_check WHERE region = ?")
            for (region, check) in checks {
                guard let stored = try Data.fetchOne(select, arguments: [region]) else {
                    try insert.execute(arguments: [region, check])
                    continue
                }
                guard stored == check else {
                    throw StoreError.wrongKey("the keys of \(region) are not those its database was made under")
                }
            }
        }
    }

    /// What the store serves, in the order of the codes.
    public func municipalities() async throws -> [Municipality] {
        served.values.sorted { $0.code < $1.code }
    }

    func region(_ code: MunicipalityCode) async throws -> Region {
        guard served[code] != nil else { throw StoreError.unknownRegion("region \(code)") }
        do {
            return try await regions.region(code)
        } catch {
            throw StoreError(translating: error, in: "region \(code)")
        }
    }

    /// A region to issue from: one that is known to be broken is refused.
    func soundRegion(_ code: MunicipalityCode) async throws -> Region {
        let region = try await region(code)
        try await region.refuseBroken()
        return region
    }

    // MARK: Which regions may hold certificates without a report

    /// Every region at first, then those that this process signed in: a sweep does not open 1,700 files each time.
    func takeUnreportedRegions() -> [MunicipalityCode] {
        unreported.withLock { set in
            defer { set = [] }
            return set.sorted()
        }
    }

    func mayBeUnreported(_ code: MunicipalityCode) {
        unreported.withLock { _ = $0.insert(code) }
    }

    // MARK: For tests and measurements

    /// The settings of the writing connection of a region, or of the control file, as SQLite reports them.
    package func settings(
        of region: MunicipalityCode?
    ) async throws -> (journalMode: String, synchronous: Int, foreignKeys: Int) {
        guard let region else { return try await control.settings() }
        return try await self.region(region).file.settings()
    }

    /// How many region files are open.
    package var openRegionCount: Int {
        get async { await regions.count }
    }
}
