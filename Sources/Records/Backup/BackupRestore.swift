import Foundation
import Glibc
import GRDB
package import Vaccination

/// Puts parts of a set in their places: databases that are not there, with their files of keys; nothing is overwritten.
package struct BackupRestore {
    /// What was put in place.
    package struct Report: Sendable {
        /// The set that it is from.
        package let set: BackupSet
        /// Parts that are in place now.
        package let restored: [BackupPart]
        /// Regions whose keys are kept no more: they were erased.
        package let erased: [MunicipalityCode]
        /// Parts that were left as they are: a journal and a root that are newer.
        package let left: [BackupPart]
        /// Databases of an older format: their evidence is looked at when they are first opened.
        package let older: [BackupPart]
        /// Regions served of which the set has nothing, where everything was to be put back.
        package let absent: [MunicipalityCode]
        /// Sets that are newer and do not have all regions.
        package let passedOver: [String]
    }

    private let place: BackupPlace
    private let reader: BackupReader
    private let records: String
    private let journal: String
    private let segments: String
    private let keys: RegionKeyFolder

    /// - Parameters:
    ///   - reader: with the private half of the backup key.
    ///   - records, journal, segments, keys: where to put what is restored.
    package init(
        _ place: BackupPlace, _ reader: BackupReader, records: String, journal: String, segments: String? = nil,
        keys: RegionKeyFolder
    ) {
        self.segments = segments ?? records + "/segments"
        (self.place, self.reader) = (place, reader)
        (self.records, self.journal, self.keys) = (records, journal, keys)
    }

    /// Puts everything that a set has of the regions served, or some regions alone, in place.
    ///
    /// Everything is put together beside its place first, and looked at: SQLite's own check, and every line and row against its
    /// evidence. Only then the databases have their names, the control file the last.
    /// - Parameters:
    ///   - name: the set's; `nil` for the newest that was made of everything that is wanted, or of the most of it.
    ///   - only: these regions alone, for records that are there; `nil` for everything.
    /// - Throws: ``BackupError``, ``StoreError``: nothing is in place then but files of keys that were missing.
    @available(*, noasync)
    package func restore(
        _ name: String?, only: [MunicipalityCode]?, served: [MunicipalityCode],
        progress: (BackupPart, Double) -> Void = { _, _ in }
    ) throws -> Report {
        guard try place.isThere(for: nil) else {
            throw BackupError.notFound("\(place.path) is no folder of backups")
        }
        let (set, passedOver) = try name.map { (try place.set($0, reader), []) } ?? newest(with: only ?? served)
        let wanted = try parts(of: set, only, served)
        var erased: [MunicipalityCode] = []
        let staging = try stage()
        defer { try? FileManager.default.removeItem(atPath: staging) }
        var ready: [(part: BackupPart, from: String)] = []
        var (older, left, files): ([BackupPart], [BackupPart], [BackupPart]) = ([], [], [])
        let hasJournal = try BackupFile.names(in: journal).contains { $0.hasSuffix(".journal") }
        for (number, part) in wanted.enumerated() {
            progress(part.part, Double(number) / Double(wanted.count))
            switch part.part {
            case .files(let code):
                guard !erased.contains(code) else { continue }
                let file = "\(staging)/\(part.part)"
                try assemble(part, at: file)
                try unpack(file, part)
                unlink(file)
                files.append(part.part)
            case .journal where hasJournal: left.append(part.part)
            case .root where BackupFile.size(path(of: .root)) != nil: left.append(part.part)
            default:
                do throws(BackupError) { try putKeys(of: part, sealedTo: set.recipient) } catch {
                    // What was erased does not keep others from coming back.
                    guard case .region(let code) = part.part, error == .keysGone(), only == nil else { throw error }
                    erased.append(code)
                    continue
                }
                // A region that nobody had been written to has keys alone.
                if part.part.log != nil, part.bytes == 0 {
                    _ = try place.index(of: part, reader)
                    continue
                }
                let file = "\(staging)/\(part.part)"
                try assemble(part, at: file)
                if try part.part.log.map({ try check(part.part, $0, file) }) == false { older.append(part.part) }
                ready.append((part.part, file))
            }
        }
        // Without the control file there are no records yet: it is the last.
        let ordered = ready.filter { $0.part != .control } + ready.filter { $0.part == .control }
        for (part, file) in ordered {
            guard link(file, path(of: part)) == 0 else {
                let number = errno
                throw number == EEXIST
                    ? BackupError.occupied(path(of: part)) : .system(number, path(of: part), writing: true)
            }
        }
        for folder in [records + "/regions", records, journal] { try BackupFile.syncFolder(folder) }
        return Report(
            set: set, restored: ready.map(\.part) + files, erased: erased, left: left, older: older,
            absent: only == nil ? served.filter { set[.region($0)] == nil } : [], passedOver: passedOver)
    }

    /// The newest set that was made of all these regions, and those after it: one made of some alone is no backup of the rest. What
    /// a set was asked for and could not read counts: otherwise one damaged region would bring all others back as they were long
    /// before. A region whose keys are in no backup any more is waited for in none. If no set was made of all, it is the newest of
    /// those that were made of the most.
    private func newest(with regions: [MunicipalityCode]) throws(BackupError) -> (BackupSet, passedOver: [String]) {
        let withKeys = Set(try place.parts(.keys))
        let wanted = Set(regions.map { BackupPart.region($0) }).intersection(withKeys)
        var (best, passedOver): ((set: BackupSet, count: Int)?, [String]) = (nil, [])
        var since: [String] = []
        for name in try place.sets().reversed() {
            let set = try place.set(name, reader)
            let count = wanted.intersection(set.parts.map(\.part) + set.missing).count
            if best.map({ count > $0.count }) ?? true { (best, passedOver) = ((set, count), since) }
            if count == wanted.count { break }
            since.append(name)
        }
        guard let best else { throw .notFound("\(place.path): there is no set") }
        return (best.set, passedOver)
    }

    private func path(of part: BackupPart) -> String {
        switch part {
        case .control: "\(records)/control.sqlite"
        case .region(let code): SQLiteRecordStore.path(of: code, in: records)
        case .files(let code): "\(segments)/\(code.digits)"
        case .journal(let name): "\(journal)/\(name).journal"
        case .root: "\(journal)/root.jws"
        }
    }

    /// Which parts are to be put back; none of them may be there.
    private func parts(
        of set: BackupSet, _ only: [MunicipalityCode]?, _ served: [MunicipalityCode]
    ) throws -> [BackupSet.Part] {
        var parts: [BackupSet.Part]
        if let only {
            guard BackupFile.size("\(records)/control.sqlite") != nil else {
                throw BackupError.notFound("\(records): there is no control file beside which a region can be put back")
            }
            parts = try only.map { code in
                guard let part = set[.region(code)] else { throw BackupError.notFound("\(set.name): \(code)") }
                return part
            }
            parts += only.compactMap { set[.files($0)] }
        } else {
            guard set[.control] != nil else { throw BackupError.notFound("\(set.name): control") }
            let served = Set(served)
            parts = set.parts.filter { part in
                switch part.part {
                case .region(let code), .files(let code): served.contains(code)
                case .control, .journal, .root: true
                }
            }
        }
        for part in parts where part.part.log != nil {
            for suffix in ["", "-wal", "-shm"] where BackupFile.size(path(of: part.part) + suffix) != nil {
                throw BackupError.occupied(path(of: part.part) + suffix)
            }
        }
        return parts
    }

    /// An empty folder on the disk of the records, without what an earlier call left.
    private func stage() throws -> String {
        for folder in [records, records + "/regions", journal] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch { throw BackupError.unwritable(folder) }
        }
        for name in try BackupFile.names(in: records) where name.hasPrefix(".restoring-") {
            try? FileManager.default.removeItem(atPath: "\(records)/\(name)")
        }
        let staging = "\(records)/.restoring-\(UUID().uuidString)"
        try BackupFile.makeFolder(staging)
        return staging
    }

    /// Puts a part's file of keys among the keys, unless one that opens it is there.
    private func putKeys(of part: BackupSet.Part, sealedTo recipient: String) throws(BackupError) {
        guard let name = part.keys, let keyName = part.part.keyName else { return }
        // They were destroyed here, and two people decided that; a set from before does not bring them back.
        if case .region(let code) = part.part, keys.isErased(code) { throw .keysGone("\(code)") }
        let there: String?
        do {
            there = try keys.bytes(of: part.part) == nil ? nil : try keys.backupName(of: part.part, to: recipient)
        } catch {
            throw .keysDiffer("\(keys.file(keyName)): \((error as? StoreError)?.description ?? "it cannot be read")")
        }
        if there == name { return }
        if there != nil { throw .keysDiffer(keys.file(keyName)) }
        guard let bytes = try place.keys(of: part, reader) else { return }
        try BackupFile.makeFolder(keys.path)
        try BackupFile.publish(bytes, at: keys.file(keyName))
    }

    /// Puts a part together, block by block.
    private func assemble(_ part: BackupSet.Part, at path: String) throws(BackupError) {
        let index = try place.index(of: part, reader)
        guard let key = reader.privateKey else { throw .wrongKey(self.place.path) }
        let installation = try place.installation()
        var segments: [BackupSegmentReader] = []
        for segment in index.segments {
            let reader = try BackupSegmentReader(
                in: place.folder(.segments, part.part), segment.name, of: part.part, installation: installation)
            // Whoever knows the public half could make a segment: only its hash says that it is the one.
            try reader.check(segment)
            segments.append(reader)
        }
        let descriptor = try BackupFile.open(path, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(descriptor) }
        var left = index.bytes
        for block in index.blocks {
            let bytes = try segments[block.segment].block(block.place, by: key)
            let count = min(left, Int64(bytes.count))
            try BackupFile.write(bytes.prefix(Int(count)), to: descriptor, path)
            left -= count
        }
        try BackupFile.sync(descriptor, path)
    }

    /// Puts the files of an archive in their folder. They never change, so that one which is there is what it was, or damaged.
    private func unpack(_ file: String, _ part: BackupSet.Part) throws {
        let folder = path(of: part.part)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw BackupError.unwritable(folder) }
        let descriptor = try BackupFile.open(file, O_RDONLY)
        defer { close(descriptor) }
        func read(_ place: Int, _ count: Int) throws -> Data {
            var bytes = Data(count: count)
            let there = try BackupFile.read(descriptor, at: place, into: &bytes, file)
            return bytes.prefix(there)
        }
        try BackupArchive.read(Int(part.bytes), read) { name, place, bytes in
            let path = "\(folder)/\(name)"
            unlink(path + ".part")
            let output = try BackupFile.open(path + ".part", O_WRONLY | O_CREAT | O_EXCL)
            defer { close(output) }
            for start in stride(from: 0, to: bytes, by: 1 << 20) {
                try BackupFile.write(try read(place + start, min(1 << 20, bytes - start)), to: output, path)
            }
            try BackupFile.sync(output, path)
            try BackupFile.rename(path + ".part", to: path)
        }
    }

    /// Looks at a database as it will be.
    /// - Returns: whether its evidence was looked at; one of an older format has its evidence in another form.
    private func check(_ part: BackupPart, _ log: LogName, _ path: String) throws -> Bool {
        let name = log == .control ? "control" : "region \(log)"
        var configuration = Configuration()
        configuration.readonly = true
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read { db in
                let found = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
                // What SQLite says may quote values.
                guard found == ["ok"] else { throw BackupError.unsound("\(name): PRAGMA integrity_check") }
                let evidence = try evidence(log, db, name)
                let migrator = log == .control ? Schema.control(evidence) : Schema.region(evidence)
                if try migrator.hasBeenSuperseded(db) { throw StoreError.newer(name) }
                guard try migrator.hasCompletedMigrations(db) else { return false }
                let report = try EvidenceCheck.whole(db, evidence, pins: [])
                if let first = report.breaks.first { throw BackupError.unsound("\(first)") }
                return true
            }
        } catch let error as BackupError {
            throw error
        } catch {
            throw StoreError(translating: error, in: name)
        }
    }

    private func evidence(_ log: LogName, _ db: Database, _ name: String) throws -> EvidenceKeys {
        guard case .region(let code) = log else { return EvidenceKeys(log: .control, from: try keys.controlKey()) }
        guard let found = try keys.generations(for: code).those(of: try Region.keyCheck(db)) else {
            throw BackupError.keysDiffer("\(name): \(keys.file(code.digits))")
        }
        return FieldEncryptor(region: code, keys: found.keys).evidence
    }
}
