import CardChip
import Foundation
import Synchronization
#if canImport(Glibc)
    import Glibc
#endif

/// A simulated card on the virtual PC/SC reader of vsmartcard (vpcd): it connects out to the reader's port, which is
/// what the reader takes for a card laid on it, and closes the connection when it is taken away.
///
/// On the wire each message is a length of two bytes, big-endian, and that many bytes. One byte alone is a control:
/// 00 power off, 01 power on, 02 reset, none of them answered; 04 asks for the answer to reset. Anything longer is a command.
public final class VirtualReaderCard: Sendable {
    private let card: any SimulatedChip
    private let host: String
    private let port: UInt16
    private let commandsLeft: Mutex<Int?>
    private let connection = Mutex<Int32?>(nil)

    /// A card that is not on the reader yet.
    ///
    /// - Parameters:
    ///   - card: what answers the commands.
    ///   - host: the reader's IPv4 address.
    ///   - port: the reader's port; vpcd's own is 35963, its second slot has the next one.
    ///   - commands: at which command it is taken away, the command unanswered; `nil` for not by itself.
    public init(
        card: any SimulatedChip, host: String = "127.0.0.1", port: UInt16 = 35963, removedAfter commands: Int? = nil
    ) {
        (self.card, self.host, self.port) = (card, host, port)
        commandsLeft = Mutex(commands)
    }

    /// Lays the card on the reader and answers until it is taken away or the reader goes.
    public func run() throws {
        try connect()
        serve()
    }

    /// Lays the card on the reader; a thread of its own answers until it is taken away or the reader goes.
    public func insert() throws {
        try connect()
        Thread.detachNewThread { self.serve() }
    }

    /// Takes the card away.
    public func remove() {
        // The serving thread closes the socket; shutting it down here ends what that thread waits for.
        connection.withLock { if let socket = $0 { _ = shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    private func connect() throws(SimulatedCardError) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw .connection(EINVAL) }
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw .connection(errno) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let reason = errno
            close(socket)
            throw .connection(reason)
        }
        Self.setOption(TCP_NODELAY, socket)
        let isFree = connection.withLock { connection in
            guard connection == nil else { return false }
            connection = socket
            return true
        }
        guard isFree else {
            close(socket)
            throw .connection(EISCONN)
        }
    }

    private func serve() {
        guard let socket = connection.withLock({ $0 }) else { return }
        defer {
            connection.withLock { $0 = nil }
            close(socket)
            card.reset()
        }
        while let length = Self.receive(2, from: socket) {
            guard let message = Self.receive(Int(length[0]) << 8 | Int(length[1]), from: socket) else { return }
            let answer: [UInt8]
            switch (message.count, message.first) {
            case (1, 0x00), (1, 0x01), (1, 0x02):
                card.reset()
                continue
            case (1, 0x04): answer = SimulatedCard.answerToReset
            case (0...1, _): continue
            default:
                guard isStillThere() else { return }
                answer = card.respond(to: message)
            }
            guard answer.count <= 0xFFFF, Self.send(answer, to: socket) else { return }
        }
    }

    private func isStillThere() -> Bool {
        commandsLeft.withLock { left in
            guard let count = left else { return true }
            left = max(0, count - 1)
            return count > 0
        }
    }

    private static func receive(_ count: Int, from socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            // Without it the reader, which sends length and payload apart, waits 40 ms for the delayed acknowledgement.
            setOption(TCP_QUICKACK, socket)
            let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress.map { $0 + have }, count - have, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            have += got
        }
        return bytes
    }

    private static func send(_ answer: [UInt8], to socket: Int32) -> Bool {
        let message = [UInt8(answer.count >> 8), UInt8(answer.count & 0xFF)] + answer
        var sent = 0
        while sent < message.count {
            let count = message.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress.map { $0 + sent }, message.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func setOption(_ option: Int32, _ socket: Int32) {
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
