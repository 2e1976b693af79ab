import Crypto
package import Foundation
import Glibc

/// The files of one folder as one part: closed segments of a region's log. Each file begins at a block's beginning, so that one that
/// goes leaves the others' blocks as they are.
///
/// ```
/// for each, by name:
///   "AKASHI-FILE-1" LF             14 bytes
///   length                          8
///   length of the name              2
///   name                            at most 200, then zeros up to 512 bytes
///   content                         and zeros up to a whole block
/// ```
package struct BackupArchive {
    private static let magic = Data("AKASHI-FILE-1\n".utf8)
    private static let headBytes = 512
    private static let maximumName = 200

    struct File {
        let name: String
        let bytes: Int
    }

    /// A file of the list is not there any more.
    struct Changed: Error {}

    private let folder: String
    let files: [File]
    /// What the file system says of them; nothing if a change right now might not show.
    let marks: [Int64]

    /// Looks at a folder; none is as good as an empty one.
    init(_ folder: String, now: Date) throws(BackupError) {
        self.folder = folder
        var (files, said, isSettled): ([File], SHA256, Bool) = ([], SHA256(), true)
        for name in try BackupFile.names(in: folder) where Self.isRight(name) {
            var status = stat()
            guard stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            files.append(File(name: name, bytes: Int(status.st_size)))
            isSettled = isSettled && now.timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > 3
            said.update(
                data: Data(
                    """
                    \(name) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec) \
                    \(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)

                    """.utf8))
        }
        self.files = files
        marks =
            isSettled
            ? said.finalize().withUnsafeBytes { raw in
                (0..<4).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
            } : []
    }

    private static func padded(_ bytes: Int) -> Int {
        (headBytes + bytes + BackupIndex.blockBytes - 1) / BackupIndex.blockBytes * BackupIndex.blockBytes
    }

    /// How long the whole is.
    var bytes: Int64 { files.reduce(0) { $0 + Int64(Self.padded($1.bytes)) } }

    /// Gives every block in order.
    func blocks(_ take: (Data) throws -> Void) throws {
        for file in files {
            let path = "\(folder)/\(file.name)"
            // A segment that was kept long enough goes, and with it the list.
            guard BackupFile.size(path) != nil else { throw Changed() }
            let descriptor = try BackupFile.open(path, O_RDONLY)
            defer { close(descriptor) }
            var head = Self.magic
            withUnsafeBytes(of: UInt64(file.bytes).bigEndian) { head += $0 }
            withUnsafeBytes(of: UInt16(file.name.utf8.count).bigEndian) { head += $0 }
            head += Data(file.name.utf8)
            head += Data(count: Self.headBytes - head.count)
            var place = 0
            repeat {
                var content = Data(count: min(file.bytes - place, BackupIndex.blockBytes - head.count))
                guard try BackupFile.read(descriptor, at: place, into: &content, path) == content.count else {
                    throw StoreError.busy("\(path) became shorter while it was read")
                }
                place += content.count
                var block = head + content
                head = Data()
                block += Data(count: BackupIndex.blockBytes - block.count)
                try take(block)
            } while place < file.bytes
        }
    }

    /// Whether a file of this name is one to keep: no hidden one, and nothing of a path.
    private static func isRight(_ name: String) -> Bool {
        (1...maximumName).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
    }

    /// Takes an archive apart.
    /// - Parameters:
    ///   - count: how long it is.
    ///   - read: gives as many bytes from a place as there are, at most so many.
    ///   - found: hears of each file: its name, and where its content lies.
    package static func read(
        _ count: Int, _ read: (_ place: Int, _ count: Int) throws -> Data,
        found: (_ name: String, _ place: Int, _ bytes: Int) throws -> Void
    ) throws {
        let damaged = BackupError.damaged("an archive that cannot be read")
        var (place, last) = (0, "")
        while place < count {
            let head = Array(try read(place, headBytes))
            guard head.count == headBytes, head.starts(with: magic) else { throw damaged }
            let bytes = head[14..<22].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let length = Int(head[22]) << 8 | Int(head[23])
            guard bytes <= UInt64(count - place - headBytes), length <= maximumName,
                let name = String(validating: head[24..<24 + length], as: UTF8.self), isRight(name), name > last,
                head[(24 + length)...].allSatisfy({ $0 == 0 })
            else { throw damaged }
            try found(name, place + headBytes, Int(bytes))
            last = name
            place += padded(Int(bytes))
        }
        guard place == count else { throw damaged }
    }
}
