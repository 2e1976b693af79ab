package import Foundation
import Glibc
import Vaccination

/// Files that only their owner may read.
package enum PrivateFile {
    /// The maximum length of a file that is read.
    package static let maximumLength = 64 * 1024

    /// Writes a whole file, or leaves the old one as it was: a new file of mode 0600 takes its place.
    package static func write(_ bytes: [UInt8], to path: String) throws(SimulatedCardError) {
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

    /// Reads a whole file of at most 64 KiB, of mode `0600` or stricter: in each is a private key.
    package static func read(_ path: String) throws(SimulatedCardError) -> Data {
        do { return try OwnerOnlyFile.read(path, maximumBytes: maximumLength) } catch {
            throw error == .permissions ? .permissions(path: path) : .unreadable(path: path, field: nil)
        }
    }

    /// Encodes a value as JSON; keys are sorted, so the notice in capitals comes first.
    package static func json(_ value: some Encodable, for path: String) throws(SimulatedCardError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { throw .unwritable(path: path) }
        return Array(data) + [0x0A]
    }
}
