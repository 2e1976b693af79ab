import Foundation
import Glibc
import Synchronization
import TestSupport

/// A Unix socket that listens, as a server's would be called.
final class ListeningSocket: Sendable {
    let folder: TemporaryFolder
    private let descriptor: Int32
    private let closed = Mutex(false)

    /// - Parameters:
    ///   - port: of the socket's name.
    ///   - serve: is called for each connection on a thread of its own, and closes it.
    init(port: Int, _ serve: @escaping @Sendable (Int32) -> Void) throws {
        folder = try TemporaryFolder()
        let made = try Self.address(folder.file(".s.PGSQL.\(port)")) { address, size in
            let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard made >= 0, bind(made, address, size) == 0, listen(made, 64) == 0 else {
                throw TestFailure("no socket: \(errno)")
            }
            return made
        }
        descriptor = made
        Thread.detachNewThread {
            while true {
                let connection = accept(made, nil, nil)
                if connection < 0, errno == EINTR { continue }
                guard connection >= 0 else { return }
                Thread.detachNewThread { serve(connection) }
            }
        }
    }

    deinit { close() }

    /// Lets nobody in any more.
    func close() {
        let first = closed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        guard first else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        Glibc.close(descriptor)
    }

    private static func address<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) throws -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw TestFailure("too long: \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Connects to a server's socket; -1 where it does not let in.
    static func connect(_ path: String) -> Int32 {
        let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected = (try? address(path) { Glibc.connect(made, $0, $1) == 0 }) ?? false
        if !isConnected { Glibc.close(made) }
        return isConnected ? made : -1
    }

    /// What there is to read, at most 64 KiB; nothing at the end.
    static func read(_ descriptor: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return Array(buffer.prefix(max(0, count)))
        }
    }

    /// Writes everything; `false` where the other side is gone.
    @discardableResult
    static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }
}

/// Passes everything on between a program and a server at a Unix socket, and cuts a connection when it is told to.
final class CuttingProxy: Sendable {
    /// Where a connection is cut.
    enum Cut: Hashable, Sendable {
        /// Before the server gets what holds the text.
        case before(String)
        /// After the server has answered to what holds the text; the answer does not arrive.
        case afterAnswer(String)
        /// As before, and without a look at the answer: the server gets it and may still be at it.
        case after(String)
    }

    private struct State: Sendable {
        var cut: Cut?
        var cuts = 0
    }
    private final class Shared: Sendable {
        let state = Mutex(State())
    }
    private let shared = Shared()
    private let socket: ListeningSocket

    /// The folder of its socket.
    var folder: String { socket.folder.path }
    /// How often it has cut.
    var cuts: Int { shared.state.withLock { $0.cuts } }

    /// - Parameters:
    ///   - port: the server's.
    ///   - target: the server's socket, asked for each connection; without one nobody is let in.
    init(port: Int, to target: @escaping @Sendable () -> String?) throws {
        let shared = shared
        socket = try ListeningSocket(port: port) { client in
            let server = target().map { ListeningSocket.connect($0) } ?? -1
            guard server >= 0 else {
                close(client)
                return
            }
            Self.pass(client, server, shared)
        }
    }

    /// Cuts the next connection that comes to the place, once.
    func cutOnce(_ cut: Cut) { shared.state.withLock { $0.cut = cut } }

    /// Takes the cut, if it is this one's place.
    private static func take(_ bytes: [UInt8], _ shared: Shared) -> Cut? {
        shared.state.withLock { state in
            guard let cut = state.cut else { return nil }
            let text: String =
                switch cut {
                case .before(let text), .afterAnswer(let text), .after(let text): text
                }
            guard bytes.firstRange(of: Array(text.utf8)) != nil else { return nil }
            state.cut = nil
            state.cuts += 1
            return cut
        }
    }

    private static func pass(_ client: Int32, _ server: Int32, _ shared: Shared) {
        let silent = Flag()
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while true {
                let bytes = ListeningSocket.read(server)
                guard !bytes.isEmpty else { break }
                if silent.isSet {
                    silent.answered.signal()
                } else if !ListeningSocket.write(client, bytes) {
                    break
                }
            }
            silent.answered.signal()
            shutdown(client, Int32(SHUT_RDWR))
            ended.signal()
        }
        reading: while true {
            let bytes = ListeningSocket.read(client)
            guard !bytes.isEmpty else { break }
            switch take(bytes, shared) {
            case .before: break reading
            case .after:
                silent.set()
                ListeningSocket.write(server, bytes)
                break reading
            case .afterAnswer:
                silent.set()
                ListeningSocket.write(server, bytes)
                silent.answered.wait()
                break reading
            case nil: if !ListeningSocket.write(server, bytes) { break reading }
            }
        }
        shutdown(server, Int32(SHUT_RDWR))
        shutdown(client, Int32(SHUT_RDWR))
        ended.wait()
        close(server)
        close(client)
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        let answered = DispatchSemaphore(value: 0)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }
}
