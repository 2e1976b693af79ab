import Foundation
import Glibc

/// Writing key material.
package enum KeyFile {
    /// Why a file was not written.
    package struct WriteError: Error, CustomStringConvertible {
        /// Where.
        package let path: String
        package var description: String { "\(path) cannot be written, or is there already / 書き込めないか、すでにあります" }
    }

    /// Writes a new file that only its owner can read; throws when it is there already.
    package static func writePrivate(_ text: String, to path: String) throws { try write(text, to: path, mode: 0o600) }

    /// Writes a new file that everybody may read; throws when it is there already.
    package static func writePublic(_ text: String, to path: String) throws { try write(text, to: path, mode: 0o644) }

    private static func write(_ text: String, to path: String, mode: mode_t) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw WriteError(path: path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }
}
