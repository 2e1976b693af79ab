package import CheckedConfiguration
import NIOCore

/// What a listener allows to a client, so that no client can use up the service.
package struct ListenerLimits: Hashable, Sendable {
    /// The maximum of connections at once; if clients have certificates, of those whose client has shown its own.
    package var connections: Int
    /// The maximum of connections at once by one client certificate.
    package var connectionsPerPeer: Int
    /// Where clients have certificates: the maximum of connections at once that are still in the handshake, or before it.
    package var handshakes: Int
    /// The maximum of connections at once from one network address (an IPv6 network of 64 bits is one) whose client is not
    /// known by a certificate.
    package var connectionsPerAddress: Int
    /// From a connection's beginning to the end of the TLS handshake, and from a request's first byte to the end of its
    /// header section: a client that sends slower is cut off.
    package var headerTimeout: Duration
    /// From the end of the header section to the end of the body.
    package var bodyTimeout: Duration
    /// How long a connection may stand open between requests.
    package var idleTimeout: Duration
    /// How long answering may take, with the client that reads the answer; `nil` when each handler has its own limit.
    package var answerTimeout: Duration?
    /// The maximum of bytes of all header fields of a request.
    package var headerBytes: Int
    /// What becomes of a connection beyond ``connections``.
    package var whenFull: WhenFull
    /// How many connections the system keeps that were not accepted yet.
    package var backlog: Int

    /// What becomes of one connection too many.
    package enum WhenFull: Hashable, Sendable {
        /// It is closed at once, and counted.
        case close
        /// It waits to be accepted.
        case wait
    }

    /// The limits of a listener for parties that are known.
    package init(
        connections: Int = 4096, connectionsPerPeer: Int = 16, handshakes: Int = 1024,
        connectionsPerAddress: Int = 256, headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(10), idleTimeout: Duration = .seconds(75),
        answerTimeout: Duration? = nil, headerBytes: Int = 16_384, whenFull: WhenFull = .close, backlog: Int = 1024
    ) {
        self.connections = connections
        self.connectionsPerPeer = connectionsPerPeer
        self.handshakes = handshakes
        self.connectionsPerAddress = connectionsPerAddress
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
        self.answerTimeout = answerTimeout
        self.headerBytes = headerBytes
        self.whenFull = whenFull
        self.backlog = backlog
    }

    /// The limits that a mapping gives; what it leaves out is as in `defaults`.
    package init(
        _ section: ConfigurationSection?, defaults: ListenerLimits = ListenerLimits()
    ) throws(ConfigurationError) {
        try self.init(withoutPeers: section, defaults: defaults)
        guard let section else { return }
        connectionsPerPeer = try section.integer("connectionsPerPeer", 1...100_000, fallback: connectionsPerPeer)
        handshakes = try section.integer("handshakes", 1...100_000, fallback: handshakes)
    }

    /// The same of a listener whose clients show no certificates.
    package init(
        withoutPeers section: ConfigurationSection?, defaults: ListenerLimits
    ) throws(ConfigurationError) {
        self = defaults
        guard let section else { return }
        connections = try section.integer("connections", 1...100_000, fallback: connections)
        connectionsPerAddress = try section.integer(
            "connectionsPerAddress", 1...100_000, fallback: connectionsPerAddress)
        headerTimeout = try section.seconds("headerSeconds", 1...120, fallback: Int(headerTimeout.components.seconds))
        bodyTimeout = try section.seconds("bodySeconds", 1...120, fallback: Int(bodyTimeout.components.seconds))
        idleTimeout = try section.seconds("idleSeconds", 5...600, fallback: Int(idleTimeout.components.seconds))
        headerBytes = try section.integer("headerBytes", 1024...81_920, unit: "bytes", fallback: headerBytes)
    }
}

extension ListenerLimits {
    /// The same times as ``RequestLimits`` takes them.
    var times: RequestTimes {
        RequestTimes(
            header: TimeAmount(headerTimeout), body: TimeAmount(bodyTimeout), idle: TimeAmount(idleTimeout),
            answer: answerTimeout.map { TimeAmount($0) })
    }
}
