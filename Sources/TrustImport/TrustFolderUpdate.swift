import CLinux
public import Credentials
import Foundation
public import TrustFolder
import Waiting

extension TrustFolder {
    /// Writes files into a trust folder, all or none: a copy of the folder is made beside it (of links, so that it costs
    /// nothing), the files are written there, and the two change places in one step. Whatever goes wrong before leaves
    /// the folder as it was. A folder that is not there is made.
    ///
    /// - Parameters:
    ///   - path: the trust folder. The folder in which it lies must be writable.
    ///   - files: the files with their paths below the folder; when each was fetched is noted in `imported.json`.
    public static func update(_ path: String, adding files: [TrustFile]) throws(Failure) {
        try update(path) { _ in files }
    }

    /// The same with files that depend on what the folder holds: nobody else updates it between the reading and the
    /// writing. A second import waits for the first.
    ///
    /// - Parameter files: given what the folder holds (nothing if it is not there), what to write. Where that is
    ///   nothing, the folder stays as it is.
    public static func update(_ path: String, adding files: ([TrustFile]) -> [TrustFile]) throws(Failure) {
        try update(path, forgetting: []) { existing in
            TrustChange(files: files(existing.filter { !notes.contains($0.path) }))
        }
    }

    /// The same with what is to be noted beside the files.
    ///
    /// - Parameter change: given what the folder holds with its notes, what to change. Where that is nothing, the folder
    ///   stays as it is.
    public static func change(_ path: String, by change: ([TrustFile]) -> TrustChange) throws(Failure) {
        try update(path, forgetting: [], by: change)
    }

    /// Takes files out of a trust folder, and what was noted of the revocation lists in them: without that, a verifier
    /// would go on to say that they are missing.
    ///
    /// - Parameter paths: the files' paths below the folder; they need not be there any more.
    package static func forget(_ path: String, _ paths: Set<String>) throws(Failure) {
        if let path = paths.first(where: { !isFile($0) }) { throw .notAFile(path) }
        try update(path, forgetting: paths) { _ in TrustChange(files: []) }
    }

    private static func update(
        _ path: String, forgetting forgotten: Set<String>, by change: ([TrustFile]) -> TrustChange
    ) throws(Failure) {
        // As a URL it is absolute, which its parts are well defined for.
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        let folder = place.path
        let parent = place.deletingLastPathComponent()
        let staging = parent.appendingPathComponent(".\(place.lastPathComponent).\(UUID().uuidString)").path
        // What leads to a folder that does not come to be does not stay either.
        var made: [String] = []
        defer { for path in made.reversed() where rmdir(path) != 0 { break } }
        // Before that, since it lies in the last of those.
        defer { try? FileManager.default.removeItem(atPath: staging) }
        do {
            made = try makeFolders(parent.path)
            let lock = try lock(parent.path)
            defer { close(lock) }
            let isThere = FileManager.default.fileExists(atPath: folder)
            let change = change(isThere ? try read(folder) : [])
            if change.isEmpty, forgotten.isEmpty { return }
            if isThere {
                try copy(folder, to: staging)
            } else {
                try makeFolder(staging)
            }
            let forgotten = forgotten.union(change.outdated)
            if let path = change.removed.union(change.outdated).first(where: { !isFile($0) }) {
                throw Failure.notAFile(path)
            }
            for path in forgotten.union(change.removed) {
                let place = "\(staging)/\(path)"
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else { continue }
                if isFolder.boolValue { throw Failure.notAFile(path) }
                try FileManager.default.removeItem(atPath: place)
            }
            try write(change, forgetting: forgotten, to: staging)
            // It must be readable as a whole, or nobody could use it.
            _ = try read(staging)
            try swap(staging, folder, isThere: isThere)
            made = []
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .unwritable(path)
        }
    }

