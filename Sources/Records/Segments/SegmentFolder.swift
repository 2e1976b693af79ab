import Crypto
import Foundation
import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

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

    /// Writes a segment's file, so that it is whole and on the disk when this returns; one of the same name, which a process
    /// that ended here left, is replaced.
    /// - Parameter lines: gives CSV until it has no more.
    /// - Returns: how many bytes it has.
    @available(*, noasync)
    func write(
        _ header: SegmentHeader, under key: SymmetricKey, for region: MunicipalityCode,
        lines: () throws -> [UInt8]?
    ) throws -> Int64 {
        let folder = folder(of: region)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError.unavailable("segments: cannot make the folder \(folder)")
        }
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
            while let csv = try lines() { try sealer.add(csv, to: output) }
            try sealer.finish(to: output)
            guard fsync(descriptor) == 0 else { throw refusal(temporary) }
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
        let descriptor = open(file(header.name, of: region), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw errno == ENOENT || errno == ENOTDIR ? SegmentFault.missing : .unreadable }
        defer { close(descriptor) }
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

    /// The names of a region's files.
    func names(of region: MunicipalityCode) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder(of: region))) ?? []).filter {
            $0.hasSuffix(".segment")
        }.sorted()
    }
}
