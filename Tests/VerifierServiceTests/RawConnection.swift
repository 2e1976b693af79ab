import Foundation
import Glibc

/// A TCP connection on which a test writes what it likes.
final class RawConnection {
    struct Failed: Error { let what: String }

    private let descriptor: Int32

    /// - Parameter host: the last byte of the loopback address to come from; others than 1 are other clients.
    init(_ url: String, from host: UInt8 = 1) throws {
        guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Failed(what: url) }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var source = sockaddr_in()
        source.sin_family = sa_family_t(AF_INET)
        source.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
        let bound = withUnsafePointer(to: &source) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else { throw Failed(what: "bind") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failed(what: "connect") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failed(what: "send")
        }
    }

    private func isReadable(_ milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, milliseconds) > 0
    }

    private func read() -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &block, block.count, 0)
        return count > 0 ? Array(block.prefix(count)) : nil
    }

    /// What comes within so many milliseconds, perhaps nothing; `nil` if the other side has ended the connection.
    func receive(waiting milliseconds: Int32) -> String? {
        isReadable(milliseconds) ? read().map { String(decoding: $0, as: UTF8.self) } : ""
    }

    /// Whether the other side ends the connection; what it sends before is passed over.
    func closes(within seconds: Int32) -> Bool {
        while isReadable(seconds * 1000) { if read() == nil { return true } }
        return false
    }

    /// What comes up to some text.
    func receive(until end: String) throws -> String {
        var text = ""
        while !text.contains(end) {
            guard isReadable(60_000), let block = read() else { throw Failed(what: "receive: \(text)") }
            text += String(decoding: block, as: UTF8.self)
        }
        return text
    }

    /// Everything that the other side answers to a request, up to its end of the connection.
    static func ask(_ url: String, _ request: String, from host: UInt8 = 1) throws -> String {
        let connection = try RawConnection(url, from: host)
        try connection.send(request)
        var bytes: [UInt8] = []
        while connection.isReadable(60_000), let block = connection.read() { bytes += block }
        return String(decoding: bytes, as: UTF8.self)
    }
}
