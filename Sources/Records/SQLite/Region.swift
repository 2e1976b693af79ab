import Crypto
import Foundation
import GRDB
import Synchronization
import Vaccination

/// One municipality's open file with its keys.
final class Region: Sendable {
    let municipality: Municipality
    let file: DatabaseFile
    let encryptor: FieldEncryptor
    private let heads: HeadKeeper
    /// Whether what was found when it was opened is sound; looked at again as long as it is not.
    private let soundness = Soundness()

    private final class Soundness: Sendable {
        let isSound = Mutex(false)
        /// How often it was put in doubt: a comparison that began before says nothing.
        let doubts = Mutex(0)
    }

    /// Opens or creates the file, and compares it with the head that the control file knows. Throws
    /// ``StoreError/wrongKey(_:)`` if it was made under other keys or for another municipality. Where the file's keys have
    /// been followed by others, it goes over to these.
    /// - Parameter settle: brings the file of keys onto the disk, before anything is written under new ones.
    @available(*, noasync)
    init(
        path: String, municipality: Municipality, keys: RegionKeyGenerations, heads: HeadKeeper, journal: Journal,
        settle: () throws -> Void
    ) throws {
        self.municipality = municipality
        self.heads = heads
        let code = municipality.code
        let name = "region \(code)"
        var (keys, isDue) = (keys, false)
        if keys.previous != nil {
            guard let found = keys.those(of: try DatabaseFile.peek(path, name: name, Self.keyCheck)) else {
                throw Self.wrongKey(name, "key_check")
            }
            (keys, isDue) = found
        }
        let check = keys.check
        encryptor = FieldEncryptor(region: code, keys: keys)
        // The head is read before the file that it is compared with.
        let known = try heads.knownNow(code)
        file = try DatabaseFile(
            path: path, name: name, migrator: Schema.region(encryptor.evidence), keys: encryptor.evidence,
            follower: JournalFollower(
                journal: journal,
                redo: { [encryptor] entry, ledger in
                    try JournalTable.redo(entry, encryptor: encryptor, in: ledger)
                }, begin: { try JournalTable.beginRegion($0, in: $1) }),
            isCurrent: { db in try Self.keyCheck(db) == check },
            // What follows a break is not to pass for what was there before it.
            committed: { [soundness] head in if soundness.isSound.withLock({ $0 }) { heads.note(head, of: code) } })
        if isDue { try settle() }
        try file.writeNow { [isDue, keys] ledger in
            if isDue, let previous = keys.previous?.check, try Self.keyCheck(ledger.db) == previous {
                try KeyRotation.begin(keys, in: ledger.db)
            }
            for (key, value) in ["key_check": check, "region": Data(municipality.code.digits.utf8)] {
                try ledger.db.execute(
                    sql: "INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", arguments: [key, value])
                guard try Self.meta(key, in: ledger.db) == value else { throw Self.wrongKey(name, key) }
            }
        }
        // What is broken is told below, what is wrong with the journal by whoever exports; until it is mended, what the region
        // lacks stays in the journal.
        do { try file.writeNow { try $0.follow(.now) } } catch let error as StoreError where error.leavesRegionOpen {}
        let evidence = encryptor.evidence
        let report = try file.readNow { db in
            try EvidenceCheck.quick(db, evidence, pins: known.map { [$0] } ?? [])
        }
        soundness.isSound.withLock { $0 = report.breaks.isEmpty }
        if known == nil, let head = report.head { try heads.begin(code, at: head) }
    }

    /// The keys that a region's rows are under, by its file; `nil` if it has none yet.
    static func keyCheck(_ db: Database) throws -> Data? { try meta("key_check", in: db) }

    private static func meta(_ name: String, in db: Database) throws -> Data? {
        try Data.fetchOne(
            try db.cachedStatement(sql: "SELECT value FROM meta WHERE name = ?"), arguments: [name])
    }

    private static func wrongKey(_ name: String, _ key: String) -> StoreError {
        .wrongKey("\(name): the database was made under another \(key)")
    }

