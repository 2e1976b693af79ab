import CLinux
import Glibc

/// What keeps a session's memory from outliving it: no core dumps, no swap, freed blocks overwritten.
package enum MemoryProtection: String, Sendable {
    /// All memory of the process is locked.
    case everything
    /// The limits allow only single buffers: page and PIN are locked, copies that libraries make may reach swap.
    case buffers
    /// Nothing can be locked.
    case nothing

    /// Protects this process from now on, as far as the system allows; call it before anything personal is there.
    ///
    /// - Throws: if core dumps cannot be forbidden: then no session may run.
    package static func begin() throws(Failure) -> MemoryProtection {
        guard akashi_forbid_core_dumps() == 0, akashi_core_dumps_forbidden() == 1 else { throw .coreDumpsAllowed }
        akashi_erase_freed_memory()
        if akashi_lock_all_memory() == 0 { return .everything }
        let probe = SecretBytes(count: 1)
        return probe.isLocked ? .buffers : .nothing
    }

    /// Keeps a range out of swap for as long as the process lives, as far as the limits allow.
    package static func lock(_ range: UnsafeRawBufferPointer) {
        if let start = range.baseAddress { _ = akashi_lock(start, range.count) }
    }

    /// Why a process may not hold a session.
    package enum Failure: Error, Hashable, Sendable {
        /// The system does not let core dumps be forbidden.
        case coreDumpsAllowed
    }
}

/// A few bytes outside the heap that are locked if allowed, and zero once they are no longer needed.
package final class SecretBytes {
    private let storage: UnsafeMutableRawBufferPointer
    /// Whether the system let them be locked in memory.
    package let isLocked: Bool
    private var used = 0

    /// An empty buffer for at most `count` bytes.
    package init(count: Int) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        isLocked = bytes.baseAddress.map { akashi_lock($0, bytes.count) == 0 } ?? false
        storage = bytes
    }

    deinit {
        erase()
        // Not unlocked: other buffers may share its pages, and the process ends soon.
        storage.deallocate()
    }

    /// How many bytes are in it.
    package var count: Int { used }

    /// Adds a byte; without effect if it is full.
    package func append(_ byte: UInt8) {
        guard used < storage.count else { return }
        storage[used] = byte
        used += 1
    }

    /// Takes the last byte out.
    package func removeLast() {
        guard used > 0 else { return }
        used -= 1
        storage[used] = 0
    }

    /// A copy of the bytes, to be erased by who asked for it.
    package func copy() -> [UInt8] { Array(storage[..<used]) }

    /// Makes all of it zero.
    package func erase() {
        if let start = storage.baseAddress { akashi_erase(start, storage.count) }
        used = 0
    }
}

/// Locks an array's storage in memory for as long as the array is not changed.
func lockInMemory(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
        if let start = buffer.baseAddress { _ = akashi_lock(start, buffer.count) }
    }
}
