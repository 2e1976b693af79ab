import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The advisory lock of an open file or folder (flock(2)), which one process has at a time: waited for on the caller's thread,
/// and never without end. It is given back when the descriptor is closed, or its process ends.
package enum FileLock {
    /// The longest wait; tests set another one. What is written under these locks is written in a fraction of a second, unless a
    /// disk does not answer or a process stands still.
    @TaskLocal package static var limit: Duration = .seconds(10)

    /// A lock was not had.
    package enum Failure: Error, Hashable, Sendable {
        /// Somebody else held it for as long as was waited.
        case held(HeldLock)
        /// The system refused, with this error number.
        case system(Int32)
    }

    /// Takes the lock of a descriptor.
    /// - Parameters:
    ///   - path: what the descriptor was opened by, for who reads of it.
    ///   - limit: how long somebody else is waited for; with zero nobody is.
    package static func take(
        _ descriptor: Int32, of path: String, within limit: Duration = limit
    ) throws(Failure) {
        let end = ContinuousClock.now + limit
        var pause: UInt32 = 500
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            guard number == EWOULDBLOCK else { throw .system(number) }
            guard ContinuousClock.now < end else {
                throw .held(HeldLock(path: path, limit: limit, holder: holder(of: descriptor)))
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Who holds the lock of a descriptor, as far as this process may see: `123 (vrs)`.
    private static func holder(of descriptor: Int32) -> String? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        // The system gives its table page by page, and may leave lines out where others' locks go meanwhile.
        for _ in 1...5 {
            if let holder = holder(of: UInt64(status.st_ino), on: UInt64(status.st_dev)) { return holder }
        }
        return nil
    }

    private static func holder(of inode: UInt64, on device: UInt64) -> String? {
        for line in table().split(separator: "\n") {
            // `7: FLOCK  ADVISORY  WRITE 4711 fe:01:1234567 0 EOF`; who waits has an arrow behind the number.
            let words = line.split(separator: " ")
            // File systems differ in what they call their device there: the open file itself decides.
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]), process > 0,
                words[5].split(separator: ":").last.flatMap({ UInt64($0) }) == inode,
                let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8),
                holds(process, device, inode)
            else { continue }
            return "\(process) (\(name.filter { $0 != "\n" }))"
        }
        return nil
    }

    /// The system's table of locks. Its size is told as none, and a read gives a page of it: Foundation would end there.
    private static func table() -> String {
        let descriptor = open("/proc/locks", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var (bytes, page) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = read(descriptor, &page, page.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += page[..<count]
        }
    }

    /// Whether a process has a file open; a process that may not be looked at is believed.
    private static func holds(_ process: Int32, _ device: UInt64, _ inode: UInt64) -> Bool {
        let folder = "/proc/\(process)/fd"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return true }
        return names.contains { name in
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 && UInt64(status.st_dev) == device
                && UInt64(status.st_ino) == inode
        }
    }
}

/// A lock that somebody else held for as long as was waited.
package struct HeldLock: Hashable, Sendable {
    /// The file or folder.
    package let path: String
    /// How long was waited.
    package let limit: Duration
    /// Whose it is, as `123 (vrs)`; `nil` if that is not known.
    package let holder: String?

    private var seconds: Int64 { limit.components.seconds }

    /// What is wrong and what to do.
    package var english: String {
        let who = holder.map { "process \($0)" } ?? "another process"
        let wait = seconds > 0 ? " and was waited for \(seconds) s" : ""
        return "\(path) is held by \(who)\(wait): let it end, or find out why it stands still, and try again"
    }

    /// The same in Japanese.
    package var japanese: String {
        let who = holder.map { "プロセス\($0)" } ?? "別のプロセス"
        let wait = seconds > 0 ? "\(seconds)秒待ちました。" : ""
        return "\(path)は\(who)が使用中です。\(wait)終わるのを待つか、止まっている原因を確かめてから、もう一度実行してください。"
    }
}
