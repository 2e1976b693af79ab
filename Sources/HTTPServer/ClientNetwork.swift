import NIOCore

/// The network that a client comes from, as coarse as what one household or a carrier's gateway shares: 24 bits of an IPv4
/// address, 48 of an IPv6 one (RFC 6177). It is for a bound in memory alone: nothing of it is shown, whoever prints it.
package struct ClientNetwork: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Three or six bytes.
    package let prefix: [UInt8]

    /// A network by its leading bytes.
    package init(prefix: some Sequence<UInt8>) { self.prefix = Array(prefix) }

    package var description: String { "network" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whose a connection is as far as its network address says: an IPv4 address, or the first 64 bits of an IPv6 one, which
/// is the least that one network gets (RFC 6177).
struct ClientAddress: Hashable {
    private let bytes: [UInt8]

    /// The network around it.
    var network: ClientNetwork { ClientNetwork(prefix: bytes.count == 4 ? bytes.prefix(3) : bytes.prefix(6)) }

    /// `nil` for what has no address, such as a socket of the same machine's file system.
    init?(_ address: SocketAddress?) {
        guard let address else { return nil }
        let all = address.withSockAddr { pointer, count in Array(UnsafeRawBufferPointer(start: pointer, count: count)) }
        switch (address, all.count) {
        // Behind family and port; with IPv6 also behind the flow label (RFC 3493 section 3.3).
        case (.v4, 8...): bytes = Array(all[4..<8])
        case (.v6, 24...):
            let host = Array(all[8..<24])
            // An IPv4 client of a socket for both (RFC 4291 section 2.5.5.2).
            let isMapped = host.prefix(10).allSatisfy { $0 == 0 } && host[10] == 0xFF && host[11] == 0xFF
            bytes = isMapped ? Array(host.suffix(4)) : Array(host.prefix(8))
        default: return nil
        }
    }
}
