package import CheckedConfiguration
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

    /// Throws if others can open a folder. Files in it that would let others read them, which nobody could reach, are
    /// closed as well. What SQLite makes beside a database has its mode.
    package static func close(_ folder: String, _ key: String) throws {
        guard !OwnerOnlyFolder.isOpen(folder) else { throw Open(key: key, folder: folder) }
        for path in [folder, folder + "/regions"] { OwnerOnlyFolder.closeContents(of: path) }
    }
}
