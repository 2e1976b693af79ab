package import Foundation
import Glibc

/// A file that only its owner can read or change, as every file with a private key must be.
package enum OwnerOnlyFile {
    /// Why a file was not read.
    package enum ReadError: Error, Hashable, Sendable {
        /// It cannot be opened.
        case absent
        /// It is no regular file, cannot be read to its end, or is larger than the bound.
        case unreadable
        /// Others than its owner may read or change it.
        case permissions
    }

    /// Reads a whole file of mode `0600` or stricter. What is judged and what is read is one open file, so that nothing can
    /// be put in its place between the two.
    package static func read(_ path: String, maximumBytes: Int) throws(ReadError) -> Data {
        // Not to wait for somebody to write where a pipe lies.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .absent }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unreadable }
        guard status.st_mode & 0o077 == 0 else { throw .permissions }
        let data: Data
        // Nothing at all is the end of an empty file.
        do { data = try handle.read(upToCount: maximumBytes + 1) ?? Data() } catch { throw .unreadable }
        guard data.count <= maximumBytes else { throw .unreadable }
        return data
    }
}
