package import CheckedConfiguration
import Foundation
import Glibc
import Vaccination

/// A file that holds key material: read only when nobody but its owner can, written only anew.
package struct KeyFile: Sendable {
    /// The maximum of a key file in bytes.
    package static let maximumBytes = 16_384

    /// Why a file was not read.
    package enum ReadError: Error, Hashable, Sendable {
        /// It is not there, cannot be read, is too large or no UTF-8 text.
        case unreadable
        /// Others than its owner may read or change it.
        case permissions
    }

    /// Why a file was not written.
    package struct WriteError: ExplainedError {
        /// Where.
        package let path: String
        package var english: String {
            "\(path) cannot be written, or is there already: nothing is overwritten; give another folder, or one you may write to"
        }
        package var japanese: String {
            "\(path)は書き込めないか、すでにあります。上書きはしません。別のフォルダーか、書き込めるフォルダーを指定してください。"
        }
        package var exitStatus: ExitStatus { .usage }
    }

    /// Everything in the file.
    package let text: String
    /// Whether a line of it says that it is for development only.
    package var isDevelopment: Bool { DevelopmentMark.isOn(keyFile: text) }
    /// The file without its comments, which OpenSSL and others do not expect before PEM.
    package var pem: String {
        text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.joined(separator: "\n")
    }

    /// Reads a file of mode `0600` or stricter.
    package init(reading path: String) throws(ReadError) {
        let data: Data
        do { data = try OwnerOnlyFile.read(path, maximumBytes: Self.maximumBytes) } catch {
            throw error == .permissions ? .permissions : .unreadable
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw .unreadable }
        self.text = text
    }

    /// Writes a new file that only its owner can read; throws when it is there already.
    package static func writePrivate(_ text: String, to path: String) throws(WriteError) {
        try write(text, to: path, mode: 0o600)
    }

    /// Writes a new file that everybody may read; throws when it is there already.
    package static func writePublic(_ text: String, to path: String) throws(WriteError) {
        try write(text, to: path, mode: 0o644)
    }

    private static func write(_ text: String, to path: String, mode: mode_t) throws(WriteError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: mode == 0o600 ? [.posixPermissions: 0o700] : nil)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw WriteError(path: path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            // Whatever the process's mask says: what is public is for others to read.
            guard fchmod(descriptor, mode) == 0 else { throw WriteError(path: path) }
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            try handle.close()
        } catch { throw WriteError(path: path) }
    }
}
