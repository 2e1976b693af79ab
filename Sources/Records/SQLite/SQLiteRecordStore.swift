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
    let keys: RegionKeyFolder
    let folder: String
    let segmentFolder: SegmentFolder
    /// The regions that the store was opened for, those that were erased among them.
    let configured: [MunicipalityCode: Municipality]
    /// Those whose erasure counts, as far as is known here.
    let erased = Mutex<Set<MunicipalityCode>>([])
    /// The regions that there are.
    var served: [MunicipalityCode: Municipality] {
        let erased = erased.withLock { $0 }
        return erased.isEmpty ? configured : configured.filter { !erased.contains($0.key) }
    }
    private let unreported: Mutex<Set<MunicipalityCode>>
    /// The next people of each region's import, while nobody writes those before.
    let ahead = Mutex<[MunicipalityCode: ImportAhead]>([:])

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
    ///   - segments: the folder of closed segments of logs; `segments` in the store's folder without one.
    ///   - maximumOpenRegions: how many region files are open at a time; each takes up to nine file descriptors.
    /// - Throws: ``StoreError``.
    public init(
        folder: String, keys: RegionKeyFolder, journal place: JournalPlace, regions: [Municipality],
        mayBegin: Bool = true, segments: String? = nil,
        maximumOpenRegions: Int = 64
    ) throws {
        configured = Dictionary(regions.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        self.folder = folder
        self.keys = keys
        segmentFolder = SegmentFolder(path: segments ?? "\(folder)/segments")
        guard configured.count == regions.count else { throw StoreError.invalid("a municipality code is given twice") }
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
        // With another control key every journal is another store's.
        let check = RegionKeys.check(controlKey, "control")
        try Self.compare(["control": check], in: control) { _ in false }
        try journal.check()
        // What is broken is found by whoever looks; until it is mended, what is lacking stays in the journal.
        do { try control.writeNow { try $0.follow(.now) } } catch let error as StoreError where error.leavesRegionOpen {
        }
        // Of these there are no keys.
        let gone = Set(try control.readNow { db in try DecisionTable.erased(in: db) }.map(\.region))
            .union(configured.keys.filter(keys.isErased))
        erased.withLock { $0 = gone }
        let present = configured.keys.filter { !gone.contains($0) }
        try Self.compare(try keys.checks(of: present), in: control) { region in
            try Self.again { try Self.areRight(try keys.generations(for: region), region, in: folder) }
        }
        unreported = Mutex(Set(present))
        self.regions = OpenRegions(maximumOpen: maximumOpenRegions) { [configured, heads, journal] code in
            guard let municipality = configured[code] else { throw StoreError.unknownRegion("region \(code)") }
            return try Self.again {
                try Region(
                    path: Self.path(of: code, in: folder), municipality: municipality,
                    keys: try keys.generations(for: code), heads: heads, journal: journal,
                    settle: { try keys.synchronise() })
            }
        }
    }

    /// Closes what is open, as ``RecordStore/close()`` says.
    public func close() async {
        ahead.withLock { $0 = [:] }
        await regions.close()
        await control.close()
    }

    /// Looks again where keys do not fit: between the look at their file and the look at the database they may have changed.
    private static func again<Value>(_ body: () throws -> Value) throws -> Value {
        for _ in 1...2 {
            do { return try body() } catch let error as StoreError where error == .wrongKey() {}
        }
        return try body()
    }

    static func path(of region: MunicipalityCode, in folder: String) -> String {
        "\(folder)/regions/\(region.digits).sqlite"
    }

    /// Whether the region's database was ever made.
    func wasMade(_ region: MunicipalityCode) -> Bool {
        let path = Self.path(of: region, in: folder)
        return DatabaseFile.size(path) != 0 || DatabaseLock.wasMade(path)
    }

    /// - Parameter isRight: whether a region's keys are right though they are not those of the last time.
    private static func compare(
        _ checks: [String: Data], in control: DatabaseFile, isRight: (MunicipalityCode) throws -> Bool
    ) throws {
        let stored = try control.readNow { db in
            try StoredRow.fetchAll(db, sql: "SELECT region, value FROM key_check").reduce(into: [String: Data]()) {
                $0[try $1.parse("region")] = try $1.parse("value")
            }
        }
        let changed = checks.filter { stored[$0.key] != $0.value }
        for (region, _) in changed where stored[region] != nil {
            guard let code = MunicipalityCode(region), try isRight(code) else { throw wrongKeys(of: region) }
        }
        guard !changed.isEmpty else { return }
        try control.writeNow { ledger in
            let select = try ledger.db.cachedStatement(sql: "SELECT value FROM key_check WHERE region = ?")
            for (region, check) in changed {
                let now = try Data.fetchOne(select, arguments: [region])
                // Another process that begins the same store.
                guard now == stored[region] || now == check else { throw wrongKeys(of: region) }
                try noteKeys(check, of: region, in: ledger.db)
            }
        }
    }

    /// Whether a region's keys are those that its own file says it is under; a control file that was put back knows older
    /// ones. A file that cannot be read is for whoever opens it to tell, and no reason to serve nobody else.
    /// - Throws: ``StoreError/wrongKey(_:)`` if they are not.
    private static func areRight(
        _ keys: RegionKeyGenerations, _ region: MunicipalityCode, in folder: String
    ) throws -> Bool {
        let path = path(of: region, in: folder)
        guard let found = try? DatabaseFile.peek(path, name: "region \(region)", Region.keyCheck) else {
            return DatabaseLock.wasMade(path)
        }
        guard keys.those(of: found) != nil else { throw wrongKeys(of: region.digits) }
        return true
    }

    private static func wrongKeys(of region: String) -> StoreError {
        .wrongKey("the keys of \(region) are not those its database was made under")
    }

    /// Remembers which keys a region's are.
    static func noteKeys(_ check: Data, of region: String, in db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO key_check (region, value) VALUES (?, ?)
                ON CONFLICT (region) DO UPDATE SET value = excluded.value
                """
        ).execute(arguments: [region, check])
    }

    /// What the store serves, in the order of the codes.
    public func municipalities() async throws -> [Municipality] {
        served.values.sorted { $0.code < $1.code }
    }

    func region(_ code: MunicipalityCode) async throws -> Region {
        guard configured[code] != nil else { throw StoreError.unknownRegion("region \(code)") }
        guard !isErased(code) else { throw StoreError.erased("region \(code)") }
        do {
            return try await regions.region(code)
        } catch {
            throw StoreError(translating: error, in: "region \(code)")
        }
    }

    /// Does something with a region, opened anew where its keys have become others meanwhile.
    /// - Parameter sound: for issuing: a region that is known to be broken is refused.
    func withRegion<Value: Sendable>(
        _ code: MunicipalityCode, sound: Bool = false, _ body: (Region) async throws -> Value
    ) async throws -> Value {
        for _ in 1...4 {
            let region = try await region(code)
            do {
                if sound { try await region.refuseBroken() }
                return try await body(region)
            } catch is KeysChanged {
                await regions.letGo(region)
            }
        }
        throw StoreError.busy("region \(code): its keys change again and again")
    }

    /// Reads from a region, as ``withRegion(_:sound:_:)`` opens it.
    func read<Value: Sendable>(
        from code: MunicipalityCode, sound: Bool = false,
        _ body: @escaping @Sendable (Database, FieldEncryptor) throws -> Value
    ) async throws -> Value {
        try await withRegion(code, sound: sound) { region in
            try await region.file.read { [encryptor = region.encryptor] db in try body(db, encryptor) }
        }
    }

    /// Looks some rows of a region up, as ``withRegion(_:sound:_:)`` opens it.
    func lookUp<Value: Sendable>(
        in code: MunicipalityCode, sound: Bool = false,
        _ body: @escaping @Sendable (Database, FieldEncryptor) throws -> Value
    ) async throws -> Value {
        try await withRegion(code, sound: sound) { region in
            try await region.file.lookUp { [encryptor = region.encryptor] db in try body(db, encryptor) }
        }
    }

    /// Writes to a region, as ``withRegion(_:sound:_:)`` opens it.
    func write<Value: Sendable>(
        to code: MunicipalityCode, sound: Bool = false,
        _ body: @escaping @Sendable (Ledger, FieldEncryptor) throws -> Value
    ) async throws -> Value {
        try await withRegion(code, sound: sound) { region in
            try await region.file.write { [encryptor = region.encryptor] ledger in try body(ledger, encryptor) }
        }
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
        return try await withRegion(region) { try await $0.file.settings() }
    }

    /// How many region files are open.
    package var openRegionCount: Int {
        get async { await regions.count }
    }
}
