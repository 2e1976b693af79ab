import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of a file that is imported: plain, or in an encrypted zip, of which no plain copy is ever on the disk.
public final class ImportSource {
    private let bytes: any ByteSource
    /// How many there are in all.
    let size: Int

    private init(_ bytes: any ByteSource) {
        self.bytes = bytes
        size = bytes.size
    }

    /// Whether a file begins as a zip does.
    public static func isZip(_ path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? handle.close() }
        return (try? handle.read(upToCount: 2)) == Data("PK".utf8)
    }

    /// A plain file; `nil` if it cannot be opened or is no regular file.
    public static func plain(_ path: String) -> ImportSource? { PlainFile(path).map(ImportSource.init) }

    /// The one file in a zip that is encrypted with AES (WinZip AE-1 or AE-2). Its authentication is known to be right only when the
    /// last byte was read.
    public static func encrypted(_ path: String, password: String) throws(EncryptedFileFault) -> ImportSource {
        ImportSource(try EncryptedZip(path, password: password))
    }

    /// Bytes in memory.
    package static func memory(_ bytes: [UInt8]) -> ImportSource { ImportSource(MemoryBytes(bytes)) }

    /// Reads the next bytes; 0 at the end, when everything that there was is known to be whole.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(EncryptedFileFault) -> Int {
        try bytes.read(into: buffer)
    }
}

/// Why an encrypted file, or the rest of any, cannot be read.
public enum EncryptedFileFault: Error, Hashable, Sendable {
    /// It is no zip, or a damaged one.
    case damaged
    /// It holds no file, or several.
    case notOne
    /// The file in it is not encrypted with AES: plain, or in the old way, which proves nothing.
    case notAES
    /// It is compressed in a way that is not read.
    case compression
    /// The password is another one.
    case password
    /// What was read is not what was encrypted.
    case authentication
    /// It cannot be read to the end that it says, or changes while it is read.
    case unreadable
    /// It is larger than may be read.
    case tooLarge
    /// It cannot be written: something is there already, or there is no room.
    case unwritable
}

/// Where bytes come from.
protocol ByteSource: AnyObject {
    /// How many there are in all.
    var size: Int { get }
    /// Reads the next bytes; 0 at the end, and an error if that is not where it should be.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(EncryptedFileFault) -> Int
}

/// A plain file, of the length that it had when it was opened.
private final class PlainFile: ByteSource {
    private let descriptor: Int32
    let size: Int
    private var place = 0

    init?(_ path: String) {
        // Not to wait for somebody to write where a pipe lies.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(EncryptedFileFault) -> Int {
        var count: Int
        repeat { count = Glibc.read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
        guard count >= 0 else { throw .unreadable }
        place += count
        guard count == 0 else { return count }
        var status = stat()
        guard place == size, fstat(descriptor, &status) == 0, Int(status.st_size) == size else { throw .unreadable }
        return 0
    }
}

private final class MemoryBytes: ByteSource {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var size: Int { bytes.count }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - place)
        buffer.copyBytes(from: bytes[place..<place + count])
        place += count
        return count
    }
}