    /// Throws ``StoreError/broken(_:)`` if the file is not the one that the control file knows: nothing is issued from it.
    func refuseBroken() async throws {
        guard !soundness.isSound.withLock({ $0 }) else { return }
        let doubts = soundness.doubts.withLock { $0 }
        // A restore may have been logged, here or in another process.
        let report = try await verify(pins: [], everything: false)
        if let first = report.breaks.first { throw StoreError.broken(first) }
        soundness.isSound.withLock { isSound in isSound = soundness.doubts.withLock { $0 == doubts } }
    }

    /// Has the file compared with the control file's head once more before anything is issued from it.
    func doubt() {
        soundness.isSound.withLock { isSound in
            isSound = false
            soundness.doubts.withLock { $0 += 1 }
        }
    }

    /// Looks for breaks.
    func verify(pins: [LogHead], everything: Bool) async throws -> EvidenceReport {
        let known = try await heads.known(municipality.code)
        let pins = pins + (known.map { [$0] } ?? [])
        return try await file.read { [evidence = encryptor.evidence] db in
            everything
                ? try EvidenceCheck.whole(db, evidence, pins: pins)
                : try EvidenceCheck.quick(db, evidence, pins: pins)
        }
    }
}

/// The open regions, at most so many at a time: a service may hold 1,700 regions and be asked for few of them at once.
///
/// The one used longest ago is let go first; calls under way keep it open until they end.
actor OpenRegions {
    private struct Entry {
        let opening: Task<Region, any Error>
        let token: UInt64
        var used: UInt64
    }

    private let maximumOpen: Int
    private let open: @Sendable (MunicipalityCode) throws -> Region
    private var entries: [MunicipalityCode: Entry] = [:]
    private var clock: UInt64 = 0

    init(maximumOpen: Int, open: @escaping @Sendable (MunicipalityCode) throws -> Region) {
        self.maximumOpen = max(1, maximumOpen)
        self.open = open
    }

    /// A region if it is open now.
    func openRegion(_ code: MunicipalityCode) async -> Region? { try? await entries[code]?.opening.value }

    /// Lets a region go, so that it is opened anew when it is next asked for.
    func letGo(_ code: MunicipalityCode) { entries[code] = nil }

    /// Closes a region, as soon as calls under way have ended.
    func close(_ code: MunicipalityCode) async {
        guard let entry = entries.removeValue(forKey: code) else { return }
        await (try? entry.opening.value)?.file.close()
    }

    /// The same, unless it was opened anew already.
    func letGo(_ region: Region) async {
        let code = region.municipality.code
        guard let entry = entries[code], (try? await entry.opening.value) === region,
            entries[code]?.token == entry.token
        else { return }
        entries[code] = nil
    }

    /// Has every open region compared anew with what the control file knows of it, before anything is issued from it.
    func doubtAll() async {
        for entry in entries.values { await (try? entry.opening.value)?.doubt() }
    }

    /// Closes all of them at once: what closing one takes is mostly waiting for the disk.
    func close() async {
        let opening = entries.values.map(\.opening)
        entries = [:]
        await withTaskGroup(of: Void.self) { group in
            for opening in opening {
                group.addTask { await (try? opening.value)?.file.close() }
            }
        }
    }

    /// How many are open or being opened.
    var count: Int { entries.count }

    func region(_ code: MunicipalityCode) async throws -> Region {
        clock += 1
        if var entry = entries[code] {
            entry.used = clock
            entries[code] = entry
            return try await entry.opening.value
        }
        let token = clock
        let opening = Task { [open] in
            // Creating a file waits for the disk several times: not on a thread that other tasks share.
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try open(code) }) }
            }
        }
        entries[code] = Entry(opening: opening, token: token, used: token)
        while entries.count > maximumOpen, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
        }
        do {
            return try await opening.value
        } catch {
            if entries[code]?.token == token { entries[code] = nil }
            throw error
        }
    }
}
