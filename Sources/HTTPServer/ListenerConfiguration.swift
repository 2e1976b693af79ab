package import CheckedConfiguration
package import Foundation
package import MutualTLS

/// Everything a TLS listener is made from.
package struct ListenerConfiguration: Sendable {
    /// The listener's name in the ready line, logs and metrics, such as `terminal`.
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
    package let limits: ListenerLimits

    /// A listener out of parts that are right, for services that a test starts.
    package init(
        name: String, host: String, port: Int, identity: TLSIdentity, clientAuthorities: CertificateAuthorities,
        limits: ListenerLimits
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.identity = identity
        self.clientAuthorities = clientAuthorities
        self.limits = limits
    }
}

extension ListenerConfiguration {
    /// A listener from its mapping: `address`, `port`, `certificate`, `key`, `clientAuthorities`, `limits`.
    package init(
        _ section: ConfigurationSection, name: String, development: Bool, now: Date,
        defaults: ListenerLimits = ListenerLimits()
    ) throws(ConfigurationError) {
        self.init(
            name: name, host: try section.string("address"), port: try section.port("port"),
            identity: try TLSIdentity(section, development: development, now: now),
            clientAuthorities: try CertificateAuthorities(section, "clientAuthorities", development: development),
            limits: try ListenerLimits(section.optionalSection("limits"), defaults: defaults))
    }
}

/// Where the operations listener listens: loopback only.
package struct OperationsConfiguration: Sendable {
    /// `127.0.0.1` or `::1`.
    package let host: String
    /// The port; 0 picks a free one.
    package let port: Int

    /// A place that is on the loopback, for services that a test starts.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// From a mapping with `address` and `port`.
    package init(_ section: ConfigurationSection) throws(ConfigurationError) {
        let expected = Expectation(
            english: "127.0.0.1 or ::1; the operations listener has no TLS and stays on this machine",
            japanese: "127.0.0.1 または ::1（この入口にはTLSがなく、この機械の中だけで使います）")
        host = try section.value("address", expected, fallback: "127.0.0.1") {
            ["127.0.0.1", "::1"].contains($0) ? $0 : nil
        }
        port = try section.port("port")
    }
}
