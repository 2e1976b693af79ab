package import Foundation
import NIOCore
import RequestLimits

/// What a listener allows to a client, so that no client can use up the service.
package struct EntranceLimits: Hashable, Sendable {
    /// The most connections at once.
    package var connections: Int
    /// The most connections at once by one client certificate.
    package var connectionsPerPeer: Int
    /// From a connection's beginning to the end of the TLS handshake, and from a request's first byte to the end of its
    /// header section: a client that sends slower is cut off.
    package var headerTimeout: Duration
    /// From the end of the header section to the end of the body.
    package var bodyTimeout: Duration
    /// How long a connection may stand open between requests.
    package var idleTimeout: Duration
    /// The most bytes of all header fields of a request.
    package var headerBytes: Int

    package init(
        connections: Int = 4096, connectionsPerPeer: Int = 16, headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(10), idleTimeout: Duration = .seconds(75), headerBytes: Int = 16_384
    ) {
        self.connections = connections
        self.connectionsPerPeer = connectionsPerPeer
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
        self.headerBytes = headerBytes
    }

    /// The limits that a mapping gives; what it leaves out is as in `defaults`.
    package init(
        _ section: ConfigurationSection?, defaults: EntranceLimits = EntranceLimits()
    ) throws(ConfigurationError) {
        self = defaults
        guard let section else { return }
        connections = try section.integer("connections", 1...100_000, fallback: connections)
        connectionsPerPeer = try section.integer("connectionsPerPeer", 1...100_000, fallback: connectionsPerPeer)
        headerTimeout = try section.seconds("headerSeconds", 1...120, fallback: Int(headerTimeout.components.seconds))
        bodyTimeout = try section.seconds("bodySeconds", 1...120, fallback: Int(bodyTimeout.components.seconds))
        idleTimeout = try section.seconds("idleSeconds", 5...600, fallback: Int(idleTimeout.components.seconds))
        headerBytes = try section.integer("headerBytes", 1024...81_920, unit: "bytes", fallback: headerBytes)
    }
}

extension EntranceLimits {
    /// The same times as ``RequestLimits`` takes them; answering has no limit here, since each handler has its own.
    var times: RequestTimes {
        RequestTimes(header: TimeAmount(headerTimeout), body: TimeAmount(bodyTimeout), idle: TimeAmount(idleTimeout))
    }
}

/// Everything a TLS listener is made from.
package struct EntranceConfiguration: Sendable {
    /// The entrance's name in the ready line, logs and metrics, such as `terminal`.
    package let name: String
    /// The address to listen on.
    package let host: String
    /// The port; 0 picks a free one.
    package let port: Int
    /// Who the service is.
    package let identity: TLSIdentity
    /// Who vouches for its clients.
    package let clientAuthorities: CertificateAuthorities
    /// What clients may use.
    package let limits: EntranceLimits

    package init(
        name: String, host: String, port: Int, identity: TLSIdentity, clientAuthorities: CertificateAuthorities,
        limits: EntranceLimits
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.identity = identity
        self.clientAuthorities = clientAuthorities
        self.limits = limits
    }
}

extension EntranceConfiguration {
    /// An entrance from its mapping: `address`, `port`, `certificate`, `key`, `clientAuthorities`, `limits`.
    package init(
        _ section: ConfigurationSection, name: String, development: Bool, now: Date,
        defaults: EntranceLimits = EntranceLimits()
    ) throws(ConfigurationError) {
        self.init(
            name: name, host: try section.string("address"), port: try section.port("port"),
            identity: try TLSIdentity(section, development: development, now: now),
            clientAuthorities: try CertificateAuthorities(section, "clientAuthorities", development: development),
            limits: try EntranceLimits(section.optionalSection("limits"), defaults: defaults))
    }
}

/// Where the operations listener listens: loopback only.
package struct OperationsConfiguration: Sendable {
    /// `127.0.0.1` or `::1`.
    package let host: String
    /// The port; 0 picks a free one.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// From a mapping with `address` and `port`.
    package init(_ section: ConfigurationSection) throws(ConfigurationError) {
        let expected = Expectation(
            "127.0.0.1 or ::1; the operations listener has no TLS and stays on this machine",
            "127.0.0.1 または ::1（この入口にはTLSがなく、この機械の中だけで使います）")
        host = try section.value("address", expected, fallback: "127.0.0.1") {
            ["127.0.0.1", "::1"].contains($0) ? $0 : nil
        }
        port = try section.port("port")
    }
}
