import CLinux
import Glibc
import Waiting

/// A connection to a printer that takes one page and says nothing (port 9100).
///
/// Plain sockets, since what is to be known is what the kernel knows: how many bytes it took, whether the other side has
/// acknowledged them all, and whether it reset the connection.
struct PrinterConnection: Sendable {
    /// What is known of a page at the end of its connection.
    enum Ending: Hashable, Sendable {
        /// The connection was never there.
        case unreachable
        /// No byte of it went out.
        case nothingSent
        /// The printer has acknowledged all of it, and then closed its side.
        case taken
        /// Anything else.
        case unknown
    }

    /// An address to connect to, as the system resolved it.
    struct Address: Sendable {
        fileprivate let family: Int32
        fileprivate let bytes: [UInt8]
    }

    /// How long an address may take to answer, in milliseconds.
    fileprivate static let connectTime: Int32 = 5_000

    /// The addresses of a host, at most four of them; none if it is not known within ten seconds or before the task is
    /// cancelled.
    static func addresses(host: String, port: Int) async -> [Address] {
        // The system's resolver knows no cancellation: it is left behind.
        (try? await withTimeLimit(.seconds(10)) { await onThread { resolve(host, port) } }) ?? []
    }

    private static func resolve(_ host: String, _ port: Int) -> [Address] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [Address] = []
        var next = first
        while let info = next?.pointee, found.count < 4 {
            if let address = info.ai_addr {
                let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
                found.append(Address(family: info.ai_family, bytes: Array(bytes)))
            }
            next = info.ai_next
        }
        return found
    }

    /// Brings a page to the first address that answers. When the task is cancelled the connection is closed, and what is
    /// known by then is said.
    static func bring(_ page: [UInt8], to addresses: [Address]) async -> Ending {
        for address in addresses {
            guard !Task.isCancelled, let stream = open(address) else { continue }
            let ending = await withTaskCancellationHandler {
                await onThread { stream.bring(page, to: address.bytes) }
            } onCancel: {
                stream.stop()
            }
            if ending != .unreachable { return ending }
        }
        return .unreachable
    }

    private static func open(_ address: Address) -> PrinterStream? {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        guard akashi_set_nonblocking(descriptor) == 0 else {
            close(descriptor)
            return nil
        }
        return PrinterStream(descriptor)
    }
}

extension PrinterStream {
    /// Connects, writes the page, ends its own side and waits for the other's end; closes the descriptor.
    fileprivate func bring(_ page: [UInt8], to address: [UInt8]) -> PrinterConnection.Ending {
        defer { close(descriptor) }
        guard connect(to: address) else { return .unreachable }
        // A printer that is busy accepts and closes at once.
        guard akashi_peer_ended(descriptor) == 0 else { return .nothingSent }
        let sent = write([page])
        guard sent.isWhole else { return sent.count == 0 ? .nothingSent : .unknown }
        // That the kernel has it says nothing of the printer: one that ended its side before it could have all of it did not
        // take it. (What it has not read is answered with a reset.)
        guard akashi_peer_ended(descriptor) == 0, shutdown(descriptor, Int32(SHUT_WR)) == 0, awaitEnd() else {
            return .unknown
        }
        while isReady(for: 0, milliseconds: 20) {
            switch akashi_tcp_taken(descriptor) {
            case 1: return .taken
            case 0: continue
            default: return .unknown
            }
        }
        return .unknown
    }

    private func connect(to address: [UInt8]) -> Bool {
        let result = address.withUnsafeBytes { bytes -> Int32 in
            guard let start = bytes.bindMemory(to: sockaddr.self).baseAddress else { return -1 }
            return Glibc.connect(descriptor, start, socklen_t(bytes.count))
        }
        if result == 0 { return true }
        guard errno == EINPROGRESS, isReady(for: POLLOUT, milliseconds: PrinterConnection.connectTime) else {
            return false
        }
        // Neither refused nor still on its way.
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0, failure == 0 else { return false }
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
        }
    }

    /// Reads until the other side ends; `false` if it was stopped or the connection broke.
    private func awaitEnd() -> Bool {
        // What a printer says here is not asked for, and of no known form.
        var buffer = [UInt8](repeating: 0, count: 4096)
        while isReady(for: POLLIN) {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 { return true }
            if count < 0, errno != EAGAIN, errno != EINTR { return false }
        }
        return false
    }
}
