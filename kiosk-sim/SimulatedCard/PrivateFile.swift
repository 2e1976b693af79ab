import Foundation
#if canImport(Glibc)
    import Glibc
#endif

/// Files that only their owner may read.
enum PrivateFile {
    /// The maximum length of a file that is read.
    static let maximumLength = 64 * 1024

    /// Writes a whole file, or leaves the old one as it was: a new file of mode 0600 takes its place.
    static func write(_ bytes: [UInt8], to path: String) throws(SimulatedCardError) {
        let temporary = path + ".\(UInt64.random(in: 0 ... .max)).tmp"
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: Data(bytes), attributes: [.posixPermissions: 0o600]),
            rename(temporary, path) == 0
        else {
            unlink(temporary)
            throw .unwritable(path: path)
        }
    }

    /// Reads a whole file of at most 64 KiB, of mode `0600` or stricter: in each is a private key. What is judged and what is
    /// read is one open file.
    static func read(_ path: String) throws(SimulatedCardError) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, field: nil) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, field: nil)
        }
        guard status.st_mode & 0o077 == 0 else { throw .permissions(path: path) }
        let data: Data
        // Nothing at all is the end of an empty file.
        do { data = try handle.read(upToCount: maximumLength + 1) ?? Data() } catch {
            throw .unreadable(path: path, field: nil)
        }
        guard data.count <= maximumLength else { throw .unreadable(path: path, field: nil) }
        return data
    }

    /// Encodes a value as JSON; keys are sorted, so the notice in capitals comes first.
    static func json(_ value: some Encodable, for path: String) throws(SimulatedCardError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { throw .unwritable(path: path) }
        return Array(data) + [0x0A]
    }
}
