import CLinux
package import CheckedConfiguration
import Foundation
import Vaccination

/// A folder of the records, which only its owner may open.
package enum StoreFolder {
    /// Others can open a folder of the records: what they may have read is known to them.
    package struct Open: ExplainedError, Hashable, Sendable {
        /// The configuration's key that names it.
        package let key: String
        /// Where it is.
        package let folder: String

        package var exitStatus: ExitStatus { .configuration }
        package var english: String {
            "\(folder) (\(key)) can be read by others than its owner: chmod -R go= \(folder), and think of what they may have read"
        }
        package var japanese: String {
            "\(folder)（\(key)）を所有者以外が読めます。chmod -R go= \(folder) し、読まれた可能性を検討してください。"
        }
    }

    /// The records are to lie on another host's disk.
    package struct Remote: ExplainedError, Hashable, Sendable {
        /// The configuration's key that names it.
        package let key: String
        /// Where it is.
        package let folder: String

        package var exitStatus: ExitStatus { .configuration }
        package var english: String {
            """
            \(folder) (\(key)) lies on a network's file system, where locks do not hold and the records would break: name a \
            folder on a disk of this host
            """
        }
        package var japanese: String {
            "\(folder)（\(key)）はネットワーク上のファイルシステムにあります。ロックが効かず記録が壊れるため、このホストのディスクを指定してください。"
        }
    }

    /// The numbers of file systems that other hosts serve (statfs(2)): NFS, SMB, CIFS, SMB2, Ceph, AFS.
    private static let remote: Set<Int> = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x00C3_6400, 0x5346_414F]

    /// The number of the file system of a folder, or of what leads to it where it is not there yet.
    package static func fileSystem(of folder: String) -> Int {
        var url = URL(fileURLWithPath: folder).standardizedFileURL
        var type: Int64 = 0
        while akashi_file_system(url.path, &type) != 0, url.path != "/" { url.deleteLastPathComponent() }
        return Int(type) & 0xFFFF_FFFF
    }

    /// Throws if a folder is another host's.
    package static func refuseRemote(
        _ folder: String, _ key: String, fileSystem: (String) -> Int = fileSystem(of:)
    ) throws {
        if remote.contains(fileSystem(folder)) { throw Remote(key: key, folder: folder) }
    }

    /// Throws if others can open a folder. Files in it that would let others read them, which nobody could reach, are
    /// closed as well. What SQLite makes beside a database has its mode.
    package static func close(_ folder: String, _ key: String) throws {
        guard !OwnerOnlyFolder.isOpen(folder) else { throw Open(key: key, folder: folder) }
        for path in [folder, folder + "/regions"] { OwnerOnlyFolder.closeContents(of: path) }
    }
}
