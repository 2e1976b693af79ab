import Crypto
import Foundation
import Vaccination
import Waiting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The only one who closes segments of a region, in all processes, until it is let go: from the look at the lines to the moment when
/// they leave the database nobody else writes, names or removes a file there.
final class SegmentTurn: Sendable {
    let folder: String
    private let descriptor: Int32

    init(_ folder: String) throws(StoreError) {
        self.folder = folder
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unavailable("segments: \(folder): \(String(cString: strerror(errno)))")
        }
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: folder) } catch {
            throw StoreError(error, folder)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

/// The folder of closed segments: a folder for each region, a file for each segment, all of their owner alone.
struct SegmentFolder: Sendable {
    let path: String

    func folder(of region: MunicipalityCode) -> String { "\(path)/\(region.digits)" }
    func file(_ name: String, of region: MunicipalityCode) -> String { "\(folder(of: region))/\(name)" }

    /// Why nothing can be written here.
    private func refusal(_ what: String) -> StoreError {
        .unavailable("segments: \(what): \(String(cString: strerror(errno)))")
    }

    // MARK: Writing

    /// Makes a region's folder, and waits until nobody else closes segments there.
    /// - Throws: ``StoreError/locked(_:)`` if somebody does for longer than is waited.
    @available(*, noasync)
    func turn(of region: MunicipalityCode) throws -> SegmentTurn {
        let folder = folder(of: region)
        if DatabaseFile.size(folder) == 0 {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw StoreError.unavailable("segments: cannot make the folder \(folder)")
            }
            try synchronise(path)
            try synchronise(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        }
        let turn = try SegmentTurn(folder)
        // What a closing that was broken off was writing.
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix(".") && name.hasSuffix(".segment") {
            unlink("\(folder)/\(name)")
        }
        return turn
    }

    /// Writes a segment's file, so that it is whole, was read again as whoever needs it will, and is on the disk when this returns; one
    /// of the same name, which a process that ended here left, is replaced.
    /// - Parameter lines: CSV.
    /// - Returns: how many bytes it has.
    @available(*, noasync)
    func write(
        _ header: SegmentHeader, under key: SymmetricKey, for region: MunicipalityCode, lines: [UInt8],
        in turn: SegmentTurn
    ) throws -> Int64 {
        let folder = turn.folder
        let (file, temporary) = (self.file(header.name, of: region), "\(folder)/.\(header.name)")
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw refusal(temporary) }
        defer { close(descriptor) }
        var count: Int64 = 0
        do {
            let output: (UnsafeRawBufferPointer) throws -> Void = { bytes in
                try put(bytes, to: descriptor)
                count += Int64(bytes.count)
            }
            var sealer = try SegmentFile.Sealer(header, key, to: output)
            try sealer.add(SegmentLines.header, to: output)
            try sealer.add(lines, to: output)
            try sealer.finish(to: output)
            guard fsync(descriptor) == 0 else { throw refusal(temporary) }
            do {
                try Self.lines(of: header, under: key, at: temporary) { _, _, _ in true }
            } catch let fault as SegmentFault {
                throw StoreError.segmentDamaged("region \(region): \(header.name) \(fault.words.english)")
            }
            guard rename(temporary, file) == 0 else { throw refusal(file) }
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronise(folder)
        try synchronise(path)
        return count
    }

    private func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw refusal(path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Brings a folder's names onto the disk.
    private func synchronise(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw refusal(folder) }
    }

    /// Removes a file, if there is one.
    func remove(_ name: String, of region: MunicipalityCode) throws {
        guard unlink(file(name, of: region)) == 0 || errno == ENOENT else { throw refusal(name) }
    }

    // MARK: Reading

    /// Reads a segment's lines, as ``SegmentFile/lines(of:under:read:visit:)`` does.
    @available(*, noasync)
    func lines(
        of header: SegmentHeader, under key: SymmetricKey, in region: MunicipalityCode,
        visit: (Int64, LogTable.Line, Data) throws -> Bool
    ) throws {
        try Self.lines(of: header, under: key, at: file(header.name, of: region), visit: visit)
    }

    private static func lines(
        of header: SegmentHeader, under key: SymmetricKey, at path: String,
        visit: (Int64, LogTable.Line, Data) throws -> Bool
    ) throws {
        // Neither a link nor a pipe, which would wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw errno == ENOENT || errno == ENOTDIR ? SegmentFault.missing : .unreadable }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw SegmentFault.unreadable }
        try SegmentFile.lines(
            of: header, under: key,
            read: { length throws(SegmentFault) in try Self.take(length, from: descriptor) }, visit: visit)
    }

    private static func take(_ length: Int, from descriptor: Int32) throws(SegmentFault) -> [UInt8] {
        var isFailed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = 0
            while count < length {
                let got = read(descriptor, buffer.baseAddress?.advanced(by: count), length - count)
                if got < 0, errno == EINTR { continue }
                isFailed = got < 0
                guard got > 0 else { return }
                count += got
            }
        }
        if isFailed { throw .unreadable }
        return bytes
    }

    /// What a look at the file's size alone finds.
    func fault(_ name: String, bytes: Int64, of region: MunicipalityCode) -> SegmentFault? {
        let size = DatabaseFile.size(file(name, of: region))
        return size == bytes ? nil : size == 0 ? .missing : size < 0 ? .unreadable : size < bytes ? .cut : .changed
    }

    /// Removes all that there is of a region: it was erased.
    func removeAll(of region: MunicipalityCode) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder(of: region))) ?? []
        where name.hasSuffix(".segment") {
            unlink(file(name, of: region))
        }
        rmdir(folder(of: region))
    }

    /// The names of a region's files, but for one that is being written.
    func names(of region: MunicipalityCode) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder(of: region))) ?? []).filter {
            $0.hasSuffix(".segment") && !$0.hasPrefix(".")
        }.sorted()
    }
}
