import CheckedConfiguration
import Glibc

/// An empty file that is there while the terminal is out of service: so that is not forgotten over a restart. It says
/// nothing of anybody.
package struct ServiceMarker: Hashable, Sendable {
    /// Where it lies.
    package let path: String

    package init(path: String) { self.path = path }

    /// Whether the terminal is out of service. What cannot be looked at counts as such.
    package var isSet: Bool {
        faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT
    }

    /// Takes the terminal out of service, durably; `false` if the file cannot be made, and then only the process that knows
    /// keeps the terminal so.
    @discardableResult
    package func set() -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return isSet }
        defer { close(file) }
        return fsync(file) == 0 && syncFolder()
    }

    /// A person has looked: puts the terminal back; `false` if the file cannot be removed, which keeps it out of service.
    package func clear() -> Bool { (unlink(path) == 0 || errno == ENOENT) && syncFolder() }

    /// Whether the file could be made now.
    package var canBeSet: Bool { access(folder, W_OK | X_OK) == 0 }

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func syncFolder() -> Bool {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
