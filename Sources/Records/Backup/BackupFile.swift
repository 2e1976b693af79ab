import Foundation
import Glibc

/// Reading and writing the files of backups: whole or not at all, with the system's errors in words.
enum BackupFile {
    /// Opens a file; it is closed by the caller. One that is to be written is none behind a link: whoever can write the place of
    /// backups does not choose which file of this host is written over.
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(BackupError) -> Int32 {
        let isWritten = flags & O_ACCMODE != O_RDONLY
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | (isWritten ? O_NOFOLLOW : 0), mode)
        guard descriptor >= 0 else { throw .system(errno, path, writing: flags & O_ACCMODE != O_RDONLY) }
        return descriptor
    }

    /// Writes all bytes.
    static func write(_ bytes: some ContiguousBytes, to descriptor: Int32, _ path: String) throws(BackupError) {
        let number = bytes.withUnsafeBytes { bytes -> Int32 in
            var written = 0
            while written < bytes.count {
                guard let base = bytes.baseAddress else { return 0 }
                let count = Glibc.write(descriptor, base + written, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : ENOSPC }
                written += count
            }
            return 0
        }
        guard number == 0 else { throw .system(number, path, writing: true) }
    }

    /// Brings a file onto the disk.
    static func sync(_ descriptor: Int32, _ path: String) throws(BackupError) {
        guard fsync(descriptor) == 0 else { throw .system(errno, path, writing: true) }
    }

    /// Brings a folder's names onto the disk. Some file systems of other hosts have no such call.
    static func syncFolder(_ path: String) throws(BackupError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EBADF].contains(errno) else {
            throw .system(errno, path, writing: true)
        }
    }

    /// Writes a file anew: it is there whole, durably, or as it was before.
    static func publish(_ bytes: Data, at path: String) throws(BackupError) {
        let part = path + ".part"
        // What an earlier call left, or somebody put there.
        unlink(part)
        let descriptor = try open(part, O_WRONLY | O_CREAT | O_EXCL)
        do throws(BackupError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, part)
            try sync(descriptor, part)
        } catch {
            unlink(part)
            throw error
        }
        try rename(part, to: path)
    }

    /// Gives a file its name, durably.
    static func rename(_ part: String, to path: String) throws(BackupError) {
        guard Glibc.rename(part, path) == 0 else {
            let number = errno
            unlink(part)
            throw .system(number, path, writing: true)
        }
        try syncFolder((path as NSString).deletingLastPathComponent)
    }

    /// A whole file of at most so many bytes.
    static func read(_ path: String, maximumBytes: Int) throws(BackupError) -> Data {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        guard let size = size(of: descriptor), size <= maximumBytes else {
            throw .damaged("\(path) is no file, or larger than any of its kind")
        }
        var bytes = Data(count: size)
        guard try read(descriptor, at: 0, into: &bytes, path) == size else { throw .damaged("\(path) was cut") }
        return bytes
    }

    /// Reads from a place on, as far as the buffer or the file goes.
    static func read(
        _ descriptor: Int32, at place: Int, into bytes: inout Data, _ path: String
    ) throws(BackupError) -> Int {
        let (count, number) = bytes.withUnsafeMutableBytes { bytes -> (Int, Int32) in
            var done = 0
            while done < bytes.count {
                guard let base = bytes.baseAddress else { break }
                let count = pread(descriptor, base + done, bytes.count - done, place + done)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return (done, errno) }
                if count == 0 { break }
                done += count
            }
            return (done, 0)
        }
        guard number == 0 else { throw .system(number, path, writing: false) }
        return count
    }

    /// A regular file's bytes.
    static func size(of descriptor: Int32) -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// A regular file's bytes; `nil` if there is none.
    static func size(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Whether there is a folder.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a folder of its owner alone where there is none.
    static func makeFolder(_ path: String) throws(BackupError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw .system(errno, path, writing: true)
    }

    /// The names in a folder; none if it is not there.
    static func names(in path: String) throws(BackupError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw .system(errno, path, writing: false)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Hexadecimal digits of a file's name.
enum BackupHex {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Whether a text has so many digits, and nothing else.
    static func isRight(_ text: String, bytes: Int) -> Bool {
        text.utf8.count == 2 * bytes
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The bytes of digits that are right.
    static func bytes(_ text: String) -> Data? {
        guard isRight(text, bytes: text.utf8.count / 2) else { return nil }
        let values = text.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return Data(stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] })
    }
}
