import Foundation
import Glibc

/// The service manager that started this process, such as systemd, and how it is told what the service does: the
/// datagrams of sd_notify(3).
package struct ServiceManager: Sendable {
    /// Within which time, again and again, it wants to hear that the service answers; `nil` if it does not wait for that.
    package let watchdog: Duration?
    private let path: [UInt8]

    /// The one that the environment of a process names; `nil` if none does, or by an address of another kind.
    ///
    /// - Parameters:
    ///   - environment: `NOTIFY_SOCKET`, a path or, with `@` in front, an abstract name; `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///   - process: the process's number: the watchdog may be another's.
    package init?(environment: [String: String], process: Int32 = getpid()) {
        guard let name = environment["NOTIFY_SOCKET"], let first = name.utf8.first, name.utf8.count > 1,
            first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.utf8.count < Self.maximumPath
        else { return nil }
        // An abstract name begins with a zero byte and ends where its length says; a path ends with one.
        path = first == UInt8(ascii: "@") ? [0] + name.utf8.dropFirst() : Array(name.utf8) + [0]
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        watchdog = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { microseconds in
            isOurs && microseconds > 0 ? .microseconds(microseconds) : nil
        }
    }

    /// The one of this process.
    package static func ofThisProcess() -> ServiceManager? {
        ServiceManager(environment: ProcessInfo.processInfo.environment)
    }

    private static let maximumPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    /// Tells it something, such as `READY=1`; gives whether it was taken.
    @discardableResult
    package func tell(_ state: String) -> Bool {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        // A manager that does not read may not hold the service. A timeval's seconds and microseconds, bare: whose its
        // initialiser is, Glibc's or CoreFoundation's, is a matter of the order in which a build imports both.
        let limit: [Int] = [1, 0]
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let start = MemoryLayout<sockaddr_un>.size - Self.maximumPath
        withUnsafeMutableBytes(of: &address) { bytes in
            for (index, byte) in path.enumerated() { bytes[start + index] = byte }
        }
        let bytes = Array(state.utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                sendto(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, socklen_t(start + path.count))
            }
        }
        return sent == bytes.count
    }
}
