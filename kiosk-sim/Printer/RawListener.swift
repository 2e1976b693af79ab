import Foundation
import Glibc
import PrintStream

/// A raw printer port: each connection is one page, which ends when the other side ends its half.
struct RawListener {
    private let socket: Int32

    /// Listens on `HOST:PORT` or `PORT` (then on 127.0.0.1), IPv4, and says where on standard output.
    init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let port = parts.last.flatMap(UInt16.init) else {
            throw PrinterFault("--listen takes HOST:PORT or PORT")
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, parts.count == 2 ? parts[0] : "127.0.0.1", &address.sin_addr) == 1 else {
            throw PrinterFault("--listen takes an IPv4 address")
        }
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && Glibc.listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isBound else { throw PrinterFault("cannot listen on \(text)") }
        FileHandle.standardOutput.write(
            Data(
                "listening printer=\(parts.count == 2 ? parts[0] : "127.0.0.1"):\(UInt16(bigEndian: address.sin_port))\n"
                    .utf8))
    }

    /// Takes pages until there were `pages` of them, or for ever. A page that is refused closes its connection by a reset.
    func serve(pages: Int?, _ print: ([UInt8]) throws -> Void) throws {
        var count = 0
        while pages.map({ count < $0 }) ?? true {
            let connection = accept(socket, nil, nil)
            if connection < 0, errno == EINTR { continue }
            guard connection >= 0 else { throw PrinterFault("the printer's port is closed") }
            defer { close(connection) }
            do {
                try print(try receive(connection))
                count += 1
            } catch {
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                FileHandle.standardError.write(Data("printer-sim: \(error)\n".utf8))
            }
        }
    }

    private func receive(_ connection: Int32) throws -> [UInt8] {
        var page: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw PrinterFault("the connection broke") }
            if count == 0 { return page }
            guard page.count + count <= PrintStream.maximumDocument else { throw PrinterFault("a page too large") }
            page.append(contentsOf: buffer[..<count])
        }
    }
}
