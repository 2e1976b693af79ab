import Crypto
import Foundation
import Glibc
import Waiting

/// The folder that backups lie in: another disk, or another host's that is mounted.
///
/// | what | where |
/// | --- | --- |
/// | whose backups these are | `akashi-backup` |
/// | sets | `sets/NUMBER-INSTANT.set` |
/// | where each block of a part lies | `indexes/PART/NAME` |
/// | blocks | `segments/PART/NAME` |
/// | files of keys | `keys/PART/NAME` |
/// | whether a backup was begun and has not ended, and to which key | `unfinished` |
///
/// Every file is written beside its name and has it only when it is whole and on the disk, the set's the last of all. A file that
/// has its name never changes, but for those of keys, which are replaced.
package struct BackupPlace: Sendable {
    /// Where it is.
    package let path: String

    /// A place; nothing is looked at yet.
    package init(_ path: String) { self.path = path }

    enum Folder: String, CaseIterable {
        case sets, indexes, segments, keys
    }

    func folder(_ folder: Folder) -> String { "\(path)/\(folder.rawValue)" }
    func folder(_ folder: Folder, _ part: BackupPart) -> String { "\(path)/\(folder.rawValue)/\(part)" }
    private var marker: String { path + "/akashi-backup" }
    var unfinished: String { path + "/unfinished" }

    private static func text(_ installation: Data) -> Data {
        Data("akashi backup 1\n\(BackupHex.text(installation))\n".utf8)
    }

    /// Makes the folders that are missing.
    /// - Throws: ``BackupError/otherInstallation(_:)`` if the place is another one's.
    func begin(_ host: BackupHost, to recipient: String) throws(BackupError) {
        if try !isThere(for: host) {
            guard try BackupFile.names(in: path).allSatisfy({ $0 == "lock" || $0 == "lost+found" || $0.hasPrefix(".") })
            else { throw .otherInstallation("\(path) is not empty, and no folder of backups") }
        }
        // The mark first: folders without one are somebody else's.
        if BackupFile.size(marker) == nil { try BackupFile.publish(Self.text(host.installation), at: marker) }
        for folder in Folder.allCases { try BackupFile.makeFolder(self.folder(folder)) }
        try BackupFile.publish(Data(recipient.utf8), at: unfinished)
    }

    /// Whether there are backups, which have to be this installation's where it is known.
    func isThere(for host: BackupHost?) throws(BackupError) -> Bool {
        guard BackupFile.size(marker) != nil else { return false }
        let text = try BackupFile.read(marker, maximumBytes: 200)
        guard text.starts(with: Data("akashi backup 1\n".utf8)) else {
            throw text.starts(with: Data("akashi backup ".utf8)) ? .newer(marker) : .damaged(marker)
        }
        if let host, text != Self.text(host.installation) { throw .otherInstallation(path) }
        return true
    }

    /// The sets' names, the oldest first.
    package func sets() throws(BackupError) -> [String] {
        try BackupFile.names(in: folder(.sets)).filter { $0.hasSuffix(".set") }.map { String($0.dropLast(4)) }
            .filter { BackupSet.number($0) != nil }
            .sorted { (BackupSet.number($0) ?? 0, $0) < (BackupSet.number($1) ?? 0, $1) }
    }

    /// The set of a name; the newest one for `nil`.
    package func set(_ name: String?, _ reader: BackupReader) throws(BackupError) -> BackupSet {
        let names = try sets()
        guard let name = name ?? names.last, names.contains(name) else {
            throw .notFound("\(path): \(name ?? "there is no set")")
        }
        let path = "\(folder(.sets))/\(name).set"
        let bytes = try BackupFile.read(path, maximumBytes: BackupEnvelope.Kind.set.maximumBytes)
        let set = try BackupSet(json: try BackupEnvelope(bytes, as: .set, at: path).open(named: name, by: reader))
        guard set.name == name else { throw .damaged("\(path) is another set") }
        return set
    }

    /// Where the blocks of a part lie.
    func index(of part: BackupSet.Part, _ reader: BackupReader) throws(BackupError) -> BackupIndex {
        let path = "\(folder(.indexes, part.part))/\(part.index)"
        let bytes = try BackupFile.read(path, maximumBytes: BackupEnvelope.Kind.index.maximumBytes)
        guard Self.digest(bytes) == part.digest else { throw .damaged("\(path) is not as it was written") }
        let envelope = try BackupEnvelope(bytes, as: .index, at: path)
        let index: BackupIndex
        do throws(BackupError) {
            index = try BackupIndex(parsing: try envelope.open(named: "\(part.part)/\(part.index)", by: reader))
        } catch {
            throw error == .damaged() ? .damaged("\(path): \(error.detail)") : error
        }
        guard index.bytes == part.bytes else { throw .damaged("\(path) is another part's") }
        return index
    }

    /// Whether a segment lies there with its length.
    func isThere(_ segment: BackupIndex.Segment, of part: BackupPart) -> Bool {
        BackupFile.size("\(folder(.segments, part))/\(segment.name)") == BackupSegmentForm.size(segment.blocks)
    }

    /// The names in a part's folder: nothing that was left unfinished.
    func names(_ folder: Folder, _ part: BackupPart, bytes: Int) throws(BackupError) -> [String] {
        try BackupFile.names(in: self.folder(folder, part)).filter { BackupHex.isRight($0, bytes: bytes) }
    }

    /// Removes a file of a part, or of a folder itself, and says how long it was. Each folder on the way has to be one, and no link:
    /// whoever can write the place does not choose what of this host is removed.
    func remove(_ name: String, from folder: Folder, _ part: BackupPart?) throws(BackupError) -> Int64 {
        let path = part.map { self.folder(folder, $0) } ?? self.folder(folder)
        var descriptor = try BackupFile.open(self.path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        for step in [folder.rawValue] + (part.map { ["\($0)"] } ?? []) {
            let next = openat(descriptor, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw .system(errno, path, writing: true) }
            close(descriptor)
            descriptor = next
        }
        var status = stat()
        let isFile =
            fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFREG
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw .system(errno, "\(path)/\(name)", writing: true)
        }
        return isFile ? Int64(status.st_size) : 0
    }

    /// The parts that a folder has folders of.
    func parts(_ folder: Folder) throws(BackupError) -> [BackupPart] {
        try BackupFile.names(in: self.folder(folder)).compactMap { BackupPart($0) }
    }
}

/// The right to write backups to a place, of one process at a time.
final class BackupTurn {
    private let descriptor: Int32

    /// - Throws: ``BackupError/locked(_:)`` at once if somebody else has it.
    init(_ place: BackupPlace) throws(BackupError) {
        let path = place.path + "/lock"
        descriptor = try BackupFile.open(path, O_RDWR | O_CREAT)
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: path, within: .zero) } catch {
            close(descriptor)
            switch error {
            case .held(let held): throw .locked(held)
            case .system(let number): throw .system(number, path, writing: true)
            }
        }
    }

    deinit { close(descriptor) }
}

extension BackupPlace {
    /// SHA-256 of a file's bytes.
    static func digest(_ bytes: Data) -> Data { Data(SHA256.hash(data: bytes)) }
}
