import CZip
import Dispatch
import Foundation
import Synchronization

/// Writes a zip with one file in it, encrypted with AES-256, of which no plain copy is ever on the disk.
package enum EncryptedZipWriter {
    /// Writes a zip, readable by its owner alone. It is made in a folder of its own beside the path, which nobody else may enter, and
    /// has its name once it is whole and on the disk.
    /// - Parameters:
    ///   - path: nothing may be there.
    ///   - name: what the file in it is called.
    ///   - produce: gives the file's bytes, a part after the other. Nobody can open the zip before it has returned.
    /// - Throws: what `produce` throws, or ``EncryptedFileFault/unwritable``; then nothing is at the path.
    package static func write(
        _ path: String, name: String, password: String,
        _ produce: (_ give: ([UInt8]) async throws -> Void) async throws -> Void
    ) async throws {
        guard !FileManager.default.fileExists(atPath: path) else { throw EncryptedFileFault.unwritable }
        var template = Array("\(path).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw EncryptedFileFault.unwritable }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let part = "\(folder)/part.zip"
        try await fill(part, name, password, produce)
        // Not over a file that came meanwhile.
        guard Self.settle(part), link(part, path) == 0 else { throw EncryptedFileFault.unwritable }
        _ = Self.settle(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Waits until a file or folder is on the disk.
    private static func settle(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    private static func fill(
        _ path: String, _ name: String, _ password: String,
        _ produce: (_ give: ([UInt8]) async throws -> Void) async throws -> Void
    ) async throws {
        let parts = Parts()
        // A thread of its own, since libzip asks for the bytes and waits.
        async let written = withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            Thread.detachNewThread {
                let isWritten = Self.write(path, name, password, parts)
                parts.end(isRead: true)
                continuation.resume(returning: isWritten)
            }
        }
        var failure: (any Error)?
        do { try await produce { try await parts.give($0) } } catch { failure = error }
        parts.end(isRead: false, isWhole: failure == nil)
        let isWritten = await written
        if let failure { throw failure }
        guard isWritten else { throw EncryptedFileFault.unwritable }
    }

    private static func write(_ path: String, _ name: String, _ password: String, _ parts: Parts) -> Bool {
        var error: Int32 = 0
        guard let archive = zip_open(path, ZIP_CREATE | ZIP_EXCL, &error) else { return false }
        let context = Unmanaged.passRetained(parts)
        // Freed by the source, which the archive owns once it was added.
        guard let source = zip_source_function(archive, { Parts.answer($0, $1, $2, $3) }, context.toOpaque()) else {
            context.release()
            zip_discard(archive)
            return false
        }
        let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
        guard index >= 0 else {
            zip_source_free(source)
            zip_discard(archive)
            return false
        }
        guard
            zip_file_set_encryption(archive, zip_uint64_t(index), zip_uint16_t(ZIP_EM_AES_256), password) == 0,
            zip_set_file_compression(archive, zip_uint64_t(index), ZIP_CM_DEFLATE, 6) == 0,
            zip_close(archive) == 0
        else {
            zip_discard(archive)
            return false
        }
        return chmod(path, 0o600) == 0
    }
}

/// Hands a file's parts from who makes them to libzip, one at a time.
private final class Parts: Sendable {
    private struct State {
        var part: [UInt8]?
        var giver: CheckedContinuation<Void, Never>?
        var isOver = false
        var isWhole = true
        /// Whether nobody takes any more.
        var isRead = false
    }

    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)

    /// Gives a part, and waits until it was taken; throws if nobody takes any more.
    func give(_ part: [UInt8]) async throws(EncryptedFileFault) {
        guard !part.isEmpty else { return }
        guard !state.withLock({ $0.isRead }) else { throw .unwritable }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isRead = state.withLock { state in
                guard !state.isRead else { return true }
                state.part = part
                state.giver = continuation
                return false
            }
            if isRead { continuation.resume() } else { filled.signal() }
        }
    }

    /// - Parameters:
    ///   - isRead: nobody takes any more; otherwise nobody gives any more.
    ///   - isWhole: whether what was given is all.
    func end(isRead: Bool, isWhole: Bool = true) {
        let giver = state.withLock { state in
            defer { state.giver = nil }
            if isRead {
                state.isRead = true
                return state.giver
            }
            (state.isOver, state.isWhole) = (true, isWhole)
            return nil
        }
        giver?.resume()
        filled.signal()
    }

    /// The next bytes; 0 at the end, and -1 if it is none.
    private func take(into buffer: UnsafeMutableRawBufferPointer) -> Int64 {
        while true {
            let (count, giver): (Int64?, CheckedContinuation<Void, Never>?) = state.withLock { state in
                guard let part = state.part else {
                    return (state.isOver ? (state.isWhole ? 0 : -1) : nil, nil)
                }
                let count = min(buffer.count, part.count)
                buffer.copyBytes(from: part.prefix(count))
                guard count == part.count else {
                    state.part = Array(part.dropFirst(count))
                    return (Int64(count), nil)
                }
                state.part = nil
                defer { state.giver = nil }
                return (Int64(count), state.giver)
            }
            giver?.resume()
            if let count { return count }
            filled.wait()
        }
    }

    /// What libzip asks a source for (zip_source_function(3)).
    static func answer(
        _ context: UnsafeMutableRawPointer?, _ data: UnsafeMutableRawPointer?, _ length: zip_uint64_t,
        _ command: zip_source_cmd_t
    ) -> zip_int64_t {
        guard let context else { return -1 }
        let parts = Unmanaged<Parts>.fromOpaque(context)
        switch command {
        case ZIP_SOURCE_OPEN, ZIP_SOURCE_CLOSE: return 0
        case ZIP_SOURCE_READ:
            return parts.takeUnretainedValue().take(
                into: UnsafeMutableRawBufferPointer(start: data, count: Int(clamping: length)))
        case ZIP_SOURCE_STAT:
            guard let stat = data?.assumingMemoryBound(to: zip_stat_t.self) else { return -1 }
            zip_stat_init(stat)
            return zip_int64_t(MemoryLayout<zip_stat_t>.size)
        case ZIP_SOURCE_ERROR:
            guard let codes = data?.assumingMemoryBound(to: Int32.self) else { return -1 }
            (codes[0], codes[1]) = (ZIP_ER_READ, 0)
            return zip_int64_t(2 * MemoryLayout<Int32>.size)
        case ZIP_SOURCE_FREE:
            parts.release()
            return 0
        case ZIP_SOURCE_SUPPORTS:
            return [
                ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
            ]
            .reduce(0) { $0 | zip_int64_t(1) << zip_int64_t($1.rawValue) }
        default: return -1
        }
    }
}
