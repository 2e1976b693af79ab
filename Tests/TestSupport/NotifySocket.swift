import Foundation
import Glibc
import Synchronization

/// What a service manager hears on its socket (sd_notify(3)).
public final class NotifySocket: Sendable {
    /// What stands in `NOTIFY_SOCKET`.
    public let address: String
    private let ear: Ear

    /// What listens on a thread of its own: a socket takes few messages that nobody fetches, and its senders wait.
    private final class Ear: Sendable {
        let descriptor: Int32
        let heard = Mutex<[String]>([])
        let isDone = Mutex(false)

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        func listen() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while !isDone.withLock({ $0 }) {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 100) > 0 else { continue }
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count >= 0 { heard.withLock { $0.append(String(decoding: buffer[..<count], as: UTF8.self)) } }
            }
            close(descriptor)
        }
    }

    /// A socket at a path, or one with an abstract name, which stands in no folder.
    public init(_ place: String, isAbstract: Bool = false) throws {
        address = isAbstract ? "@" + place : place
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let path = isAbstract ? [0] + Array(place.utf8) : Array(place.utf8) + [0]
        let start = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: name.sun_path)
        withUnsafeMutableBytes(of: &name) { bytes in
            for (index, byte) in path.enumerated() { bytes[start + index] = byte }
        }
        let bound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(start + path.count))
            }
        }
        ear = Ear(descriptor)
        guard bound == 0 else {
            close(descriptor)
            throw TestFailure("no socket at \(address): \(errno)")
        }
        Thread.detachNewThread { [ear] in ear.listen() }
    }

    deinit { ear.isDone.withLock { $0 = true } }

    /// What a process is told of the manager, and within which time it wants to hear that it answers.
    public func environment(watchdog: Duration? = nil) -> [String: String] {
        var variables = ["NOTIFY_SOCKET": address]
        if let watchdog { variables["WATCHDOG_USEC"] = "\(Int(watchdog / .microseconds(1)))" }
        return variables
    }

    /// Everything heard so far.
    public var messages: [String] { ear.heard.withLock { $0 } }
}