    /// Makes a folder for others to read, as what is trusted is public, whatever the process's mask says.
    private static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    }

    /// Makes the folders that lead to a place and are not there; gives them, the outermost first.
    private static func makeFolders(_ path: String) throws -> [String] {
        var missing: [String] = []
        var place = URL(fileURLWithPath: path)
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
            missing.append(place.path)
            place.deleteLastPathComponent()
        }
        for path in missing.reversed() where !FileManager.default.fileExists(atPath: path) { try makeFolder(path) }
        return missing.reversed()
    }

    /// Writes a file for others to read.
    private static func write(_ bytes: Data, to path: String) throws {
        try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    }

    /// Waits until no other import works in a folder, for as long as ``FileLock/limit``. The lock is the parent's own, which no change of places replaces;
    /// closing the descriptor, or the end of the process, gives it back.
    private static func lock(_ parent: String) throws(Failure) -> CInt {
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unwritable(parent) }
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: parent) } catch {
            close(descriptor)
            switch error {
            case .held(let held): throw .locked("\(held.english) / \(held.japanese)")
            case .system: throw .unwritable(parent)
            }
        }
        return descriptor
    }

    private static func copy(_ folder: String, to copy: String) throws {
        let manager = FileManager.default
        let mode = try manager.attributesOfItem(atPath: folder)[.posixPermissions]
        try manager.createDirectory(atPath: copy, withIntermediateDirectories: false)
        if let mode { try manager.setAttributes([.posixPermissions: mode], ofItemAtPath: copy) }
        for name in try manager.contentsOfDirectory(atPath: folder) {
            let (from, to) = ("\(folder)/\(name)", "\(copy)/\(name)")
            switch try manager.attributesOfItem(atPath: from)[.type] as? FileAttributeType {
            case .typeDirectory: try Self.copy(from, to: to)
            case .typeSymbolicLink:
                try manager.createSymbolicLink(
                    atPath: to, withDestinationPath: manager.destinationOfSymbolicLink(atPath: from))
            default:
                // File systems without hard links get a copy.
                if link(from, to) != 0 { try manager.copyItem(atPath: from, toPath: to) }
            }
        }
    }

    /// What an import notes beside the files.
    private struct Notes: Encodable {
        let files: [String: Double]
        let lists: [HeldList]
        /// The counter of the newest manifest taken, by its publisher's key.
        let publishers: [String: Double]
        /// By whose manifests files came.
        let sources: [Bringer]
        /// Authorities taken out whose lists still count.
        let retired: [RetiredAuthority]
    }

    private static func write(_ change: TrustChange, forgetting forgotten: Set<String>, to staging: String) throws {
        var times = ImportTimes.read(staging)
        for file in change.files {
            let place = "\(staging)/\(file.path)"
            _ = try makeFolders((place as NSString).deletingLastPathComponent)
            // By renaming, so that the file of the same name in the old folder, to which this one is linked, stays whole.
            try write(Data(file.bytes), to: place)
            times.files[file.path] = file.fetched
        }
        times.files = times.files.filter { FileManager.default.fileExists(atPath: "\(staging)/\($0.key)") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        // What was there before and is not now is still noted, until its time is over.
        let now = change.files.compactMap(\.fetched).max() ?? -.infinity
        let known = try self.noted(staging)
        var (noted, counters) = (known.lists, known.counters)
        noted.removeAll { note in
            change.found.contains { $0.isAtLeast(note) } && times.files[note.path] == nil
        }
        let sources = (change.bringers ?? known.sources.adding(change.files)).filter {
            FileManager.default.fileExists(atPath: "\(staging)/\($0.path)")
        }
        var retired = Set(known.retired + change.retired).filter { !forgotten.contains($0.path) }
        counters.merge(change.counters) { max($0, $1) }
        func note(_ lists: [HeldList]) throws {
            let notes = Notes(
                files: times.files, lists: lists, publishers: counters, sources: sources,
                retired: retired.sorted { ($0.path, $0.der.count) < ($1.path, $1.der.count) })
            try write(encoder.encode(notes), to: "\(staging)/\(ImportTimes.name)")
        }
        // Whose lists lie here is told with the authorities that are trusted no more.
        try note(noted)
        let lists = HeldList.merged(
            HeldList.merged(noted, change.missing), TrustStore(files: try read(staging)).held
        )
        .filter { !forgotten.contains($0.path) && $0.expires.map { now < $0 } ?? true }
        // One of whom no list is held has nothing to be remembered for.
        let keys = Set(lists.compactMap(\.key))
        retired = retired.filter { keys.contains(TrustManifest.digest($0.der)) }
        try note(lists)
        // What nobody could read would make everything unknown, and stop every import to come.
        guard let read = try? self.noted(staging), read.lists.count == lists.count else { throw Failure.tooManyLists }
    }

    /// What was noted before.
    private struct Noted {
        let lists: [HeldList]
        let counters: [String: Double]
        let sources: [Bringer]
        let retired: [RetiredAuthority]
    }

    /// The lists that a folder has held, and the manifests taken. A note that cannot be read is not written over: nobody would know then.
    private static func noted(_ folder: String) throws -> Noted {
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(ImportTimes.name)") else {
            return Noted(lists: [], counters: [:], sources: [], retired: [])
        }
        guard let lists = HeldList.noted(Array(bytes)), let counters = PublisherCounters.noted(Array(bytes)),
            let sources = Bringer.noted(Array(bytes)), let retired = RetiredAuthority.noted(Array(bytes))
        else {
            throw Failure.unreadable(ImportTimes.name)
        }
        return Noted(lists: lists, counters: counters, sources: sources, retired: retired)
    }

    private static func swap(_ staging: String, _ folder: String, isThere: Bool) throws {
        guard akashi_take_place(staging, folder, isThere ? 1 : 0) == 0 else { throw Failure.unwritable(folder) }
    }
}
