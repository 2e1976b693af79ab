import Glibc

/// Where a server listens.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or a numeric address; for a socket its folder.
    package let host: String
    /// The port; of a socket the number in its name.
    package let port: UInt16
    /// Whether it is a Unix socket of this machine.
    package var isSocket: Bool { host.hasPrefix("/") }

    /// - Parameters:
    ///   - host: a name (RFC 1123) or a numeric address; for a Unix socket the path of its folder, of at most 80 bytes.
    ///   - port: 1 to 65535.
    package init?(host: String, port: Int = 5432) {
        guard let port = UInt16(exactly: port), port > 0, !host.isEmpty else { return nil }
        let isPath = host.hasPrefix("/")
        let allowed: (UInt8) -> Bool = { byte in
            // A comma would begin another host to libpq.
            isPath
                ? byte > 0x20 && byte != 0x2C && byte != 0x7F
                : byte == 0x2D || byte == 0x2E || byte == 0x3A || byte == 0x5F || (0x30...0x39).contains(byte)
                    || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard host.utf8.count <= (isPath ? 80 : 253), host.utf8.allSatisfy(allowed) else { return nil }
        self.host = host
        self.port = port
    }

    /// Host and port.
    package var description: String { isSocket ? "\(host)/.s.PGSQL.\(port)" : "\(host):\(port)" }

    /// The numeric addresses of the host, at most 8: asks the resolver, which may block for long. None for a socket.
    func resolve() -> [String] {
        guard !isSocket else { return [] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        if isNumeric { hints.ai_flags = AI_NUMERICHOST }
        guard getaddrinfo(host, nil, &hints, &list) == 0, let list else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next: UnsafeMutablePointer<addrinfo>? = list
        while let entry = next, addresses.count < 8 {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
                NI_NUMERICHOST) == 0
            {
                let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }

    /// Whether nothing has to be asked to know the address.
    var isNumeric: Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }
}
