import Foundation
import Glibc

/// A folder that only its owner can open, as every folder with records must be.
package enum OwnerOnlyFolder {
    /// Whether a folder is there that others than its owner may list, enter or change.
    package static func isOpen(_ folder: String) -> Bool {
        var status = stat()
        return stat(folder, &status) == 0 && status.st_mode & 0o077 != 0
    }

    /// Takes from others every right on what lies directly in a folder, as far as this user may: whoever cannot enter the
    /// folder loses nothing, and a copy of its files may come to lie elsewhere.
    package static func closeContents(of folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let file = "\(folder)/\(name)"
            var status = stat()
            guard lstat(file, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG, S_IFDIR: _ = chmod(file, status.st_mode & 0o700)
            default: break
            }
        }
    }
}
